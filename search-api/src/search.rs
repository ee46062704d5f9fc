//! Searching: a request in, hits with their evidence out.
//!
//! The index stores no text. A hit is read back from the log: the index gives the seq of the event that published
//! it (column `_seq`), the log's record at that seq gives the asset's id, and the view makes the document from a
//! snapshot of now. So an asset that was withdrawn or erased a moment ago is in no answer, even while the index
//! still has it, and every hit shows the seq, revision and source that it comes from. For the archive as it stood,
//! the snapshot is as of then; one is folded per generation and kept.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indexer::{Document, Generation, IndexSearcher, Indexes, View};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{AsOf, AssetId, AssetKind, AssetRef, EventType, Log, Revision, Seq, Snapshot, Timestamp};
use tantivy::TantivyError;

use crate::{
    error::SearchError,
    execute::{
        AggregationError, Aggregator, Collect, Collected, Lengths, MAX_SORT_KEYS, OUT_OF_TIME, SortColumn,
        SortKey, SortValue, Translator, like, target_of,
    },
    highlight::Highlighter,
    query::{Bool, Query, QueryError},
    request::{SearchRequest, cursor},
};

/// Answers searches over an archive's indexes. Cheap to clone.
#[derive(Clone)]
pub struct Search {
    inner: Arc<Inner>,
}

struct Inner {
    indexes: Indexes,
    limit: Duration,
    /// The snapshots of generations as of the past.
    past: Mutex<HashMap<std::path::PathBuf, Arc<Mutex<Snapshot>>>>,
    lengths: Arc<Lengths>,
}

/// What was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SearchResponse {
    /// How many documents match.
    pub total: u64,
    /// The page.
    pub hits: Vec<Hit>,
    /// Counts of values: for each facet a list of values with their counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Map<String, Value>>,
    /// The `cursor` of the next page; none when this is the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The generation that answered.
    pub generation: String,
    /// The last event that it has taken in.
    pub checkpoint: Seq,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The aggregations in Elasticsearch's shape, and the best score.
    #[serde(skip)]
    pub(crate) aggregations: Map<String, Value>,
    #[serde(skip)]
    pub(crate) max_score: Option<f32>,
}

/// One document that was found, with its evidence.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Hit {
    /// Article, image or byline.
    pub kind: AssetKind,
    /// Its id.
    pub id: AssetId,
    /// The event that published the revision that it shows.
    pub seq: Seq,
    /// Which revision that is.
    pub revision: Revision,
    /// Where it came from; empty where that is not known.
    pub source: String,
    /// How well it matches; 0 when another order was asked for.
    pub score: f32,
    /// What the view makes of it.
    pub document: Map<String, Value>,
    /// By field, the parts of its text where the query's words are; HTML but for which everything is escaped.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub highlights: Map<String, Value>,
    #[serde(skip)]
    pub(crate) sort: Vec<SortValue>,
    #[serde(skip)]
    pub(crate) explanation: Option<Value>,
}

/// How long a search may take.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long a search waits for the index to take in what was just written.
pub const WAIT_LIMIT: Duration = Duration::from_secs(2);

impl Search {
    /// Over these indexes.
    pub fn new(indexes: Indexes) -> Self {
        Self::with_limit(indexes, TIME_LIMIT)
    }

    /// Over these indexes, with another time limit.
    pub fn with_limit(indexes: Indexes, limit: Duration) -> Self {
        Self { inner: Arc::new(Inner { indexes, limit, past: Mutex::default(), lengths: Arc::default() }) }
    }

    /// The indexes.
    pub fn indexes(&self) -> &Indexes {
        &self.inner.indexes
    }

    /// The log.
    pub fn log(&self) -> &Log {
        self.inner.indexes.log()
    }

