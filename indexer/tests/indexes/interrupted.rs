//! A rebuild of a large archive takes long, and something comes between: somebody presses Ctrl-C, or the machine kills the
//! process. The next one goes on with what was made, and the status says with how much.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use indexer::{IndexError, Indexes, Phase, Progress, RebuildOptions};
use store::{Article, Batch, Log, NewEvent};
use views::{ARTICLES, ViewId};

use crate::{assert_clean, catch_up, id, never, open};

const DIR: &str = "MORGUE_INTERRUPTED_DIR";
const VIEW: ViewId = ARTICLES;
/// The number of assets that a thread takes at once.
const PAGE: u64 = 500;

fn archive(log: &Log, articles: u64) {
    let event = |n: u64| {
        let words: Vec<String> = (0..20).map(|word| format!("w{}", n * 20 + word)).collect();
        let article = Article { headline: format!("{n}"), body: words.join(" "), ..Article::default() };
        log.prepare(&NewEvent::published(id(format!("a/{n:05}")), article)).unwrap()
    };
    log.append(Batch { events: (0..articles).map(event).collect(), ..Batch::default() }).unwrap();
}

/// Rebuilds until it has looked at so many assets of its own.
fn rebuild_some(indexes: &Indexes, options: &RebuildOptions, most: u64) {
    let stop = never();
    let stopped = indexes.rebuild(VIEW, options, &stop, &|progress| {
        if progress.done - progress.resumed >= most {
            stop.store(true, Ordering::Release);
        }
    });
    assert!(matches!(stopped, Err(IndexError::Stopped)), "{stopped:?}");
}

/// Returns the number of assets that are kept by the status, and of how many.
fn kept(indexes: &Indexes, phase: Phase) -> (u64, u64) {
    let status = indexes.building(VIEW).unwrap().unwrap();
    assert_eq!(status.progress.phase, phase);
    (status.progress.done, status.progress.total)
}

/// Rebuilds to the end, and returns how much of it was not made again.
fn go_on(indexes: &Indexes) -> u64 {
    let (resumed, least) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
    let built = indexes
        .rebuild(
            VIEW,
            &RebuildOptions::default(),
            &never(),
            &|Progress { phase, done, resumed: kept, .. }| {
                if phase == Phase::Documents {
                    resumed.fetch_max(kept, Ordering::Relaxed);
                    least.fetch_min(done, Ordering::Relaxed);
                }
            },
        )
        .unwrap();
    let resumed = resumed.into_inner();
    assert!(least.into_inner() > resumed, "it counts what was kept as done");
    assert_eq!(indexes.live(VIEW).unwrap().name(), built.generation);
    resumed
}

#[test]
fn a_stop_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log(), 8 * PAGE);
    let options = RebuildOptions { threads: 2, ..RebuildOptions::default() };
    rebuild_some(&indexes, &options, 4 * PAGE);
    let (done, total) = kept(&indexes, Phase::Stopped);
    assert!(done >= 4 * PAGE && total == 8 * PAGE, "{done} of {total} are kept");
    assert_eq!(go_on(&indexes), done);
    catch_up(&indexes);
    assert_clean(&indexes, "after going on");
}

/// The process that is killed. Without a directory it has nothing to do.
#[test]
fn victim() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let indexes = open(Path::new(&dir));
    // The first page is kept, then whenever twice as much as before is made.
    let options = RebuildOptions { threads: 1, keep_after: Duration::ZERO, ..RebuildOptions::default() };
    let out = Mutex::new(std::io::stdout());
    let built = indexes.rebuild(VIEW, &options, &never(), &|progress| {
        let mut out = out.lock().unwrap();
        writeln!(out, "done {}", progress.done).unwrap();
        out.flush().unwrap();
        if progress.done >= 4 * PAGE {
            // The end comes from outside.
            loop {
                std::thread::park();
            }
        }
    });
    panic!("{built:?}");
}

#[test]
fn a_kill_loses_little() {
    let home = tempfile::tempdir().unwrap();
    archive(open(home.path()).log(), 8 * PAGE);
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "interrupted::victim", "--nocapture"])
        .env(DIR, home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let far = format!("done {}", 4 * PAGE);
    assert!(lines.any(|line| line.unwrap().contains(&far)), "the victim did not come far");
    victim.kill().unwrap();
    victim.wait().unwrap();

    let indexes = open(home.path());
    let (done, total) = kept(&indexes, Phase::Interrupted);
    assert!((PAGE..=4 * PAGE).contains(&done) && total == 8 * PAGE, "{done} of {total} are kept");
    assert_eq!(go_on(&indexes), done);
    catch_up(&indexes);
    assert_clean(&indexes, "after going on");
}

/// Each run makes one page more.
#[test]
fn many_interruptions_leave_few_segments() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log(), 14 * PAGE);
    let options = RebuildOptions { threads: 1, ..RebuildOptions::default() };
    for run in 1..=12 {
        rebuild_some(&indexes, &options, PAGE);
        assert_eq!(kept(&indexes, Phase::Stopped), (run * PAGE, 14 * PAGE));
    }
    assert_eq!(go_on(&indexes), 12 * PAGE);
    let segments = indexes.status().unwrap().remove(0).segments;
    assert!(segments <= 8, "{segments} segments");
    catch_up(&indexes);
    assert_clean(&indexes, "after going on");
}

#[test]
fn what_was_kept_and_is_damaged_is_made_again() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log(), 4 * PAGE);
    rebuild_some(&indexes, &RebuildOptions { threads: 1, ..RebuildOptions::default() }, 2 * PAGE);
    let begun = home.path().join("indexes/articles/g000002");
    let files =
        |dir: &Path| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let part = files(&begun).into_iter().find(|path| path.is_dir()).unwrap();
    let store =
        files(&part).into_iter().find(|path| path.extension().is_some_and(|end| end == "fast")).unwrap();
    let mut bytes = fs::read(&store).unwrap();
    bytes[9] ^= 4;
    fs::write(&store, bytes).unwrap();
    assert_eq!(go_on(&indexes), 0, "a damaged part was gone on with");
    catch_up(&indexes);
    assert_clean(&indexes, "after beginning again");
}
