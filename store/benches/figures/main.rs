//! The log's figures, as ratios taken in one run on real text: `cargo bench -p store`.
//!
//! The text comes from the folder that `MORGUE_CORPORA` names (default `target/corpora`); without it nothing is
//! measured, and that is said. `MORGUE_BENCH_EVENTS` (default 80,000) says how many events are taken.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    reason = "a bench"
)]

mod corpus;
mod peers;

use std::{
    fs,
    hint::black_box,
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Instant,
};

use criterion::Criterion;
use store::{Article, AssetKind, AssetRef, Batch, Log, NewEvent, Prepared, Seq};

const BATCH: usize = 10_000;
/// The number of events that a thread prepares at a time.
const CHUNK: usize = 1_000;
const ROUNDS: usize = 3;

fn main() {
    let count =
        std::env::var("MORGUE_BENCH_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(80_000);
    let events = match corpus::events(count) {
        Ok(events) => events,
        Err(why) => {
            println!("nothing was measured: {why}");
            return;
        }
    };
    let rows: Vec<(String, String)> =
        events.iter().map(|event| (event.id.to_string(), json(event))).collect();
    let json_bytes: usize = rows.iter().map(|(_, json)| json.len()).sum();
    println!("{} events, {} MB of JSON", events.len(), json_bytes / 1_000_000);

    let home = tempfile::tempdir().unwrap();
    let log = Log::open(home.path().join("log")).unwrap();
    println!("loaded from typed events, {:.0} events/s", load(&log, &events));
    disk(&log, json_bytes);
    let values = stored(&log);
    bulk(home.path(), &events, &rows, &values);
    concurrent(home.path(), &events);
    replay(&log, &rows, json_bytes);
    read_one(&log);
}

fn json(event: &NewEvent) -> String {
    serde_json::to_string(&event.fact).unwrap()
}

/// As many threads as there are cores prepare, one appends what is ready, [`BATCH`] a commit. The first chunk goes
/// alone, since the log learns its first dictionary from it. Returns events per second.
fn load(log: &Log, events: &[NewEvent]) -> f64 {
    let prepare = |chunk: &[NewEvent]| -> Vec<Prepared> {
        chunk.iter().map(|event| log.prepare(event).unwrap()).collect()
    };
    let append = |events| _ = log.append(Batch { events, ..Batch::default() }).unwrap();
    let began = Instant::now();
    let (first, rest) = events.split_at(CHUNK.min(events.len()));
    append(prepare(first));
    let chunks = Mutex::new(rest.chunks(CHUNK));
    thread::scope(|scope| {
        let (ready, to_append) = mpsc::sync_channel(BATCH / CHUNK);
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            let (ready, chunks) = (ready.clone(), &chunks);
            scope.spawn(move || {
                loop {
                    let Some(chunk) = chunks.lock().unwrap().next() else { break };
                    ready.send(prepare(chunk)).unwrap();
                }
            });
        }
        drop(ready);
        let mut batch = Vec::new();
        for chunk in to_append {
            batch.extend(chunk);
            if batch.len() >= BATCH {
                append(std::mem::take(&mut batch));
            }
        }
        append(batch);
    });
    events.len() as f64 / began.elapsed().as_secs_f64()
}

fn disk(log: &Log, json_bytes: usize) {
    let loaded = size(log.dir()) as f64 / json_bytes as f64;
    let records: usize = log.record_lengths().unwrap().iter().sum();
    println!("records alone / JSON: {:.3}", records as f64 / json_bytes as f64);
    let began = Instant::now();
    log.compact(&mut |_| {}).unwrap();
    println!("compacted in {:.2} s", began.elapsed().as_secs_f64());
    let records: usize = log.record_lengths().unwrap().iter().sum();
    println!("records alone / JSON: {:.3}", records as f64 / json_bytes as f64);
    let compacted = size(log.dir()) as f64 / json_bytes as f64;
    figure("disk / JSON, as loaded", loaded, "at most 0.50");
    figure("disk / JSON, compacted", compacted, "at most 0.50");
}

fn size(dir: &Path) -> u64 {
    let sizes = fs::read_dir(dir).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { size(&path) } else { fs::metadata(path).unwrap().len() }
    });
    sizes.sum()
}

/// Values as long as the log's records and as hard to compress: what plain LMDB is given.
fn stored(log: &Log) -> Vec<Vec<u8>> {
    let lengths = log.record_lengths().unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as u8
    };
    lengths.into_iter().map(|length| (0..length).map(|_| byte()).collect()).collect()
}

