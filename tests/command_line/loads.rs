//! Loading files: what comes of them, and what is said of those that cannot be read.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{Archive, text};

#[test]
fn from_files_to_hits_and_back() {
    let archive = Archive::new();
    let first = archive.load_samples();
    assert_eq!((&first["quarantined"], &first["unchanged"]), (&0.into(), &0.into()));
    let kinds: u64 = ["articles", "images", "bylines"].iter().map(|kind| first[kind].as_u64().unwrap()).sum();
    assert_eq!(first["events"], kinds + 2, "all but the withdrawal and the merge publish something");
    let again = archive.load_samples();
    assert_eq!((&again["events"], &again["unchanged"]), (&0.into(), &first["events"]));

    // A word that only a caption has; captions and authors are inside the hits.
    let found = archive.json(&["search", "gutta-percha"], 0);
    assert_eq!(found["total"], 5);
    for hit in found["hits"].as_array().unwrap() {
        let caption = hit["highlights"]["images.caption"][0].as_str().unwrap();
        assert!(caption.contains("<em>"), "{caption}");
        let images = hit["document"]["images"].as_array().unwrap();
        assert!(images.iter().any(|image| image["caption"].as_str().unwrap().contains("gutta-percha")));
        assert!(hit["document"]["bylines"][0]["name"].is_string());
        assert_eq!(hit["kind"], "article");
        assert!(hit["seq"].as_u64().unwrap() > 0);
    }
    // The renamed author, by both names; the two ids of one author.
    assert_eq!(archive.ids(&["byline:hallam"]), archive.ids(&["byline:vance"]));
    assert!(archive.ids(&["--byline", "E. Quill", "the"]).len() > 10);
    // What is spelt otherwise in the archive.
    let misspelt = archive.run(&["search", "sputnic", "moon"], 0);
    assert_eq!(misspelt, "0 articles for sputnic moon\nDid you mean: sputnik moon\n");
    // The withdrawn article is in no search, of whatever moment; whoever keeps the archive may still look at it.
    assert_eq!(archive.ids(&["\"painted pink\""]), Vec::<String>::new());
    assert_eq!(archive.ids(&["pink lighthouse", "--as-of", "2025-09-12"]), Vec::<String>::new());
    let then = archive.run(&["show", "article", "a/2025-09-12-lighthouse-pink", "--as-of", "2025-09-12"], 0);
    assert!(then.contains("Painted Pink"), "{then}");
    let then = archive.json(&["search", "titanic", "--as-of", "1912-04-16"], 0);
    assert_eq!(then["hits"][0]["document"]["headline"], "Titanic Strikes an Iceberg");

    assert_eq!(archive.ids(&["agamemnon", "--as-of", "1858-08-20"]), Vec::<String>::new());
    assert_eq!(archive.ids(&["titanic", "--as-of", "seq:117"]), ["a/1912-04-16-titanic"]);
    // One moment, told by two clocks, and another that differs from the first in a sign alone.
    let found = |when: &str| archive.ids(&["titanic", "--as-of", when]);
    assert_eq!(found("1912-04-16T23:00:00-11:00"), found("1912-04-17T10:00:00Z"));
    assert_eq!(found("1912-04-15T01:00:00+11:00"), Vec::<String>::new());
    assert_eq!(found("1912-04-15T01:00:00-11:00"), found("1912-04-15T12:00:00Z"));

    // Everything but the log can go.
    let before = archive.views();
    fs::remove_dir_all(archive.path("data/indexes")).unwrap();
    archive.run(&["rebuild"], 0);
    assert_eq!(archive.views(), before);

    // The log can leave and come back, as it was and as new events.
    let export = archive.path("export.jsonl");
    archive.run(&["log", "export", text(&export)], 0);
    let (exact, anew) = (Archive::new(), Archive::new());
    exact.run(&["log", "import", text(&export)], 0);
    assert_eq!(exact.run(&["log", "head"], 0), archive.run(&["log", "head"], 0));
    exact.run(&["rebuild"], 0);
    assert_eq!(exact.views(), before);
    assert_eq!(anew.json(&["load", text(&export)], 0)["events"], first["events"]);
    let contents = |archive: &Archive| {
        let out = String::from_utf8(archive.output(&["log", "export"]).stdout).unwrap();
        let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .map(|event| [event["type"].clone(), event["id"].clone(), event["data"].clone()])
            .collect::<Vec<_>>()
    };
    assert_eq!(contents(&anew), contents(&archive));
    assert!(archive.run(&["log", "verify"], 0).contains("clean"));
}

