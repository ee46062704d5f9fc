//! Fuzzing every reader, on stable Rust and in every run of the tests: good samples and files damaged on purpose are
//! changed at random, by a seed that the failure names, and read. No input makes a reader panic, hold the thread, or
//! take memory out of proportion.
//!
//! A few thousand inputs each run. `MORGUE_FUZZ=1000000 cargo test --release -p ingest --test fuzz -- --nocapture`
//! tries as many, and `MORGUE_FUZZ_SEED=…` begins elsewhere, or at the input that failed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "bad_input/damage.rs"]
mod damage;

use std::{
    collections::BTreeMap,
    env, panic,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use ingest::Hints;

use crate::damage::{PATTERN, damaged, samples};

/// Inputs in a usual run.
const INPUTS: u64 = 6_000;
/// The largest input that the changes make.
const MAX_BYTES: usize = 64 << 10;
/// An input that takes longer hangs: a thousand times what the slowest needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// The bytes by which the process may grow, in all and above what it had at its start: a load's own bound.
const MAX_GROWTH: u64 = 300 << 20;

/// A file that inputs are made of: the name that its format goes by, and its bytes.
struct Seed {
    format: &'static str,
    name: String,
    bytes: Vec<u8>,
}

/// Good files, and bad ones of a size that can be tried thousands of times.
fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (sample, family) in samples() {
        // What refers to a file beside it is called by its place, where that file lies.
        let place = format!("{}/../data-samples/formats/{}", env!("CARGO_MANIFEST_DIR"), sample.name);
        let name = sample.beside.as_ref().map_or(sample.name.to_owned(), |_| place);
        for (_, bytes) in damaged(&sample, family) {
            if bytes.len() <= MAX_BYTES {
                seeds.push(Seed { format: sample.format, name: name.clone(), bytes });
            }
        }
    }
    seeds
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// Texts that formats are sensitive to.
const TOKENS: [&[u8]; 40] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b":",
    b",",
    b"null",
    b"-1e999",
    b"<",
    b">",
    b"</",
    b"/>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<!DOCTYPE a [",
    b"<?xml ?>",
    b"&",
    b"&amp;",
    b"&#x10ffff;",
    b"&b9;",
    b"\n---\n",
    b"\n+++\n",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"{{<",
    b">}}",
    b"![",
    b"](",
    b"'",
    b"|",
    b"\t",
    b"*a",
];

/// Returns the input of this number: a seed, changed one to eight times.
fn input(seeds: &[Seed], number: u64) -> (&Seed, Vec<u8>) {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    random.next();
    let seed = &seeds[random.below(seeds.len())];
    let mut bytes = seed.bytes.clone();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let longest = 1 << random.below(11);
        let span = at..(at + random.below(longest)).min(bytes.len());
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 => drop(bytes.drain(span)),
            2 => {
                let twice = bytes[span].to_vec();
                bytes.splice(at..at, twice);
            }
            3 => bytes.truncate(at),
            4 => {
                let token = TOKENS[random.below(TOKENS.len())];
                let times = 1 << random.below(9);
                bytes.splice(at..at, token.repeat(times));
            }
            5 => {
                let other = &seeds[random.below(seeds.len())].bytes;
                let from = random.below(other.len());
                let to = (from + random.below(2_000)).min(other.len());
                bytes.splice(span, other[from..to].iter().copied());
            }
            6 => {
                let other = random.below(bytes.len() + 1);
                let moved: Vec<u8> = bytes.drain(span).collect();
                let to = other.min(bytes.len());
                bytes.splice(to..to, moved);
            }
            _ => bytes[span].iter_mut().for_each(|byte| *byte = byte.rotate_left(1)),
        }
        bytes.truncate(MAX_BYTES);
    }
    (seed, bytes)
}

/// Bytes of memory that the process has now; 0 where the system does not tell.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<u64>().ok());
    pages.unwrap_or(0) * 4_096
}

#[test]
fn no_input_harms_a_reader() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let inputs = number("MORGUE_FUZZ").unwrap_or(INPUTS);
    let first = number("MORGUE_FUZZ_SEED").unwrap_or(0);
    let seeds = Arc::new(seeds());
    let before = resident();
    let hints = Hints { patterns: vec![PATTERN.parse().unwrap()], ..Hints::default() };
    // By format: inputs, records read, records refused.
    let tried: Arc<Mutex<BTreeMap<&str, [u64; 3]>>> = Arc::default();
    let (began, beginnings) = mpsc::channel();
    let worker = {
        let (seeds, tried) = (Arc::clone(&seeds), Arc::clone(&tried));
        thread::spawn(move || {
            for number in first..first + inputs {
                began.send(number).unwrap();
                let (seed, bytes) = input(&seeds, number);
                let mut counts = [1, 0, 0];
                let read = panic::catch_unwind(panic::AssertUnwindSafe(|| {
                    ingest::read(
                        &mut bytes.as_slice(),
                        &seed.name,
                        &hints,
                        store::Timestamp::MAX,
                        &mut |_, said| {
                            counts[if said.is_ok() { 1 } else { 2 }] += 1;
                        },
                    );
                }));
                let (format, length) = (seed.format, bytes.len());
                assert!(read.is_ok(), "{format}: MORGUE_FUZZ_SEED={number} makes it panic");
                let records = counts[1] + counts[2];
                assert!(
                    records <= length as u64 + 2,
                    "{format}: MORGUE_FUZZ_SEED={number}: records without end"
                );
                let grown = resident().saturating_sub(before);
                assert!(grown < MAX_GROWTH, "{format}: MORGUE_FUZZ_SEED={number}: {} MB", grown >> 20);
                let mut tried = tried.lock().unwrap();
                let sums = tried.entry(format).or_default();
                sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            }
        })
    };
    let mut last = first;
    loop {
        match beginnings.recv_timeout(PATIENCE) {
            Ok(number) => last = number,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("MORGUE_FUZZ_SEED={last} does not end"),
        }
    }
    if let Err(failure) = worker.join() {
        panic::resume_unwind(failure);
    }
    let tried = tried.lock().unwrap();
    let total: u64 = tried.values().map(|counts| counts[0]).sum();
    println!(
        "{total} inputs from {} seeds, grown by {} MB:",
        seeds.len(),
        resident().saturating_sub(before) >> 20
    );
    for (format, [inputs, read, refused]) in tried.iter() {
        println!("  {format:12} {inputs:8} inputs, {read:8} records read, {refused:8} refused");
    }
    assert_eq!(total, inputs);
    assert!(inputs < INPUTS || tried.len() == samples().count(), "every reader has its share");
}
