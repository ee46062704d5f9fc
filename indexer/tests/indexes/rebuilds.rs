//! Rebuilding: interrupted, it goes on; the names of generations lead nowhere else; going back works; an index of
//! other rules is replaced by itself while it serves.

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use indexer::{GenerationInfo, IndexError, Indexes, Phase, RebuildOptions, Workers};
use store::{Article, AsOf, Batch, Log, NewEvent, Seq};
use views::{ARTICLES, BYLINES, IMAGES, VIEWS, ViewId};

use crate::{assert_clean, catch_up, id, never, open};

const VIEW: ViewId = ARTICLES;

fn archive(log: &Log, articles: u64) {
    let event = |n: u64| {
        let words: Vec<String> = (0..400).map(|word| format!("w{}", n * 400 + word)).collect();
        let article = Article { headline: format!("{n}"), body: words.join(" "), ..Article::default() };
        log.prepare(&NewEvent::published(id(format!("a/{n:05}")), article)).unwrap()
    };
    log.append(Batch { events: (0..articles).map(event).collect(), ..Batch::default() }).unwrap();
}

#[test]
fn an_interrupted_rebuild_goes_on_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    archive(&log, 3_000);
    // Small parts: each page of 500 is one.
    let options = RebuildOptions { threads: 1, memory: 1, ..RebuildOptions::default() };
    let stop = never();
    let first = indexes.rebuild(VIEW, &options, &stop, &|progress| {
        assert_eq!(progress.resumed, 0);
        if progress.done >= 1_500 {
            stop.store(true, Ordering::Release);
        }
    });
    assert!(matches!(first, Err(IndexError::Stopped)));
    let left: Vec<String> = indexes.generations(VIEW).unwrap();
    assert_eq!(left.len(), 2, "{left:?}");

    // Meanwhile the archive goes on: behind what is done, in it, and before it.
    for (n, headline) in [("a/00001", "changed"), ("a/00002x", "new"), ("a/", "first"), ("a/zzz", "last")] {
        let article = Article { headline: headline.into(), ..Article::default() };
        log.append_one(&NewEvent::published(id(n), article)).unwrap();
    }
    let resumed = AtomicU64::new(0);
    let second = indexes
        .rebuild(VIEW, &options, &never(), &|progress| {
            resumed.fetch_max(progress.resumed, Ordering::Relaxed);
        })
        .unwrap();
    assert!(resumed.into_inner() >= 1_000, "it began again");
    assert!(left.contains(&second.generation));
    assert_eq!(second.digest.documents, 3_003);
    catch_up(&indexes);
    assert_clean(&indexes, "after going on");
}

/// A rebuild that is held up in the middle, as a long one is, while others ask for another and look at it.
#[test]
fn one_is_built_at_a_time_and_everybody_sees_how_far_it_is() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log(), 1_200);
    assert_eq!(indexes.building(VIEW).unwrap(), None);
    // Locks and notes are files: what another handle sees, another process sees.
    let other = Indexes::open(indexes.log().clone(), home.path().join("indexes")).unwrap();
    let (at_work, seen) = mpsc::channel();
    let (go_on, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let note = home.path().join("indexes/articles/building");
    let left = std::thread::scope(|scope| {
        let build = scope.spawn(|| {
            let options = RebuildOptions { threads: 1, ..RebuildOptions::default() };
            indexes.rebuild(VIEW, &options, &never(), &|progress| {
                if (progress.phase, progress.done) == (Phase::Documents, 500) {
                    at_work.send(()).unwrap();
                    wait.lock().unwrap().recv().unwrap();
                }
            })
        });
        seen.recv().unwrap();
        let refused = other.start_rebuild(&VIEWS, RebuildOptions::default()).unwrap_err();
        assert!(
            matches!(&refused, IndexError::Busy { view, generation } if *view == VIEW && generation.as_deref() == Some("g000002"))
        );
        assert!(refused.to_string().contains("articles is being built already (g000002)"), "{refused}");
        assert!(matches!(other.rollback(VIEW), Err(IndexError::Busy { .. })));
        assert_eq!(other.building(IMAGES).unwrap(), None, "what was refused has begun nothing");
        let status = other.status().unwrap().remove(0).building.unwrap();
        assert!(status.progress.phase == Phase::Documents && status.generation == "g000002", "{status:?}");
        let left = fs::read(&note).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(build.join().unwrap().unwrap().generation, "g000002");
        left
    });
    let ended = other.building(VIEW).unwrap().unwrap();
    assert_eq!(ended.progress.phase, Phase::Done);
    assert_eq!(other.rollback(VIEW).unwrap(), "g000001");

    // The same note without anybody at it: the builder was killed.
    fs::write(&note, left).unwrap();
    assert_eq!(other.building(VIEW).unwrap().unwrap().progress.phase, Phase::Interrupted);

    let job = other.start_rebuild(&[IMAGES, VIEW], RebuildOptions::default()).unwrap();
    let built = job.wait().unwrap();
    assert_eq!(built.iter().map(|built| built.digest.documents).collect::<Vec<_>>(), [1_200, 0]);
    for status in indexes.status().unwrap() {
        let phase = status.building.map(|building| building.progress.phase);
        assert_eq!(phase, (status.view != BYLINES).then_some(Phase::Done));
    }
}

