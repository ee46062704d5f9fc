//! Events by hand: what is published, withdrawn, restored, merged and erased, and by whose clock.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use store::{AssetId, Byline, Clock, Log, LogOptions, NewEvent};

use crate::{Archive, text};

#[test]
fn one_event_by_hand_changes_every_referrer() {
    let archive = Archive::new();
    archive.load_samples();
    let before = archive.ids(&["gutta-percha"]);
    let caption = archive.write("caption.json", r#"{"caption":"Drawn by a zymologist"}"#);
    archive.run(&["publish", "image", "i/cable-section", text(&caption)], 0);
    let now = archive.ids(&["zymologist"]);
    assert_eq!(now, before);

    archive.run(&["withdraw", "article", &now[0], "--reason", "a test"], 0);
    assert_eq!(archive.ids(&["zymologist"]).len(), now.len() - 1);
    archive
        .run(&["erase", "image", "i/cable-section", "--reason", "a court's order", "--by", "the court"], 0);
    assert_eq!(archive.ids(&["zymologist"]), Vec::<String>::new());
    assert!(archive.run(&["log", "verify"], 0).contains("clean"));
    let history = archive.run(&["log", "history", "image", "i/cable-section"], 0);
    assert!(history.contains("image.erased") && history.contains("(erased)"), "{history}");
    // What was erased does not come back by loading it once more, and no file holds it.
    let again = archive.json(&["load", text(&archive.path("samples"))], 3);
    assert_eq!((&again["events"], &again["refusals"]["erased"]["events"]), (&0.into(), &1.into()));
    for file in
        files(&archive.path("data")).iter().filter(|file| !file.starts_with(archive.path("data/samples")))
    {
        let bytes = fs::read(file).unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"zymologist"), "{} still has it", file.display());
    }
    let slip = archive.run(&["withdraw", "article", "a/no-such", "--reason", "x"], 1);
    assert!(slip.contains("there is no article a/no-such"), "{slip}");
}

/// Two reporters of one name were taken for one. Undone, each has her own articles again, under her own name.
#[test]
fn a_merge_can_be_undone() {
    let archive = Archive::new();
    let byline = |id: &str, name: &str| json!({"type": "byline.published", "id": id, "data": {"name": name}});
    let article = |id: &str, by: &str| json!({"type": "article.published", "id": id, "data": {"headline": "Ferry", "bylines": [by]}});
    let events = [
        byline("b/vance", "Nora Vance"),
        byline("b/n-vance", "N. Vance"),
        article("a/1", "b/vance"),
        article("a/2", "b/n-vance"),
    ];
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    let file = archive.write("events.jsonl", lines.join("\n"));
    archive.run(&["load", text(&file)], 0);
    let of = |q: &str| {
        let found = archive.json(&["search", q, "--limit", "9"], 0);
        let hits = found["hits"].as_array().unwrap().clone();
        hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("byline:nora"), ["a/1"]);
    archive.run(&["merge", "b/n-vance", "b/nobody"], 1);
    archive.run(&["merge", "b/n-vance", "b/vance", "--reason", "the same handwriting"], 0);
    assert_eq!(of("byline:nora"), ["a/1", "a/2"]);
    let told = archive.run(&["unmerge", "b/n-vance", "--reason", "two desks"], 0);
    assert!(told.contains("byline.unmerged b/n-vance"), "{told}");
    assert_eq!(of("byline:nora"), ["a/1"]);
    let told = archive.run(&["unmerge", "b/n-vance"], 0);
    assert!(told.contains("nothing new"), "{told}");
    archive.run(&["check"], 0);
}

