//! One id for one thing: what is loaded again adds nothing, wherever it lies by then, and two things never become one.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use ingest::{LoadOptions, LoadReport, Quarantine, load};
use store::{AssetKind, Content, Fact, Log, Seq};

struct Archive {
    dir: tempfile::TempDir,
    log: Log,
}

impl Archive {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path().join("log")).unwrap();
        Self { dir, log }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn load(&self, name: &str) -> LoadReport {
        self.load_with(name, |_| {})
    }

    fn load_with(&self, name: &str, change: impl FnOnce(&mut LoadOptions)) -> LoadReport {
        let mut options = LoadOptions::new(vec![self.path(name)], Quarantine::at(self.path("quarantine")));
        change(&mut options);
        load(&self.log, &options, &(), &AtomicBool::new(false)).unwrap()
    }

    /// Returns the ids of all articles, with their bodies and the numbers of their revisions.
    fn articles(&self) -> Vec<(String, String, u64)> {
        let snapshot = self.log.snapshot().unwrap();
        let ids = snapshot.assets(AssetKind::Article, None, 1_000).unwrap();
        let article = |(id, state): (store::AssetId, store::AssetState)| {
            let event = snapshot.event(state.published).unwrap();
            let Some(Fact::Published(Content::Article(article))) = event.fact().cloned() else {
                panic!("{id}")
            };
            (id.to_string(), article.body, state.revision.get())
        };
        ids.into_iter().map(article).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.articles().into_iter().map(|(id, ..)| id).collect()
    }
}

fn page(text: &str) -> String {
    format!("---\ntitle: Bulletin\ndate: 1931-05-02\n---\n{text}\n")
}

/// Pages, a table without ids, and a saved page: nothing of it has an id of its own. Two pages are blank.
fn write_folder(archive: &Archive, root: &str) {
    for (name, text) in [
        ("may/a.md", "Ebb"),
        ("may/b.md", "Flood"),
        ("june/p3.md", ""),
        ("june/p5.md", ""),
        ("june/a.md", "Ebb"),
    ] {
        archive.write(&format!("{root}/{name}"), &page(text));
    }
    archive.write(&format!("{root}/tides.csv"), "title,text\nHigh,at four\nLow,at ten\nHigh,at four\n");
    archive.write(
        &format!("{root}/saved/one.html"),
        "<!doctype html><title>One</title><article><p>The ferry runs again today.</p></article>",
    );
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(entry.path(), &to).unwrap();
        }
    }
}

#[test]
fn an_archive_loaded_as_part_moved_renamed_and_packed_adds_nothing() {
    let archive = Archive::new();
    write_folder(&archive, "old/paper");
    let first = archive.load("old/paper");
    assert_eq!((first.articles, first.same_ids.records, first.quarantined), (9, 0, 0));
    let head = archive.log.head().unwrap().seq;
    let nothing = |how: &str, name: &str| {
        let report = archive.load(name);
        assert_eq!(
            (report.events, report.same_ids.records, report.quarantined),
            (0, 0, 0),
            "{how}: {report:?}"
        );
        assert_eq!(archive.log.head().unwrap().seq, head, "{how}");
    };
    nothing("again", "old/paper");
    nothing("a part of it", "old/paper/may");
    nothing("one file", "old/paper/june/p5.md");
    nothing("what it lies in", "old");
    copy(&archive.path("old/paper"), &archive.path("moved/paper"));
    nothing("moved", "moved/paper");
    copy(&archive.path("old/paper"), &archive.path("gazette"));
    nothing("renamed", "gazette");
    nothing("a part of the renamed", "gazette/june");
    for name in ["paper.tar", "bundle.tar"] {
        let mut tar = tar::Builder::new(File::create(archive.path(name)).unwrap());
        tar.append_dir_all(if name == "paper.tar" { "." } else { "paper" }, archive.path("old/paper"))
            .unwrap();
        tar.finish().unwrap();
        nothing(name, name);
    }
    fs::remove_dir_all(archive.path("old")).unwrap();
    nothing("moved, and the old one gone", "moved/paper");
}