#[test]
fn names_lead_nowhere_else() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    for name in ["../articles", "a/b", "", ".hidden", "a b", "@x", "~x", &"x".repeat(61)] {
        let built = indexes.build_as_of(
            VIEW,
            &AsOf::Seq(Seq::ZERO),
            name,
            &RebuildOptions::default(),
            &never(),
            &|_| {},
        );
        assert!(matches!(built, Err(IndexError::InvalidName(_))), "{name}");
        assert!(indexes.named(VIEW, name).is_err(), "{name}");
    }
}

#[test]
fn the_archive_as_it_stood_can_be_built_again_under_its_name() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    archive(indexes.log(), 5);
    for (seq, documents) in [(3, 3), (5, 5), (1, 1)] {
        let as_of = AsOf::Seq(Seq::new(seq));
        let built =
            indexes.build_as_of(VIEW, &as_of, "then", &RebuildOptions::default(), &never(), &|_| {}).unwrap();
        assert_eq!(built.checkpoint, Seq::new(seq));
        let searcher = indexes.named(VIEW, "then").unwrap().searcher().unwrap();
        assert_eq!(searcher.digest().unwrap().documents, documents);
    }
    assert_eq!(indexes.generations(VIEW).unwrap(), ["g000001", "@then"]);
}

/// The parts of a large rebuild are made fewer by whoever serves the index, though nothing happens in the log.
#[test]
fn what_a_rebuild_leaves_in_many_parts_is_put_together_while_it_serves() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    archive(&log, 4_000);
    let options = RebuildOptions { threads: 1, memory: 1, ..RebuildOptions::default() };
    indexes.rebuild(VIEW, &options, &never(), &|_| {}).unwrap();
    let segments =
        || indexes.searcher(VIEW).map(|(_, index)| index.searcher.tantivy().segment_readers().len());
    assert_eq!(segments().unwrap(), 8, "each page of 500 is one");
    let workers = Workers::start(&indexes).unwrap();
    let merged = log.wait_until(Duration::from_secs(60), || Ok::<_, IndexError>(segments()? <= 6));
    assert!(merged.unwrap(), "{:?}", segments());
    workers.stop();
    assert_clean(&indexes, "after merging");
}

/// Returns an archive of 50 articles whose index another version of this program has written.
fn outdated(home: &Path) -> Indexes {
    let indexes = open(home);
    archive(indexes.log(), 50);
    catch_up(&indexes);
    let old = indexes.live(VIEW).unwrap();
    let mut info: GenerationInfo = old.info().clone();
    info.analyser += 1;
    let log = indexes.log().clone();
    let path = old.dir().join("generation.json");
    drop((old, indexes));
    // Seal and all.
    let json = serde_json::to_string(&info).unwrap() + "\n";
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(json.as_bytes()).into();
    let seal: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    fs::write(&path, format!("{json}#{seal}\n")).unwrap();

    let indexes = Indexes::open(log, home.join("indexes")).unwrap();
    assert!(indexes.live(VIEW).unwrap().is_outdated());
    indexes
}

#[test]
fn an_index_of_other_rules_is_replaced_while_it_serves() {
    let home = tempfile::tempdir().unwrap();
    let indexes = outdated(home.path());
    let (log, name) = (indexes.log().clone(), indexes.live(VIEW).unwrap().name().to_owned());
    let workers = Workers::start(&indexes).unwrap();
    let replaced = log.wait_until(Duration::from_secs(60), || {
        let (live, searcher) = indexes.searcher(VIEW)?;
        assert_eq!(searcher.digest().unwrap().documents, 50, "it serves all the time");
        Ok::<_, IndexError>(live.name() != name)
    });
    assert!(replaced.unwrap(), "nobody built it again: {:?}", indexes.failing(VIEW));
    workers.stop();
    assert!(!indexes.live(VIEW).unwrap().is_outdated());
    assert_eq!(indexes.rollback(VIEW).unwrap(), name);
    catch_up(&indexes);
    assert_clean(&indexes, "after going back");
}

/// It cannot be replaced at first: something lies where the new one should.
#[test]
fn an_index_of_other_rules_is_replaced_when_it_can_be() {
    let home = tempfile::tempdir().unwrap();
    let indexes = outdated(home.path());
    let log = indexes.log().clone();
    let obstacle = home.path().join("indexes/articles/g000002");
    fs::write(&obstacle, "").unwrap();
    let workers = Workers::start(&indexes).unwrap();
    let failed = log.wait_until(Duration::from_secs(60), || {
        let build = indexes.building(VIEW)?;
        Ok::<_, IndexError>(build.is_some_and(|build| build.progress.phase == Phase::Failed))
    });
    assert!(failed.unwrap(), "it did not fail");
    fs::remove_file(&obstacle).unwrap();
    let replaced =
        log.wait_until(Duration::from_secs(60), || Ok::<_, IndexError>(!indexes.live(VIEW)?.is_outdated()));
    assert!(replaced.unwrap(), "it was not tried again");
    workers.stop();
    assert_clean(&indexes, "after the second try");
}
