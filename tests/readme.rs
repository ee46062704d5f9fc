//! The worked examples of the README do what they say: their commands are run, line by line, and what they print is
//! compared with what the README shows. Figures with a decimal point (sizes, seconds) and moments are this run's own.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// The sections whose commands are run.
const SECTIONS: [&str; 2] = ["## A shape of your own", "## Rebuilding from zero"];

/// The commands of the section, each with the output that is shown.
fn commands(readme: &str, section: &str) -> Vec<(String, String)> {
    let section = readme.split_once(section).unwrap().1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in section.lines().filter_map(|line| line.strip_prefix("    ")) {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => *output += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    commands
}

/// A word as it is compared: of figures that differ from run to run only their being figures.
fn word(word: &str) -> String {
    let is = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let trimmed = word.trim_matches(|c| matches!(c, '(' | ')' | ','));
    let decimal = trimmed.contains('.') && trimmed.chars().all(is);
    let moment = trimmed.contains('T') && trimmed.ends_with('Z') && trimmed.contains(':');
    if decimal || moment { word.replace(trimmed, "…") } else { word.to_owned() }
}

fn comparable(output: &str) -> Vec<String> {
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    output.lines().map(line).filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_worked_examples_do_what_they_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for section in SECTIONS {
        run(root, section);
    }
}

fn run(root: &Path, section: &str) {
    let commands = commands(&fs::read_to_string(root.join("README.md")).unwrap(), section);
    assert!(commands.len() > 5, "{section} has no commands: {commands:?}");
    let home = tempfile::tempdir().unwrap();
    for folder in ["data-samples", "docs"] {
        std::os::unix::fs::symlink(root.join(folder), home.path().join(folder)).unwrap();
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_morgue")).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        [bin].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    for (command, shown) in commands {
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(home.path())
            .env("PATH", path.as_ref().unwrap())
            .env_remove("MORGUE_LOG")
            .env_remove("MORGUE_DATA_DIR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert_eq!(comparable(&printed), comparable(&shown), "\n$ {command}\n{printed}");
    }
}
