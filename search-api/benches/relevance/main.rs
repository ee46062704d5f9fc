//! How well hits are ranked, on judged collections: MAP and nDCG@10 beside what Lucene 9 gives.
//!
//! ```text
//! cargo bench -p search-api --bench relevance
//! ```
//!
//! Reads `relevance/*/{docs.jsonl,queries.tsv,qrels.tsv}` below the folder that `MORGUE_CORPORA` names
//! (`target/corpora` without it). All judged queries count; those without a hit count as 0.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use indexer::Indexes;
use query::{Clauses, DslOptions, Query, SearchRequest, parse_query};
use search::Search;
use serde_json::{Value, json};
use store::{Article, AssetId, Batch, Log, NewEvent};
use views::ARTICLES;

/// What Lucene 9's EnglishAnalyzer with BM25 gives (title and text in one field), as the corpus' README has it.
const LUCENE: [(&str, f64, f64); 3] =
    [("cran", 0.3054, 0.3842), ("cacm", 0.3567, 0.4975), ("npl", 0.2855, 0.4326)];

#[expect(clippy::print_stdout, reason = "a command's output")]
fn main() -> Result<(), Box<dyn Error>> {
    let corpora =
        std::env::var_os("MORGUE_CORPORA").map_or_else(|| PathBuf::from("target/corpora"), PathBuf::from);
    let judged = corpora.join("relevance");
    if !judged.is_dir() {
        println!("{} is not there", judged.display());
        return Ok(());
    }
    let mut collections: Vec<PathBuf> = fs::read_dir(judged)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("qrels.tsv").is_file())
        .collect();
    collections.sort();
    println!("| collection | queries | ranking | MAP | nDCG@10 | Lucene 9 MAP | nDCG@10 |");
    println!("|---|---|---|---|---|---|---|");
    for dir in collections {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let collection = Collection::load(&dir)?;
        let lucene = LUCENE.iter().find(|(other, ..)| *other == name);
        for (ranking, ask) in RANKINGS {
            let (map, ndcg) = collection.measure(*ask)?;
            let (lucene_map, lucene_ndcg) = lucene.map_or_else(
                || ("-".to_owned(), "-".to_owned()),
                |(_, map, ndcg)| (format!("{map:.4}"), format!("{ndcg:.4}")),
            );
            let queries = collection.judged.len();
            println!(
                "| {name} | {queries} | {ranking} | {map:.4} | {ndcg:.4} | {lucene_map} | {lucene_ndcg} |"
            );
        }
    }
    Ok(())
}

type Ask = fn(&str) -> Value;

/// The ways to ask that are compared.
const RANKINGS: &[(&str, Ask)] = &[
    (
        "multi_match, combined",
        |text| json!({"combined_fields": {"query": text, "fields": ["headline", "body"]}}),
    ),
    (
        "multi_match, most_fields",
        |text| json!({"multi_match": {"query": text, "fields": ["headline", "body"], "type": "most_fields"}}),
    ),
    (
        "multi_match, best_fields",
        |text| json!({"multi_match": {"query": text, "fields": ["headline", "body"], "type": "best_fields"}}),
    ),
    ("default weights, any word", |text| json!({"combined_fields": {"query": text}})),
    ("body alone", |text| json!({"match": {"body": text}})),
];

struct Collection {
    _dir: tempfile::TempDir,
    search: Search,
    queries: BTreeMap<String, String>,
    judged: BTreeMap<String, HashSet<String>>,
}

impl Collection {
    fn load(dir: &Path) -> Result<Self, Box<dyn Error>> {
        let home = tempfile::tempdir()?;
        let log = Log::open(home.path().join("log"))?;
        let mut batch = Batch::default();
        for line in fs::read_to_string(dir.join("docs.jsonl"))?.lines() {
            let document: HashMap<String, Value> = serde_json::from_str(line)?;
            let text = |name: &str| match document.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            let article = Article {
                headline: text("title"),
                body: text("text"),
                language: "en".into(),
                ..Article::default()
            };
            batch.events.push(log.prepare(&NewEvent::published(AssetId::new(text("id"))?, article))?);
        }
        log.append(batch)?;
        let indexes = Indexes::open(log.clone(), home.path().join("indexes"))?;
        indexes.catch_up(ARTICLES, log.head()?.seq, &AtomicBool::new(false), &|_| {})?;
        let mut queries = BTreeMap::new();
        for line in fs::read_to_string(dir.join("queries.tsv"))?.lines() {
            if let Some((id, text)) = line.split_once('\t') {
                queries.insert(id.to_owned(), text.to_owned());
            }
        }
        let mut judged: BTreeMap<String, HashSet<String>> = BTreeMap::new();
        for line in fs::read_to_string(dir.join("qrels.tsv"))?.lines() {
            if let Some((query, document)) = line.split_once('\t') {
                let document = document.split('\t').next().unwrap_or_default();
                judged.entry(query.to_owned()).or_default().insert(document.to_owned());
            }
        }
        Ok(Self { _dir: home, search: Search::new(indexes), queries, judged })
    }

    /// The means of average precision over the first 1,000 hits and of nDCG@10 (gain 1, log2(rank + 1)).
    fn measure(&self, ask: Ask) -> Result<(f64, f64), Box<dyn Error>> {
        let (mut map, mut ndcg) = (0.0, 0.0);
        for (id, relevant) in &self.judged {
            let text = self.queries.get(id).map_or("", String::as_str);
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
        let count = self.judged.len() as f64;
        Ok((map / count, ndcg / count))
    }

    fn ids(&self, query: Query) -> Result<Vec<String>, Box<dyn Error>> {
        let request = SearchRequest { query, size: 1_000, count_all: false, ..SearchRequest::new(ARTICLES) };
        let seqs = self.search.begin().ids(&request)?;
        Ok(seqs.into_iter().map(|id| id.as_str().to_owned()).collect())
    }
}
