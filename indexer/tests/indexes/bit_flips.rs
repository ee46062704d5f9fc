//! A disk that forgets: single bits flip in the files of an index. Not one may go unnoticed: a wrong answer is
//! worse than none. And what is damaged comes back by itself.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use indexer::{Damage, IndexError, Indexes, Phase, RebuildOptions, Verified, Workers};
use store::{Article, AsOf, Log, NewEvent, Seq};
use views::{ARTICLES, ViewId};

use crate::{assert_clean, catch_up, clean, history::Dice, id, never, open, say};

const VIEW: ViewId = ARTICLES;

/// The bytes that tantivy writes behind the data of a file.
const FOOTER_BYTES: usize = 120;

fn some_history(log: &Log, indexes: &Indexes) {
    let mut dice = Dice(11);
    for _ in 0..6 {
        for _ in 0..40 {
            log.append_one(&dice.event(100)).unwrap();
        }
        catch_up(indexes);
    }
}

#[test]
fn no_flipped_bit_is_silent() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    some_history(&log, &indexes);
    let expected = clean(&log, VIEW);
    let dir = home.path().join("indexes/articles");
    let live = indexes.live(VIEW).unwrap().name().to_owned();
    drop(indexes);
    let files: Vec<PathBuf> = fs::read_dir(dir.join(&live))
        .unwrap()
        .chain(fs::read_dir(&dir).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && fs::metadata(path).unwrap().len() > 0)
        .collect();
    let live_file = fs::read(dir.join("live")).unwrap();

    let mut dice = Dice(23);
    let (mut detected, mut mended, mut harmless) = (0, 0, 0);
    let flips = 500;
    for flip in 0..flips {
        let path = &files[usize::try_from(dice.below(files.len() as u64)).unwrap()];
        let before = fs::read(path).unwrap();
        let bit = usize::try_from(dice.below(before.len() as u64 * 8)).unwrap();
        let mut damaged = before.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        fs::write(path, &damaged).unwrap();

        let opened = Indexes::open(log.clone(), home.path().join("indexes"));
        match opened.and_then(|indexes| Ok((indexes.verify(VIEW, &never())?, indexes))) {
            Ok((Verified::Damaged(_), indexes)) => {
                assert!(matches!(indexes.live(VIEW), Err(IndexError::Damaged { .. })), "it still serves");
                detected += 1;
            }
            // The file `live` is made again from what there is.
            // Tantivy notes its own version behind the data and its checksum; nobody reads it as data.
            Ok((Verified::Whole, indexes))
                if bit / 8 + FOOTER_BYTES > before.len() && !path.ends_with("live") =>
            {
                let report = indexes.check(VIEW, false, &never(), &|_| {}).unwrap();
                assert!(report.is_clean(), "flip {flip}: bit {bit} of {} was silent", path.display());
                harmless += 1;
            }
            Ok((Verified::Whole, indexes)) => {
                assert!(path.ends_with("live"), "flip {flip}: bit {bit} of {} was silent", path.display());
                assert_eq!(indexes.live(VIEW).unwrap().searcher().unwrap().digest().unwrap(), expected);
                mended += 1;
            }
            Ok((other, _)) => panic!("flip {flip} of {}: {other:?}", path.display()),
            Err(error) => panic!("flip {flip} of {}: {error}", path.display()),
        }
        fs::write(path, &before).unwrap();
        fs::write(dir.join("live"), &live_file).unwrap();
        let _ = fs::remove_file(dir.join(&live).join("damaged"));
    }
    say(&format!(
        "flipped bits: {flips}, of them {detected} detected, {mended} mended, {harmless} in a note of tantivy's version, 0 silent"
    ));
}

#[test]
fn a_damaged_index_is_built_again_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    some_history(&log, &indexes);
    let generation = indexes.live(VIEW).unwrap();
    let damaged = generation.name().to_owned();
    let postings = fs::read_dir(generation.dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "idx"))
        .unwrap();
    drop((generation, indexes));
    let mut bytes = fs::read(&postings).unwrap();
    bytes[0] ^= 1;
    fs::write(&postings, bytes).unwrap();

    let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
    let workers = Workers::start(&indexes).unwrap();
    let whole = log.wait_until(Duration::from_secs(60), || {
        let status = indexes.status()?.into_iter().find(|view| view.view == VIEW);
        Ok::<_, IndexError>(status.is_some_and(|view| view.failure.is_none() && view.generation != damaged))
    });
    assert!(whole.unwrap(), "it was not built again: {:?}", indexes.failing(VIEW));
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "after the damage");
}