#[test]
fn what_cannot_be_read_is_named_and_its_neighbours_are_loaded() {
    let archive = Archive::new();
    let good =
        |id: &str| format!(r#"{{"type":"article.published","id":"{id}","data":{{"headline":"Good {id}"}}}}"#);
    archive.write(
        "in/broken.jsonl",
        format!("{}\n{{\"type\":\"article.published\",\"id\":\n{}\n", good("a/1"), good("a/2")),
    );
    archive.write(
        "in/field.jsonl",
        r#"{"type":"article.published","id":"a/3","data":{"published":"31 February"}}"#,
    );
    archive.write("in/mystery.xml", "<?xml version=\"1.0\"?><mystery/>");
    archive.write("in/photo.jpg", [0xff, 0xd8, 0xff, 0xe0, 0, 0]);
    let loaded = archive.json(&["load", text(&archive.path("in"))], 3);
    assert_eq!((&loaded["articles"], &loaded["quarantined"]), (&2.into(), &3.into()));
    let listed = archive.run(&["quarantine", "list"], 0);
    for part in ["broken.jsonl:2", "field.jsonl:1", "data.published", "mystery.xml"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert_eq!(archive.ids(&["good"]).len(), 2);

    // The same reason is told once, with the first places.
    for at in 0..5 {
        archive.write(&format!("texts/{at}.txt"), "A headline\n\nA text.");
    }
    let told = archive.run(&["load", text(&archive.path("texts"))], 3);
    assert_eq!(told.matches("--pattern").count(), 1, "{told}");
    for part in ["5 records: this is plain text", "texts/2.txt\n  and 2 more\n"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = archive.run(&["quarantine", "retry", "--pattern", "texts/{_}.txt"], 3);
    assert!(told.contains("5 records could be read now, 5 events appended"), "{told}");
    assert!(archive.run(&["quarantine", "remove"], 2).contains("KEY"));
    assert_eq!(archive.run(&["quarantine", "remove", "--all"], 0), "3 records removed\n");

    let named = archive.write("notes.xyz", [0, 159, 146, 150]);
    let told = archive.run(&["load", text(&named)], 3);
    assert!(told.contains("notes.xyz"), "{told}");
    fs::create_dir(archive.path("empty")).unwrap();
    let told = archive.run(&["load", text(&archive.path("empty"))], 1);
    assert!(told.contains("there are no files in"), "{told}");
    let told = archive.run(&["load", "no/such/path"], 1);
    assert!(told.contains("no/such/path"), "{told}");
}

/// `load --watch` tells of each load that it makes, makes it searchable, and ends in order when it is told to.
#[test]
fn a_watched_folder_is_searchable_as_it_fills() {
    let archive = Archive::new();
    let root = archive.path("in");
    fs::create_dir_all(&root).unwrap();
    let put = |name: &str, id: &str| {
        let line = format!(
            "{{\"type\":\"article.published\",\"id\":\"{id}\",\"data\":{{\"headline\":\"Zymology\"}}}}\n"
        );
        fs::rename(archive.write("new", line), root.join(name)).unwrap();
    };
    put("1.jsonl", "a/1");
    let mut watching = archive
        .command(&["--json", "load", "--watch", "1", text(&root)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let mut reports = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    assert_eq!(reports.next().unwrap()["events"], 1);
    put("2.jsonl", "a/2");
    assert_eq!(reports.next().unwrap()["events"], 1);
    assert_eq!(archive.ids(&["zymology"]).len(), 2);
    let pid = watching.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(watching.wait().unwrap().code(), Some(0));
}

/// A slip in a name, or a look at what would be, leaves no archive behind; the demo's news are not mixed with true ones.
#[test]
fn nothing_is_made_that_was_not_asked_for() {
    let archive = Archive::new();
    data_samples::write_archive(&archive.path("samples")).unwrap();
    archive.run(&["load", "no/such/path"], 1);
    let told = archive.run(&["load", "--dry-run", text(&archive.path("samples"))], 0);
    assert!(told.contains("210 events would be appended"), "{told}");
    assert!(!archive.path("data").exists());
    archive.load_samples();
    let told = archive.run(&["demo", "--listen", "127.0.0.1:0"], 1);
    assert!(told.contains("is not the demo's"), "{told}");
}

/// A load once said of everything that the log refused that it was about assets that were erased.
#[test]
fn a_load_says_why_events_were_refused() {
    let archive = Archive::new();
    let merge = |from: &str, into: &str| json!({"type": "byline.merged", "id": from, "data": {"into": into}});
    let events = [
        json!({"type": "byline.published", "id": "b/x", "data": {"name": "N. Vance"}}),
        json!({"type": "byline.published", "id": "b/nora", "data": {"name": "Nora Vance"}}),
        merge("b/x", "b/nora"),
        merge("b/nora", "b/x"),
        json!({"type": "byline.withdrawn", "id": "b/x", "data": {"reason": "a test"}}),
    ];
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let file = archive.write("events.jsonl", lines.join("\n"));
    let told = archive.run(&["load", text(&file)], 3);
    for part in [
        "1 event left out, since they merge bylines in a circle: byline b/nora cannot be merged into b/x",
        "1 event left out, since their bylines were merged into others: byline b/x was merged into b/nora",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("erased"), "{told}");
}
