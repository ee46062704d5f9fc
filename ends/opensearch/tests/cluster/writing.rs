//! Writing as it should go: what is put is held, found and counted; what is gone is not; one step makes another index live.

use std::time::Duration;

use end_opensearch::{EndError, Lease, LeaseError, Method, Writer};
use serde_json::{Value, json};
use store::Seq;

use crate::{
    Test,
    world::{Model, World, article, id, of},
};

pub(crate) const TESTS: &[Test] = &[
    ("what_is_put_is_held", what_is_put_is_held),
    ("words_are_found_by_our_analysis", words_are_found_by_our_analysis),
    ("a_late_writer_brings_nothing_back", a_late_writer_brings_nothing_back),
    ("a_swap_is_one_step", a_swap_is_one_step),
    ("a_misspelling_creates_nothing", a_misspelling_creates_nothing),
    ("a_refused_document_stops_the_view", a_refused_document_stops_the_view),
    ("a_reindex_keeps_our_hits", a_reindex_keeps_our_hits),
    ("one_writes", one_writes),
];

/// Fills a generation with this many documents, in batches, and makes it readable.
pub(crate) fn fill(world: &World, generation: &str, count: u64) -> Model {
    world.shelf.create(generation, &Value::Null).unwrap();
    let mut writer = Writer::new(&world.shelf, generation, &world.stop);
    let mut model = Model::new();
    for number in 1..=count {
        let document = article(number, number, "Ferry late");
        writer.put(&document, Seq::new(number)).unwrap();
        model.extend([of(&document)]);
        if number % 500 == 0 {
            writer.commit(Seq::new(number), json!({"batch": number / 500})).unwrap();
        }
    }
    writer.commit(Seq::new(count), json!({"done": true})).unwrap();
    world.shelf.open_up(generation).unwrap();
    model
}

fn what_is_put_is_held(world: &World) {
    let mut model = fill(world, "g000001", 6_000);
    assert_eq!(world.held("g000001"), model);
    let mut writer = Writer::new(&world.shelf, "g000001", &world.stop);
    for number in 1..=100 {
        writer.delete(&id(number), Seq::new(6_100)).unwrap();
        model.insert(id(number).as_str().to_owned(), None);
    }
    writer.commit(Seq::new(6_100), json!({"x": [1, "two"]})).unwrap();
    assert_eq!(writer.stats().written, 101);
    assert_eq!(world.held("g000001"), model);
    let checkpoint = world.shelf.checkpoint("g000001").unwrap().unwrap();
    assert_eq!((checkpoint.seq, checkpoint.says), (Seq::new(6_100), json!({"x": [1, "two"]})));
    world.shelf.swap(None, "g000001").unwrap();
    assert_eq!(world.count(&json!({"match_all": {}})), 5_900, "neither markers nor the checkpoint");
    assert_eq!(world.count(&json!({"term": {"section": "Harbour"}})), 5_900, "people's own fields");
    let meta = world.shelf.meta("g000001").unwrap();
    assert_eq!(meta.get("view"), Some(&json!("articles")));
}

fn words_are_found_by_our_analysis(world: &World) {
    fill(world, "g000001", 10);
    world.shelf.swap(None, "g000001").unwrap();
    let phrase = |field: &str, words: &str| {
        world.count(&json!({"match_phrase": {field: {"query": words, "analyzer": "whitespace"}}}))
    };
    assert_eq!(world.count(&json!({"term": {"_morgue.terms.body": "run/en"}})), 10);
    assert_eq!(world.count(&json!({"term": {"_morgue.exact.body": "running"}})), 10);
    assert_eq!(world.count(&json!({"term": {"_morgue.exact.body": "run"}})), 0);
    assert_eq!(phrase("_morgue.exact.body", "was running late"), 10);
    assert_eq!(phrase("_morgue.terms.body", "be/en run/en"), 0);
    assert_eq!(phrase("_morgue.terms.bylines.name", "eleanor quill"), 10);
    assert_eq!(
        phrase("_morgue.terms.bylines.name", "quill marcus"),
        0,
        "one place is free between two values"
    );
    let near = json!({"match_phrase": {"_morgue.terms.bylines.name": {"query": "quill marcus", "slop": 1, "analyzer": "whitespace"}}});
    assert_eq!(world.count(&near), 10, "and no more than one");
    assert_eq!(world.count(&json!({"range": {"_morgue.date.published": {"gte": -1_220_313_600_000_i64, "lt": -1_220_227_200_000_i64}}})), 10);
}

