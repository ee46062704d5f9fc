//! Bad files that no format explains: encodings, archives, bombs, links and devices.

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
    assert_eq!(report.articles, 4, "one more has nothing to show");
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

/// One record of 100 MB between two small ones, in each of the ways in which records are cut.
#[test]
fn a_record_of_100_mb_is_refused_and_the_next_is_loaded() {
    let body = "word ".repeat(20 << 20);
    let item = |id: u32, text: &str| {
        format!("<item><guid>urn:x:{id:012}</guid><title>T</title><description>{text}</description></item>")
    };
    let doc = |id: u32, text: &str| {
        format!("{{\"_id\":\"n/{id}\",\"headline\":{{\"main\":\"T\"}},\"lead_paragraph\":\"{text}\"}}")
    };
    let event = |id: u32, text: &str| {
        format!("{{\"type\":\"article.published\",\"id\":\"j/{id}\",\"data\":{{\"body\":\"{text}\"}}}}")
    };
    let between = |open: &str, part: &str, close: &str, one: &dyn Fn(u32, &str) -> String| {
        [open, &one(1, "x"), part, &one(2, &body), part, &one(3, "y"), close].concat()
    };
    let mut told = String::new();
    for (name, text) in [
        ("a.jsonl", between("", "\n", "\n", &event)),
        ("b.json", between("{\"response\":{\"docs\":[\n", ",\n", "]}}", &doc)),
        ("c.xml", between("<rss><channel>\n", "\n", "</channel></rss>", &item)),
        ("d.csv", between("title,text\n", "\n", "\n", &|id, text| format!("T {id},\"{text}\""))),
        ("e.xml", format!("<nitf><body><body.content><p>{body}</p></body.content></body></nitf>")),
        ("f.md", format!("---\ntitle: T\n---\n{body}")),
    ] {
        let (report, lines) = load_files(&[(name, text.as_bytes())]);
        told.push_str(&format!("{} articles; {lines}\n", report.articles));
    }
    insta::assert_snapshot!(told);
}

/// Tar files whose entries are no files, or lie where they should not; nothing of it is written anywhere.
#[test]
fn what_lies_in_a_tar_is_read_where_it_is() {
    let mut tar = tar::Builder::new(Vec::new());
    let mut add = |kind: tar::EntryType, name: &str, link: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_cksum();
        tar.append(&header, bytes).unwrap();
    };
    let event = |id: &str| EVENT.replace("a/1", id);
    add(tar::EntryType::Regular, "/etc/absolute.jsonl", "", event("absolute").as_bytes());
    add(tar::EntryType::Regular, "../../above.jsonl", "", event("above").as_bytes());
    add(tar::EntryType::Symlink, "link.jsonl", "/etc/passwd", b"");
    add(tar::EntryType::Link, "hard.jsonl", "/etc/passwd", b"");
    add(tar::EntryType::Fifo, "pipe.jsonl", "", b"");
    add(tar::EntryType::Char, "zero.jsonl", "", b"");
    add(tar::EntryType::Block, "disk.jsonl", "", b"");
    add(tar::EntryType::Directory, "folder.jsonl", "", b"");
    add(tar::EntryType::Regular, "twice.jsonl", "", event("twice").as_bytes());
    add(tar::EntryType::Regular, "twice.jsonl", "", event("twice").as_bytes());
    add(tar::EntryType::Regular, "", "", event("nameless").as_bytes());
    let whole = tar.into_inner().unwrap();
    let mut wrong_sum = whole.clone();
    wrong_sum[512 * 2 + 3] ^= 0xff;
    let mut endless = whole.clone();
    let mut header = tar::Header::from_byte_slice(&endless[..512]).clone();
    header.set_size(u64::from(u32::MAX) * 2);
    header.set_cksum();
    endless[..512].copy_from_slice(header.as_bytes());
    let (report, lines) = load_files(&[
        ("a.tar", &whole),
        ("b-cut.tar", &whole[..512 + 20]),
        ("c-wrong-sum.tar", &wrong_sum),
        ("d-endless.tar", &endless),
    ]);
    assert_eq!(report.articles, 4, "{lines}");
    insta::assert_snapshot!(lines);
}

