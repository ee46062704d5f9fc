//! A field put right: by a flag, in an editor, by what `show` prints; the change is shown, and nothing else changes.

use std::process::Command;

use serde_json::{Value, json};

use crate::{Archive, text};

const TITANIC: &str = "a/1912-04-16-titanic";

/// The samples, and what their article of the Titanic says.
fn archive() -> (Archive, Value) {
    let archive = Archive::new();
    archive.load_samples();
    let before = data(&archive);
    (archive, before)
}

fn data(archive: &Archive) -> Value {
    archive.json(&["show", "article", TITANIC], 0)["data"].clone()
}

fn head(archive: &Archive) -> u64 {
    archive.json(&["status"], 0)["head_seq"].as_u64().unwrap()
}

#[test]
fn a_field_is_put_right_and_readers_are_told() {
    let (archive, mut expected) = archive();
    let (head_before, kind) = (head(&archive), ["correct", "article", TITANIC]);
    let correct = |args: &[&str], code: i32| archive.run(&[&kind, args].concat(), code);
    let change = ["--set", "headline=Titanic Is Sunk", "--note", "The headline lacked a word."];
    let shown = correct(&[&change[..], &["--dry-run"]].concat(), 0);
    assert!(shown.contains("- Titanic Sunk\n") && shown.contains("+ Titanic Is Sunk\n"), "{shown}");
    assert_eq!((head(&archive), data(&archive)), (head_before, expected.clone()));

    correct(&change, 0);
    expected["headline"] = "Titanic Is Sunk".into();
    let mut after = data(&archive);
    let note = after["corrections"].as_array_mut().unwrap().pop().unwrap();
    if after["corrections"] == json!([]) {
        after.as_object_mut().unwrap().remove("corrections");
    }
    assert_eq!((&note["text"], after), (&"The headline lacked a word.".into(), expected));
    assert_eq!(archive.ids(&["\"titanic is sunk\""]), [TITANIC]);

    correct(&["--set", "bylines:=[\"b/nora-vance\"]", "--set", "extra.desk=night", "--unset", "summary"], 0);
    let after = data(&archive);
    assert_eq!((&after["bylines"], &after["extra"]["desk"]), (&json!(["b/nora-vance"]), &"night".into()));
    assert_eq!(after.get("summary"), None);
    assert!(correct(&["--set", "extra.desk=night"], 0).contains("nothing changes"));
    for (args, told) in [
        (&["--set", "headlin=x"][..], "is `headline` meant?"),
        (&["--set", "keywords=x"], "`data.keywords`"),
        (&["--set", "images.0.caption=x"], "images:=JSON"),
        (&["--unset", "summary"], "has no field summary"),
    ] {
        let said = correct(args, 1);
        assert!(said.contains(told), "{said}");
    }
    correct(&[], 2);
    let said = archive.run(&["correct", "byline", "b/nora-vance", "--set", "name=N", "--note", "x"], 1);
    assert!(said.contains("no corrections for readers"), "{said}");
    archive.run(&["correct", "article", "a/no-such", "--set", "headline=x"], 1);
    archive.run(&["check"], 0);
}

/// What is no reader's business stays none, however it is put right.
#[test]
fn a_draft_that_is_put_right_is_a_draft() {
    let archive = Archive::new();
    let line = json!({"type": "article.published", "id": "a/1", "unpublished": "draft", "data": {"headline": "Fery"}});
    let file = archive.write("draft.jsonl", line.to_string());
    archive.run(&["load", "--unpublished", text(&file)], 0);
    archive.run(&["correct", "article", "a/1", "--set", "headline=Ferry"], 0);
    assert_eq!(archive.ids(&["ferry"]), Vec::<String>::new());
    let history = archive.run(&["log", "history", "article", "a/1", "--json"], 0);
    assert!(history.lines().next().unwrap().contains("\"unpublished\":\"draft\""), "{history}");
}

#[test]
fn an_editor_changes_what_it_leaves() {
    let (archive, before) = archive();
    let edit = |editor: &str, args: &[&str], code: i32| {
        let mut command = archive.command(&[&["edit", "article", TITANIC], args].concat());
        let output = command.env("VISUAL", editor).output().unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{told}");
        told
    };
    assert!(edit("true", &["--yes"], 0).contains("nothing changes"));
    let told = edit("sed -i 's/Titanic Sunk/Titanic Lost/'", &["--dry-run"], 0);
    assert!(told.contains("+ Titanic Lost"), "{told}");
    assert!(
        edit("sed -i 's/Titanic Sunk/Titanic Lost/'", &[], 1).contains("--yes"),
        "nobody is there to ask"
    );
    assert!(edit("false", &["--yes"], 1).contains("nothing was appended"));
    assert_eq!(data(&archive), before);
    let told = edit("sed -i 1d", &["--yes"], 1);
    let kept = told.rsplit("it is kept in ").next().unwrap().trim();
    assert!(std::fs::read_to_string(kept).unwrap().contains("Titanic Sunk"), "{told}");
    std::fs::remove_dir_all(std::path::Path::new(kept).parent().unwrap()).unwrap();
    edit("sed -i 's/Titanic Sunk/Titanic Lost/'", &["--yes"], 0);
    assert_eq!(data(&archive)["headline"], "Titanic Lost");
}

/// What is printed can be sent back; not over a change that came between.
#[test]
fn what_show_prints_can_be_published() {
    let (archive, before) = archive();
    let mut shown = archive.json(&["show", "article", TITANIC], 0);
    shown["data"]["section"] = "Shipping".into();
    let file = archive.write("shown.json", shown.to_string());
    archive.run(&["publish", "article", TITANIC, text(&file)], 0);
    let after = data(&archive);
    assert_eq!((&after["section"], &after["headline"]), (&"Shipping".into(), &before["headline"]));
    let told = archive.run(&["publish", "article", TITANIC, text(&file)], 1);
    assert!(told.contains("is at revision") && told.contains("read it again"), "{told}");
}

/// An order says what it touches before it is given, and may be looked at only.
#[test]
fn an_order_says_what_it_touches() {
    let (archive, _) = archive();
    let before = head(&archive);
    for (args, touched) in [
        (
            &["withdraw", "image", "i/cable-section", "--reason", "x"][..],
            "image.withdrawn i/cable-section would touch 5 articles",
        ),
        (
            &["erase", "article", TITANIC, "--reason", "x"],
            "article.erased a/1912-04-16-titanic would touch 1 article",
        ),
        (&["merge", "b/nora-vance", "b/eleanor-quill"], "byline.merged b/nora-vance would touch"),
    ] {
        let told = archive.run(&[args, &["--dry-run"]].concat(), 0);
        assert!(told.contains(touched), "{told}");
    }
    assert_eq!(head(&archive), before);
    // A script is not asked.
    let mut command: Command = archive.command(&["withdraw", "article", TITANIC, "--reason", "x"]);
    assert!(command.stdin(std::process::Stdio::null()).output().unwrap().status.success());
    assert_eq!(head(&archive), before + 1);
}
