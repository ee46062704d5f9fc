//! A record lies in quarantine once, leaves it for good, and leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{fs, path::Path, sync::atomic::AtomicBool};

use ingest::{Hints, LoadOptions, LoadReport, Quarantine, load, retry};
use store::Log;

fn load_in(log: &Log, dir: &Path, quarantine: &Quarantine) -> LoadReport {
    let options = LoadOptions::new(vec![dir.join("in")], quarantine.clone());
    load(log, &options, &(), &AtomicBool::new(false)).unwrap()
}

#[test]
fn a_record_lies_there_once_however_often_it_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let quarantine = Quarantine::at(dir.path().join("quarantine"));
    fs::create_dir(dir.path().join("in")).unwrap();
    fs::write(
        dir.path().join("in/a.jsonl"),
        "{\"type\":\"article.published\",\"id\":\"a\",\"data\":{\"headline\":\"H\"}}\nbroken\nbroken too\n",
    )
    .unwrap();
    for _ in 0..3 {
        assert_eq!(load_in(&log, dir.path(), &quarantine).quarantined, 2);
    }
    let listed = quarantine.list().unwrap();
    assert_eq!(listed.iter().map(|one| one.line).collect::<Vec<_>>(), [2, 3]);
    assert!(quarantine.show(&listed[1].key).unwrap().1.starts_with(b"broken too"));
    // Another handle sees the same, and what is taken out is in no file of it.
    let other = Quarantine::at(dir.path().join("quarantine"));
    other.remove(&listed[1]).unwrap();
    assert_eq!(quarantine.list().unwrap().len(), 1);
    for entry in fs::read_dir(other.dir()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("broken too"));
    }
}

#[test]
fn what_a_retry_mended_stays_mended() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let quarantine = Quarantine::at(dir.path().join("quarantine"));
    fs::create_dir(dir.path().join("in")).unwrap();
    fs::write(dir.path().join("in/Ida_Moor.txt"), "The ferry\n\nIt runs again today.\n").unwrap();
    assert_eq!(load_in(&log, dir.path(), &quarantine).quarantined, 1);
    let (one, bytes) = quarantine.show(&quarantine.list().unwrap()[0].key).unwrap();
    assert_eq!(
        (one.bytes, bytes.starts_with(b"The ferry")),
        (0, true),
        "a file of no known format is shown too"
    );
    let hints = Hints { patterns: vec!["{byline}.txt".parse().unwrap()], ..Hints::default() };
    let report = retry(&log, &quarantine, &[], &hints).unwrap();
    assert_eq!((report.released, report.remaining), (1, 0));
    let again = load_in(&log, dir.path(), &quarantine);
    assert_eq!((again.quarantined, again.events, quarantine.list().unwrap().len()), (0, 0, 0));
}

/// The power fails while a list is written: its end is cut off, or is noise. The other records are there, and what was
/// lost comes back with its file.
#[test]
fn a_damaged_list_keeps_nobody_from_the_other_records() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path().join("log")).unwrap();
    let quarantine = || Quarantine::at(dir.path().join("quarantine"));
    fs::create_dir(dir.path().join("in")).unwrap();
    fs::write(dir.path().join("in/a.jsonl"), "{one\n{two\n{three\n").unwrap();
    assert_eq!(load_in(&log, dir.path(), &quarantine()).quarantined, 3);
    let lists = fs::read_dir(quarantine().dir()).unwrap().map(|entry| entry.unwrap().path());
    let list =
        lists.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "list")).unwrap();
    let whole = fs::read(&list).unwrap();
    let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for (damaged, left) in [
        ([&whole[..second], b"\0\xff\0\n", &whole[second..]].concat(), 3),
        ([&whole[..second], &[0; 40], b"\n"].concat(), 1),
        (whole[..second + 30].to_vec(), 1),
    ] {
        fs::write(&list, damaged).unwrap();
        assert_eq!(quarantine().list().unwrap().len(), left);
    }
    assert_eq!(load_in(&log, dir.path(), &quarantine()).quarantined, 3);
    assert_eq!(quarantine().list().unwrap().len(), 3);
}