#[test]
fn a_file_that_was_edited_is_a_revision_wherever_it_was_loaded_from() {
    let archive = Archive::new();
    write_folder(&archive, "paper");
    archive.load("paper");
    archive.write("paper/may/a.md", &page("Ebb, corrected"));
    let report = archive.load("paper/may");
    assert_eq!((report.events, report.articles), (1, 1));
    let found = archive.articles().into_iter().find(|(id, ..)| id == "paper/may/a").unwrap();
    assert_eq!(found, ("paper/may/a".to_owned(), "Ebb, corrected".to_owned(), 2));
}

/// `2019/export` and `2020/export` are two exports, though both are called so.
#[test]
fn two_folders_of_one_name_are_two() {
    let archive = Archive::new();
    archive.write("2019/export/news.md", &page("The bridge opens"));
    archive.write("2019/export/same.md", &page("Imprint"));
    archive.write("2020/export/news.md", &page("The bridge closes"));
    archive.write("2020/export/same.md", &page("Imprint"));
    archive.load("2019/export");
    let report = archive.load("2020/export");
    assert_eq!(report.articles, 1, "the imprint is the same record: {report:?}");
    assert_eq!(archive.ids(), ["2020~export/news", "export/news", "export/same"]);
    assert_eq!(archive.load("2020/export").events + archive.load("2019/export").events, 0);
    // Both at once, in an archive of their own.
    let both = Archive::new();
    let paths = vec![archive.path("2019/export"), archive.path("2020/export")];
    both.load_with("", |options| options.paths = paths.clone());
    assert_eq!(both.ids(), ["2020~export/news", "2020~export/same", "export/news", "export/same"]);
    assert_eq!(both.load_with("", |options| options.paths = paths).events, 0);
}

#[test]
fn a_row_put_on_top_corrects_nothing() {
    let archive = Archive::new();
    let rows = |rows: &[&str]| format!("title,text\n{}\n", rows.join("\n"));
    archive.write("t/a.csv", &rows(&["One,first", "Two,second", "Three,third"]));
    archive.load("t");
    archive.write("t/a.csv", &rows(&["Zero,new", "One,first", "Two,second", "Three,third"]));
    let report = archive.load("t");
    assert_eq!((report.events, report.articles), (1, 1));
    let bodies = |archive: &Archive| -> Vec<(String, u64)> {
        archive.articles().into_iter().map(|(_, body, revision)| (body, revision)).collect()
    };
    let mut found = bodies(&archive);
    found.sort();
    let expected = ["first", "new", "second", "third"].map(|body| (body.to_owned(), 1));
    assert_eq!(found, expected);
    assert_eq!(archive.load("t").events, 0);
    // One that was edited where it stands is a revision.
    archive.write("t/a.csv", &rows(&["Zero,new", "One,first", "Two,second and last", "Three,third"]));
    assert_eq!(archive.load("t").events, 1);
    let edited = bodies(&archive).into_iter().find(|(body, _)| body == "second and last").unwrap();
    assert_eq!((edited.1, archive.articles().len()), (2, 4));
}

