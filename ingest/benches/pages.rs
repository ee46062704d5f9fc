//! The share of the texts of saved pages that is found, and the speed: word recall and precision against the true texts.
//!
//! `MORGUE_CORPORA` names the folder that has the pages of many publishers, `html/html/*.html.gz`, and the texts beside
//! them, `html/ground-truth.json`. `MORGUE_PAGES=each` prints a line a page, the worst first.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench says what it measures, and stops where it cannot"
)]

use std::{
    collections::{BTreeMap, HashMap},
    env, fs,
    io::Read,
    path::Path,
    time::Instant,
};

use ingest::{Hints, read};
use serde_json::Value;
use store::{Content, Fact};

/// The figures of one page.
struct Page {
    name: String,
    recall: f64,
    precision: f64,
}

impl Page {
    fn f1(&self) -> f64 {
        harmonic(self.recall, self.precision)
    }
}

fn main() {
    let Some(corpora) = env::var_os("MORGUE_CORPORA") else {
        println!("MORGUE_CORPORA names no folder: nothing to measure");
        return;
    };
    let folder = Path::new(&corpora).join("html");
    let truth: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(folder.join("ground-truth.json")).unwrap()).unwrap();
    let mut pages = Vec::new();
    let (mut bytes, mut seconds) = (0, 0.0);
    for (name, truth) in &truth {
        let packed = fs::read(folder.join(format!("html/{name}.html.gz"))).unwrap();
        let mut html = Vec::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut html).unwrap();
        let started = Instant::now();
        let body = body_of(&html, &format!("{name}.html"));
        seconds += started.elapsed().as_secs_f64();
        bytes += html.len();
        let (recall, precision) = compare(truth["articleBody"].as_str().unwrap_or(""), &body);
        pages.push(Page { name: name.clone(), recall, precision });
    }
    if env::var("MORGUE_PAGES").is_ok_and(|each| each == "each") {
        pages.sort_by(|a, b| a.f1().total_cmp(&b.f1()));
        for page in &pages {
            println!(
                "{:.3}  recall {:.3}  precision {:.3}  {}",
                page.f1(),
                page.recall,
                page.precision,
                page.name
            );
        }
    }
    let mean = |of: fn(&Page) -> f64| pages.iter().map(of).sum::<f64>() / pages.len() as f64;
    let (recall, precision) = (mean(|page| page.recall), mean(|page| page.precision));
    println!(
        "{} pages: word recall {recall:.4}, precision {precision:.4}, F1 {:.4} (mean of the pages' {:.4}); {:.1} MB/s",
        pages.len(),
        harmonic(recall, precision),
        mean(Page::f1),
        bytes as f64 / 1e6 / seconds,
    );
}

fn body_of(html: &[u8], name: &str) -> String {
    let mut body = String::new();
    read(&mut &*html, name, &Hints::default(), store::Timestamp::now(), &mut |_, said| {
        for event in said.into_iter().flatten() {
            if let Fact::Published(Content::Article(article)) = event.fact {
                body = article.body;
            }
        }
    });
    body
}

/// Returns the parts of the true words that were found, and of the found words that are true.
fn compare(truth: &str, found: &str) -> (f64, f64) {
    let words = |text: &str| {
        let mut counts: HashMap<String, usize> = HashMap::new();
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            *counts.entry(word.to_lowercase()).or_default() += 1;
        }
        counts
    };
    let (truth, found) = (words(truth), words(found));
    let common: usize = truth.iter().map(|(word, count)| *count.min(found.get(word).unwrap_or(&0))).sum();
    let part = |all: usize| if all == 0 { 1.0 } else { common as f64 / all as f64 };
    (part(truth.values().sum()), part(found.values().sum()))
}

fn harmonic(a: f64, b: f64) -> f64 {
    if a + b == 0.0 { 0.0 } else { 2.0 * a * b / (a + b) }
}