fn bulk(home: &Path, events: &[NewEvent], rows: &[(String, String)], values: &[Vec<u8>]) {
    let [mut ready, mut whole, mut heed, mut sqlite] = [const { Vec::new() }; 4];
    for round in 0..ROUNDS {
        let dir = |name: &str| {
            let dir = home.join(format!("{name}-{round}"));
            fs::create_dir(&dir).unwrap();
            dir
        };
        let log = Log::open(dir("log")).unwrap();
        load(&log, &events[..events.len() / 4]); // so that it has its dictionaries
        let rest = &events[events.len() / 4..];
        let prepared: Vec<Prepared> = rest.iter().map(|event| log.prepare(event).unwrap()).collect();
        let mut batches = Vec::new();
        let mut prepared = prepared.into_iter().peekable();
        while prepared.peek().is_some() {
            batches.push(prepared.by_ref().take(BATCH).collect());
        }
        let began = Instant::now();
        for events in batches {
            log.append(Batch { events, ..Batch::default() }).unwrap();
        }
        ready.push(rest.len() as f64 / began.elapsed().as_secs_f64());
        heed.push(peers::heed(&dir("heed"), values, BATCH));
        whole.push(load(&Log::open(dir("whole")).unwrap(), events));
        sqlite.push(peers::sqlite(&dir("sqlite"), rows, BATCH));
        for name in ["log", "heed", "whole", "sqlite"] {
            fs::remove_dir_all(home.join(format!("{name}-{round}"))).unwrap();
        }
    }
    let [ready, whole, heed, sqlite] = [ready, whole, heed, sqlite].map(median);
    println!(
        "bulk, {BATCH} a commit, events/s: prepared {ready:.0}, from typed events {whole:.0}, heed {heed:.0}, SQLite {sqlite:.0}"
    );
    figure("bulk append, prepared / plain heed", ready / heed, "at least 0.8");
    figure("bulk append, prepared / SQLite", ready / sqlite, "at least 1.5");
    figure("bulk append, with all that comes before it / SQLite", whole / sqlite, "at least 1.5");
}

fn concurrent(home: &Path, events: &[NewEvent]) {
    let rate = |appenders: usize, count: usize, round: usize| {
        let dir = home.join(format!("concurrent-{appenders}-{round}"));
        let log = Log::open(&dir).unwrap();
        let (before, rest) = events.split_at(events.len() / 4);
        load(&log, before); // so that it has its dictionaries, as a log has that events come to one by one
        let prepared: Vec<_> = rest.iter().take(count).map(|event| log.prepare(event).unwrap()).collect();
        let count = prepared.len();
        let waiting = Arc::new(Mutex::new(prepared));
        let began = Instant::now();
        thread::scope(|scope| {
            for _ in 0..appenders {
                scope.spawn(|| {
                    loop {
                        let Some(event) = waiting.lock().unwrap().pop() else { break };
                        log.append(Batch { events: vec![event], ..Batch::default() }).unwrap();
                    }
                });
            }
        });
        let rate = count as f64 / began.elapsed().as_secs_f64();
        drop(log);
        fs::remove_dir_all(dir).unwrap();
        rate
    };
    let [mut one, mut many] = [const { Vec::new() }; 2];
    for round in 0..ROUNDS {
        one.push(rate(1, 500, round));
        many.push(rate(64, 10_000, round));
    }
    let [one, many] = [one, many].map(median);
    println!("single events, events/s: one appender {one:.0}, 64 appenders {many:.0}");
    figure("64 appenders / one", many / one, "at least 15");
}

fn replay(log: &Log, rows: &[(String, String)], json_bytes: usize) {
    let samples: Vec<&[u8]> =
        rows.iter().step_by(8).map(|(_, json)| &json.as_bytes()[..json.len().min(8_192)]).collect();
    let dictionary = zstd::dict::from_samples(&samples, 110 << 10).unwrap();
    let mut compressor = zstd::bulk::Compressor::with_dictionary(3, &dictionary).unwrap();
    let frames: Vec<_> =
        rows.iter().map(|(_, json)| (json.len(), compressor.compress(json.as_bytes()).unwrap())).collect();
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(&dictionary).unwrap();
    let [mut ours, mut alone] = [const { Vec::new() }; 2];
    let megabytes = json_bytes as f64 / 1e6;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut next = Seq::new(1);
        loop {
            let events = log.snapshot().unwrap().replay(next, 1_000).unwrap();
            let Some(last) = events.last() else { break };
            next = last.seq.next();
            black_box(events);
        }
        ours.push(megabytes / began.elapsed().as_secs_f64());
        let began = Instant::now();
        for (length, frame) in &frames {
            let json = decompressor.decompress(frame, *length).unwrap();
            black_box(serde_json::from_slice::<Article>(&json).unwrap());
        }
        alone.push(megabytes / began.elapsed().as_secs_f64());
    }
    let [ours, alone] = [ours, alone].map(median);
    println!(
        "replay, typed, one core, MB/s of JSON: {ours:.0}; decompression and serde_json alone {alone:.0}"
    );
    figure("replay, MB/s", ours, "at least 300");
    figure("decompression and serde_json alone / replay", alone / ours, "at most 1.5");
}

fn read_one(log: &Log) {
    let snapshot = log.snapshot().unwrap();
    let head = snapshot.seq().get();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut any = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        Seq::new(random % head + 1)
    };
    let mut criterion = Criterion::default().sample_size(50).without_plots();
    criterion.bench_function("read one event at random", |bencher| {
        bencher.iter(|| snapshot.event(any()).unwrap());
    });
    let began = Instant::now();
    let count = 20_000;
    for _ in 0..count {
        black_box(snapshot.event(any()).unwrap());
    }
    figure("one event at random, µs", began.elapsed().as_secs_f64() * 1e6 / f64::from(count), "at most 20");
    let ids: Vec<_> = snapshot.assets(AssetKind::Article, None, 5_000).unwrap();
    let began = Instant::now();
    for (id, _) in &ids {
        black_box(snapshot.live(&AssetRef::new(AssetKind::Article, id.clone())).unwrap());
    }
    figure(
        "one live article by its id, µs",
        began.elapsed().as_secs_f64() * 1e6 / ids.len() as f64,
        "at most 20",
    );
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn figure(name: &str, found: f64, wanted: &str) {
    println!("figure: {name}: {found:.2} ({wanted})");
}
