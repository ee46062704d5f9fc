//! Archives of shapes that no standard names, each in files of our own writing: a journal's scans in nested JSON, a newsroom's XML,
//! and three tables that name each other. The mapping that is proposed loads each of them; one that was written by hand says more.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use ingest::{LoadOptions, LoadReport, Mappings, Quarantine, load, propose_mapping};
use serde_json::{Value, json};
use store::{AssetKind, Fact, Log};

const SCANS: &str = include_str!("../../docs/examples/scans/1931-04.json");

const STORIES: &str = include_str!("../../docs/examples/newsroom/export.xml");

const ARTICLES: &str = include_str!("../../docs/examples/dump/articles.csv");
const AUTHORS: &str = include_str!("../../docs/examples/dump/authors.csv");
const LINKS: &str = include_str!("../../docs/examples/dump/article_authors.csv");

struct Archive {
    dir: tempfile::TempDir,
    log: Log,
}

impl Archive {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        let archive = Self { dir, log };
        files.iter().for_each(|(name, text)| archive.write(name, text));
        archive
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load(&self, name: &str, mapping: &str) -> LoadReport {
        let mut options = LoadOptions::new(vec![self.path(name)], Quarantine::at(self.path("quarantine")));
        options.hints.mappings = Mappings::parse("test.toml", mapping).unwrap();
        load(&self.log, &options, &(), &AtomicBool::new(false)).unwrap()
    }

    /// Returns all assets of a kind by their ids.
    fn assets(&self, kind: AssetKind) -> BTreeMap<String, Value> {
        let snapshot = self.log.snapshot().unwrap();
        let asset = |(id, state): (store::AssetId, store::AssetState)| {
            let event = snapshot.event(state.published).unwrap();
            let Some(Fact::Published(content)) = event.fact() else { panic!("{id}") };
            (id.to_string(), serde_json::to_value(content).unwrap())
        };
        snapshot.assets(kind, None, 100).unwrap().into_iter().map(asset).collect()
    }

    /// Returns the only article.
    #[track_caller]
    fn article(&self, id: &str) -> Value {
        let articles = self.assets(AssetKind::Article);
        articles.get(id).unwrap_or_else(|| panic!("no {id} in {:?}", articles.keys())).clone()
    }
}

fn propose(archive: &Archive, name: &str) -> String {
    propose_mapping(&[archive.path(name)]).unwrap()
}

#[track_caller]
fn has(article: &Value, expected: &Value) {
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&article[field], value, "{field}");
    }
}

#[test]
fn nested_json_of_a_journals_scans() {
    let archive = Archive::new(&[("scans/1931-04.json", SCANS)]);
    let mapping = propose(&archive, "scans");
    let report = archive.load("scans", &mapping);
    assert_eq!((report.articles, report.images, report.bylines, report.quarantined), (1, 1, 2, 0));
    assert_eq!(report.unpublished["draft"].records, 1);
    has(
        &archive.article("harbour/1931/04/012"),
        &json!({
            "headline": "The new breakwater",
            "body": "The breakwater was finished on Tuesday.\n\nNo band played.",
            "published": "1931-04-14",
            "source": "Harbour Engineer",
            "language": "en",
            "credit": "Eleanor Quill, Tom Marsh",
            "bylines": ["byline:eleanor-quill", "byline:tom-marsh"],
            "images": ["image:scans/plates/012a.png"],
            "keywords": [{"name": "keyword", "value": "harbours"}, {"name": "keyword", "value": "concrete"}],
            "extra": {"metadata": {"volume": "XII", "ocr": {"engine": "tess", "confidence": 0.91}}},
        }),
    );
    assert_eq!(archive.assets(AssetKind::Byline)["byline:eleanor-quill"]["title"], "Editor");
    let image = &archive.assets(AssetKind::Image)["image:scans/plates/012a.png"];
    assert_eq!(image["caption"], "The breakwater at low water");
    assert_eq!(image["renditions"], json!([{"href": "plates/012a.png", "width": 800}]));

    assert_eq!(archive.load("scans", &mapping).events, 0);
    // Moved and renamed, it is the same.
    fs::rename(archive.path("scans"), archive.path("elsewhere")).unwrap();
    assert_eq!(archive.load("elsewhere", &mapping).articles, 0);
}

/// By hand: what the names do not tell.
const OF_STORIES: &str = include_str!("../../docs/examples/newsroom.toml");

