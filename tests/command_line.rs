//! The binary as people and scripts meet it: the whole way from files to hits, and one clear line for each thing that
//! can be wrong with what it is given.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use store::{AssetId, Byline, Clock, Log, LogOptions, NewEvent, Visibility};

struct Archive {
    dir: tempfile::TempDir,
}

impl Archive {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_morgue"));
        command.arg("--data-dir").arg(self.path("data")).args(args);
        command.env_remove("MORGUE_LOG").env("RUST_BACKTRACE", "1");
        command
    }

    fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What it prints, given that it ends with this code and without a backtrace.
    #[track_caller]
    fn run(&self, args: &[&str], code: i32) -> String {
        let output = self.output(args);
        let (out, err) =
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}{err}");
        assert!(!err.contains("panicked") && !err.contains("backtrace"), "{err}");
        out + &err
    }

    /// The last line of `--json` output.
    #[track_caller]
    fn json(&self, args: &[&str], code: i32) -> Value {
        let mut args = args.to_vec();
        args.insert(0, "--json");
        let output = self.output(&args);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{err}");
        let text = String::from_utf8(output.stdout).unwrap();
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    fn load_samples(&self) -> Value {
        data_samples::write_archive(&self.path("samples")).unwrap();
        self.json(&["load", self.path("samples").to_str().unwrap()], 0)
    }

    /// The ids of all hits, sorted.
    fn ids(&self, args: &[&str]) -> Vec<String> {
        let found = self.json(&[&["search", "--limit", "100"], args].concat(), 0);
        let hits = found["hits"].as_array().unwrap().iter();
        let mut ids: Vec<String> = hits.map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// Documents and digest of each view.
    fn views(&self) -> Vec<(String, Value, Value)> {
        let status = self.json(&["status"], 0);
        let views = status["views"].as_object().unwrap().iter();
        views.map(|(name, view)| (name.clone(), view["documents"].clone(), view["digest"].clone())).collect()
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

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

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
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

/// What a format can tell of the samples' three articles, beside their texts.
const FORMATS: [(&str, &[&str]); 19] = [
    ("jsonl", &["headline", "day", "bylines", "images"]),
    ("nyt-archive", &["headline", "day", "bylines", "images"]),
    ("markdown", &["headline", "day", "bylines", "images"]),
    ("image-yaml", &["headline", "day", "bylines", "images"]),
    ("ninjs", &["headline", "day", "bylines", "images"]),
    ("nitf", &["headline", "day", "bylines", "images"]),
    ("newsml-g2", &["headline", "day", "bylines", "images"]),
    ("json-ld", &["headline", "day", "bylines", "images"]),
    ("json-feed", &["headline", "day", "bylines", "images"]),
    ("html", &["headline", "day", "bylines", "images"]),
    ("rss", &["headline", "day", "bylines", "images"]),
    ("atom", &["headline", "day", "bylines", "images"]),
    // WordPress knows one author of a post.
    ("wxr", &["headline", "day", "images"]),
    ("mets", &["headline", "day", "bylines"]),
    // A page without its issue is no more than its words.
    ("alto", &[]),
    ("reuters", &["headline", "day", "bylines"]),
    ("table", &["headline", "day", "bylines"]),
    ("records", &["headline", "day", "bylines"]),
    ("text", &["headline", "day"]),
];

/// The samples' three articles are the same articles whichever format they come in.
#[test]
fn formats_tell_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data-samples/formats");
    let told = |format: &str| -> Vec<Value> {
        let archive = Archive::new();
        let files = folder.join(format);
        let mut args = vec!["load", "--async", text(&files)];
        if format == "text" {
            args.extend(["--pattern", "text/{byline}/{published:%Y%m%d}.txt"]);
        }
        assert_eq!(archive.json(&args, 0)["articles"], 3, "{format}");
        let lines = archive.run(&["log", "export"], 0);
        let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut found: Vec<Value> = events.filter(|event| event["type"] == "article.published").collect();
        found.sort_by_key(|event| event["data"]["published"].to_string() + event["id"].as_str().unwrap());
        let article = |event: &Value| {
            let data = &event["data"];
            let day: String = data["published"].as_str().unwrap_or("").chars().take(10).collect();
            let count = |list: &str| data[list].as_array().map_or(0, Vec::len);
            let text = data["body"].as_str().unwrap().replace('\n', " ");
            json!({
                "headline": data["headline"], "day": day, "bylines": count("bylines"), "images": count("images"),
                "text": text,
            })
        };
        found.iter().map(article).collect()
    };
    let expected = told("jsonl");
    assert_eq!(expected.len(), 3);
    let mut on_disk: Vec<String> =
        fs::read_dir(&folder).unwrap().map(|entry| name_of(&entry.unwrap())).collect();
    on_disk.sort();
    let mut listed = FORMATS.map(|(format, _)| format);
    listed.sort_unstable();
    assert_eq!(on_disk, listed);
    for (format, fields) in FORMATS {
        for (told, expected) in told(format).iter().zip(&expected) {
            for field in fields {
                assert_eq!(told[field], expected[field], "{format}: {field}");
            }
            // Some have the first paragraph alone, and a page has its headline printed over it.
            let opening: String = expected["text"].as_str().unwrap().chars().take(150).collect();
            assert!(told["text"].as_str().unwrap().contains(&opening), "{format}: {}", told["text"]);
        }
    }
}

/// A page of the log's file points to where there is nothing: whoever reads it dies. That is an answer, not an accident.
#[test]
fn a_log_that_kills_its_reader_is_reported_as_not_clean() {
    let archive = Archive::new();
    archive.load_samples();
    archive.run(&["log", "compact"], 0);
    let log = archive.path("data/log");
    make_deadly(&log.join(fs::read_to_string(log.join("CURRENT")).unwrap().trim()).join("data.mdb"));
    let said = archive.run(&["log", "verify"], 1);
    assert!(said.contains("NOT CLEAN: the process that read the log died of it"), "{said}");
}

/// The disk of the backups went bad, and one of them kills whoever reads it. The restore is refused, nothing of it
/// stays, and the older backup is restored in the same place.
#[test]
fn a_backup_that_kills_its_reader_leaves_no_log() {
    let archive = Archive::new();
    archive.load_samples();
    let backups = ["older", "newer"].map(|name| archive.path(name));
    let [older, newer] = backups.each_ref().map(|path| path.to_str().unwrap());
    for backup in [older, newer] {
        archive.run(&["log", "backup", backup], 0);
    }
    make_deadly(&archive.path("newer/volume-1/data.mdb"));
    let log = archive.path("data/log");
    fs::remove_dir_all(&log).unwrap();
    let said = archive.run(&["log", "restore", newer], 1);
    assert!(said.contains("NOT CLEAN: the process that read the log died of it"), "{said}");
    assert!(!log.exists(), "{:?}", fs::read_dir(&log).unwrap().collect::<Vec<_>>());

    // A machine that lost its power in the middle leaves this.
    fs::create_dir_all(log.join("unfinished/volume-1")).unwrap();
    assert!(archive.run(&["log", "head"], 1).contains("a backup that was not finished"));
    assert!(archive.run(&["log", "restore", older], 0).contains("restored"));
    assert!(!log.join("unfinished").exists());
    assert!(archive.run(&["log", "verify"], 0).contains("clean"));
}

/// Makes the leaves with the catalog's rows, near the end of the file, point 64 KB on, where it has ended.
fn make_deadly(file: &Path) {
    const PAGE: usize = 4_096;
    let mut bytes = fs::read(file).unwrap();
    let first = (bytes.len() / PAGE).saturating_sub(15);
    let is_leaf = |page: &[u8]| page[10..12] == [2, 0] && !page.windows(9).any(|at| at == b"referrers");
    let mut damaged = 0;
    for page in bytes.chunks_exact_mut(PAGE).skip(first).filter(|page| is_leaf(page)) {
        let end_of_pointers = usize::from(u16::from_le_bytes([page[12], page[13]]));
        page[16..end_of_pointers].fill(0xff);
        damaged += 1;
    }
    assert!(damaged > 0);
    fs::write(file, bytes).unwrap();
}

fn name_of(entry: &fs::DirEntry) -> String {
    entry.file_name().to_string_lossy().into_owned()
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

#[test]
fn mistakes_get_one_clear_line_and_the_right_code() {
    let archive = Archive::new();
    let told = archive.run(&["search", "x"], 1);
    assert!(told.contains("there is no archive in"), "{told}");
    archive.load_samples();
    for (args, code, part) in [
        (&["search", "--from", "19xx", "x"][..], 2, "19xx"),
        (&["search", "--sort", "best", "x"][..], 2, "best"),
        (&["search", "--as-of", "whenever", "x"][..], 1, "whenever"),
        (&["search"][..], 2, "QUERY"),
        (&["status", "--view"][..], 2, "--view"),
        (&["log", "show", "99999"][..], 1, "99999"),
        (&["log", "history", "article", "a/none"][..], 1, "a/none"),
        (&["rollback"][..], 1, "no generation to go back to"),
        (&["search", "--view", "foo", "x"][..], 2, "[possible values: articles, images, bylines]"),
        (&["generations", "--remove", "g000001"][..], 1, "g000001"),
        (&["serve", "--listen", ":80"][..], 2, "localhost:7700"),
    ] {
        let told = archive.run(args, code);
        assert!(told.contains(part), "{args:?}: {told}");
    }
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

/// One article as it stood on a day, with the event that says so.
#[test]
fn an_asset_is_shown_whole_with_its_evidence() {
    let archive = Archive::new();
    archive.load_samples();
    let then = archive.run(&["show", "article", "a/1912-04-16-titanic", "--as-of", "1912-04-16"], 0);
    for part in
        ["Titanic Strikes an Iceberg\n", "Eleanor Quill", "[image i/ice-chart]", "event 117, revision 1"]
    {
        assert!(then.contains(part), "{part}: {then}");
    }
    let now = archive.json(&["show", "article", "a/1912-04-16-titanic"], 0);
    assert_eq!((&now["seq"], &now["document"]["headline"]), (&202.into(), &"Titanic Sunk".into()));
    let event = archive.json(&["log", "show", "202"], 0);
    assert_eq!(now["evidence"]["digest"], event["digest"]);
    let hidden = archive.run(&["show", "article", "a/2025-09-12-lighthouse-pink"], 1);
    assert!(
        hidden.contains("`morgue log history article a/2025-09-12-lighthouse-pink` says why"),
        "{hidden}"
    );
    assert!(archive.run(&["show", "article", "a/none"], 1).contains("there is no article a/none"));
}

/// Whoever searches what was loaded, but not indexed yet, is told so.
#[test]
fn a_search_says_what_it_cannot_have_found() {
    let archive = Archive::new();
    data_samples::write_archive(&archive.path("samples")).unwrap();
    archive.run(&["load", "--async", text(&archive.path("samples"))], 0);
    let told = archive.run(&["search", "titanic"], 0);
    assert!(
        told.contains("0 articles for titanic") && told.contains("210 events not in the index yet"),
        "{told}"
    );
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

#[test]
fn generations_are_told_of_and_removed() {
    let archive = Archive::new();
    archive.load_samples();
    archive
        .run(&["rebuild", "--view", "articles", "--as-of", "seq:117", "--name", "then", "--threads", "1"], 0);
    let told = archive.run(&["generations", "--view", "articles"], 0);
    assert!(told.contains("live") && told.contains("@then") && told.contains("as of seq:117"), "{told}");
    let one = archive.json(&["generations", "--view", "articles"], 0);
    assert_eq!(
        [&one["generation"], &one["state"], &one["checkpoint"], &one["as_of"]],
        [&json!("@then"), &json!("as of"), &json!(117), &json!("seq:117")]
    );
    assert!(
        one["bytes"].as_u64() > Some(0) && one["documents"].as_u64() > Some(0) && one["created"].is_string()
    );
    assert!(archive.run(&["generations", "--remove", "then"], 0).contains("then is removed"));
    assert!(!archive.run(&["generations"], 0).contains("@then"));
    assert!(archive.run(&["generations", "--remove", "then"], 1).contains("then"));
    assert!(archive.run(&["search", "--help"], 0).contains("word~"));
}

#[test]
fn it_serves_until_it_is_told_to_stop() {
    let archive = Archive::new();
    archive.load_samples();
    let mut server =
        archive.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned())).unwrap();

    let taken = archive.run(&["serve", "--listen", &address], 1);
    assert!(taken.contains(&format!("cannot listen on {address}")), "{taken}");

    // Another process appends; the server's index follows.
    let caption = archive.write("caption.json", r#"{"caption":"Drawn by a zymologist"}"#);
    archive.run(&["publish", "image", "i/cable-section", text(&caption)], 0);
    assert_eq!(archive.ids(&["zymologist"]).len(), 5);

    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(server.wait().unwrap().code(), Some(0));
    drop(TcpListener::bind(&address).unwrap());
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

    // What a search or `show` prints is not the data of an article.
    let shown = archive.write("shown.json", archive.json(&["show", "article", "a/2"], 0).to_string());
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

/// A server of an archive; it ends with the test.
struct Serving {
    process: Child,
    address: String,
}

impl Serving {
    fn start(archive: &Archive, args: &[&str]) -> Self {
        let args = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
        let mut process = archive.command(&args).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.find_map(|line| Some(line.ok()?.split_once("http://")?.1.to_owned())).unwrap();
        // It must not stop because nobody reads what it says.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { process, address }
    }

    /// The status of the answer to a request with these headers.
    fn ask(&self, request: &str, headers: &[&str], body: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = format!("content-length: {}", body.len());
        let headers = [headers, &["connection: close", &length]].concat().join("\r\n");
        write!(stream, "{request} HTTP/1.1\r\n{headers}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A story: nothing was running when something ceased to be public. The next server withdraws it, unasked.
#[test]
fn a_server_withdraws_what_has_expired() {
    let archive = Archive::new();
    let log = Log::open(archive.path("data/log")).unwrap();
    let byline = Byline { name: "A. Quill".to_owned(), ..Byline::default() };
    let visibility = Visibility::Public { until: Some("2001-01-01".parse().unwrap()) };
    let event = NewEvent { visibility, ..NewEvent::published(AssetId::new("b/1").unwrap(), byline) };
    log.append_one(&event).unwrap();
    let server = Serving::start(&archive, &[]);
    let due = Instant::now() + Duration::from_secs(60);
    while server.ask("GET /api/v1/bylines/b/1", &["host: localhost"], "") != 410 {
        assert!(Instant::now() < due, "readers still see it");
        std::thread::yield_now();
    }
    assert!(archive.run(&["log", "history", "byline", "b/1"], 0).contains("byline.withdrawn"));
}

/// The names and sites that a server is started with are those that it knows.
#[test]
fn a_server_knows_the_names_and_sites_that_it_was_started_with() {
    let archive = Archive::new();
    archive.load_samples();
    let server =
        Serving::start(&archive, &["--host", "ledger.lan", "--cors-origin", "https://named.example"]);
    for (host, expected) in [("localhost", 200), ("ledger.lan", 200), ("rebound.example", 403)] {
        let found = server.ask("GET /api/v1/search?q=ferry", &[&format!("host: {host}")], "");
        assert_eq!(found, expected, "{host}");
    }
    let event = r#"{"type":"byline.published","id":"b/new","data":{"name":"New"}}"#;
    for (origin, expected) in [("https://named.example", 200), ("https://evil.example", 403)] {
        let headers = ["host: localhost", &format!("origin: {origin}"), "content-type: application/json"];
        assert_eq!(server.ask("POST /api/v1/events", &headers, event), expected, "{origin}");
    }
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
