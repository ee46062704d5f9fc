//! An archive to ask: articles of words whose frequencies fall as those of a language do (Zipf).

use std::{path::Path, sync::atomic::AtomicBool};

use indexer::{Indexes, RebuildOptions};
use store::{Article, AssetId, Batch, Log, NewEvent};
use views::VIEWS;

const ARTICLES: u64 = 20_000;
const WORDS: usize = 300;
const VOCABULARY: f64 = 50_000.0;
const SECTIONS: [&str; 5] = ["City", "Harbour", "World", "Sport", "Letters"];

/// Makes it in `dir`, with its indexes.
pub(super) fn make(dir: &Path) {
    let log = Log::open(dir.join("log")).unwrap();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    // Marsaglia's xorshift64.
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut text = |count: usize| {
        let words = (0..count).map(|_| format!("w{}", VOCABULARY.powf(next()) as u64));
        words.collect::<Vec<_>>().join(" ")
    };
    let mut batch = Batch::default();
    for number in 0..ARTICLES {
        let article = Article {
            headline: text(6),
            body: text(WORDS),
            published: format!("{}-05-02", 1850 + number % 150).parse().ok(),
            section: SECTIONS[usize::try_from(number).unwrap() % SECTIONS.len()].to_owned(),
            ..Article::default()
        };
        let event = NewEvent::published(AssetId::new(format!("a/{number}")).unwrap(), article);
        batch.events.push(log.prepare(&event).unwrap());
        if batch.events.len() == 1_000 {
            log.append(std::mem::take(&mut batch)).unwrap();
        }
    }
    log.append(batch).unwrap();
    let indexes = Indexes::open(log, dir.join("indexes")).unwrap();
    for view in VIEWS {
        indexes.rebuild(view, &RebuildOptions::default(), &AtomicBool::new(false), &|_| {}).unwrap();
    }
}
