//! Writing as it goes when things break: afterwards the index holds what a clean one would.

use std::thread;

use end_opensearch::{EndError, Method, Settings, Shelf, Writer};
use serde_json::{Value, json};
use store::Seq;

use crate::{
    Test,
    proxy::{Fault, Proxy},
    world::{Model, World, article, id, of},
    writing::fill,
};

pub(crate) const TESTS: &[Test] = &[
    ("connections_are_cut", connections_are_cut),
    ("the_cluster_is_busy", the_cluster_is_busy),
    ("an_index_is_read_only_for_a_while", an_index_is_read_only_for_a_while),
    ("an_index_is_deleted", an_index_is_deleted),
    ("a_body_is_over_the_limit", a_body_is_over_the_limit),
    ("a_body_is_more_than_a_node_takes", a_body_is_more_than_a_node_takes),
    ("a_writer_is_stopped_while_it_waits", a_writer_is_stopped_while_it_waits),
];

/// Writes batches of changes through a proxy with these faults; the index is to hold what a clean one holds.
fn write_through(world: &World, faults: Vec<Fault>) -> (usize, u64) {
    let mut model = fill(world, "g000001", 500);
    let count = faults.iter().filter(|fault| **fault != Fault::None).count();
    let proxy = Proxy::new(world.settings.urls[0].trim_start_matches("http://"), faults);
    let shelf = world.by(&proxy.url);
    let mut writer = Writer::new(&shelf, "g000001", &world.stop);
    let mut seq = 500;
    while proxy.met() < count {
        for step in 0..20 {
            seq += 1;
            let number = (seq * 7 + step) % 600;
            if seq % 5 == 0 {
                writer.delete(&id(number), Seq::new(seq)).unwrap();
                model.insert(id(number).as_str().to_owned(), None);
            } else {
                let document = article(number, seq, "changed");
                writer.put(&document, Seq::new(seq)).unwrap();
                model.extend([of(&document)]);
            }
        }
        writer.commit(Seq::new(seq), json!({"seq": seq})).unwrap();
    }
    assert_eq!(world.shelf.checkpoint("g000001").unwrap().unwrap().seq, Seq::new(seq));
    assert_eq!(world.held("g000001"), model);
    clean(world, &model, seq);
    (proxy.met(), writer.stats().again)
}

/// A clean index of the same documents has the same digests.
fn clean(world: &World, model: &Model, seq: u64) {
    world.shelf.create("g000002", &Value::Null).unwrap();
    let mut writer = Writer::new(&world.shelf, "g000002", &world.stop);
    for number in 0..700 {
        if let Some(Some((seq, _))) = model.get(id(number).as_str()) {
            let headline = if seq.get() <= 500 { "Ferry late" } else { "changed" };
            writer.put(&article(number, seq.get(), headline), *seq).unwrap();
        }
    }
    writer.commit(Seq::new(seq), Value::Null).unwrap();
    let documents = |model: &Model| {
        model
            .iter()
            .filter(|(_, says)| says.is_some())
            .map(|(id, says)| (id.clone(), *says))
            .collect::<Model>()
    };
    assert_eq!(documents(&world.held("g000002")), documents(model));
}

fn connections_are_cut(world: &World) {
    let fault = |number| match number % 3 {
        0 => Fault::CutAnswer,
        1 => Fault::CutRequest(200),
        _ => Fault::CutRequest(20_000),
    };
    // Each is followed by a request that passes: what is sent again is not cut again.
    let faults: Vec<_> = (0..50).flat_map(|number| [Fault::None, fault(number)]).collect();
    let (met, again) = write_through(world, faults);
    println!("  {met} connections cut, {again} items sent again");
    assert!(met == 50 && again >= 50);
}

fn the_cluster_is_busy(world: &World) {
    let (met, again) = write_through(world, vec![Fault::TooBusy; 6]);
    println!("  {met} answers 429, {again} items sent again");
    assert!(met == 6 && again >= 6);
}

