//! How well hits are ranked, on judged collections: MAP and nDCG@10 beside what Lucene 9 gives.
//!
//! ```text
//! cargo bench -p search-api --bench relevance
//! ```
//!
//! Reads `relevance/*/{docs.jsonl,queries.tsv,qrels.tsv}` below the folder that `MORGUE_CORPORA` names
//! (`target/corpora` without it), and the newswire below `reuters21578`. All judged queries count; those without a hit
//! count as 0. The second table leaves one collection out in turn: the weight of the headline that is best for the
//! others is measured on it, beside the weight that a view has.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use indexer::Indexes;
use query::{Clauses, DslOptions, Query, SearchRequest, parse_query};
use search::{Search, SearchLimits};
use serde_json::{Value, json};
use store::{Article, AssetId, Batch, Log, NewEvent};
use views::ARTICLES;

mod judged;
mod newswire;

use judged::Judged;

const HOUR: Duration = Duration::from_secs(3_600);

/// What Lucene 9's EnglishAnalyzer with BM25 gives (title and text in one field), as the corpus' README has it.
const LUCENE: [(&str, Figures); 3] = [
    ("cran", Figures { map: 0.3054, ndcg: 0.3842 }),
    ("cacm", Figures { map: 0.3567, ndcg: 0.4975 }),
    ("npl", Figures { map: 0.2855, ndcg: 0.4326 }),
];

#[expect(clippy::print_stdout, reason = "a command's output")]
fn main() -> Result<(), Box<dyn Error>> {
    let corpora =
        std::env::var_os("MORGUE_CORPORA").map_or_else(|| PathBuf::from("target/corpora"), PathBuf::from);
    let collections = collections(&corpora)?;
    if collections.is_empty() {
        println!("{} has no judged collections", corpora.display());
        return Ok(());
    }
    println!("| collection | queries | ranking | MAP | nDCG@10 | of Lucene 9's MAP | nDCG@10 |");
    println!("|---|---|---|---|---|---|---|");
    let mut measured = Vec::new();
    for judged in collections {
        let name = judged.name.clone();
        let collection = Collection::load(judged)?;
        let lucene = LUCENE.iter().find(|(other, _)| *other == name).map(|(_, figures)| figures);
        for (ranking, ask) in RANKINGS {
            let Figures { map, ndcg } = collection.measure(ask)?;
            let of = lucene.map_or_else(
                || "- | -".to_owned(),
                |lucene| format!("{:.3} | {:.3}", map / lucene.map, ndcg / lucene.ndcg),
            );
            let queries = collection.judged.relevant.len();
            println!("| {name} | {queries} | {ranking} | {map:.4} | {ndcg:.4} | {of} |");
        }
        let by_weight = HEADLINE.map(|weight| collection.measure(&move |text: &str| weighted(text, weight)));
        let by_weight = by_weight.into_iter().collect::<Result<Vec<_>, _>>()?;
        measured.push((name, by_weight, collection.measure(&by_default)?));
    }
    println!("\n{}", leave_one_out(&measured));
    Ok(())
}

fn collections(corpora: &Path) -> Result<Vec<Judged>, Box<dyn Error>> {
    let mut dirs: Vec<PathBuf> = match fs::read_dir(corpora.join("relevance")) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(_) => Vec::new(),
    };
    dirs.retain(|path| path.join("qrels.tsv").is_file());
    dirs.sort();
    let mut collections = dirs.iter().map(|dir| Judged::read(dir)).collect::<Result<Vec<_>, _>>()?;
    let newswire = corpora.join("reuters21578");
    if newswire.is_dir() {
        collections.push(newswire::read(&newswire)?);
    }
    Ok(collections)
}

#[derive(Debug, Clone, Copy)]
struct Figures {
    map: f64,
    ndcg: f64,
}

impl Figures {
    /// The mean of both, each as a part of the other's.
    fn beside(self, other: Self) -> f64 {
        f64::midpoint(self.map / other.map, self.ndcg / other.ndcg)
    }
}

/// The weights of the headline that are tried; the first is that of the body.
const HEADLINE: [f64; 5] = [1.0, 1.5, 2.0, 3.0, 4.0];