#[test]
fn xml_of_a_newsroom() {
    let archive = Archive::new(&[("newsroom/export.xml", STORIES)]);
    let report = archive.load("newsroom", OF_STORIES);
    assert_eq!((report.articles, report.images, report.bylines, report.quarantined), (1, 1, 2, 0));
    assert_eq!(report.unpublished["unpublished"].records, 1);
    has(
        &archive.article("quay-post/771"),
        &json!({
            "headline": "Ferry strikes ice",
            "subheadline": "Forty wait on the quay",
            "body": "The ferry Nora struck ice.\n\nNobody was hurt.",
            "published": "1931-05-02",
            "section": "Shipping",
            "page": "A1",
            "source": "Quay Post",
            "url": "https://quaypost.example/1931-05-02/771",
            "credit": "Eleanor Quill, Tom Marsh",
            "bylines": ["byline:eleanor-quill", "byline:tom-marsh"],
            "extra": null,
        }),
    );
    assert_eq!(archive.load("newsroom", OF_STORIES).events, 0);

    // What is proposed has all but what the names do not tell.
    let proposed = Archive::new(&[("newsroom/export.xml", STORIES)]);
    let report = proposed.load("newsroom", &propose(&proposed, "newsroom"));
    assert_eq!((report.articles, report.images), (1, 1));
    let article = proposed.article("export/771");
    assert_eq!(article["headline"], "Ferry strikes ice");
    assert_eq!(article["extra"]["signatures"]["sig"], json!(["Quill, Eleanor", "Tom Marsh"]));
}

#[test]
fn three_tables_that_are_joined() {
    let files =
        [("dump/articles.csv", ARTICLES), ("dump/authors.csv", AUTHORS), ("dump/article_authors.csv", LINKS)];
    let archive = Archive::new(&files);
    let mapping = propose(&archive, "dump");
    let report = archive.load("dump", &mapping);
    assert_eq!((report.articles, report.bylines, report.quarantined), (2, 2, 0));
    assert_eq!(report.skipped["(table joined to others)"], 2);
    has(
        &archive.article("articles/1"),
        &json!({
            "headline": "Ice in the harbour",
            "body": "Thick ice, again.",
            "published": "1931-05-02",
            "credit": "Eleanor Quill, Tom Marsh",
            "bylines": ["byline:eleanor-quill", "byline:tom-marsh"],
        }),
    );
    assert_eq!(archive.article("articles/2")["credit"], "Tom Marsh");
    assert_eq!(archive.load("dump", &mapping).events, 0);

    // In an archive, as dumps come.
    let path = archive.path("dump.tar");
    let mut tar = tar::Builder::new(fs::File::create(&path).unwrap());
    for (name, _) in files {
        tar.append_path_with_name(archive.path(name), Path::new(name)).unwrap();
    }
    tar.into_inner().unwrap();
    let report = archive.load("dump.tar", &mapping);
    assert_eq!((report.events, report.quarantined), (0, 0));

    // A table that is not there leaves no article without its authors.
    fs::remove_file(archive.path("dump/authors.csv")).unwrap();
    let report = archive.load("dump", &mapping);
    assert_eq!((report.events, report.quarantined), (0, 2));
    assert!(report.reasons[0].reason.contains("`authors.csv`"), "{:?}", report.reasons);
}

#[test]
fn a_table_of_people_and_articles_that_refer_to_them() {
    let mapping = r#"
[mapping.people]
files = "people.csv"
[mapping.people.byline]
id = "staff/{no}"
name = "{first} {last}"
bio = "about"
also_known_as = { path = "initials", split = " " }

[mapping.pictures]
files = "pictures.jsonl"
[mapping.pictures.image]
id = "picture/{nr}"
caption = "text"
taken = "day"
href = "file"

[mapping.pieces]
files = "pieces.jsonl"
dates = "month-first"
[mapping.pieces.article]
id = "piece/{nr}"
headline = "title"
published = "day"
[mapping.pieces.article.bylines]
each = "by"
id = "staff/{.}"
[mapping.pieces.article.images]
each = "shown"
id = "picture/{.}"
[mapping.pieces.article.extra]
volume = "vol"
"#;
    let archive = Archive::new(&[
        ("in/people.csv", "no;first;last;about;initials\n7;Nora;Vance;Covers the port.;n.v. NV\n"),
        ("in/pictures.jsonl", "{\"nr\":1,\"text\":\"The Nora\",\"day\":\"1931-05\",\"file\":\"1.png\"}\n"),
        (
            "in/pieces.jsonl",
            "{\"nr\":1,\"title\":\"Ice\",\"day\":\"5/2/1931\",\"by\":[7],\"shown\":[1],\"vol\":\"XII\"}\n{\"nr\":2}\n",
        ),
    ]);
    let report = archive.load("in", mapping);
    assert_eq!((report.articles, report.images, report.bylines, report.quarantined), (1, 1, 1, 1));
    assert!(
        report.reasons[0].reason.contains("by mapping `pieces` there is neither"),
        "{:?}",
        report.reasons
    );
    has(
        &archive.article("piece/1"),
        &json!({
            "headline": "Ice", "published": "1931-05-02", "bylines": ["staff/7"], "images": ["picture/1"], "extra": {"volume": "XII"},
        }),
    );
    let person = &archive.assets(AssetKind::Byline)["staff/7"];
    assert_eq!((&person["name"], &person["also_known_as"]), (&json!("Nora Vance"), &json!(["n.v.", "NV"])));
    assert_eq!(archive.assets(AssetKind::Image)["picture/1"]["taken"], "1931-05");
}

