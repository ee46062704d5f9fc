//! Bad files: each is loaded as far as it can be, or is quarantined with a reason that says what, where, and what to
//! do. None stops the load.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails is a panic")]

use std::{fs, io::Write, path::Path, sync::atomic::AtomicBool};

use ingest::{LoadError, LoadOptions, LoadReport, Quarantine, load};
use store::Log;

/// Loads files of these names and contents from one folder, and returns the report and what lies in quarantine.
fn load_files(files: &[(&str, &[u8])]) -> (LoadReport, String) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    for (name, bytes) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    load_folder(dir.path(), &root)
}

fn load_folder(dir: &Path, root: &Path) -> (LoadReport, String) {
    let log = Log::open(dir.join("log")).unwrap();
    let options = LoadOptions::new(vec![root.to_owned()], Quarantine::at(dir.join("quarantine")));
    let report = load(&log, &options, &(), &AtomicBool::new(false)).unwrap();
    let listed = options.quarantine.list().unwrap();
    assert_eq!(listed.len() as u64, report.quarantined, "every quarantined record is listed");
    let lines: Vec<String> =
        listed.iter().map(|one| one.to_string().replace(&root.display().to_string(), "")).collect();
    (report, lines.join("\n"))
}

const EVENT: &str = r#"{"type":"article.published","id":"a/1","data":{"headline":"H"}}"#;

#[test]
fn broken_records_in_good_files_have_their_place_and_neighbours_are_loaded() {
    let jsonl = format!(
        "{EVENT}\n{{\"type\":\"article.published\",\"id\":\"a/2\",\"data\":{{\"headline\":7}}}}\nnot json\n{}\n\
         {{\"type\":\"article.published\",\"data\":{{}}}}\n{{\"type\":\"article.published\",\"id\":\"a/4\",\"time\":\"1999-02-31\",\"data\":{{}}}}\n{{\"cut",
        EVENT.replace("a/1", "a/3")
    );
    let nyt = "{\"response\":{\"docs\":[\n {\"_id\":\"n/1\",\"headline\":{\"main\":\"One\"}},\n {\"_id\":\"n/2\",\"headline\": x},\n \
               {\"headline\":{}},\n {\"_id\":\"n/3\"}\n]}}";
    let (report, lines) = load_files(&[
        ("a.jsonl", jsonl.as_bytes()),
        ("b.json", nyt.as_bytes()),
        ("c.md", b"---\ntitle: T\n  bad: [\n---\nx"),
        ("d.md", b"---\ntitle: never ends"),
        ("e.csv", b"title,text\n\"A\",\"one\"\nB,two,three\n"),
    ]);
    assert_eq!(report.articles, 5);
    insta::assert_snapshot!(lines);
}