    /// Searches, on this thread.
    ///
    /// # Errors
    /// [`SearchError`]: the request is wrong, it takes too long, or the index or log fails.
    pub fn search(&self, request: &SearchRequest) -> Result<SearchResponse, SearchError> {
        let started = Instant::now();
        let generation = self.generation(request)?;
        let index = generation.searcher()?;
        let snapshots = self.snapshot_for(&generation)?;
        let snapshot = snapshots.get();
        let run = Run {
            request,
            generation: &generation,
            index: &index,
            snapshot: &snapshot,
            lengths: &self.inner.lengths,
            deadline: started + self.inner.limit,
            seconds: self.inner.limit.as_secs(),
        };
        let mut response = run.answer()?;
        response.took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(response)
    }

    /// The ids alone of what a search finds, without the documents.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn ids(&self, request: &SearchRequest) -> Result<Vec<AssetId>, SearchError> {
        let generation = self.generation(request)?;
        let index = generation.searcher()?;
        let snapshots = self.snapshot_for(&generation)?;
        let snapshot = snapshots.get();
        let run = Run {
            request,
            generation: &generation,
            index: &index,
            snapshot: &snapshot,
            lengths: &self.inner.lengths,
            deadline: Instant::now() + self.inner.limit,
            seconds: self.inner.limit.as_secs(),
        };
        let collected = run.collect(&request.query, &run.sort_keys()?, false)?;
        let mut ids = Vec::with_capacity(collected.hits.len());
        for found in collected.hits.into_iter().skip(request.from) {
            ids.extend(snapshot.changes(Seq::new(found.seq), 1)?.pop().map(|(_, _, id)| id));
        }
        Ok(ids)
    }

    fn generation(&self, request: &SearchRequest) -> Result<Arc<Generation>, SearchError> {
        if let Some(name) = &request.as_of {
            // Looked up in the list, so that no name leads out of the directory.
            if !self.indexes().generations(request.kind)?.contains(&format!("@{name}")) {
                let name: String = name.chars().take(80).collect();
                return Err(SearchError::NotFound(format!(
                    "the archive was not built as `{name}`: `morgue rebuild --as-of DATE --name NAME` builds it"
                )));
            }
            return Ok(self.indexes().named(request.kind, name)?);
        }
        if let Some(wanted) = request.min_seq {
            let reached = self.indexes().wait_for(request.kind, wanted, WAIT_LIMIT)?;
            if reached < wanted {
                return Err(SearchError::NotYet { wanted, reached });
            }
        }
        Ok(self.indexes().live(request.kind)?)
    }

    fn snapshot_for(&self, generation: &Generation) -> Result<Snapshots, SearchError> {
        let Some(as_of) = &generation.info().as_of else {
            return Ok(Snapshots::Now(Box::new(self.log().snapshot()?)));
        };
        let mut past = self.inner.past.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(snapshot) = past.get(generation.dir()) {
            return Ok(Snapshots::Past(Arc::clone(snapshot)));
        }
        let as_of: AsOf =
            as_of.parse().map_err(|error: store::InvalidAsOf| SearchError::NotFound(error.to_string()))?;
        let snapshot = Arc::new(Mutex::new(self.log().snapshot_as_of(as_of)?));
        past.insert(generation.dir().to_owned(), Arc::clone(&snapshot));
        Ok(Snapshots::Past(snapshot))
    }

    /// The document of one asset as readers see it now.
    ///
    /// # Errors
    /// [`SearchError::NoSuchAsset`] when they do not; or the log fails.
    pub fn document(&self, asset: &AssetRef) -> Result<Hit, SearchError> {
        let snapshot = self.log().snapshot()?;
        let view = indexer::view_of(asset.kind);
        read_back(view, &asset.id, &snapshot)?
            .map(|(document, source)| hit_of(document, source))
            .ok_or_else(|| SearchError::NoSuchAsset(asset.clone()))
    }

    /// The document of one asset as readers saw it then. Folds the log up to then.
    ///
    /// # Errors
    /// [`SearchError::NoSuchAsset`] when they did not; or the log fails.
    pub fn document_as_of(&self, asset: &AssetRef, as_of: AsOf) -> Result<Hit, SearchError> {
        let snapshot = self.log().snapshot_as_of(as_of)?;
        let view = indexer::view_of(asset.kind);
        read_back(view, &asset.id, &snapshot)?
            .map(|(document, source)| hit_of(document, source))
            .ok_or_else(|| SearchError::NoSuchAsset(asset.clone()))
    }
}