/// The cluster itself forgets a deletion after a minute; a marker it does not.
fn a_late_writer_brings_nothing_back(world: &World) {
    let mut model = fill(world, "g000001", 10);
    let path = format!("{}/_settings", world.shelf.index("g000001"));
    world.client().json(Method::Put, &path, Some(&json!({"index": {"gc_deletes": "0s"}}))).unwrap();
    let mut writer = Writer::new(&world.shelf, "g000001", &world.stop);
    let mut late = Writer::new(&world.shelf, "g000001", &world.stop);
    late.put(&article(3, 11, "erased since"), Seq::new(11)).unwrap();
    late.put(&article(4, 12, "corrected since"), Seq::new(12)).unwrap();
    let newer = article(4, 14, "corrected");
    writer.delete(&id(3), Seq::new(13)).unwrap();
    writer.put(&newer, Seq::new(14)).unwrap();
    writer.commit(Seq::new(14), Value::Null).unwrap();
    world.shelf.refresh("g000001").unwrap();
    late.commit(Seq::new(12), Value::Null).unwrap();
    assert_eq!((late.stats().late, late.stats().written), (3, 0));
    model.extend([(id(3).as_str().to_owned(), None), of(&newer)]);
    assert_eq!(world.held("g000001"), model);
    assert_eq!(world.shelf.checkpoint("g000001").unwrap().unwrap().seq, Seq::new(14));
}

fn a_swap_is_one_step(world: &World) {
    fill(world, "g000001", 10);
    fill(world, "g000002", 20);
    world.shelf.swap(None, "g000001").unwrap();
    assert!(
        matches!(world.shelf.swap(None, "g000002"), Err(EndError::Moved { .. })),
        "somebody else was quicker"
    );
    assert_eq!(world.count(&json!({"match_all": {}})), 10);
    world.shelf.swap(Some("g000001"), "g000002").unwrap();
    assert_eq!(world.count(&json!({"match_all": {}})), 20);
    world.shelf.swap(Some("g000002"), "g000001").unwrap();
    let live: Vec<_> =
        world.shelf.list().unwrap().into_iter().map(|index| (index.generation, index.live)).collect();
    assert_eq!(live, [("g000001".to_owned(), true), ("g000002".to_owned(), false)]);
}

fn a_misspelling_creates_nothing(world: &World) {
    let mut writer = Writer::new(&world.shelf, "g000009", &world.stop);
    writer.put(&article(1, 1, "lost"), Seq::new(1)).unwrap();
    assert!(matches!(writer.commit(Seq::new(1), Value::Null), Err(EndError::Gone { .. })));
    assert_eq!(world.shelf.list().unwrap(), []);
}

fn a_refused_document_stops_the_view(world: &World) {
    fill(world, "g000001", 10);
    let mut writer = Writer::new(&world.shelf, "g000001", &world.stop);
    let mut bad = article(5, 11, "a byline of no shape of ours");
    bad.json.insert("bylines".to_owned(), json!("text where objects are"));
    writer.put(&article(4, 11, "good"), Seq::new(11)).unwrap();
    writer.put(&bad, Seq::new(11)).unwrap();
    let error = writer.commit(Seq::new(11), Value::Null).unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(&error, EndError::Item { status: 400, .. })
            && text.contains("a/5 é")
            && text.contains("rebuild"),
        "{text}"
    );
    assert_eq!(
        world.shelf.checkpoint("g000001").unwrap().unwrap().seq,
        Seq::new(10),
        "the checkpoint waits before it"
    );
}

fn a_reindex_keeps_our_hits(world: &World) {
    let model = fill(world, "g000001", 50);
    world.shelf.create("g000002", &Value::Null).unwrap();
    let body = json!({"source": {"index": world.shelf.index("g000001")}, "dest": {"index": world.shelf.index("g000002")}});
    world.client().json(Method::Post, "_reindex?refresh=true", Some(&body)).unwrap();
    assert_eq!(world.held("g000002"), model);
    world.shelf.swap(None, "g000002").unwrap();
    assert_eq!(world.count(&json!({"term": {"_morgue.terms.body": "run/en"}})), 50);
    assert_eq!(world.shelf.checkpoint("g000002").unwrap().unwrap().seq, Seq::new(50));
}

fn one_writes(world: &World) {
    let length = Duration::from_millis(600);
    let take =
        |holder: &str| Lease::take(world.client(), &world.settings, world.shelf.view(), holder, length);
    let mut first = take("first").unwrap();
    assert_eq!(first.term(), 1);
    first.renew().unwrap();
    let second = std::thread::scope(|scope| {
        let renews = scope.spawn(|| (0..20).for_each(|_| first.renew().unwrap()));
        let refused = take("second");
        renews.join().unwrap();
        refused
    });
    assert!(matches!(second, Err(LeaseError::Held { .. })), "{second:?}");
    let second = take("second").unwrap();
    assert_eq!(second.term(), 2, "the first was silent for the length of a lease");
    assert!(matches!(first.renew(), Err(LeaseError::Lost { term: 1 })));
    second.give_up().unwrap();
    assert_eq!(take("third").unwrap().term(), 3);
}
