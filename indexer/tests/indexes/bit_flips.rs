//! A disk that forgets: single bits flip in the files of an index. Not one may go unnoticed: a wrong answer is
//! worse than none. And what is damaged comes back by itself.

use std::{fs, path::PathBuf, time::Duration};

use indexer::{IndexError, Indexes, Workers};
use store::{AssetKind, Log};

use crate::{assert_clean, catch_up, clean, history::Dice, open, say};

const KIND: AssetKind = AssetKind::Article;

/// What tantivy writes behind the data of a file.
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
    let expected = clean(&log, KIND);
    let dir = home.path().join("indexes/articles");
    let live = indexes.live(KIND).unwrap().name().to_owned();
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
        match opened.and_then(|indexes| Ok((indexes.verify(KIND)?, indexes))) {
            Ok((true, indexes)) => {
                assert!(matches!(indexes.live(KIND), Err(IndexError::Damaged { .. })), "it still serves");
                detected += 1;
            }
            // The file `live` is made again from what there is.
            // Tantivy notes its own version behind the data and its checksum; nobody reads it as data.
            Ok((false, indexes)) if bit / 8 + FOOTER_BYTES > before.len() && !path.ends_with("live") => {
                let report = indexes.check(KIND, false, &crate::never(), &|_| {}).unwrap();
                assert!(report.is_clean(), "flip {flip}: bit {bit} of {} was silent", path.display());
                harmless += 1;
            }
            Ok((false, indexes)) => {
                assert!(path.ends_with("live"), "flip {flip}: bit {bit} of {} was silent", path.display());
                assert_eq!(indexes.live(KIND).unwrap().searcher().unwrap().digest().unwrap(), expected);
                mended += 1;
            }
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
    let generation = indexes.live(KIND).unwrap();
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
        let status = indexes.status()?.into_iter().find(|view| view.kind == KIND);
        Ok::<_, IndexError>(status.is_some_and(|view| view.failure.is_none() && view.generation != damaged))
    });
    assert!(whole.unwrap(), "it was not built again: {:?}", workers.failure(KIND));
    workers.stop();
    catch_up(&indexes);
    assert_clean(&indexes, "after the damage");
}

#[test]
fn the_generation_before_steps_in_for_a_damaged_one() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    some_history(indexes.log(), &indexes);
    let first = indexes.live(KIND).unwrap().name().to_owned();
    indexes.rebuild(KIND, &indexer::RebuildOptions::default(), &crate::never(), &|_| {}).unwrap();
    let generation = indexes.live(KIND).unwrap();
    assert_ne!(generation.name(), first);
    let meta = generation.dir().join("meta.json");
    let mut bytes = fs::read(&meta).unwrap();
    bytes[30] ^= 1;
    fs::write(&meta, bytes).unwrap();
    assert!(!indexes.verify(KIND).unwrap(), "nothing need be built");
    assert_eq!(indexes.live(KIND).unwrap().name(), first);
    catch_up(&indexes);
    assert_clean(&indexes, "with the generation before");
}
