//! Two processes append to one log at once, and a third reads all the while: no gap, no double, nothing missing.

use std::{collections::BTreeSet, process::Stdio};

use store::{Log, Seq};

use crate::{Form, child};

pub(crate) fn two_append_one_reads(form: Form) -> String {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("log");
    let path = dir.to_str().unwrap();
    let each = form.pick(10_000, 50_000);
    let count = each.to_string();
    let all = (each * 2).to_string();
    let reader = child::command(&["follow", path, &all]).stdout(Stdio::null()).spawn().unwrap();
    let writers = ["north", "south"].map(|worker| {
        child::command(&["append", path, worker, &count]).stdout(Stdio::null()).spawn().unwrap()
    });
    for mut process in writers.into_iter().chain([reader]) {
        assert!(process.wait().unwrap().success());
    }
    let log = Log::open(&dir).unwrap();
    let report = log.verify(None, &mut |_| {}).unwrap();
    assert_eq!(report.problems, []);
    assert_eq!(report.events, each as u64 * 2);
    let changes = log.snapshot().unwrap().changes(Seq::new(1), usize::MAX).unwrap();
    let ids: BTreeSet<String> = changes.iter().map(|(_, _, id)| id.to_string()).collect();
    let expected: BTreeSet<String> = ["north", "south"]
        .iter()
        .flat_map(|worker| (0..each).map(move |n| format!("{worker}/{n}")))
        .collect();
    assert!(ids == expected, "{} ids, {} expected", ids.len(), expected.len());
    let turns = changes.windows(2).filter(|pair| pair[0].2.as_str()[..5] != pair[1].2.as_str()[..5]).count();
    format!("{} events, {turns} turns, 0 gaps, 0 doubles, 0 missing; a reader saw each once", ids.len())
}
