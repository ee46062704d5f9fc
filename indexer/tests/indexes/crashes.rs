//! The power of `kill -9`: an indexer dies at any moment, in the middle of indexing, merging, a long fan-out, a
//! rebuild, a swap. Whoever starts it again finds an index that continues where it was, and in the end holds what a
//! clean rebuild holds.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use indexer::{Progress, RebuildOptions, Verified, Workers};
use store::{Article, Batch, Byline, Log, NewEvent};
use views::{ARTICLES, BYLINES, VIEWS, ViewId};

use crate::{assert_clean, catch_up, history::Dice, id, never, open, say, times};

const DIR: &str = "MORGUE_CRASH_DIR";
const SEED: &str = "MORGUE_CRASH_SEED";
/// The word of a victim that is not rebuilding.
const READY: &str = "Indexing";
/// The words before which the victim is not killed, by turns: `CatchingUp` ends in a swap.
const AIMS: [&str; 5] = [READY, READY, "Documents", "Checking", "CatchingUp"];
/// More than one author's fan-out that is worked through in slices needs.
const COUNT: u64 = 1_000;
/// Articles of one author more, who gets another name at the beginning of every fifth life.
const PROLIFIC: u64 = 2_000;

/// The process that is killed. Without a directory it has nothing to do.
#[test]
fn victim() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let indexes = open(Path::new(&dir));
    let log = indexes.log().clone();
    let _workers = Workers::start(&indexes).unwrap();
    if seed % 5 == 1 {
        let byline = Byline { name: format!("Nora the {seed}th"), ..Byline::default() };
        log.append_one(&NewEvent::published(id("b/prolific"), byline)).unwrap();
    }
    println_past_capture(READY);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut dice = Dice(seed);
            loop {
                append(&log, &mut dice, 5);
                let head = log.head().unwrap().seq;
                // No faster than the bylines are indexed, so that each life sees commits; the articles may lag.
                indexes.wait_for(BYLINES, &[head], Duration::from_secs(1)).unwrap();
            }
        });
        let mut dice = Dice(seed ^ 0xdead);
        loop {
            let view = VIEWS[usize::try_from(dice.below(3)).unwrap()];
            let options = RebuildOptions { keep_previous: dice.below(2) == 0, ..RebuildOptions::default() };
            let phase = Mutex::new(None);
            let say_phase = |made: Progress| {
                if phase.lock().unwrap().replace(made.phase) != Some(made.phase) {
                    println_past_capture(&format!("{:?}", made.phase));
                }
            };
            indexes.rebuild(view, &options, &never(), &say_phase).unwrap();
            println_past_capture(READY);
            if dice.below(4) == 0 {
                let _ = indexes.rollback(view);
            }
            // Between rebuilds there is a while of nothing but indexing.
            let head = log.head().unwrap().seq;
            indexes.wait_for(ARTICLES, &[head], Duration::from_millis(150)).unwrap();
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
    let events = (0..count).map(|_| log.prepare(&dice.event(COUNT)).unwrap()).collect();
    log.append(Batch { events, ..Batch::default() }).unwrap();
}

#[test]
fn after_any_kill_the_index_equals_a_clean_rebuild() {
    let kills = times(100, 1_000);
    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path().join("log")).unwrap();
    append(&log, &mut Dice(1), 2_000);
    let prolific = |n| {
        let article = Article { bylines: vec![id("b/prolific")], ..Article::default() };
        log.prepare(&NewEvent::published(id(format!("a/prolific/{n}")), article)).unwrap()
    };
    log.append(Batch { events: (0..PROLIFIC).map(prolific).collect(), ..Batch::default() }).unwrap();
    drop(log);
    let mut dice = Dice(7);
    let mut hit = BTreeMap::<String, u32>::new();
    for (kill, aim) in (0..kills).zip(AIMS.into_iter().cycle()) {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crashes::victim", "--nocapture"])
            .env(DIR, home.path())
            .env(SEED, format!("{kill}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(aim)), "the victim never came to {aim}");
        // The moment of death, not a wait.
        std::thread::sleep(Duration::from_micros(dice.below(if aim == READY { 200_000 } else { 10_000 })));
        victim.kill().unwrap();
        victim.wait().unwrap();

        let last = lines.map(Result::unwrap).last().unwrap_or_else(|| aim.to_owned());
        *hit.entry(last).or_default() += 1;
        for view in VIEWS {
            if has_half_a_segment(home.path(), view) {
                *hit.entry("with a segment half written".to_owned()).or_default() += 1;
                break;
            }
        }
        let indexes = open(home.path());
        if indexes.status().unwrap().iter().any(|view| view.fanout_left > 0) {
            *hit.entry("in a long fan-out".to_owned()).or_default() += 1;
        }
        for view in VIEWS {
            let verified = indexes.verify(view, &never()).unwrap();
            assert_eq!(verified, Verified::Whole, "kill {kill} left a damaged index of {view:?}");
        }
        catch_up(&indexes);
        assert_clean(&indexes, &format!("kill {kill}"));
    }
    say(&format!("kill -9: {kills} times, all equal a clean rebuild; of these {hit:?}"));
    for aim in AIMS {
        assert!(hit.contains_key(aim), "no kill hit {aim}: the test does not test it");
    }
}

/// Returns true if the live generation has files of segments that its last commit does not list: of a commit or a merge under
/// way.
fn has_half_a_segment(home: &Path, view: ViewId) -> bool {
    let dir = home.join("indexes").join(view.name());
    let live = std::fs::read(dir.join("live")).unwrap();
    let live = dir.join(String::from_utf8_lossy(&live).lines().next().unwrap());
    let meta = std::fs::read(live.join("meta.json")).unwrap();
    let meta = String::from_utf8_lossy(&meta).replace('-', "");
    std::fs::read_dir(live).unwrap().any(|file| {
        let name = file.unwrap().file_name().to_string_lossy().into_owned();
        name.split_once('.').is_some_and(|(id, _)| id.len() == 32 && !meta.contains(id))
    })
}
