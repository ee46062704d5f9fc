//! An archive has a language of its own: its captions and headlines have it where they are too short to tell one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path, sync::atomic::AtomicBool};

use ingest::{LoadOptions, LoadReport, Quarantine, load};
use store::{AssetKind, AssetRef, Content, Fact, Log};

const ENGLISH: &str = "The ferry was late again, and the passengers on the quay were cold and tired; nobody had told them that \
    the boat had been held in the harbour by the ice, which lay so thick between the piers that three tugs were needed \
    to break a way through it.";
const GERMAN: &str = "Der Dampfer lag gestern wieder lange im Hafen, und die Reisenden auf dem Kai froren; niemand hatte ihnen gesagt, \
    dass das Boot vom Eis aufgehalten worden war, das so dick zwischen den Molen lag, dass drei Schlepper noetig waren, um \
    einen Weg zu brechen.";

fn write(dir: &Path, name: &str, text: &str) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn load_of(log: &Log, dir: &Path, name: &str) -> LoadReport {
    let options = LoadOptions::new(vec![dir.join(name)], Quarantine::at(dir.join("quarantine")));
    load(log, &options, &(), &AtomicBool::new(false)).unwrap()
}

/// Headlines of articles and captions of images with the language of their archive, as far as one is stated.
fn languages(log: &Log) -> Vec<String> {
    let snapshot = log.snapshot().unwrap();
    let mut found = Vec::new();
    for kind in [AssetKind::Article, AssetKind::Image] {
        for (id, state) in snapshot.assets(kind, None, 100).unwrap() {
            let event = snapshot.event(state.published).unwrap();
            let (text, extra) = match event.fact() {
                Some(Fact::Published(Content::Article(article))) => (&article.headline, &article.extra),
                Some(Fact::Published(Content::Image(image))) => (&image.caption, &image.extra),
                other => panic!("{}: {other:?}", AssetRef::new(kind, id)),
            };
            let language = extra.get("site_language").and_then(|tag| tag.as_str()).unwrap_or("-");
            found.push(format!("{text}: {language}"));
        }
    }
    found.sort();
    found
}

#[test]
fn short_texts_have_the_language_of_their_archive() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    for number in 10..=39 {
        let page = format!("---\ntitle: Long\n---\n{ENGLISH}\n");
        write(dir.path(), &format!("site/posts/{number}.md"), &page);
    }
    write(dir.path(), "site/_config.yml", "title: A site\n");
    write(dir.path(), "site/posts/short.md", "---\ntitle: War declared\n---\n");
    write(dir.path(), "site/posts/own.md", "---\ntitle: Krieg\nlanguage: de\n---\n");
    write(
        dir.path(),
        "site/posts/foreign.md",
        &format!("---\ntitle: Eis\n---\n{GERMAN}\n\n![Getty Images](a.jpg)\n"),
    );
    write(dir.path(), "site/data/images/one.yml", "uid: one\ncaption: Matt Dobson\nalt: \"\"\n");
    write(
        dir.path(),
        "site/own.jsonl",
        "{\"type\":\"article.published\",\"id\":\"a\",\"data\":{\"headline\":\"Own event\"}}\n",
    );
    assert_eq!(load_of(&log, dir.path(), "site").quarantined, 0);
    let expected = [": de", "Eis: -", "Krieg: -", "Matt Dobson: en", "Own event: -", "War declared: en"];
    let mut found = languages(&log);
    found.retain(|one| one != "Long: -");
    assert_eq!(found, expected);

    // It is no news when it comes out otherwise: of a part, and when the archive has more of another language.
    assert_eq!(load_of(&log, dir.path(), "site/data").events, 0);
    assert_eq!(load_of(&log, dir.path(), "site/posts/short.md").events, 0);
    for number in 40..=55 {
        let page = format!("---\ntitle: Long\n---\n{GERMAN}\n");
        write(dir.path(), &format!("site/posts/{number}.md"), &page);
    }
    assert_eq!(load_of(&log, dir.path(), "site").events, 16);
    fs::rename(dir.path().join("site"), dir.path().join("moved")).unwrap();
    assert_eq!(load_of(&log, dir.path(), "moved").events, 0);
    // A new word is.
    write(dir.path(), "moved/posts/short.md", "---\ntitle: War declared again\n---\n");
    assert_eq!(load_of(&log, dir.path(), "moved").events, 1);
}

/// Two items of one id and one date are two. Which is which is told by what they say, in whatever order they come again, and
/// whatever is taken for the language of their archive by then.
#[test]
fn two_of_one_id_are_known_whatever_their_language_seems() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let item = |headline: &str| {
        format!(
            r#"{{"uri":"urn:x:1","version":"1","versioncreated":"1931-05-02T10:00:00Z","headline":"{headline}","body_text":"…"}}"#
        )
    };
    write(dir.path(), "site/a.json", &item("War declared"));
    write(dir.path(), "site/b.json", &item("Peace declared"));
    write(dir.path(), "site/c.json", &item("Ice on the river"));
    let report = load_of(&log, dir.path(), "site");
    assert_eq!((report.articles, report.same_ids.records), (3, 2));
    assert_eq!(languages(&log), ["Ice on the river: -", "Peace declared: -", "War declared: -"]);

    write(dir.path(), "later/a.json", &item("Ice on the river"));
    write(dir.path(), "later/b.json", &item("War declared"));
    write(dir.path(), "later/c.json", &item("Peace declared"));
    for number in 10..=19 {
        write(
            dir.path(),
            &format!("later/posts/{number}.md"),
            &format!("---\ntitle: Long\n---\n{ENGLISH}\n"),
        );
    }
    let report = load_of(&log, dir.path(), "later");
    assert_eq!(report.events, 10, "{:?}", languages(&log));
    // One that says something else is told the language.
    write(dir.path(), "later/d.json", &item("Fog").replace("urn:x:1", "urn:x:2"));
    assert_eq!(load_of(&log, dir.path(), "later").events, 1);
    assert!(languages(&log).contains(&"Fog: en".to_owned()), "{:?}", languages(&log));
}