fn block(world: &World, is_on: bool) {
    let path = format!("{}/_settings", world.shelf.index("g000001"));
    let says = json!({"index.blocks.read_only_allow_delete": if is_on { json!(true) } else { Value::Null }});
    world.client().json(Method::Put, &path, Some(&says)).unwrap();
}

/// What a full disk does to an index.
fn an_index_is_read_only_for_a_while(world: &World) {
    let mut model = fill(world, "g000001", 10);
    block(world, true);
    let proxy = Proxy::new(world.settings.urls[0].trim_start_matches("http://"), Vec::new());
    let shelf = world.by(&proxy.url);
    let document = article(3, 11, "with room again");
    let stats = thread::scope(|scope| {
        let writes = scope.spawn(|| {
            let mut writer = Writer::new(&shelf, "g000001", &world.stop);
            writer.put(&document, Seq::new(11)).unwrap();
            writer.commit(Seq::new(11), Value::Null).unwrap();
            writer.stats().clone()
        });
        while proxy.bulks() < 4 {
            thread::yield_now();
        }
        assert!(!writes.is_finished());
        block(world, false);
        writes.join().unwrap()
    });
    assert!(stats.again >= 3 && stats.last_trouble.contains("cluster_block_exception"), "{stats:?}");
    model.extend([of(&document)]);
    assert_eq!(world.held("g000001"), model);
}

fn an_index_is_deleted(world: &World) {
    fill(world, "g000001", 10);
    let mut writer = Writer::new(&world.shelf, "g000001", &world.stop);
    writer.put(&article(3, 11, "too late"), Seq::new(11)).unwrap();
    world.shelf.remove("g000001").unwrap();
    let error = writer.commit(Seq::new(11), Value::Null).unwrap_err();
    assert!(
        matches!(error, EndError::Gone { .. }) && error.to_string().contains("morgue rebuild"),
        "{error}"
    );
    assert!(matches!(world.shelf.checkpoint("g000001"), Err(EndError::Gone { .. })));
    assert_eq!(world.shelf.list().unwrap(), [], "nothing was created in its place");
}

/// What is answered 413 is halved until it is taken.
fn a_body_is_over_the_limit(world: &World) {
    let (met, again) = write_through(world, vec![Fault::TooLarge(6_000); 40]);
    println!("  {met} bodies met a limit of 6,000 bytes, {again} items were sent again");
    assert_eq!((met, again), (40, 0));
}

/// A node takes 100 MB and a tenth of its heap; it says so by answers of several sorts, or by none.
fn a_body_is_more_than_a_node_takes(world: &World) {
    world.shelf.create("g000001", &Value::Null).unwrap();
    let settings = Settings { bulk_bytes: 256 << 20, timeout: 3, ..world.settings.clone() };
    let shelf = Shelf::new(&settings, world.shelf.view()).unwrap();
    let mut writer = Writer::new(&shelf, "g000001", &world.stop);
    let mut model = Model::new();
    for number in 0..30 {
        let mut document = article(number, number + 1, "long");
        document.json.insert("unasked".to_owned(), json!("x".repeat(4 << 20)));
        writer.put(&document, Seq::new(number + 1)).unwrap();
        model.extend([of(&document)]);
    }
    writer.commit(Seq::new(30), Value::Null).unwrap();
    println!("  {} bytes were sent in {} requests", writer.stats().bytes, writer.stats().requests);
    assert!(writer.stats().requests >= 4);
    assert_eq!(world.held("g000001"), model);
}

fn a_writer_is_stopped_while_it_waits(world: &World) {
    fill(world, "g000001", 10);
    block(world, true);
    let mut writer = Writer::new(&world.shelf, "g000001", &world.stop);
    writer.put(&article(3, 11, "never"), Seq::new(11)).unwrap();
    world.stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(writer.commit(Seq::new(11), Value::Null), Err(EndError::Stopped)));
    block(world, false);
    assert_eq!(world.shelf.checkpoint("g000001").unwrap().unwrap().seq, Seq::new(10));
}