/// What is misspelt is told, what nobody knows is refused by name, and nothing is emptied by what was meant for something
/// else.
#[test]
fn slips_of_the_pen_are_told_and_empty_nothing() {
    let archive = Archive::new();
    let slips = archive.write(
        "slips.jsonl",
        [
            r#"{"type":"articel.published","id":"a/1","data":{"headline":"One"}}"#,
            r#"{"type":"article.published","id":"a/2","data":{"headline":"Two","headlin":"Twice"}}"#,
            r#"{"type":"byline.published","id":"b/1","data":{"nome":"A. Quill"}}"#,
            r#"{"type":"article.published","id":"a/3","data":{}}"#,
            r#"{"type":"video.published","id":"v/1","data":{"title":"Moving pictures"}}"#,
        ]
        .join("\n"),
    );
    let told = archive.run(&["load", text(&slips)], 3);
    for line in [
        "slips.jsonl:1:1: there is no event type `articel.published`: is `article.published` meant?",
        "unknown field `headlin`, kept in extra: is `headline` meant?",
        "slips.jsonl:3:1: a byline must have a name; unknown field `nome`, kept in extra: is `name` meant?",
        "slips.jsonl:4:1: an article must have something to show",
        "slips.jsonl:5:1: there is no event type `video.published`: use one of",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let kept: Value = serde_json::from_str(archive.run(&["log", "export"], 0).trim()).unwrap();
    assert_eq!(
        kept["data"],
        json!({"headline": "Two", "extra": {"headlin": "Twice"}}),
        "nothing else is there"
    );
    assert_eq!(archive.json(&["load", text(&slips)], 3)["events"], 0, "loading it again adds nothing");
    let report = archive.json(&["load", "--strict", "--unknown-types", "--dry-run", text(&slips)], 3);
    assert_eq!((&report["events"], &report["quarantined"]), (&2.into(), &3.into()), "{report}");

    // What a search prints is not the data of an article, nor is what `show` does without its `data`.
    let mut shown = archive.json(&["show", "article", "a/2"], 0);
    shown.as_object_mut().unwrap().remove("data");
    let shown = archive.write("shown.json", shown.to_string());
    let told = archive.run(&["publish", "article", "a/2", text(&shown)], 1);
    assert!(told.contains("is not the data of article a/2") && told.contains("morgue log history"), "{told}");
    assert_eq!(archive.json(&["show", "article", "a/2"], 0)["document"]["headline"], "Two");
    let misspelt = archive.write("misspelt.json", r#"{"caption":"A ferry","credti":"Quill"}"#);
    let told = archive.run(&["publish", "image", "i/1", "--strict", text(&misspelt)], 1);
    assert!(told.contains("unknown field `credti`"), "{told}");
    let told = archive.run(&["publish", "image", "i/1", text(&misspelt)], 0);
    assert!(told.contains("unknown field `credti`, kept in extra: is `credit` meant?"), "{told}");
}

/// A story: the machine's battery is empty, and its clock has fallen back. Nothing is recorded by it until somebody says that
/// it is right.
#[test]
fn a_clock_that_is_behind_the_log_records_nothing() {
    let archive = Archive::new();
    let (clock, _) = Clock::by_hand("2999-01-01T12:00:00Z".parse().unwrap());
    let log =
        Log::open_with(archive.path("data/log"), LogOptions { clock, ..LogOptions::default() }).unwrap();
    let byline = Byline { name: "A. Quill".to_owned(), ..Byline::default() };
    log.append_one(&NewEvent::published(AssetId::new("b/1").unwrap(), byline)).unwrap();
    drop(log);
    let caption = archive.write("caption.json", r#"{"caption":"A ferry"}"#);
    let told = archive.run(&["publish", "image", "i/1", text(&caption)], 1);
    assert!(
        told.contains("recorded at 2999-01-01T12:00:00.000Z") && told.contains("--trust-clock"),
        "{told}"
    );
    archive.run(&["publish", "image", "i/1", text(&caption), "--trust-clock"], 0);
    let head: String = archive.run(&["log", "list", "--from", "2"], 0);
    assert!(head.contains("i/1"), "{head}");
}

/// What could not be read may hold words of what is erased: whoever erases is told of those records, and how to forget them.
#[test]
fn whoever_erases_is_told_what_the_quarantine_still_holds() {
    let archive = Archive::new();
    let line = |headline: &str, published: &str| {
        json!({"type": "article.published", "id": "a/1", "data": {"headline": headline, "published": published}})
            .to_string()
    };
    let ferry = "Ferry lost off the point";
    let other = line("Lamps are lit", "31 February").replace("a/1", "a/2");
    let lines =
        archive.write("a.jsonl", [line(ferry, "1894-03-04"), line(ferry, "31 February"), other].join("\n"));
    assert_eq!(archive.json(&["load", text(&lines)], 3)["quarantined"], 2);
    let told = archive.run(&["erase", "article", "a/1", "--reason", "asked"], 0);
    assert!(told.contains("1 record in the quarantine may hold words of it"), "{told}");
    assert!(told.contains("a.jsonl:2") && !told.contains("a.jsonl:3"), "{told}");
    let keys = told.lines().find_map(|line| Some(line.split_once("morgue quarantine remove ")?.1)).unwrap();
    let keys: Vec<&str> = keys.split(' ').collect();
    archive.run(&[&["quarantine", "remove"], keys.as_slice()].concat(), 0);
    let listed = archive.run(&["quarantine", "list"], 0);
    assert!(listed.contains("a.jsonl:3") && !listed.contains("a.jsonl:2"), "{listed}");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What a person took from readers stays away whatever the source says, until a person brings it back.
#[test]
fn what_was_withdrawn_is_brought_back_by_hand_alone() {
    let archive = Archive::new();
    let line = |headline: &str| {
        json!({"type": "article.published", "id": "a/1", "data": {"headline": headline}}).to_string()
    };
    let load = |headline: &str| archive.json(&["load", text(&archive.write("a.jsonl", line(headline)))], 0);
    load("Ferry lost");
    assert!(archive.run(&["restore", "article", "a/1"], 0).contains("nothing new"));
    archive.run(&["withdraw", "article", "a/1", "--reason", "a court", "--notice", "Taken down"], 0);
    load("Ferry lost off the point");
    assert_eq!(archive.ids(&["ferry"]), Vec::<String>::new(), "a load brings nothing back");
    let told = archive.run(&["restore", "article", "a/1", "--reason", "the court, again"], 0);
    assert!(told.contains("article.restored a/1"), "{told}");
    assert_eq!(archive.ids(&["\"off the point\""]), ["a/1"], "as the source has it now");
    assert!(archive.run(&["restore", "article", "a/1"], 0).contains("nothing new"));
    let told = archive.run(&["restore", "article", "a/none"], 1);
    assert!(told.contains("there is no article a/none"), "{told}");
    archive.run(&["check"], 0);
}

#[test]
fn bylines_that_may_be_one_person_are_listed() {
    let archive = Archive::new();
    let byline = |id: &str, name: &str| json!({"type": "byline.published", "id": id, "data": {"name": name}});
    let article = |id: &str, by: &str, year: &str| json!({"type": "article.published", "id": id, "data": {"headline": "Ferry", "published": year, "bylines": [by]}});
    let events = [
        byline("b/vance", "Nora Vance"),
        byline("b/n-vance", "N. Vance"),
        byline("b/tom-vance", "Tom Vance"),
        byline("b/pell", "Nora Pell"),
        article("a/1", "b/vance", "1931"),
        article("a/2", "b/vance", "1934"),
        article("a/3", "b/n-vance", "1929"),
    ];
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    archive.run(&["load", text(&archive.write("events.jsonl", lines.join("\n")))], 0);
    let told = archive.run(&["bylines", "--similar"], 0);
    assert!(told.starts_with("1 pair of 4 bylines"), "{told}");
    assert!(told.contains("b/vance  Nora Vance: 2 articles, 0 images, 1931 to 1934"), "{told}");
    assert!(told.contains("b/n-vance  N. Vance: 1 article, 0 images, 1929"), "{told}");
    archive.run(&["merge", "b/n-vance", "b/vance", "--yes"], 0);
    assert_eq!(archive.json(&["bylines", "--similar"], 0)["pairs"], json!([]));
}
