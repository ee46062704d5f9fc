//! A story: somebody stops a load with Ctrl-Z while it writes to the log, and goes to lunch. Whoever appends is told so, and
//! for whom he would wait; the server ends when it is told to; and when the load goes on, all of it is there.

use std::{
    fs::{File, TryLockError},
    io::Write,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;

use crate::process::{Server, article, ask, is_stopped, morgue, run, send, write_lock};

/// Enough for some hundred batches.
const LOADED: usize = 20_000;

/// A load that is stopped in the middle of a commit. Its caller kills it and waits for it.
#[expect(clippy::zombie_processes, reason = "a panic ends the test and the load with it")]
fn stopped_load(dir: &Path) -> Child {
    let mut load =
        morgue(dir, &["load", "--async", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = load.stdin.take().unwrap();
    thread::spawn(move || {
        for n in 0..LOADED {
            writeln!(input, "{}", article(&format!("load/{n}"), &format!("No. {n} of the load"))).unwrap();
        }
    });
    let lock = File::open(write_lock(dir)).unwrap();
    for _ in 0..100_000 {
        if !is_held(&lock) {
            thread::yield_now();
            continue;
        }
        send(&load, Signal::STOP);
        while !is_stopped(&load) {
            thread::yield_now();
        }
        if is_held(&lock) {
            return load;
        }
        send(&load, Signal::CONT);
    }
    panic!("the load was never met while it was writing")
}

fn is_held(lock: &File) -> bool {
    match lock.try_lock_shared() {
        Ok(()) => {
            lock.unlock().unwrap();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

#[test]
fn a_stopped_load_holds_nobody_up() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path();
    let impatient = Server::serve(dir, &["--write-wait", "1"]);
    let patient = Server::serve(dir, &["--write-wait", "3600"]);
    let post = |server: &Server, id: &str| {
        ask(server.address, "POST /api/v1/events", &article(id, "Beside the load"))
    };
    assert_eq!(post(&impatient, "a/before").unwrap().status, 200);
    let load = stopped_load(dir);
    let pid = load.id().to_string();

    let asked = Instant::now();
    let refused = post(&impatient, "a/refused").unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    println!("refused after {:.1?}", asked.elapsed());
    assert!(refused.head.contains("retry-after: 10"), "{refused:?}");
    for named in [pid.as_str(), "morgue load", "stopped"] {
        assert!(refused.body.contains(named), "{named}: {refused:?}");
        impatient.says(named);
    }
    let line = "{\"index\":{\"_index\":\"articles\",\"_id\":\"a/bulk\"}}\n{\"headline\":\"B\"}\n";
    let bulk = ask(impatient.address, "POST /es/_bulk", line).unwrap();
    assert_eq!(bulk.json()["items"][0]["index"]["status"], 503, "{bulk:?}");
    let search = ask(impatient.address, "GET /api/v1/search?q=beside", "").unwrap();
    assert_eq!(search.status, 200, "{search:?}");
    let page = ask(impatient.address, "GET /status", "").unwrap();
    assert!(page.body.contains(&pid) && page.body.contains("which is stopped"), "{page:?}");
    let status = ask(impatient.address, "GET /api/v1/status", "").unwrap().json();
    assert_eq!((&status["writer"]["pid"], &status["writer"]["stopped"]), (&load.id().into(), &true.into()));

    let told: Value = serde_json::from_str(run(dir, &["--json", "status"]).trim()).unwrap();
    assert_eq!(told["writer"]["name"], "morgue load");
    let caption = dir.join("caption.json");
    std::fs::write(&caption, r#"{"caption":"A ferry"}"#).unwrap();
    let by_hand = ["--write-wait", "0.2", "publish", "image", "i/1", caption.to_str().unwrap()];
    let output = morgue(dir, &by_hand).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("process {pid} (morgue load), which is stopped")), "{said}");

    // One that would wait for an hour ends all the same, and tells who asked it.
    let address = patient.address;
    let waiting = thread::spawn(move || ask(address, "POST /api/v1/events", &article("a/waiting", "W")));
    patient.says("waiting to write");
    let told = Instant::now();
    let (ended, said) = patient.end();
    assert!(ended.success(), "{said}");
    println!("ended {:.1?} after it was told to", told.elapsed());
    assert!(told.elapsed() < Duration::from_secs(5), "it waited for the load");
    assert_eq!(waiting.join().unwrap().unwrap().status, 503);

    send(&load, Signal::CONT);
    let mut load = load;
    assert!(load.wait().unwrap().success());
    assert_eq!(post(&impatient, "a/after").unwrap().status, 200);
    let (ended, said) = impatient.end();
    assert!(ended.success(), "{said}");
    let status: Value = serde_json::from_str(run(dir, &["--json", "status"]).trim()).unwrap();
    assert_eq!(status["head_seq"], LOADED + 2, "the load, and what was posted before and after it");
}