#[test]
fn records_that_lie_in_others_and_know_what_they_lie_in() {
    let mapping = "[mapping.issues]\nrecord = \"issues[*].pieces\"\n[mapping.issues.article]\nheadline = \"t\"\n\
        published = \"/date\"\npage = \"p\"\n";
    let issues = r#"{"issues": [{"date": "1931-05-02", "pieces": [{"t": "One", "p": 1}, {"t": "Two", "p": 2}]},
        {"date": "1931-05-03", "pieces": [{"t": "Three", "p": 1}]}]}"#;
    let archive = Archive::new(&[("in/all.json", issues)]);
    let report = archive.load("in", mapping);
    assert_eq!((report.articles, report.quarantined), (3, 0));
    let found = archive.assets(AssetKind::Article);
    let shown: Vec<_> = found
        .iter()
        .map(|(id, one)| format!("{id} {} {} {}", one["headline"], one["published"], one["page"]))
        .collect();
    assert_eq!(
        shown,
        [
            "in/all#1.1 \"One\" \"1931-05-02\" \"1\"",
            "in/all#1.2 \"Two\" \"1931-05-02\" \"2\"",
            "in/all#2.1 \"Three\" \"1931-05-03\" \"1\"",
        ]
    );
    assert_eq!(archive.load("in", mapping).events, 0);
}

#[test]
fn mapped_records_meet_the_same_checks_as_others() {
    let mapping = "[mapping.m]\nfiles = \"*.jsonl\"\n[mapping.m.article]\nid = \"id\"\nheadline = \"t\"\npublished = \"d\"\n\
        [mapping.m.public]\nfrom = \"embargo\"\n";
    let archive = Archive::new(&[(
        "in/a.jsonl",
        "{\"id\":\"a\",\"t\":\"One\"}\n{\"id\":\"a\",\"t\":\"Two\"}\n{\"id\":\"b\",\"t\":\"Later\",\"embargo\":\"2190-01-01\"}\n\
         {\"id\":\"c\",\"t\":\"Hidden\",\"password\":\"x\"}\n{\"id\":\"d\",\"t\":\"Soon\",\"d\":\"soon\"}\n{broken\n{\"id\":\"e\",\"t\":\"Last\"}\n",
    )]);
    let report = archive.load("in", mapping);
    assert_eq!((report.articles, report.quarantined, report.same_ids.records), (4, 1, 1));
    assert_eq!(report.unpublished.keys().collect::<Vec<_>>(), ["embargoed", "password"]);
    let told: Vec<_> = report.notes.iter().map(|note| note.reason.as_str()).collect();
    assert_eq!(told, ["by mapping `m`: dates cannot be read: kept as they are written"]);
    assert_eq!(archive.article("d")["extra"], json!({"published": "soon"}));
}

/// `from` of a mapping states that a record has a time before which it is not seen; where nobody can tell that time, it is
/// not seen at all, and what says that there is none is none.
#[test]
fn a_record_is_not_seen_from_a_time_that_cannot_be_read() {
    let mapping = "[mapping.m]\nfiles = \"*.csv\"\n[mapping.m.article]\nid = \"id\"\nheadline = \"t\"\n\
        [mapping.m.public]\nfrom = \"free\"\nuntil = \"gone\"\n";
    let rows = [
        ("spring", "when the ice is gone", ""),
        ("two-ways", "03/04/2190", ""),
        ("later", "2190-04-03", ""),
        ("past", "1931-04-03", ""),
        ("empty", "", ""),
        ("zero", "0000-00-00 00:00:00", ""),
        ("none", "NULL", ""),
        ("for-ever", "", "never, we hope"),
    ];
    let rows: Vec<_> =
        rows.iter().map(|(id, free, gone)| format!("{id},T,\"{free}\",\"{gone}\"\n")).collect();
    let archive = Archive::new(&[("in/a.csv", &format!("id,t,free,gone\n{}", rows.concat()))]);
    let report = archive.load("in", mapping);
    let seen = archive.assets(AssetKind::Article);
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["empty", "for-ever", "none", "past", "zero"]);
    assert_eq!((report.unpublished["embargoed"].records, report.quarantined), (3, 0));
}

#[test]
fn dates_of_corrections_are_kept_as_they_are_written() {
    let mapping = "[mapping.m]\n[mapping.m.article]\nid = \"id\"\nheadline = \"t\"\n\
        [mapping.m.article.corrections]\neach = \"errata\"\ndate = \"on\"\ntext = \"what\"\n";
    let record = r#"[{"id": "a", "t": "Ferry", "errata": [{"on": "1931-05-03", "what": "It was noon."},
        {"on": "Whitsun", "what": "It was ten."}, {"on": "Lammas", "what": "It was one."}]}]"#;
    let archive = Archive::new(&[("in/a.json", record)]);
    archive.load("in", mapping);
    let article = archive.article("a");
    assert_eq!(
        article["corrections"],
        json!([{"date": "1931-05-03", "text": "It was noon."}, {"text": "It was ten."}, {"text": "It was one."}])
    );
    assert_eq!(article["extra"], json!({"corrections.date": ["Whitsun", "Lammas"]}));
}