#[test]
fn one_id_for_two_contents_is_two_assets_and_is_told() {
    let check = |what: &str, files: &[(&str, &str)], articles: usize, told: u64| {
        let archive = Archive::new();
        files.iter().for_each(|(name, text)| archive.write(&format!("in/{name}"), text));
        let report = archive.load("in");
        assert_eq!(
            (archive.articles().len(), report.same_ids.records),
            (articles, told),
            "{what}: {report:?}"
        );
        let again = archive.load("in");
        assert_eq!(again.events, 0, "{what}, loaded again: {again:?}");
        assert_eq!(archive.articles().len(), articles, "{what}");
    };
    let item = |guid: &str, text: &str| {
        format!("<item><title>{text}</title><guid>{guid}</guid><description>{text}</description></item>")
    };
    let feed = |items: &str| {
        format!("<rss><channel><title>F</title><link>https://f.example/</link>{items}</channel></rss>")
    };
    let urn = "urn:uuid:0f0f0f0f-1111-2222-3333-444444444444";
    check("a table's key", &[("a.csv", "id,title,text\n3,A,one\n3,B,two\n3,A,one\n")], 2, 1);
    check(
        "a guid in one feed",
        &[("f.xml", &feed(&(item(urn, "one") + &item(urn, "two") + &item(urn, "three"))))],
        3,
        2,
    );
    check(
        "one feed saved twice",
        &[("1.xml", &feed(&item(urn, "one"))), ("2.xml", &feed(&item(urn, "two")))],
        1,
        0,
    );
    let entry = |text: &str, day: u32| {
        format!(
            "<entry><id>tag:f.example,2011:1</id><title>T</title><updated>2011-01-{day:02}T00:00:00Z</updated><content>{text}</content></entry>"
        )
    };
    let atom =
        format!("<feed xmlns='http://www.w3.org/2005/Atom'>{}{}</feed>", entry("one", 1), entry("two", 2));
    check("entries with dates", &[("a.xml", &atom)], 1, 0);
    let ld = |text: &str| {
        format!(
            "{{\"@context\":\"https://schema.org\",\"@type\":\"NewsArticle\",\"@id\":\"https://example.com/sample\",\"headline\":\"{text}\",\"articleBody\":\"{text} and more\"}}"
        )
    };
    check("a sample's @id", &[("a.jsonld", &ld("one")), ("b.jsonld", &ld("two"))], 2, 1);
    check("the same twice", &[("a.jsonld", &ld("one")), ("b.jsonld", &ld("one"))], 1, 0);
}

#[test]
fn what_is_older_than_what_the_load_has_brought_is_passed_over() {
    let archive = Archive::new();
    let row = |name: &str, day: u32, text: &str| {
        archive.write(&format!("in/{name}"), &format!("{{\"id\":\"urn:x:1\",\"title\":\"T\",\"text\":\"{text}\",\"updated\":\"2011-01-{day:02}\"}}\n"));
    };
    row("a.jsonl", 5, "newer");
    row("b.jsonl", 2, "older");
    let report = archive.load("in");
    assert_eq!((report.older, report.same_ids.records), (1, 0));
    assert_eq!(archive.articles()[0].1, "newer");
}

#[test]
fn file_names_that_are_no_text_stay_apart() {
    use std::os::unix::ffi::OsStrExt;
    let archive = Archive::new();
    fs::create_dir_all(archive.path("in")).unwrap();
    for name in [b"gr\xfcn.md".as_slice(), b"gr\xf6n.md"] {
        fs::write(archive.path("in").join(std::ffi::OsStr::from_bytes(name)), page("x")).unwrap();
    }
    assert_eq!(archive.load("in").articles, 2);
    assert_eq!(archive.ids(), ["in/gr%F6n", "in/gr%FCn"]);
}

/// A draft is passed over and counted, and taken in when it has become public.
#[test]
fn drafts_are_passed_over_until_they_are_public() {
    let archive = Archive::new();
    let draft = |flag: bool| {
        archive.write("s/content/a.md", &format!("---\ntitle: A\ndraft: {flag}\nimage: /img/secret.png\nimage_alt: S\nauthors: [new-hand]\n---\nx\n"));
    };
    draft(true);
    archive.write("s/content/b.md", "---\ntitle: B\ndate: 2190-01-01\n---\nx\n");
    let report = archive.load("s");
    assert_eq!((report.events, report.unpublished.len()), (0, 2));
    assert_eq!(report.unpublished["draft"].records, 1);
    assert_eq!(report.unpublished["scheduled"].to_string(), "1 scheduled for 2190-01-01");
    let taken = archive.load_with("s", |options| options.unpublished = true);
    assert_eq!((taken.articles, taken.images, taken.bylines), (2, 1, 1));
    let snapshot = archive.log.snapshot().unwrap();
    for kind in AssetKind::ALL {
        for (id, state) in snapshot.assets(kind, None, 10).unwrap() {
            assert!(!state.is_seen(), "{kind} {id} is seen");
        }
    }
    drop(snapshot);
    draft(false);
    let shown = archive.load("s");
    assert_eq!(
        (shown.articles, shown.images, shown.bylines),
        (1, 1, 1),
        "what came only with the draft is shown with it"
    );
    assert_ne!(archive.log.head().unwrap().seq, Seq::ZERO);
}