#[test]
fn what_lies_in_a_zip_is_read_where_it_is() {
    let options = zip::write::SimpleFileOptions::default();
    let stored = options.compression_method(zip::CompressionMethod::Stored);
    let packed = |entries: &[(&str, &[u8])], options| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            zip.start_file(*name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let event = |id: &str| EVENT.replace("a/1", id).into_bytes();
    let places = packed(
        &[("/etc/z.jsonl", &event("z/1")), ("../../z.jsonl", &event("z/2")), ("C:\\z.jsonl", &event("z/3"))],
        options,
    );
    let mut flipped = packed(&[("x.jsonl", &event("flipped"))], stored);
    let at = flipped.windows(9).position(|part| part == b"published").unwrap();
    flipped[at] ^= 1;
    let mut method = packed(&[("x.jsonl", &event("method"))], stored);
    let central = method.windows(4).rposition(|part| part == b"PK\x01\x02").unwrap();
    (method[8], method[central + 10]) = (99, 99);
    let mut locked = packed(&[("x.jsonl", &event("locked"))], stored);
    let central = locked.windows(4).rposition(|part| part == b"PK\x01\x02").unwrap();
    locked[6] |= 1;
    locked[central + 8] |= 1;
    let nested = (0..6).fold(event("nested"), |inner, at| {
        packed(&[(if at == 0 { "x.jsonl" } else { "x.zip" }, &inner)], options)
    });
    let spaces = packed(&[("bomb.jsonl", &vec![b' '; 80 << 20])], options);
    let many: Vec<(String, Vec<u8>)> = (0..2_000).map(|at| (format!("{at}.jsonl"), event("same"))).collect();
    let many: Vec<(&str, &[u8])> =
        many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let (report, lines) = load_files(&[
        ("a-places.zip", &places),
        ("b-flipped.zip", &flipped),
        ("c-method.zip", &method),
        ("d-locked.zip", &locked),
        ("e-nested.zip", &nested),
        ("f-bomb.zip", &spaces),
        ("g-many.zip", &packed(&many, options)),
        ("h-cut.zip", &places[..places.len() - 30]),
        ("i-headless.zip", b"PK\x05\x06 nothing here"),
    ]);
    assert_eq!(report.articles, 4, "{lines}");
    insta::assert_snapshot!(lines);
}

#[test]
fn compressed_streams_end_where_they_break() {
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let lines = |count: u32| -> Vec<u8> {
        (0..count).flat_map(|at| (EVENT.replace("a/1", &format!("g/{at}")) + "\n").into_bytes()).collect()
    };
    let whole = gzip(&lines(10));
    let two = [
        gzip(EVENT.replace("a/1", "m/1").as_bytes()),
        gzip(b"\n"),
        gzip(EVENT.replace("a/1", "m/2").as_bytes()),
    ]
    .concat();
    // The digits of a great number do not compress: the stream is longer than what is read to tell the format.
    let long: Vec<u8> = (0..20_000_u64)
        .flat_map(|at| {
            format!("{}\n", EVENT.replace("a/1", &format!("l/{}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
                .into_bytes()
        })
        .collect();
    let long = gzip(&long);
    let mut wrong_sum = gzip(EVENT.replace("a/1", "sum").as_bytes());
    let sum = wrong_sum.len() - 6;
    wrong_sum[sum] ^= 1;
    let six = (0..6).fold(whole.clone(), |inner, _| gzip(&inner));
    let (report, told) = load_files(&[
        ("a.jsonl.gz", &whole),
        ("b-several.jsonl.gz", &two),
        ("c-cut.jsonl.gz", &long[..long.len() / 2]),
        ("d-wrong-sum.jsonl.gz", &wrong_sum),
        (
            "e-rubbish-behind.jsonl.gz",
            &[gzip(EVENT.replace("a/1", "r").as_bytes()), b"rubbish".to_vec()].concat(),
        ),
        ("f-six-times.jsonl.gz", &six),
        ("g-head-alone.jsonl.gz", &whole[..10]),
        ("h.bz2", b"BZh91AY&SY"),
        ("i.7z", b"7z\xbc\xaf\x27\x1c"),
    ]);
    assert!(report.articles > 100, "what stands before a break is loaded");
    insta::assert_snapshot!(told);
}

/// Records that lead to themselves, directly or by others.
#[test]
fn circles_have_an_end() {
    let graph = r##"{"@context":"https://schema.org","@graph":[
        {"@id":"#a","@type":"NewsArticle","url":"https://x.example/a","headline":"A","author":{"@id":"#p"},"isPartOf":{"@id":"#b"},"mainEntityOfPage":{"@id":"#a"},"image":{"@id":"#a"}},
        {"@id":"#b","@type":"NewsArticle","url":"https://x.example/b","headline":"B","author":{"@id":"#b"},"publisher":{"@id":"#a"}},
        {"@id":"#p","@type":"Person","name":"Jane Roe","worksFor":{"@id":"#p"}}]}"##;
    let item = r#"{"uri":"https://x.example/n","headline":"N","versioncreated":"2020-01-01","associations":{"self":{"uri":"https://x.example/n","type":"text",
        "associations":{"self":{"uri":"https://x.example/n","type":"picture"}}},"p":{"uri":"https://x.example/p","type":"picture","associations":{"p":{"uri":"https://x.example/p","type":"picture","description_text":"P"}}}}}"#;
    let mets = "<mets><structMap TYPE='LOGICAL'><div TYPE='ARTICLE' ID='a' LABEL='A'><div TYPE='ARTICLE' ID='a' LABEL='B'/></div></structMap>\
                <structLink><smLink from='a' to='a'/><smLink from='a' to='b'/><smLink from='b' to='a'/></structLink></mets>";
    let events = "{\"type\":\"byline.merged\",\"id\":\"b/1\",\"data\":{\"into\":\"b/2\"}}\n{\"type\":\"byline.merged\",\"id\":\"b/2\",\"data\":{\"into\":\"b/1\"}}\n\
                  {\"type\":\"byline.merged\",\"id\":\"b/3\",\"data\":{\"into\":\"b/3\"}}\n\
                  {\"type\":\"image.published\",\"id\":\"i/1\",\"data\":{\"caption\":\"C\",\"photographer\":\"b/1\"}}\n\
                  {\"type\":\"article.published\",\"id\":\"a/1\",\"data\":{\"bylines\":[\"b/1\",\"b/1\"],\"images\":[\"i/1\",\"a/1\"]}}\n";
    let yaml = "---\na: &a [*a, *a]\ntitle: &t T\nb: &b {c: *t, d: [*t, *t]}\ne: [*b, *b]\n---\nText\n";
    let bomb: String = (0..30).fold("---\ntitle: T\na0: &a0 [x, x]\n".to_owned(), |text, at| {
        format!("{text}a{0}: &a{0} [*a{at}, *a{at}, *a{at}, *a{at}]\n", at + 1)
    });
    let (report, lines) = load_files(&[
        ("a.json", graph.as_bytes()),
        ("b.json", item.as_bytes()),
        ("c-mets.xml", mets.as_bytes()),
        ("d.jsonl", events.as_bytes()),
        ("e.md", yaml.as_bytes()),
        ("f.md", (bomb + "---\nText\n").as_bytes()),
    ]);
    insta::assert_snapshot!(format!(
        "{} articles, {} images, {} bylines\n{lines}",
        report.articles, report.images, report.bylines
    ));
}

