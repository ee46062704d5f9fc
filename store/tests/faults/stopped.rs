//! A process is stopped (Ctrl-Z) while it writes to the log. Nobody waits for it without end: whoever appends is told for
//! whom he would wait, a process that ends is not held up, and readers notice nothing. When it goes on or is gone, all is
//! as before.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use store::{AppendError, Article, AssetId, Log, LogOptions, NewEvent, NoTurn, Outcome, Seq};

use crate::{Form, child};

pub(crate) fn holds_nobody_up_for_ever(_: Form) -> String {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("log");
    let wait = |write_wait| LogOptions { write_wait, ..LogOptions::default() };
    let event = |n: u64| {
        let headline = format!("No. {n}");
        NewEvent::published(AssetId::new("a/1").unwrap(), Article { headline, ..Article::default() })
    };
    let log = Log::open_with(&dir, wait(Duration::from_millis(200))).unwrap();
    log.append_one(&event(1)).unwrap();
    assert_eq!(log.writer().unwrap(), None);

    for is_killed in [false, true] {
        let mut writer = child::command(&["hold", dir.to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(writer.stdout.take().unwrap()).lines();
        assert_eq!(says.next().unwrap().unwrap(), "writing");
        let before = log.head().unwrap();
        for is_stopped in [false, true] {
            if is_stopped {
                stop(&writer);
            }
            let holder = log.writer().unwrap().unwrap();
            assert_eq!(
                (holder.pid, holder.name.as_str(), holder.stopped),
                (writer.id(), "a slow writer", is_stopped)
            );
            let refused = log.append_one(&event(before.seq.get() + 1));
            let Err(AppendError::NoTurn(NoTurn::Held { holder: Some(named), .. })) = &refused else {
                panic!("{refused:?}")
            };
            assert_eq!(*named, holder);
            assert_eq!(log.head().unwrap(), before);
        }
        if is_killed {
            writer.kill().unwrap();
        } else {
            send(&writer, Signal::CONT);
            writer.stdin.take().unwrap().write_all(b"go on\n").unwrap();
            assert_eq!(says.next().unwrap().unwrap(), "done");
        }
        writer.wait().unwrap();
        let next = Seq::new(before.seq.get() + 1);
        assert_eq!(log.append_one(&event(next.get())).unwrap(), Outcome::Appended(next));
    }

    drop(log);
    let log = Log::open_with(&dir, wait(Duration::from_secs(3_600))).unwrap();
    let mut writer = child::command(&["hold", dir.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut says = BufReader::new(writer.stdout.take().unwrap()).lines();
    assert_eq!(says.next().unwrap().unwrap(), "writing");
    stop(&writer);
    let waiting: Vec<_> = (0..3)
        .map(|n| {
            let (log, event) = (log.clone(), event(100 + n));
            thread::spawn(move || log.append_one(&event))
        })
        .collect();
    log.end_waiting();
    for thread in waiting {
        let ended = thread.join().unwrap();
        assert!(matches!(ended, Err(AppendError::NoTurn(NoTurn::Ending))), "{ended:?}");
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    "7 appends refused while another process was writing, 3 of them by the end of their own".to_owned()
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Returns when it is stopped.
fn stop(child: &Child) {
    send(child, Signal::STOP);
    let stat = format!("/proc/{}/stat", child.id());
    while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
        thread::yield_now();
    }
}