/// A snapshot of now, or one of the past that searches share.
enum Snapshots {
    Now(Box<Snapshot>),
    Past(Arc<Mutex<Snapshot>>),
}

enum Held<'a> {
    Now(&'a Snapshot),
    Past(std::sync::MutexGuard<'a, Snapshot>),
}

impl Snapshots {
    fn get(&self) -> Held<'_> {
        match self {
            Self::Now(snapshot) => Held::Now(snapshot),
            Self::Past(snapshot) => Held::Past(snapshot.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }
}

impl std::ops::Deref for Held<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        match self {
            Self::Now(snapshot) => snapshot,
            Self::Past(snapshot) => snapshot,
        }
    }
}

/// An asset's document and its source; `None` when readers do not see it.
fn read_back(
    view: &dyn View,
    id: &AssetId,
    snapshot: &Snapshot,
) -> Result<Option<(Document, String)>, SearchError> {
    let Some(document) = view.document(id, snapshot)? else { return Ok(None) };
    let source = snapshot.event(document.seq)?.source().to_owned();
    Ok(Some((document, source)))
}

fn hit_of(document: Document, source: String) -> Hit {
    Hit {
        kind: document.asset.kind,
        id: document.asset.id,
        seq: document.seq,
        revision: document.revision,
        source,
        score: 0.0,
        document: document.json,
        highlights: Map::new(),
        sort: Vec::new(),
        explanation: None,
    }
}

/// One search under way.
struct Run<'a> {
    request: &'a SearchRequest,
    generation: &'a Generation,
    index: &'a IndexSearcher,
    snapshot: &'a Snapshot,
    lengths: &'a Arc<Lengths>,
    deadline: Instant,
    seconds: u64,
}

