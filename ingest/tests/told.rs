//! Doubts that a load tells, and what it passes over: dates that are none, pages that only lead on to others.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, sync::atomic::AtomicBool};

use ingest::{LoadOptions, Quarantine, load};
use store::{AssetKind, Content, Fact, Log};

#[test]
fn dates_that_are_none_are_kept_and_told() {
    let check = |name: &str, text: &str, expected: &str| {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        let options = LoadOptions::new(vec![path], Quarantine::at(dir.path().join("quarantine")));
        let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
        assert_eq!((report.articles, report.quarantined), (1, 0), "{name}");
        let told: Vec<&str> = report.notes.iter().map(|note| note.reason.as_str()).collect();
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        assert!(told[0].contains(expected), "{name}: {told:?}");
        let snapshot = log.snapshot().unwrap();
        let (_, state) = snapshot.assets(AssetKind::Article, None, 1).unwrap().remove(0);
        let event = snapshot.event(state.published).unwrap();
        let Some(Fact::Published(Content::Article(article))) = event.fact() else { panic!("{name}") };
        if expected == NONE {
            let kept = serde_json::to_string(&article.extra).unwrap();
            assert!(article.published.is_none() && kept.contains("soon"), "{name}: {kept}");
        }
    };
    const NONE: &str = "cannot be read";
    check("a.md", "---\ntitle: A\ndate: soon\n---\nx\n", NONE);
    check("old.md", "---\ntitle: A\ndate: 0203-01-02\n---\nx\n", "older than any newspaper");
    let rss = "<rss><channel><item><title>T</title><guid>https://x/1</guid><pubDate>soon</pubDate></item></channel></rss>";
    check("r.xml", rss, NONE);
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>urn:x:1</id><title>A</title><published>soon</published></entry></feed>";
    check("a.xml", atom, NONE);
    check(
        "ld.json",
        "{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\"headline\":\"H\",\"datePublished\":\"soon\"}",
        NONE,
    );
    let feed = "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\",\"title\":\"t\",\"date_published\":\"soon\"}]}";
    check("feed.json", feed, NONE);
    check(
        "n.json",
        "{\"uri\":\"urn:x:4\",\"type\":\"text\",\"headline\":\"H\",\"versioncreated\":\"soon\"}",
        NONE,
    );
    let nitf = "<nitf><head><docdata><doc-id id-string='1'/><date.issue norm='soon'/></docdata></head><body><body.head><hedline><hl1>H</hl1>\
        </hedline></body.head></body></nitf>";
    check("n.xml", nitf, NONE);
    let g2 = "<newsItem xmlns='http://iptc.org/std/nar/2006-10-01/' guid='urn:g' version='1'><itemMeta><itemClass qcode='ninat:text'/>\
        <versionCreated>soon</versionCreated></itemMeta><contentMeta><headline>H</headline></contentMeta></newsItem>";
    check("g.xml", g2, NONE);
    let page = "<html><head><title>T</title><meta property='article:published_time' content='soon'></head><body><p>x</p></body></html>";
    check("p.html", page, NONE);
    let nyt = "{\"response\":{\"docs\":[{\"_id\":\"nyt://article/1\",\"headline\":{\"main\":\"M\"},\"pub_date\":\"soon\"}]}}";
    check("nyt.json", nyt, NONE);
    check("t.csv", "id,title,text,date\n1,A,b,soon\n", NONE);
    check("r.jsonl", "{\"title\":\"A\",\"text\":\"b\",\"date\":\"soon\"}\n", NONE);
}

#[test]
fn pages_that_only_lead_on_are_passed_over_by_their_reason() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join("site").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("a.md", "---\nredirect_to: https://x.example/\npermalink: /a/\n---\n");
    write("b.md", "---\nredirectto: /news/index.xml\n---\n");
    write("c.md", "---\nlayout: home\n---\n");
    write(
        "d.html",
        "<html><head><title>/x/</title><meta http-equiv=refresh content='0; url=/x/'></head></html>",
    );
    write("e.md", "---\nlayout: post\ntitle: An article\n---\n");
    // That may be a mistake.
    write("f.md", "---\ndate: 1931-05-02\n---\n");
    let options =
        LoadOptions::new(vec![dir.path().join("site")], Quarantine::at(dir.path().join("quarantine")));
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    assert_eq!((report.articles, report.quarantined), (1, 1));
    let skipped: Vec<_> = report.skipped.iter().map(|(why, files)| format!("{files} {why}")).collect();
    assert_eq!(skipped, ["1 (page of a layout alone)", "3 (page that only leads on to another)"]);
}