/// Returns for each collection the weight that is best for the others, and what it gives there.
fn leave_one_out(measured: &[(String, Vec<Figures>, Figures)]) -> String {
    let mut table = "| collection | best weight of a headline on the others | MAP | nDCG@10 | best here | \
                     by default: MAP | nDCG@10 | of headline and body alike |\n|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    let best = |left_out: &dyn Fn(&str) -> bool| {
        let gain = |at: usize| -> f64 {
            let others = measured.iter().filter(|(name, ..)| !left_out(name));
            others.filter_map(|(_, figures, _)| Some(figures.get(at)?.beside(*figures.first()?))).sum()
        };
        // Of those that are as good, the smallest.
        (0..HEADLINE.len()).rev().max_by(|one, other| gain(*one).total_cmp(&gain(*other))).unwrap_or(0)
    };
    for (name, figures, default) in measured {
        let chosen = best(&|other| other == name);
        let here = best(&|other| other != name);
        let (Some(found), Some(alike)) = (figures.get(chosen), figures.first()) else { continue };
        table += &format!(
            "| {name} | {} | {:.4} | {:.4} | {} | {:.4} | {:.4} | {:.3} |\n",
            HEADLINE.get(chosen).unwrap_or(&1.0),
            found.map,
            found.ndcg,
            HEADLINE.get(here).unwrap_or(&1.0),
            default.map,
            default.ndcg,
            default.beside(*alike),
        );
    }
    table
}

type Ask = dyn Fn(&str) -> Value;

/// The ways to ask that are compared.
const RANKINGS: &[(&str, &Ask)] = &[
    ("all fields, any word", &by_default),
    ("headline and body alike", &|text| weighted(text, 1.0)),
    (
        "multi_match, most_fields",
        &|text| json!({"multi_match": {"query": text, "fields": ["headline", "body"], "type": "most_fields"}}),
    ),
    (
        "multi_match, best_fields",
        &|text| json!({"multi_match": {"query": text, "fields": ["headline", "body"], "type": "best_fields"}}),
    ),
    ("body alone", &|text| json!({"match": {"body": text}})),
];

fn by_default(text: &str) -> Value {
    json!({"combined_fields": {"query": text}})
}

fn weighted(text: &str, weight: f64) -> Value {
    json!({"combined_fields": {"query": text, "fields": [format!("headline^{weight}"), "body"]}})
}

struct Collection {
    _dir: tempfile::TempDir,
    search: Search,
    judged: Judged,
}

impl Collection {
    fn load(judged: Judged) -> Result<Self, Box<dyn Error>> {
        let home = tempfile::tempdir()?;
        let log = Log::open(home.path().join("log"))?;
        let mut batch = Batch::default();
        for text in &judged.texts {
            let article = Article {
                headline: text.headline.clone(),
                body: text.body.clone(),
                language: "en".into(),
                ..Article::default()
            };
            batch.events.push(log.prepare(&NewEvent::published(AssetId::new(text.id.as_str())?, article))?);
        }
        log.append(batch)?;
        let indexes = Indexes::open(log.clone(), home.path().join("indexes"))?;
        indexes.catch_up(ARTICLES, log.head()?.seq, &AtomicBool::new(false), &|_| {})?;
        // What is found is to hang on no machine's speed.
        let limits = SearchLimits { time: HOUR, cpu: HOUR };
        Ok(Self { _dir: home, search: Search::with_limits(indexes, limits), judged })
    }

    /// The means of average precision over the first 1,000 hits and of nDCG@10 (gain 1, log2(rank + 1)).
    fn measure(&self, ask: &Ask) -> Result<Figures, Box<dyn Error>> {
        let (mut map, mut ndcg) = (0.0, 0.0);
        let Judged { queries, relevant: judged, .. } = &self.judged;
        for (id, relevant) in judged {
            let text = queries.get(id).map_or("", String::as_str);
            let query =
                parse_query(ask(text), "", &DslOptions { field: &|_| true }, &mut Clauses::default())?;
            let (mut found, mut precision, mut gain) = (0.0, 0.0, 0.0);
            for (document, rank) in self.ids(query)?.iter().zip(1_u32..) {
                if relevant.contains(document) {
                    found += 1.0;
                    precision += found / f64::from(rank);
                    if rank <= 10 {
                        gain += 1.0 / f64::from(rank + 1).log2();
                    }
                }
            }
            let best: f64 = (1..=relevant.len().min(10)).map(|rank| 1.0 / (rank as f64 + 1.0).log2()).sum();
            map += precision / relevant.len() as f64;
            ndcg += gain / best;
        }
        let count = judged.len() as f64;
        Ok(Figures { map: map / count, ndcg: ndcg / count })
    }

    fn ids(&self, query: Query) -> Result<Vec<String>, Box<dyn Error>> {
        let request = SearchRequest { query, size: 1_000, count_all: false, ..SearchRequest::new(ARTICLES) };
        let seqs = self.search.begin().ids(&request)?;
        Ok(seqs.into_iter().map(|id| id.as_str().to_owned()).collect())
    }
}