impl Run<'_> {
    fn answer(&self) -> Result<SearchResponse, SearchError> {
        let request = self.request;
        let wants_docs = !request.facets.is_empty();
        let query = match &request.post_filter {
            Some(filter) if !wants_docs => Query::Bool(Bool {
                must: vec![request.query.clone()],
                filter: vec![filter.clone()],
                ..Bool::default()
            }),
            _ => request.query.clone(),
        };
        let sort = self.sort_keys()?;
        let collected = self.collect(&query, &sort, wants_docs)?;
        let aggregations = self.aggregate(&collected)?;
        let collected = match &request.post_filter {
            Some(filter) if wants_docs => {
                let bool =
                    Bool { must: vec![query.clone()], filter: vec![filter.clone()], ..Bool::default() };
                self.collect(&Query::Bool(bool), &sort, false)?
            }
            _ => collected,
        };
        let full = collected.hits.len() >= request.from + request.size && request.size > 0;
        let mut total = collected.total;
        let mut highlighter = request
            .highlight
            .as_ref()
            .map(|options| Highlighter::new(options, &request.query, self.generation.schema()));
        let mut hits = Vec::with_capacity(request.size);
        let mut next = None;
        for found in collected.hits.into_iter().skip(request.from) {
            if full {
                next =
                    Some(cursor(&found.sort.iter().map(|value| json!(value)).collect::<Vec<_>>(), found.seq));
            }
            let Some((document, source)) = self.document_at(found.seq)? else {
                total = total.saturating_sub(1);
                continue;
            };
            let highlights = match &mut highlighter {
                Some(highlighter) => highlighter.fragments(&document),
                None => Map::new(),
            };
            let explanation = match request.explain {
                true => Some(self.explain(&query, &found.address)?),
                false => None,
            };
            let mut hit = hit_of(document, source);
            (hit.score, hit.highlights, hit.sort, hit.explanation) =
                (found.score, highlights, found.sort, explanation);
            hits.push(hit);
        }
        let facets = (!request.facets.is_empty()).then(|| facets_of(&aggregations));
        Ok(SearchResponse {
            total,
            hits,
            facets,
            next,
            generation: self.generation.name().to_owned(),
            checkpoint: self.index.checkpoint,
            took_ms: 0,
            aggregations,
            max_score: collected.max_score,
        })
    }

    /// The asset that an event of the index published, as readers see it now.
    fn document_at(&self, seq: u64) -> Result<Option<(Document, String)>, SearchError> {
        match self.snapshot.changes(Seq::new(seq), 1)?.pop() {
            Some((_, EventType::Published(kind), id)) if kind == self.request.kind => {
                read_back(self.generation.view(), &id, self.snapshot)
            }
            _ => Ok(None),
        }
    }

    fn translate(&self, query: &Query) -> Result<Box<dyn tantivy::query::Query>, QueryError> {
        let like_query = |wanted: &crate::query::Like| {
            let mut documents = Vec::new();
            for id in &wanted.ids {
                let id = AssetId::new(id.clone()).map_err(|error| QueryError::illegal(error.to_string()))?;
                let document = self.generation.view().document(&id, self.snapshot);
                documents.extend(document.ok().flatten());
            }
            like(wanted, &documents, &self.index.searcher, self.generation.schema())
        };
        let translator = Translator {
            schema: self.generation.schema(),
            languages: &self.index.languages,
            searcher: &self.index.searcher,
            lengths: self.lengths,
            now: Timestamp::now().as_millis(),
            deadline: self.deadline,
            lenient: self.request.lenient,
            like: &like_query,
        };
        translator.query(query)
    }

    fn sort_keys(&self) -> Result<Vec<SortKey>, SearchError> {
        if self.request.sort.len() > MAX_SORT_KEYS {
            return Err(QueryError::illegal(format!("an order has at most {MAX_SORT_KEYS} keys"))
                .at("sort")
                .into());
        }
        if self.request.sort.is_empty() {
            return Ok(vec![SortKey { by: SortColumn::Score, descending: true, missing_first: false }]);
        }
        let mut keys = Vec::new();
        for sort in &self.request.sort {
            let by = match sort.field.as_str() {
                "_score" => SortColumn::Score,
                "_seq" | "_doc" | "_shard_doc" => SortColumn::Seq,
                "_id" => SortColumn::Text("_id".to_owned()),
                name => match target_of(self.generation.schema(), name) {
                    None if self.request.lenient => continue,
                    None => {
                        return Err(QueryError::illegal(format!("there is no field `{name}` to sort by"))
                            .at("sort")
                            .into());
                    }
                    Some(target) => match target.column() {
                        Some(column) if matches!(target.as_what, crate::execute::AsWhat::Number(_)) => {
                            SortColumn::Number(column)
                        }
                        Some(column) => SortColumn::Text(column),
                        None => {
                            return Err(QueryError::illegal(format!(
                                "`{name}` is a text, which has no order: sort by a field of exact values, dates or numbers"
                            ))
                            .at("sort")
                            .into());
                        }
                    },
                },
            };
            keys.push(SortKey { by, descending: sort.descending, missing_first: sort.missing_first });
        }
        Ok(keys)
    }

    fn collect(&self, query: &Query, sort: &[SortKey], wants_docs: bool) -> Result<Collected, SearchError> {
        let request = self.request;
        let query = self.translate(query)?;
        let after = match &request.after {
            None => None,
            Some((values, seq)) if values.len() == sort.len() => {
                let values = values.iter().zip(sort).map(|(value, key)| sort_value(value, key));
                Some((values.collect::<Result<_, _>>()?, *seq))
            }
            Some((values, _)) => {
                let text =
                    format!("{} values cannot follow in an order of {} keys", values.len(), sort.len());
                return Err(QueryError::illegal(text).at("search_after").into());
            }
        };
        let by_score = sort.iter().any(|key| key.by == SortColumn::Score);
        let collect = Collect {
            sort: sort.to_vec(),
            limit: request.from + request.size,
            after,
            min_score: request.min_score,
            needs_score: (by_score && request.from + request.size > 0) || request.min_score.is_some(),
            wants_total: request.count_all,
            wants_docs,
            deadline: self.deadline,
        };
        self.index.searcher.search(&query, &collect).map_err(|error| self.failed(error))
    }

    fn failed(&self, error: TantivyError) -> SearchError {
        match &error {
            TantivyError::InternalError(text) if text == OUT_OF_TIME => {
                SearchError::TooLong { seconds: self.seconds }
            }
            TantivyError::InvalidArgument(text) => QueryError::illegal(text.clone()).into(),
            _ => SearchError::Tantivy(error),
        }
    }

    fn aggregate(&self, collected: &Collected) -> Result<Map<String, Value>, SearchError> {
        if self.request.facets.is_empty() {
            return Ok(Map::new());
        }
        let schema = self.generation.schema();
        let lenient = self.request.lenient;
        let target = |name: &str| match target_of(schema, name) {
            None if !lenient => {
                Err(QueryError::illegal(format!("there is no field `{name}` to aggregate")).at("aggs"))
            }
            target => Ok(target),
        };
        let translate = |query: &Query| self.translate(query);
        let hit = |seq: u64| {
            let (document, source) = self.document_at(seq).ok().flatten()?;
            let hit = hit_of(document, source);
            Some(json!({
                "_index": hit.kind.plural(), "_id": hit.id, "_seq_no": hit.seq, "_version": hit.revision,
                "_score": Value::Null, "_source": hit.document,
            }))
        };
        let aggregator = Aggregator {
            searcher: &self.index.searcher,
            target: &target,
            translate: &translate,
            hit: &hit,
            deadline: self.deadline,
            buckets: Cell::new(0),
        };
        aggregator.all(&self.request.facets, &collected.docs).map_err(|error| match error {
            AggregationError::Query(error) => error.into(),
            AggregationError::Tantivy(error) => self.failed(error),
        })
    }

    fn explain(&self, query: &Query, address: &tantivy::DocAddress) -> Result<Value, SearchError> {
        let query = self.translate(query)?;
        let explanation =
            query.explain(&self.index.searcher, *address).map_err(|error| self.failed(error))?;
        Ok(serde_json::to_value(explanation).unwrap_or(Value::Null))
    }
}

