//! The configuration: what a file says is in force, unless the environment or the command line says otherwise.

use std::process::Command;

use crate::{Archive, text};

/// A command in the archive's own directory, where its configuration lies.
fn at(archive: &Archive, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_morgue"));
    command.args(args).current_dir(archive.path(""));
    for name in ["MORGUE_LOG", "MORGUE_CONFIG", "MORGUE_DATA_DIR", "MORGUE_LISTEN"] {
        command.env_remove(name);
    }
    command
}

#[track_caller]
fn says(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{told}");
    told
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let archive = Archive::new();
    archive.write("morgue.toml", "data_dir = 'from-file'\n[serve]\ntitle = 'The Ledger'\n");
    let shown = |command: &mut Command| {
        let told = says(command, 0);
        told.lines()
            .find(|line| line.starts_with("data_dir"))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let file = at(&archive, &["config", "show"]);
    let variable = || {
        let mut command = at(&archive, &["config", "show"]);
        command.env("MORGUE_DATA_DIR", "from-variable");
        command
    };
    assert_eq!(shown(&mut { file }), "data_dir = \"from-file\" # morgue.toml:1");
    assert_eq!(shown(&mut variable()), "data_dir = \"from-variable\" # MORGUE_DATA_DIR");
    let told = |command: &mut Command| says(command, 1);
    assert!(told(&mut at(&archive, &["status"])).contains("no archive in from-file"));
    assert!(
        told(at(&archive, &["status"]).env("MORGUE_DATA_DIR", "from-variable")).contains("in from-variable")
    );
    let mut typed = at(&archive, &["--data-dir", "typed", "status"]);
    assert!(told(typed.env("MORGUE_DATA_DIR", "from-variable")).contains("no archive in typed"));
    // Another file is named, or none.
    let other = archive.write("etc/other.toml", "data_dir = 'beside-it'\n");
    assert!(told(&mut at(&archive, &["--config", text(&other), "status"])).contains("etc/beside-it"));
    assert!(told(at(&archive, &["status"]).env("MORGUE_CONFIG", &other)).contains("etc/beside-it"));
    assert!(told(&mut at(&archive, &["status", "--config=/dev/null"])).contains("no archive in morgue-data"));
    assert!(
        says(&mut at(&archive, &["status", "--config", "none.toml"]), 2).contains("none.toml cannot be read")
    );
}

/// The example can be used as it is and says nothing; what is wrong in a file stops every command, before it does anything.
#[test]
fn a_file_is_checked_before_anything_is_done() {
    let archive = Archive::new();
    let example = says(&mut at(&archive, &["config", "example"]), 0);
    archive.write("morgue.toml", &example);
    assert!(says(&mut at(&archive, &["config", "check"]), 0).contains("morgue.toml can be used: 0 keys"));
    archive.write("morgue.toml", "[serve]\nlissen = '7701'\n");
    let told = says(&mut at(&archive, &["load", "."]), 2);
    assert_eq!(told, "morgue: morgue.toml:2: [serve] has no `lissen`: do you mean `listen`?\n");
    assert!(!archive.path("morgue-data").exists());
    assert_eq!(
        says(&mut at(&archive, &["--config", "/dev/null", "config", "check"]), 0),
        "/dev/null can be used: 0 keys, 0 mappings\n"
    );
}

/// A mapping in the configuration is one for `load`, beside those that are named.
#[test]
fn mappings_may_stand_in_it() {
    let archive = Archive::new();
    archive.write("records.json", r#"[{"nr": "1", "t": "Ferry"}]"#);
    archive.write(
        "morgue.toml",
        "[search]\nlimit = 1\n[mapping.records]\nfiles = '*.json'\narticle.id = 'nr'\narticle.headline = 't'\n",
    );
    says(&mut at(&archive, &["load", "records.json"]), 0);
    let found = says(&mut at(&archive, &["search", "ferry"]), 0);
    assert!(found.contains("Ferry"), "{found}");
    // What was refused is tried again by the mapping as it was remembered: alone.
    says(&mut at(&archive, &["quarantine", "retry"]), 0);
}
