//! The processes that the stories kill, starve and set against each other.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use store::{
    AppendError, Article, AssetId, AssetKind, AssetRef, Batch, Log, LogHead, LogOptions, NewEvent, Revision,
    Seq, SourcePosition,
};

use crate::plan;

/// This program as a child with these arguments.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("child").args(args).stdin(Stdio::null());
    command
}

pub(crate) fn run(args: &[String]) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse().unwrap();
    match args.as_slice() {
        ["load", dir, to, batch] => load(dir.as_ref(), number(to), number(batch), false),
        ["load-stubbornly", dir, to, batch] => load(dir.as_ref(), number(to), number(batch), true),
        ["dump", dir, expect] => println!("{}", dump(&Log::open(dir).unwrap(), &expect.parse().unwrap())),
        ["append", dir, worker, count] => append(dir.as_ref(), worker, number(count)),
        ["read-late", dir, path] => read_late(dir.as_ref(), path),
        ["hold", dir] => hold(dir.as_ref()),
        ["follow", dir, count] => follow(dir.as_ref(), number(count)),
        other => panic!("no such child: {other:?}"),
    }
}

/// Appends the plan's events from the log's head to `to` and says after each batch what was acknowledged. A stubborn
/// one sends a batch again that the disk had no room for, after it has seen that reading goes on.
fn load(dir: &Path, to: u64, batch: u64, stubborn: bool) {
    let log = loop {
        match Log::open(dir) {
            Ok(log) => break log,
            Err(error) if stubborn => say(&format!("refused at open: {error}")),
            Err(error) => panic!("{error}"),
        }
    };
    let mut head = log.head().unwrap().seq.get();
    while head < to {
        let end = (head + batch).min(to);
        let events = (head + 1..=end).map(|seq| log.prepare(&plan::event(seq)).unwrap()).collect();
        let position = Some(SourcePosition { source: "plan".into(), position: end.to_string() });
        match log.append(Batch { events, position, ..Batch::default() }) {
            Ok(appended) => {
                head = appended.head.get();
                say(&format!("ack {head}"));
            }
            Err(AppendError::NotForgotten { seq, .. }) if stubborn => {
                head = seq.get();
                say(&format!("ack {head}"));
                say("refused: to forget");
            }
            Err(error) if stubborn => {
                say(&format!("refused: {error}"));
                let snapshot = log.snapshot().unwrap();
                assert_eq!(snapshot.seq().get(), head);
                if head > 0 {
                    snapshot.event(Seq::new(head)).unwrap();
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    say("done");
}

/// Opens the log, says so, and waits for a line before it reads in one way.
fn read_late(dir: &Path, path: &str) {
    let log = Log::open(dir).unwrap();
    let early = log.snapshot().unwrap();
    say("open");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    crate::dictionary::read(&log, &early, path);
    say("read");
}

/// Says so as soon as it writes to the log, and goes on when it is sent a line.
fn hold(dir: &Path) {
    let options = LogOptions { name: "a slow writer".to_owned(), ..LogOptions::default() };
    let log = Log::open_with(dir, options).unwrap();
    let mut told = false;
    log.compact(&mut |_| {
        if !std::mem::replace(&mut told, true) {
            say("writing");
            std::io::stdin().read_line(&mut String::new()).unwrap();
        }
    })
    .unwrap();
    say("done");
}

/// In one write, so that a line is there or is not.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Returns everything that a reader can learn from the log, as one digest; panics if it does not verify.
pub(crate) fn dump(log: &Log, expect: &LogHead) -> String {
    let report = log.verify(Some(expect), &mut |_| {}).unwrap();
    assert_eq!(report.problems, []);
    assert_eq!(report.head, *expect);
    let mut everything = Vec::new();
    log.export(Seq::new(1), &mut everything, &mut |_| {}).unwrap();
    let snapshot = log.snapshot().unwrap();
    for kind in AssetKind::ALL {
        for (id, state) in snapshot.assets(kind, None, usize::MAX).unwrap() {
            everything.extend(format!("{id} {state:?}\n").bytes());
            let asset = AssetRef::new(kind, id);
            everything.extend(format!("{:?}\n", snapshot.history(&asset, usize::MAX).unwrap()).bytes());
        }
        for number in 0..5 {
            let target = AssetRef::new(kind, AssetId::new(format!("b/{number}")).unwrap());
            let referrers = snapshot.referrers(&target, None, usize::MAX).unwrap();
            everything.extend(format!("{target} {referrers:?}\n").bytes());
        }
    }
    everything.extend(format!("{:?}", log.source_positions().unwrap()).bytes());
    Sha256::digest(everything).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Appends `count` events in batches of one to five, and lets some of them be refused by a condition.
fn append(dir: &Path, worker: &str, count: u64) {
    let log = Log::open(dir).unwrap();
    let mut next = 0;
    while next < count {
        let end = (next + 1 + next % 5).min(count);
        let events = (next..end).map(|n| log.prepare(&numbered(worker, n)).unwrap()).collect();
        let asset = |n| AssetRef::new(AssetKind::Article, AssetId::new(format!("{worker}/{n}")).unwrap());
        let expect = vec![(asset(next), Revision::new(0))];
        log.append(Batch { events, expect, ..Batch::default() }).unwrap();
        let expect = vec![(asset(next), Revision::new(0))];
        let events = vec![log.prepare(&numbered(worker, count + next)).unwrap()];
        let refused = log.append(Batch { events, expect, ..Batch::default() });
        assert!(matches!(refused, Err(AppendError::Conflict { found, .. }) if found == Revision::new(1)));
        next = end;
    }
}

fn numbered(worker: &str, n: u64) -> NewEvent {
    let headline = format!("{worker} says {n}");
    NewEvent::published(
        AssetId::new(format!("{worker}/{n}")).unwrap(),
        Article { headline, ..Article::default() },
    )
}

/// Reads on until it has seen `count` events, each exactly once and in order.
fn follow(dir: &Path, count: u64) {
    let log = Log::open(dir).unwrap();
    let mut seen = Seq::ZERO;
    while seen.get() < count {
        log.wait_past(seen, Duration::from_secs(30)).unwrap();
        for event in log.snapshot().unwrap().events(seen.next(), 500).unwrap() {
            assert_eq!(event.seq, seen.next());
            seen = event.seq;
        }
    }
    say("saw all");
}
