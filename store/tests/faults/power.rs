//! The power goes. What was synced is on the disk; what was written since may be there, or not, or a part of it, in
//! any order, sector by sector. Every write and sync of a load is recorded and replayed up to a random moment, with
//! what was not synced dropped, kept or torn; then the log is opened.

use std::{fs, path::Path, process::Stdio, thread};

use store::Log;

use crate::{Form, plan, strace};

const SECTOR: usize = 512;
const FIRST: u64 = 12;
const EVENTS: u64 = 19; // no erasure among them: one file

/// One thing that the process did to the data file, or told us.
#[derive(Debug)]
enum Step {
    /// `durable`: it was on disk when the call returned.
    Write {
        at: usize,
        bytes: Vec<u8>,
        durable: bool,
    },
    Sync,
    Acknowledged(u64),
}

pub(crate) fn cuts(form: Form) -> String {
    if !strace::is_there() {
        return "left out: strace is not installed or may not trace".to_owned();
    }
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("log");
    let log = Log::open(&dir).unwrap();
    for seq in 1..=FIRST {
        log.append_one(&plan::event(seq)).unwrap();
    }
    drop(log);
    let volume = fs::read_to_string(dir.join("CURRENT")).unwrap();
    let file = Path::new(volume.trim_end()).join("data.mdb");
    let before = fs::read(dir.join(&file)).unwrap();
    let steps = record(&dir, home.path());
    let writes = steps.iter().filter(|step| matches!(step, Step::Write { .. })).count();
    let syncs = steps.iter().filter(|step| matches!(step, Step::Sync)).count();
    assert!(writes > 20 && syncs >= (EVENTS - FIRST) as usize, "{writes} writes, {syncs} syncs");
    let states = form.pick(1_000, 20_000);
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (before, steps, file, volume) = (&before, &steps, &file, &volume);
            let dir = home.path().join(format!("after-{worker}"));
            scope.spawn(move || {
                fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
                fs::write(dir.join("CURRENT"), volume).unwrap();
                for state in (worker..states).step_by(workers) {
                    let (bytes, acknowledged) = cut(before, steps, state as u64);
                    fs::write(dir.join(file), bytes).unwrap();
                    let what = format!("state {state}");
                    let log = Log::open(&dir).unwrap_or_else(|error| panic!("{what}: {error}"));
                    plan::check(&log, acknowledged, &what);
                }
            });
        }
    });
    format!("{states} states of {writes} writes and {syncs} syncs, 0 acknowledged events lost")
}

/// Loads under strace and reads what it wrote where.
fn record(dir: &Path, home: &Path) -> Vec<Step> {
    let trace = home.join("trace");
    let calls = "trace=openat,pwrite64,pwritev,pwritev2,write,writev,lseek,ftruncate,fdatasync,fsync,msync";
    let options = ["-y", "-xx", "-s", "100000000", "-e", calls, "-o", trace.to_str().unwrap()];
    let to = EVENTS.to_string();
    let status =
        strace::command(&options, &["load", dir.to_str().unwrap(), &to, "1"]).stdout(Stdio::null()).status();
    assert!(status.unwrap().success());
    let text = fs::read_to_string(&trace).unwrap();
    let (mut durable_fds, mut position) = (Vec::new(), 0);
    let mut steps = Vec::new();
    for line in text.lines() {
        let line = line.split_once(' ').map_or(line, |(_, line)| line).trim_start();
        let Some((name, rest)) = line.split_once('(') else { continue };
        let fd = rest.split(['<', ',', ')']).next().unwrap_or_default().to_owned();
        let to_data =
            rest.split_once('>').is_some_and(|(target, _)| unhex_path(target).ends_with("/data.mdb"));
        match name {
            "openat" if rest.contains("DSYNC") || rest.contains("O_SYNC") => {
                let opened = rest.rsplit_once("= ").map_or("", |(_, opened)| opened);
                durable_fds.push(opened.split('<').next().unwrap_or_default().to_owned());
            }
            "pwrite64" | "pwritev" | "pwritev2" if to_data => {
                let bytes = strings(rest.split_once('>').unwrap().1).concat();
                assert_eq!(bytes.len(), result(rest));
                let arguments = rest.rsplit_once(')').unwrap().0;
                let at = arguments.rsplit_once(", ").unwrap().1.parse().unwrap();
                steps.push(Step::Write { at, bytes, durable: durable_fds.contains(&fd) });
            }
            "fdatasync" | "fsync" if to_data => steps.push(Step::Sync),
            "lseek" if to_data => position = result(rest),
            "write" | "writev" if to_data => {
                let bytes = strings(rest.split_once('>').unwrap().1).concat();
                assert_eq!(bytes.len(), result(rest));
                steps.push(Step::Write { at: position, bytes, durable: durable_fds.contains(&fd) });
                position += result(rest);
            }
            "write" if fd == "1" => {
                let said = strings(rest.split_once('>').map_or(rest, |(_, rest)| rest)).concat();
                let said = String::from_utf8(said).unwrap();
                if let Some(seq) = said.strip_prefix("ack ") {
                    steps.push(Step::Acknowledged(seq.trim_end().parse().unwrap()));
                }
            }
            "msync" | "ftruncate" => assert!(!to_data, "not replayed: {line:.100}"),
            _ => {}
        }
    }
    steps
}

