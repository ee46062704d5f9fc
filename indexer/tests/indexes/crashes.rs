//! The power of `kill -9`: an indexer dies at any moment, in the middle of indexing, merging, a long fan-out, a
//! rebuild, a swap. Whoever starts it again finds an index that continues where it was, and in the end holds what a
//! clean rebuild holds.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indexer::{RebuildOptions, Workers};
use store::{AssetKind, Batch, Log};

use crate::{assert_clean, catch_up, history::Dice, never, open, say, times};

const DIR: &str = "MORGUE_CRASH_DIR";
const SEED: &str = "MORGUE_CRASH_SEED";
/// More than one author's fan-out that is worked through in slices needs.
const ARTICLES: u64 = 1_000;

/// The process that is killed. Without a directory it has nothing to do.
#[test]
fn victim() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let indexes = open(Path::new(&dir));
    let log = indexes.log().clone();
    let _workers = Workers::start(&indexes).unwrap();
    println_past_capture("ready");
    let appended = AtomicU64::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut dice = Dice(seed);
            loop {
                append(&log, &mut dice, 5);
                appended.fetch_add(5, Ordering::Relaxed);
                let head = log.head().unwrap().seq;
                // No faster than the bylines are indexed, so that each life sees commits; the articles may lag.
                indexes.wait_for(AssetKind::Byline, head, Duration::from_secs(1)).unwrap();
            }
        });
        let mut dice = Dice(seed ^ 0xdead);
        loop {
            let kind = AssetKind::ALL[usize::try_from(dice.below(3)).unwrap()];
            let options = RebuildOptions { keep_previous: dice.below(2) == 0, ..RebuildOptions::default() };
            indexes.rebuild(kind, &options, &never(), &|_| {}).unwrap();
            if dice.below(4) == 0 {
                let _ = indexes.rollback(kind);
            }
        }
    });
}

fn println_past_capture(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

fn append(log: &Log, dice: &mut Dice, count: u32) {
    let events = (0..count).map(|_| log.prepare(&dice.event(ARTICLES)).unwrap()).collect();
    log.append(Batch { events, ..Batch::default() }).unwrap();
}

#[test]
fn after_any_kill_the_index_equals_a_clean_rebuild() {
    let kills = times(100, 1_000);
    let home = tempfile::tempdir().unwrap();
    append(&Log::open(home.path().join("log")).unwrap(), &mut Dice(1), 2_000);
    let mut dice = Dice(7);
    let (mut with_fanout, mut with_build) = (0, 0);
    for kill in 0..kills {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::victim", "--nocapture"])
            .env(DIR, home.path())
            .env(SEED, format!("{kill}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready")), "the victim did not live");
        std::thread::sleep(Duration::from_micros(dice.below(200_000))); // the moment of death, not a wait
        victim.kill().unwrap();
        victim.wait().unwrap();

        with_build += u32::from(AssetKind::ALL.iter().any(|kind| builds_in(home.path(), *kind)));
        let indexes = open(home.path());
        with_fanout += u32::from(indexes.status().unwrap().iter().any(|view| view.fanout_left > 0));
        for kind in AssetKind::ALL {
            assert!(!indexes.verify(kind).unwrap(), "kill {kill} left a damaged index of {kind:?}");
        }
        catch_up(&indexes);
        assert_clean(&indexes, &format!("kill {kill}"));
    }
    say(&format!(
        "kill -9: {kills} times, {with_build} in a rebuild, {with_fanout} in a long fan-out; all equal a clean rebuild"
    ));
    assert!(with_build > 0, "no kill hit a rebuild: the test does not test it");
}

fn builds_in(home: &Path, kind: AssetKind) -> bool {
    let dir = home.join("indexes").join(kind.plural());
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let build = entry.unwrap().path();
        build.join("build").exists()
            && std::fs::read_dir(build)
                .unwrap()
                .any(|file| file.unwrap().file_name().to_string_lossy().starts_with("part-"))
    })
}
