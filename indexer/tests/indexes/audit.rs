//! The audit finds every document that is not what the log says, and mends just those.

use indexer::CheckReport;
use store::AssetKind;
use tantivy::{IndexWriter, TantivyDocument, Term};
use views::ARTICLES;

use crate::{assert_clean, catch_up, history::Dice, id, never, open};

#[test]
fn what_differs_is_found_and_mended() {
    let home = tempfile::tempdir().unwrap();
    let indexes = open(home.path());
    let mut dice = Dice(3);
    for _ in 0..200 {
        indexes.log().append_one(&dice.event(60)).unwrap();
    }
    catch_up(&indexes);
    let check = |repair: bool| -> CheckReport { indexes.check(ARTICLES, repair, &never(), &|_| {}).unwrap() };
    let clean = check(false);
    assert!(clean.is_clean(), "{clean:?}");
    assert!(clean.documents > 20 && clean.seq == indexes.log().head().unwrap().seq);

    // Somebody meddles: one document goes away, one that nobody published appears, one has another content.
    let snapshot = indexes.log().snapshot().unwrap();
    let view = ARTICLES;
    let mut ids = snapshot.assets(AssetKind::Article, None, 100).unwrap().into_iter().map(|(id, _)| id);
    let mut visible = ids.by_ref().filter(|id| view.document(id, &snapshot).unwrap().is_some());
    let (missing, stale) = (visible.next().unwrap(), visible.next().unwrap());
    drop(snapshot);
    let generation = indexes.live(ARTICLES).unwrap();
    let schema = generation.index().schema().clone();
    let searcher = generation.searcher().unwrap();
    let index = searcher.searcher.tantivy().index();
    let mut writer: IndexWriter = index.writer_with_num_threads(1, 20 << 20).unwrap();
    let payload = index.load_metas().unwrap().payload.unwrap();
    for id in [&missing, &stale] {
        writer.delete_term(Term::from_field_text(schema.id, id.as_str()));
    }
    for id in [stale.as_str(), "a/nobody"] {
        let mut document = TantivyDocument::new();
        document.add_text(schema.id, id);
        document.add_u64(schema.seq, 1);
        document.add_u64(schema.digest[0], 2);
        document.add_u64(schema.digest[1], 3);
        writer.add_document(document).unwrap();
    }
    let mut prepared = writer.prepare_commit().unwrap();
    prepared.set_payload(&payload);
    prepared.commit().unwrap();
    writer.wait_merging_threads().unwrap();

    let found = check(false);
    assert_eq!(found.missing, [missing]);
    assert_eq!(found.stale, [stale]);
    assert_eq!(found.extra, [id("a/nobody")]);
    assert!(!found.repaired);
    assert!(check(true).repaired);
    assert!(check(false).is_clean());
    assert_clean(&indexes, "after mending");
}