/// Returns what a traced call returned.
fn result(rest: &str) -> usize {
    rest.rsplit_once("= ").unwrap().1.trim().parse().unwrap()
}

/// strace writes paths and strings as `\x2f\x74`, with `-xx`.
fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|digits| u8::from_str_radix(&digits[..2], 16).unwrap()).collect()
}

fn unhex_path(target: &str) -> String {
    let path = target.split_once('<').map_or("", |(_, path)| path);
    if path.contains("\\x") { String::from_utf8_lossy(&unhex(path)).into_owned() } else { path.to_owned() }
}

/// Returns the strings of a call's arguments.
fn strings(text: &str) -> Vec<Vec<u8>> {
    text.split('"').skip(1).step_by(2).map(unhex).collect()
}

/// Returns the file after a power cut at a random moment, and what had been acknowledged.
fn cut(before: &[u8], steps: &[Step], state: u64) -> (Vec<u8>, u64) {
    let mut random = (state + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    let end = below(steps.len() as u64 + 1) as usize;
    let mut file = before.to_vec();
    let mut pending: Vec<(usize, &[u8])> = Vec::new();
    let mut acknowledged = FIRST;
    for step in &steps[..end] {
        match step {
            Step::Write { at, bytes, durable: true } => put(&mut file, *at, bytes),
            Step::Write { at, bytes, durable: false } => pending.push((*at, bytes)),
            Step::Sync => pending.drain(..).for_each(|(at, bytes)| put(&mut file, at, bytes)),
            Step::Acknowledged(seq) => acknowledged = *seq,
        }
    }
    if let Some(Step::Write { at, bytes, .. }) = steps.get(end) {
        pending.push((*at, bytes)); // it was under way
    }
    // Any order: of two writes of one sector the older may come last.
    for at in (1..pending.len()).rev() {
        pending.swap(at, below(at as u64 + 1) as usize);
    }
    for (at, bytes) in pending {
        match below(4) {
            0 => {}
            1 => put(&mut file, at, bytes),
            _ => {
                // Sectors begin where the disk has them, not where the write does.
                let mut from = 0;
                while from < bytes.len() {
                    let to = bytes.len().min(from + SECTOR - (at + from) % SECTOR);
                    if below(2) == 0 {
                        put(&mut file, at + from, &bytes[from..to]);
                    }
                    from = to;
                }
            }
        }
    }
    (file, acknowledged)
}

fn put(file: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    if file.len() < at + bytes.len() {
        file.resize(at + bytes.len(), 0);
    }
    file[at..at + bytes.len()].copy_from_slice(bytes);
}