/// A value that a client has sent back, as the key that it belongs to.
fn sort_value(value: &Value, key: &SortKey) -> Result<SortValue, QueryError> {
    let wrong = || QueryError::illegal(format!("{value} is no value of this order")).at("search_after");
    Ok(match (&key.by, value) {
        (_, Value::Null) => SortValue::Missing,
        (SortColumn::Score, value) => SortValue::Score(value.as_f64().ok_or_else(wrong)? as f32),
        (SortColumn::Seq | SortColumn::Number(_), value) => {
            let whole = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
            SortValue::Number(whole.ok_or_else(wrong)?)
        }
        (SortColumn::Text(_), value) => SortValue::Text(value.as_str().ok_or_else(wrong)?.to_owned()),
    })
}

/// Facets in their own plain shape: a list of values with their counts.
fn facets_of(aggregations: &Map<String, Value>) -> Map<String, Value> {
    let plain = |bucket: &Value| {
        let value = bucket.get("key_as_string").or_else(|| bucket.get("key")).cloned().unwrap_or(Value::Null);
        json!({"value": value, "count": bucket.get("doc_count")})
    };
    let list = |answer: &Value| match answer.get("buckets") {
        Some(Value::Array(buckets)) => Value::Array(buckets.iter().map(plain).collect()),
        _ => answer.clone(),
    };
    aggregations.iter().map(|(name, answer)| (name.clone(), list(answer))).collect()
}