#[test]
fn the_generation_before_steps_in_for_a_damaged_one() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    some_history(indexes.log(), &indexes);
    let first = indexes.live(VIEW).unwrap().name().to_owned();
    indexes.rebuild(VIEW, &RebuildOptions::default(), &never(), &|_| {}).unwrap();
    let generation = indexes.live(VIEW).unwrap();
    assert_ne!(generation.name(), first);
    let meta = generation.dir().join("meta.json");
    let mut bytes = fs::read(&meta).unwrap();
    bytes[30] ^= 1;
    fs::write(&meta, bytes).unwrap();
    match indexes.verify(VIEW, &never()).unwrap() {
        Verified::Replaced { damage, by } => {
            assert_eq!((damage.generation.as_str(), &by), (generation.name(), &first));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(indexes.live(VIEW).unwrap().name(), first);
    catch_up(&indexes);
    assert_clean(&indexes, "with the generation before");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

fn end(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().into_owned()
}

/// Flips a bit in a file of this sort.
fn damage(dir: &Path, sort: &str) {
    let path = files(dir).into_iter().find(|path| end(path) == sort).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[0] ^= 1;
    fs::write(&path, bytes).unwrap();
}

/// A file is not there any more: that is damage as well, whatever sort it is of.
#[test]
fn no_lost_file_is_silent() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let log = indexes.log().clone();
    some_history(&log, &indexes);
    // A segment that a document was deleted from.
    for n in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0] {
        let article = Article { headline: format!("{}", log.head().unwrap().seq), ..Article::default() };
        log.append_one(&NewEvent::published(id(format!("x/{n}")), article)).unwrap();
        if n == 9 {
            catch_up(&indexes);
        }
    }
    catch_up(&indexes);
    let generation = indexes.live(VIEW).unwrap();
    let (dir, meta) =
        (generation.dir().to_owned(), fs::read_to_string(generation.dir().join("meta.json")).unwrap());
    drop((generation, indexes));
    let mut sorts = BTreeSet::new();
    for file in files(&dir) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let segment = name.split('.').next().unwrap();
        if segment.len() != 32 || !meta.replace('-', "").contains(segment) {
            continue;
        }
        let aside = home.path().join("aside");
        fs::rename(&file, &aside).unwrap();
        let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
        match indexes.verify(VIEW, &never()).unwrap() {
            Verified::Damaged(Damage { why, .. }) => assert!(why.contains(&name), "{name}: {why}"),
            other => panic!("{name}: {other:?}"),
        }
        fs::rename(&aside, &file).unwrap();
        fs::remove_file(dir.join("damaged")).unwrap();
        sorts.insert(end(&file));
    }
    for sort in ["del", "fast", "fieldnorm", "idx", "pos", "store", "term"] {
        assert!(sorts.contains(sort), "no file `.{sort}` was lost: {sorts:?}");
    }

    fs::remove_file(files(&dir).into_iter().find(|path| end(path) == "pos").unwrap()).unwrap();
    let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
    let damaged = indexes.live(VIEW).unwrap().name().to_owned();
    let workers = Workers::start(&indexes).unwrap();
    let whole = log.wait_until(Duration::from_secs(60), || {
        Ok::<_, IndexError>(indexes.live(VIEW).is_ok_and(|live| live.name() != damaged))
    });
    assert!(whole.unwrap(), "it was not built again: {:?}", indexes.failing(VIEW));
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "after the loss");
}

/// The archive as it stood is damaged while nobody looks. At the next start it is found out, and built again as of the
/// same moment.
#[test]
fn the_archive_as_it_stood_is_built_again_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    some_history(indexes.log(), &indexes);
    let as_of = AsOf::Seq(Seq::new(100));
    let built =
        indexes.build_as_of(VIEW, &as_of, "then", &RebuildOptions::default(), &never(), &|_| {}).unwrap();
    let dir = indexes.named(VIEW, "then").unwrap().dir().to_owned();
    damage(&dir, "idx");
    let log = indexes.log().clone();
    drop(indexes);

    let indexes = Indexes::open(log.clone(), home.path().join("indexes")).unwrap();
    let found = indexes.verify_others(VIEW, &never()).unwrap();
    assert_eq!(found.iter().map(|damage| damage.generation.as_str()).collect::<Vec<_>>(), ["@then"]);
    assert!(matches!(indexes.named(VIEW, "then"), Err(IndexError::Damaged { .. })), "it still serves");
    fs::remove_file(dir.join("damaged")).unwrap();
    let first = indexes.building(VIEW).unwrap().unwrap().started;
    let workers = Workers::start(&indexes).unwrap();
    let whole = log.wait_until(Duration::from_secs(60), || {
        let last = indexes.building(VIEW)?.filter(|last| last.progress.phase == Phase::Done);
        Ok::<_, IndexError>(last.is_some_and(|last| last.started > first))
    });
    assert!(whole.unwrap(), "it was not built again");
    workers.stop();
    assert_eq!(indexes.verify_others(VIEW, &never()).unwrap(), []);
    let now = indexes.named(VIEW, "then").unwrap();
    assert_eq!(now.info().as_of.as_deref(), Some(&*as_of.to_string()));
    assert_eq!(now.searcher().unwrap().digest().unwrap(), built.digest);
}

#[test]
fn nobody_goes_back_to_a_damaged_index() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    some_history(indexes.log(), &indexes);
    let first = indexes.live(VIEW).unwrap().dir().to_owned();
    let second = indexes.rebuild(VIEW, &RebuildOptions::default(), &never(), &|_| {}).unwrap().generation;
    damage(&first, "term");
    assert!(matches!(indexes.rollback(VIEW), Err(IndexError::Damaged { .. })));
    assert_eq!(indexes.live(VIEW).unwrap().name(), second);
    catch_up(&indexes);
    assert_clean(&indexes, "after going back was refused");
    // It is of no use any more, and given up.
    assert_eq!(indexes.verify_others(VIEW, &never()).unwrap().len(), 1);
    assert_eq!(indexes.mend(VIEW, &never(), &|_| {}).unwrap(), []);
    assert_eq!(indexes.generations(VIEW).unwrap(), [second]);
}