#[test]
fn files_that_nobody_knows_say_what_to_do() {
    let (report, lines) = load_files(&[
        ("a.json", b"{\"nothing\": 1}"),
        ("b.xml", b"<?xml version='1.0'?><unknown/>"),
        ("c.md", b"# No front matter"),
        ("d.txt", b"Just a text."),
        ("e.csv", b"a,b\n1,2\n"),
        ("f.dat", b"?"),
        ("g.css", b"body {}"),
        ("h.png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("i.json", b""),
        ("j.json.xz", b"\xfd7zXZ\0"),
    ]);
    assert_eq!(report.events, 0);
    assert_eq!(report.skipped.keys().collect::<Vec<_>>(), ["(empty)", ".css", ".png"]);
    insta::assert_snapshot!(lines);
}

#[test]
fn xml_is_never_made_to_grow_or_to_read_other_files() {
    let bomb = "<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>\n\
                <!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><item><guid>urn:bomb:0123456789</guid><title>&b;&x;</title></item>\
                <item><guid>urn:fine:0123456789</guid><title>T</title></item></channel></rss>";
    let deep = format!("<nitf>{}</nitf>", "<block>".repeat(100_000));
    let (report, lines) = load_files(&[
        ("bomb.xml", bomb.as_bytes()),
        ("deep.xml", deep.as_bytes()),
        ("cut.xml", b"<nitf><body><body.content><p>One"),
        ("crossed.xml", b"<nitf><body><p></body></p></nitf>"),
        ("feed.xml", b"<rss><channel><item><title>A</title></item><item><title>B"),
    ]);
    assert_eq!(report.articles, 3);
    insta::assert_snapshot!(lines);
}

#[test]
fn bombs_and_broken_archives_end_where_they_are() {
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..80 {
        zeros.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let zeros = zeros.finish().unwrap();
    let good = zstd::encode_all(EVENT.as_bytes(), 3).unwrap();
    let mut cut = zstd::encode_all(EVENT.repeat(2_000).as_bytes(), 3).unwrap();
    cut.truncate(cut.len() / 2);
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("../../escape.jsonl", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(EVENT.replace("a/1", "a/zip").as_bytes()).unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let mut tar = tar::Builder::new(Vec::new());
    let bytes = EVENT.replace("a/1", "a/tar");
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, "in/x.jsonl", bytes.as_bytes()).unwrap();
    let tar = tar.into_inner().unwrap();
    let (report, lines) = load_files(&[
        ("a.jsonl.gz", &zeros),
        ("b.jsonl.zst", &good),
        ("c.jsonl.zst", &cut),
        ("d.zip", &zip),
        ("e.tar", &tar),
        ("f.zip", b"PK\x03\x04 broken"),
    ]);
    assert_eq!(report.articles, 3, "{lines}");
    insta::assert_snapshot!(lines);
}

#[test]
fn a_record_of_100_mb_is_refused_and_the_next_is_loaded() {
    let mut text = format!(
        "{{\"type\":\"article.published\",\"id\":\"a/0\",\"data\":{{\"body\":\"{}\"}}}}\n",
        "x".repeat(100 << 20)
    );
    text.push_str(EVENT);
    let (report, lines) = load_files(&[("a.jsonl", text.as_bytes())]);
    assert_eq!((report.articles, report.quarantined), (1, 1));
    insta::assert_snapshot!(lines, @"/a.jsonl:1:1: the record has more than 32 MB: at most that is taken; it lies in the file itself");
}

#[test]
fn odd_encodings_and_line_ends_are_read() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(EVENT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (report, lines) = load_files(&[
        ("a.jsonl", &utf16),
        ("b.jsonl", format!("\u{feff}{}\r\n\r\n", EVENT.replace("a/1", "b/1")).as_bytes()),
        ("c.md", b"---\r\ntitle: Caf\xe9\r\ndate: 31 February 1999\r\n---\r\nText\r\n"),
        ("d.jsonl", b"{\"type\":\"article.published\",\"id\":\"d\xff\",\"data\":{}}"),
    ]);
    assert_eq!(report.articles, 3, "{lines}");
    insta::assert_snapshot!(lines);
}

#[test]
fn an_empty_folder_and_a_wrong_name_are_clear_errors() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let run = |path: &Path| {
        let options = LoadOptions::new(vec![path.to_owned()], Quarantine::at(dir.path().join("quarantine")));
        load(&log, &options, &(), &AtomicBool::new(false))
    };
    assert!(matches!(run(&empty), Err(LoadError::Empty { .. })));
    let error = run(Path::new("/nowhere/at/all")).unwrap_err().to_string();
    assert_eq!(error, "there is no /nowhere/at/all: check the spelling");
}

#[cfg(unix)]
#[test]
fn links_pipes_and_forbidden_files_do_not_hold_the_load() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("in");
    fs::create_dir_all(root.join("sub")).unwrap();
    symlink(&root, root.join("sub/loop")).unwrap();
    symlink("nowhere", root.join("dangling.jsonl")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(root.join("pipe.jsonl")).status().unwrap().success());
    fs::write(root.join("forbidden.jsonl"), EVENT).unwrap();
    fs::set_permissions(root.join("forbidden.jsonl"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::write(root.join("good.jsonl"), EVENT).unwrap();
    let root_user = fs::read(root.join("forbidden.jsonl")).is_ok();
    let (report, lines) = load_folder(dir.path(), &root);
    assert_eq!(report.articles, 1);
    assert_eq!(report.skipped.keys().collect::<Vec<_>>(), ["(pipe)", "(symlink loop)"]);
    assert_eq!(report.quarantined, if root_user { 1 } else { 2 }, "{lines}");
    assert!(lines.contains("there is no such file"), "{lines}");
}
