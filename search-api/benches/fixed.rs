//! The fixed cost of a search: what it takes beside the lists that it walks.
//!
//! ```text
//! cargo bench -p search-api --bench fixed
//! ```
//!
//! Two archives, the second ten times as large, have the same planted words: each in 20 articles, two of them together in
//! 10. So a query walks the same short lists in both, and what it takes more in the larger one grows with the archive. Beside
//! each query stands bare tantivy's over the same segments, of the words in the text, by relevance. `MORGUE_BENCH_ARTICLES` is
//! the size of the smaller one (default 50,000), `MORGUE_BENCH_ONLY` names one kind of query.

#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a bench prints, and ends at the first fault"
)]

use std::{
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use indexer::{IndexSearcher, Indexes, RebuildOptions};
use query::{FieldBoost, Need, Query, SearchRequest, Sort, SourceFilter, Words};
use rustix::time::{ClockId, clock_gettime};
use search::Search;
use store::{Article, AssetId, Batch, Log, NewEvent};
use tantivy::{
    Term,
    collector::{Count, TopDocs},
    query::{BooleanQuery, Query as TantivyQuery, TermQuery},
    schema::IndexRecordOption,
};
use tempfile::TempDir;
use views::{ARTICLES, Analyser, Language};

#[path = "../../indexer/benches/figures/archive.rs"]
#[expect(dead_code, reason = "of the other bench's archive only its words are used")]
mod synthetic;

/// The number of planted words.
const WORDS: u64 = 40;
/// The number of articles that have each of them.
const WITH_EACH: u64 = 20;
const ROUNDS: usize = 41;

fn main() {
    let smaller = std::env::var("MORGUE_BENCH_ARTICLES").map_or(50_000, |count| count.parse().unwrap());
    let only = std::env::var("MORGUE_BENCH_ONLY").ok();
    let wanted = |kind: &Kind| only.as_deref().is_none_or(|only| format!("{kind:?}") == only);
    println!("| articles | segments | query | time | processor | bare | processor | beside bare |");
    println!("|---|---|---|---|---|---|---|---|");
    for articles in [smaller, smaller * 10] {
        let archive = Archive::of(articles);
        Kind::ALL.into_iter().filter(wanted).for_each(|kind| archive.measure(kind));
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One word of the text.
    Term,
    /// Two words of the text.
    And,
    /// One word in all fields, as people type it.
    PlainTerm,
    /// Two words in all fields.
    PlainAnd,
    /// One word of the text, the latest articles first.
    Latest,
    /// The count of one word, no hits.
    Count,
    /// The count of two words.
    CountAnd,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Term, Self::And, Self::PlainTerm, Self::PlainAnd, Self::Latest, Self::Count, Self::CountAnd];

    /// The words of one query of this kind.
    fn words(self, number: u64) -> Vec<String> {
        match self {
            Self::And | Self::PlainAnd | Self::CountAnd => vec![planted(number), planted(number + 1)],
            _ => vec![planted(number)],
        }
    }

    fn request(self, words: &[String]) -> SearchRequest {
        let text = words.join(" ");
        let query = match self {
            Self::PlainTerm | Self::PlainAnd => SearchRequest::plain(ARTICLES, &text).unwrap().query,
            _ => Query::Words(Words { need: Need::All, ..Words::new(vec![FieldBoost::new("body")], &text) }),
        };
        let counts = matches!(self, Self::Count | Self::CountAnd);
        let sort = match self {
            Self::Latest => vec![Sort::by("published", true)],
            _ => Vec::new(),
        };
        SearchRequest {
            query,
            sort,
            size: if counts { 0 } else { 10 },
            count_all: counts,
            may_be_kept: false,
            source: SourceFilter::None,
            ..SearchRequest::new(ARTICLES)
        }
    }
}

/// The word of a number, which no rule stems. Each is in an article together with the next.
fn planted(number: u64) -> String {
    let letter =
        |place: u32| char::from(b'a' + u8::try_from(number % WORDS / 10_u64.pow(place) % 10).unwrap());
    format!("zq{}{}x", letter(0), letter(1))
}

struct Archive {
    articles: u64,
    search: Search,
    index: std::sync::Arc<IndexSearcher>,
    body: tantivy::schema::Field,
    _home: TempDir,
}

impl Archive {
    fn of(articles: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        let vocabulary = synthetic::vocabulary();
        let mut dice = synthetic::Dice(7);
        let every = articles / (WORDS * WITH_EACH / 2);
        let mut batch = Batch::default();
        for number in 0..articles {
            let mut body: Vec<String> =
                (0..40).map(|_| vocabulary[zipf(&mut dice, vocabulary.len())].clone()).collect();
            if number % every == 0 {
                let word = number / every;
                body.extend([planted(word), planted(word + 1)]);
            }
            let article = Article {
                headline: body.iter().take(6).cloned().collect::<Vec<_>>().join(" "),
                body: body.join(" "),
                published: format!(
                    "{}-{:02}-{:02}",
                    1851 + dice.below(174),
                    1 + dice.below(12),
                    1 + dice.below(28)
                )
                .parse()
                .ok(),
                language: "en".to_owned(),
                ..Article::default()
            };
            let id = AssetId::new(format!("a/{number:08}")).unwrap();
            batch.events.push(log.prepare(&NewEvent::published(id, article)).unwrap());
            if batch.events.len() == 5_000 || number + 1 == articles {
                log.append(std::mem::take(&mut batch)).unwrap();
            }
        }
        let indexes = Indexes::open(log, home.path().join("indexes")).unwrap();
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        indexes.rebuild(ARTICLES, &options, &AtomicBool::new(false), &|_| {}).unwrap();
        let (generation, index) = indexes.searcher(ARTICLES).unwrap();
        let body = generation.index().schema().schema.get_field("body").unwrap();
        let archive = Self { articles, search: Search::new(indexes), index, body, _home: home };
        archive.warm_up();
        archive
    }

    /// Asks until lengths are counted and columns open, and for longer than what was written a moment ago is looked at anew.
    fn warm_up(&self) {
        let until = Instant::now() + Duration::from_millis(300);
        while Instant::now() < until {
            for kind in Kind::ALL {
                self.search.begin().search(&kind.request(&kind.words(0))).unwrap();
            }
        }
    }

    fn measure(&self, kind: Kind) {
        let mut rounds: [Vec<(Duration, Duration)>; 2] = Default::default();
        for _ in 0..ROUNDS {
            let mut sums = [(Duration::ZERO, Duration::ZERO); 2];
            for number in 0..WORDS {
                let words = kind.words(number);
                let (request, bare) = (kind.request(&words), self.bare(&words));
                let (found, ours) = timed(|| {
                    let found = self.search.begin().search(&request).unwrap();
                    if request.size == 0 { found.total } else { found.hits.len() as u64 }
                });
                let (expected, theirs) = timed(|| self.count_bare(kind, &*bare));
                assert_eq!(found, expected, "{kind:?} {words:?}");
                for (sum, time) in sums.iter_mut().zip([ours, theirs]) {
                    *sum = (sum.0 + time.0, sum.1 + time.1);
                }
            }
            rounds.iter_mut().zip(sums).for_each(|(round, sum)| round.push(sum));
        }
        let [ours, theirs] = rounds.map(|round| {
            let of = |each: fn(&(Duration, Duration)) -> Duration| {
                let mut times: Vec<Duration> = round.iter().map(each).collect();
                times.sort_unstable();
                times.get(ROUNDS / 2).unwrap().as_secs_f64() * 1e6 / WORDS as f64
            };
            (of(|(clock, _)| *clock), of(|(_, cpu)| *cpu))
        });
        println!(
            "| {} | {} | {kind:?} | {:.1} µs | {:.1} µs | {:.1} µs | {:.1} µs | {:.1} µs |",
            self.articles,
            self.index.searcher.segments(),
            ours.0,
            ours.1,
            theirs.0,
            theirs.1,
            ours.1 - theirs.1,
        );
    }

    fn bare(&self, words: &[String]) -> Box<dyn TantivyQuery> {
        let term = |word: &String| -> Box<dyn TantivyQuery> {
            let stem = Analyser::Text.terms(Language::English, word).swap_remove(0);
            let term = Term::from_field_text(self.body, &stem.text);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
        };
        match words {
            [word] => term(word),
            words => Box::new(BooleanQuery::intersection(words.iter().map(term).collect())),
        }
    }

    /// The number of hits, or of all that match.
    fn count_bare(&self, kind: Kind, query: &dyn TantivyQuery) -> u64 {
        let searcher = self.index.searcher.tantivy();
        match kind {
            Kind::Count | Kind::CountAnd => searcher.search(query, &Count).unwrap() as u64,
            _ => searcher.search(query, &TopDocs::with_limit(10).order_by_score()).unwrap().len() as u64,
        }
    }
}

fn zipf(dice: &mut synthetic::Dice, end: usize) -> usize {
    let uniform = (dice.next() >> 11) as f64 / (1_u64 << 53) as f64;
    ((end as f64).powf(uniform) as usize).saturating_sub(1).min(end - 1)
}

/// Returns what a piece of work gives, and the time by the clock and of the processor that it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, (Duration, Duration)) {
    let cpu = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let (began, before) = (Instant::now(), cpu());
    let done = std::hint::black_box(work());
    let spent = cpu() - before;
    (done, (began.elapsed(), spent))
}
