//! Damage that kills whoever reads it is reported, not suffered.

use std::{fs, path::Path};

use crate::Archive;

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