#[test]
fn odd_encodings_and_line_ends_are_read() {
    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(EVENT.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (report, lines) = load_files(&[
        ("a.jsonl", &utf16),
        ("b.jsonl", format!("\u{feff}{}\r\n\r\n", EVENT.replace("a/1", "b/1")).as_bytes()),
        ("c.md", b"---\r\ntitle: Caf\xe9\r\ndate: 31 February 1999\r\n---\r\nText\r\n"),
        ("d.jsonl", b"{\"type\":\"article.published\",\"id\":\"d\xff\",\"data\":{\"headline\":\"H\"}}"),
    ]);
    assert_eq!(report.articles, 4, "{lines}");
    let notes: Vec<_> = report.notes.iter().map(|note| (note.reason.as_str(), note.records)).collect();
    let dates = "dates cannot be read: kept as they are written";
    let expected = [("not UTF-8: read as UTF-16LE", 1), ("not UTF-8: read as windows-1252", 2), (dates, 1)];
    assert_eq!(notes, expected);
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
    symlink("/dev/zero", root.join("zero.jsonl")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(root.join("pipe.jsonl")).status().unwrap().success());
    fs::write(root.join("forbidden.jsonl"), EVENT).unwrap();
    fs::set_permissions(root.join("forbidden.jsonl"), fs::Permissions::from_mode(0o000)).unwrap();
    fs::write(root.join("good.jsonl"), EVENT).unwrap();
    let root_user = fs::read(root.join("forbidden.jsonl")).is_ok();
    let (report, lines) = load_folder(dir.path(), &root);
    assert_eq!(report.articles, 1);
    assert_eq!(report.skipped.keys().collect::<Vec<_>>(), ["(device)", "(pipe)", "(symlink loop)"]);
    assert_eq!(report.quarantined, if root_user { 1 } else { 2 }, "{lines}");
    assert!(lines.contains("there is no such file"), "{lines}");
    // Named by the user, it is told why it is not read.
    let (report, lines) = load_folder(&dir.path().join("named"), &root.join("pipe.jsonl"));
    assert_eq!((report.events, report.quarantined), (0, 1));
    assert!(lines.contains("this is a pipe, which is not opened"), "{lines}");
}
