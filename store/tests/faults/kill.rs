//! The process is killed in the middle of a load: at any system call, or whenever. What it had acknowledged is there,
//! the log is whole, and the load goes on from where it ended.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use store::Log;

use crate::{
    Form, child,
    plan::{self, CANARY},
    strace::{self, Call},
};

const EVENTS: u64 = 60;
const BATCH: &str = "3";

pub(crate) fn at_system_calls(form: Form) -> String {
    if !strace::is_there() {
        return "left out: strace is not installed or may not trace".to_owned();
    }
    let home = tempfile::tempdir().unwrap();
    let to = EVENTS.to_string();
    let dir = home.path().join("traced");
    let all = strace::calls(&["load", dir.to_str().unwrap(), &to, BATCH], &dir, &home.path().join("trace"));
    let points = strace::spread(&all, form.pick(150, usize::MAX));
    let mut acknowledged = 0;
    for Call { name, nth } in &points {
        let dir = home.path().join("killed");
        let what = format!("killed at {name} {nth}");
        let (trace, inject) = (format!("trace={name}"), format!("inject={name}:signal=KILL:when={nth}"));
        let options = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
        let output =
            strace::command(&options, &["load", dir.to_str().unwrap(), &to, BATCH]).output().unwrap();
        acknowledged += survives(&dir, &output.stdout, &what);
        drop(fs::remove_dir_all(&dir)); // it may have died before it made one
    }
    format!("{} of {} system calls, {acknowledged} events acknowledged, 0 lost", points.len(), all.len())
}

pub(crate) fn at_random_moments(form: Form) -> String {
    let home = tempfile::tempdir().unwrap();
    let to = EVENTS.to_string();
    let rounds = form.pick(20, 300);
    let mut acknowledged = 0;
    for round in 0..rounds {
        let dir = home.path().join("killed");
        let mut child = child::command(&["load", dir.to_str().unwrap(), &to, BATCH])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Between one acknowledgement and the next, a little later each time.
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut heard = Vec::new();
        for _ in 0..=round % 19 {
            lines.read_until(b'\n', &mut heard).unwrap();
        }
        (0..round * 1_000).for_each(|n| _ = std::hint::black_box(n));
        child.kill().unwrap();
        std::io::Read::read_to_end(&mut lines, &mut heard).unwrap();
        child.wait().unwrap();
        acknowledged += survives(&dir, &heard, &format!("killed in round {round}"));
        drop(fs::remove_dir_all(&dir));
    }
    format!("{rounds} kills, {acknowledged} events acknowledged, 0 lost")
}

/// The log has what was acknowledged, forgets what it had to forget, and can be loaded to its end. Returns what was
/// acknowledged.
fn survives(dir: &Path, said: &[u8], what: &str) -> u64 {
    let said = String::from_utf8_lossy(said);
    let acknowledged =
        said.lines().filter_map(|line| line.strip_prefix("ack ")?.parse().ok()).next_back().unwrap_or(0);
    if acknowledged == 0 && !dir.exists() {
        return 0;
    }
    let log = Log::open(dir).unwrap_or_else(|error| panic!("{what}: {error}"));
    let head = plan::check(&log, acknowledged, what).seq.get();
    let position = log.source_position("plan").unwrap().unwrap_or_else(|| "0".into());
    assert_eq!(position, head.to_string(), "{what}");
    for seq in head + 1..=EVENTS {
        log.append_one(&plan::event(seq)).unwrap();
    }
    plan::check(&log, EVENTS, what);
    drop(log);
    let canaries = fs::read_dir(dir).unwrap().map(|entry| count(&entry.unwrap().path())).sum::<usize>();
    assert_eq!(canaries, 0, "{what}: what was erased is there");
    acknowledged
}

fn count(path: &Path) -> usize {
    if path.is_dir() {
        return fs::read_dir(path).unwrap().map(|entry| count(&entry.unwrap().path())).sum();
    }
    fs::read(path).unwrap().windows(CANARY.len()).filter(|window| *window == CANARY.as_bytes()).count()
}