/// Packed under the name that the folder had, beside it; and by then a page that is the same as another was put into the folder.
#[test]
fn an_archive_that_is_packed_under_its_own_name_adds_nothing() {
    let archive = Archive::new();
    for name in ["n/n/x/1.md", "n/n/y/1.md"] {
        archive.write(name, "---\ntitle: Blank\n---\n![](a.png)\n");
    }
    archive.write("n/n/z.xml", "<rss><channel><item><title>T</title></item></channel></rss>");
    assert_eq!(archive.load("n/n").articles, 3);
    let mut tar = tar::Builder::new(File::create(archive.path("n/n.tar")).unwrap());
    tar.append_dir_all("n", archive.path("n/n")).unwrap();
    tar.into_inner().unwrap();
    for _ in 0..2 {
        assert_eq!(archive.load("n/n.tar").events, 0);
    }
    // Two that are alike in one folder are two, whichever comes first.
    archive.write("n/n/a/x/1.md", "---\ntitle: Blank\n---\n![](a.png)\n");
    assert_eq!(archive.load("n/n").articles, 1);
    assert_eq!(archive.load("n/n").events, 0);
    assert_eq!(archive.ids().len(), 4);
}

/// A file that an older program loaded keeps the ids of its assets: loaded again by today's rules, it names no new asset.
#[test]
fn what_an_older_rule_named_keeps_its_id() {
    let page = |head: &str| {
        format!(
            "<!doctype html>{head}<title>T</title><article><p>The ferry runs again today.</p><img src=cover.jpg alt=Ferry></article>"
        )
    };
    let post = "<rss version='2.0' xmlns:wp='http://wordpress.org/export/1.2/'><channel><title>Q</title><link>https://q.example</link>\
        <wp:wxr_version>1.2</wp:wxr_version><wp:base_blog_url>https://q.example</wp:base_blog_url><item><title>T</title>\
        <guid isPermaLink='false'>https://old.example/?p=7</guid><wp:post_id>7</wp:post_id><wp:status>publish</wp:status>\
        <wp:post_type>post</wp:post_type></item></channel></rss>";
    let linked = r#"<link rel=canonical href="https://q.example/one"><script type="application/ld+json">
        {"@context": "https://schema.org", "@type": "NewsArticle", "@id": "https://q.example/one#article", "headline": "T"}</script>"#;
    for (file, text, older) in [
        (
            "one.html",
            page("<link rel=canonical href='https://q.example/one'>"),
            vec!["article paper/one.html", "image https://q.example/cover.jpg"],
        ),
        (
            "one.html",
            page("<link rel=canonical href='https://q.example/one'>"),
            vec!["article http://q.example/one", "image https://q.example/cover.jpg"],
        ),
        (
            "one.html",
            page(linked),
            vec!["article https://q.example/one#article", "image https://q.example/cover.jpg"],
        ),
        ("one.html", page(""), vec!["article paper/one.html", "image cover.jpg"]),
        ("posts.xml", post.to_owned(), vec!["article https://old.example/?p=7"]),
    ] {
        let archive = Archive::new();
        let event = |older: &&str| {
            let (kind, id) = older.split_once(' ').unwrap();
            let says = if kind == "image" { "caption" } else { "headline" };
            format!(
                "{{\"type\":\"{kind}.published\",\"id\":\"{id}\",\"data\":{{\"{says}\":\"As it was read\"}}}}\n"
            )
        };
        archive.write("events.jsonl", &older.iter().map(event).collect::<String>());
        archive.load("events.jsonl");
        archive.write(&format!("paper/{file}"), &text);
        archive.load("paper");
        let snapshot = archive.log.snapshot().unwrap();
        let assets: Vec<String> = AssetKind::ALL
            .into_iter()
            .flat_map(|kind| {
                snapshot
                    .assets(kind, None, 10)
                    .unwrap()
                    .into_iter()
                    .map(move |(id, _)| format!("{kind} {id}"))
            })
            .collect();
        assert_eq!(assets, older, "{text}");
        assert_eq!(archive.load("paper").events, 0, "{text}");
    }
}
