//! One search under way: from a request to hits, over one view or several.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64},
    },
};

use indexer::{Generation, IndexSearcher};
use query::{
    AggregationAnswer, Bool, Cursor, Explanation, Hit, IndexName, Missing, Query, QueryError, Scalar,
    SearchRequest, SearchResponse, Sort, SortValue, commit_of, limits::MAX_PAGE_BYTES, parse_bound,
    text_bytes,
};
use serde::Deserialize;
use serde_json::Map;
use store::{AssetId, AssetKind, AssetRef, AssetState, EventType, Seq, Snapshot, Timestamp};
use tantivy::{
    DocAddress, DocId, Searcher, SegmentOrdinal, TantivyError, Term,
    collector::{Collector, SegmentCollector},
    query::{BooleanQuery, EnableScoring, Occur, TermSetQuery},
};
use views::Document;

use super::{Pinned, hit_of};
use crate::{
    error::SearchError,
    execute::{
        AggregatedView, AggregationError, Aggregator, AsWhat, Budget, Collect, Collected, Docs, Found,
        Lengths, MAX_SORT_KEYS, Place, SortColumn, SortKey, Target, Translator, compare, first_of_each, like,
        target_of,
    },
    highlight::Highlighter,
};

/// So many hits are read back from the log even if finding them has taken all that may be spent.
const ALWAYS_READ: usize = 10;
/// ... unless they have more bytes.
const ALWAYS_READ_BYTES: usize = 4 << 20;

/// One search over one view.
pub(super) struct Run<'a> {
    pub(super) request: &'a SearchRequest,
    pub(super) name: &'a IndexName,
    pub(super) generation: &'a Generation,
    pub(super) index: &'a IndexSearcher,
    /// Assets that are left out of what is found.
    pub(super) hidden: &'a BTreeSet<AssetId>,
    pub(super) snapshot: &'a Snapshot,
    pub(super) lengths: &'a Arc<Lengths>,
    /// The views that are searched together: a field that one of them has may lack in the others.
    pub(super) together: &'a [Pinned],
    pub(super) budget: &'a Arc<Budget>,
}

/// The answer of all views together: hits in one order, aggregations over all documents.
pub(super) fn answer(request: &SearchRequest, runs: &[Run<'_>]) -> Result<SearchResponse, SearchError> {
    let wants_docs = !request.aggregations.is_empty();
    let filtered = request.post_filter.as_ref().map(|filter| {
        Query::Bool(Bool {
            must: vec![request.query.clone()],
            filter: vec![filter.clone()],
            ..Bool::default()
        })
    });
    let (query, after_facets) = match &filtered {
        Some(filtered) if !wants_docs => (filtered, None),
        filtered => (&request.query, filtered.as_ref()),
    };
    let mut collected = collect_all(runs, query, wants_docs)?;
    let aggregations = aggregate(request, runs, &collected.docs)?;
    if let Some(query) = after_facets {
        collected = collect_all(runs, query, false)?;
    }
    let full = collected.hits.len() >= request.from + request.size && request.size > 0;
    let mut total = collected.total;
    let mut highlighters: Vec<Option<Highlighter<'_>>> = runs.iter().map(Run::highlighter).collect();
    let mut hits = Vec::with_capacity(request.size);
    let (mut last, mut read, mut given) = (None, 0, 0);
    let mut ended_early = false;
    for (view, found) in collected.hits.into_iter().skip(request.from) {
        let Some(run) = runs.get(view) else { continue };
        let is_read_anyhow = hits.len() < ALWAYS_READ && read < ALWAYS_READ_BYTES;
        if !is_read_anyhow && run.budget.check() {
            ended_early = true;
            break;
        }
        let Some(document) = run.document_of(found.seq)? else {
            total = total.saturating_sub(1);
            last = Some((found.sort, found.seq));
            continue;
        };
        read += text_bytes(&document.json);
        let bytes = given + request.source.bytes(&document.json) + request.fields.bytes(&document.json);
        let room = MAX_PAGE_BYTES.saturating_sub(bytes);
        let (highlights, of_highlights) = match highlighters.get_mut(view) {
            Some(Some(highlighter)) => highlighter.fragments(&document, run.budget, room),
            _ => (BTreeMap::new(), 0),
        };
        // However large it is, the first can be given; but not with a part of its fragments.
        if bytes + of_highlights > MAX_PAGE_BYTES && (!hits.is_empty() || of_highlights > room) {
            if request.ends_early && !hits.is_empty() {
                ended_early = true;
                break;
            }
            return Err(page_too_large(hits.len()).into());
        }
        given = bytes + of_highlights;
        let explanation = match request.explain {
            true if !run.budget.check() => run.explain(query, found.address)?,
            _ => None,
        };
        last = Some((found.sort.clone(), found.seq));
        let mut hit = hit_of(document, run.name);
        (hit.score, hit.highlights, hit.sort) = (found.score, highlights, found.sort);
        (hit.explanation, hit.group) = (explanation, found.group);
        hits.push(hit);
    }
    let first = runs.first();
    let generation = first.map(|run| run.generation.name().to_owned()).unwrap_or_default();
    let state = first.map(|run| run.index.state()).unwrap_or_default();
    let next = last.filter(|_| full || ended_early);
    let next = next.map(|(sort, seq)| Cursor::behind(sort, seq, commit_of(&generation, &state)));
    let timed_out = first.is_some_and(|run| run.budget.is_over());
    if timed_out && total == 0 {
        // To say that there is nothing would not be true.
        return Err(SearchError::TooLong);
    }
    Ok(SearchResponse {
        total,
        hits,
        next,
        moved: false,
        notes: request.notes.clone(),
        generation,
        checkpoint: first.map(|run| run.index.checkpoint).unwrap_or_default(),
        state,
        took_ms: 0,
        aggregations,
        max_score: collected.max_score,
        at_least: collected.at_least,
        timed_out,
    })
}

/// More than may be given after so many hits.
fn page_too_large(hits: usize) -> QueryError {
    let most = MAX_PAGE_BYTES >> 20;
    QueryError::illegal(format!(
        "the page has more than {most} MB after {hits} hits: ask for fewer at once, or for less of each"
    ))
    .at("size")
}

/// What all views gave; each hit and each segment with the number of its view.
#[derive(Default)]
struct Everywhere {
    total: u64,
    at_least: bool,
    hits: Vec<(usize, Found)>,
    max_score: Option<f32>,
    docs: Docs,
}

fn collect_all(runs: &[Run<'_>], query: &Query, wants_docs: bool) -> Result<Everywhere, SearchError> {
    let mut all = Everywhere::default();
    let mut sort = Vec::new();
    for (view, run) in runs.iter().enumerate() {
        sort = run.sort_keys()?;
        let found = run.collect(query, &sort, wants_docs)?;
        all.total += found.total;
        all.at_least |= found.at_least;
        all.hits.extend(found.hits.into_iter().map(|hit| (view, hit)));
        all.max_score = [all.max_score, found.max_score].into_iter().flatten().reduce(f32::max);
        let place = |segment| Place { view, segment };
        all.docs.extend(found.docs.into_iter().map(|(segment, docs)| (place(segment), docs)));
    }
    if let ([_, _, ..], Some(run)) = (runs, runs.first()) {
        all.hits.sort_by(|(_, one), (_, other)| compare(&sort, one, other));
        all.hits = first_of_each(all.hits, run.request.from + run.request.size, |(_, found)| found);
        let most = run.count_to();
        all.at_least |= all.total > most;
        all.total = all.total.min(most);
    }
    Ok(all)
}

fn aggregate(
    request: &SearchRequest,
    runs: &[Run<'_>],
    docs: &Docs,
) -> Result<Vec<AggregationAnswer>, SearchError> {
    let (false, Some(first)) = (request.aggregations.is_empty(), runs.first()) else { return Ok(Vec::new()) };
    let views = runs.iter().map(|run| run as &dyn AggregatedView).collect();
    let aggregator = Aggregator::new(views, first.budget, Timestamp::now().as_millis());
    aggregator.all(&request.aggregations, docs).map_err(|error| match error {
        AggregationError::Query(error) => error.into(),
        AggregationError::Tantivy(error) => failed(error),
    })
}

impl<'a> Run<'a> {
    fn highlighter(&self) -> Option<Highlighter<'a>> {
        let options = self.request.highlight.as_ref()?;
        Some(Highlighter::new(options, &self.request.query, self.generation.index().schema()))
    }

    /// The asset that an event of the index published, as readers see it now, with as much of it as is wanted.
    fn document_of(&self, seq: u64) -> Result<Option<Document>, SearchError> {
        // As of then, only what is read shows whether it was erased since.
        if self.request.reads_documents() || self.snapshot.as_of().is_some() {
            return self.document_at(seq);
        }
        let Some(asset) = self.asset_at(seq)? else { return Ok(None) };
        Ok(self.snapshot.state(&asset)?.filter(AssetState::is_seen).map(|state| Document {
            asset,
            seq: state.live,
            revision: state.live_revision,
            source: String::new(),
            json: Map::new(),
        }))
    }

    /// The same with all of it.
    fn document_at(&self, seq: u64) -> Result<Option<Document>, SearchError> {
        let Some(asset) = self.asset_at(seq)? else { return Ok(None) };
        Ok(self.generation.view().document(&asset.id, self.snapshot)?)
    }

    /// The asset that an event published.
    fn asset_at(&self, seq: u64) -> Result<Option<AssetRef>, SearchError> {
        let published = EventType::Published(self.generation.view().kind());
        let change = self.snapshot.changes(Seq::new(seq), 1)?.pop();
        let id = change.and_then(|(_, event_type, id)| (event_type == published).then_some(id));
        Ok(id.map(|id| AssetRef::new(self.generation.view().kind(), id)))
    }

    fn translated(&self, query: &Query) -> Result<Box<dyn tantivy::query::Query>, QueryError> {
        let like_query = |wanted: &query::Like| {
            let document = |kind: Option<AssetKind>, id: &str| {
                if self.budget.check() {
                    return None;
                }
                let view = kind.map_or(self.generation.view(), views::view_of);
                view.document(&AssetId::new(id).ok()?, self.snapshot).ok().flatten()
            };
            like(
                wanted,
                &document,
                self.generation.view().kind(),
                self.index.searcher.tantivy(),
                self.index.searcher.languages(),
                self.generation.index().schema(),
                self.budget,
            )
        };
        let translator = Translator {
            schema: self.generation.index().schema(),
            languages: self.index.searcher.languages(),
            searcher: self.index.searcher.tantivy(),
            lengths: self.lengths,
            now: Timestamp::now().as_millis(),
            budget: self.budget,
            may_lack: &|name| self.may_lack(name),
            like: &like_query,
            kin: RefCell::default(),
        };
        let query = translator.query(query)?;
        Ok(if self.hidden.is_empty() { query } else { self.without_hidden(query) })
    }

    /// The same without what was taken from readers since the view was pinned.
    fn without_hidden(&self, query: Box<dyn tantivy::query::Query>) -> Box<dyn tantivy::query::Query> {
        let id = self.generation.index().schema().id;
        let hidden =
            TermSetQuery::new(self.hidden.iter().map(|asset| Term::from_field_text(id, asset.as_str())));
        Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::MustNot, Box::new(hidden))]))
    }

    /// Whether a field that this view lacks matches nothing instead of being refused.
    fn may_lack(&self, name: &str) -> bool {
        self.request.lenient || self.others_have(name)
    }

    /// Returns true if any of the views that are searched together has a field of this name.
    fn others_have(&self, name: &str) -> bool {
        let has = |view: &Pinned| {
            let fields = view.generation.view().fields();
            fields.iter().any(|field| field.is_named(name) || is_within(field.name, name))
        };
        self.together.iter().any(has)
    }

    pub(super) fn sort_keys(&self) -> Result<Vec<SortKey>, QueryError> {
        self.keys_of(&self.request.sort)
    }

    fn keys_of(&self, sort: &[Sort]) -> Result<Vec<SortKey>, QueryError> {
        let refused = |reason: String| QueryError::illegal(reason).at("sort");
        if sort.len() > MAX_SORT_KEYS {
            return Err(refused(format!("an order has at most {MAX_SORT_KEYS} keys")));
        }
        if sort.is_empty() {
            return Ok(vec![SortKey { by: SortColumn::Score, descending: true, missing: Missing::Last }]);
        }
        let mut keys = Vec::new();
        for sort in sort {
            let by = match sort.field.as_str() {
                "_score" => SortColumn::Score,
                "_seq" | "_doc" | "_shard_doc" => SortColumn::Seq,
                "_id" => SortColumn::Text("_id".to_owned()),
                name => {
                    let column = self.column(name, sort.may_lack, "has no order: sort by");
                    column.map_err(|reason| match target_of(self.generation.index().schema(), name) {
                        None => QueryError { es_type: "query_shard_exception", ..refused(reason) },
                        Some(_) => refused(reason),
                    })?
                }
            };
            let format = sort.format.as_ref().map(|(_, written)| written.as_str());
            if format.is_some() && !matches!(by, SortColumn::Date(_) | SortColumn::Nothing) {
                return Err(refused(format!("`{}` is no date that a `format` could show", sort.field)));
            }
            let missing = match &sort.missing {
                Missing::Last => Missing::Last,
                Missing::First => Missing::First,
                Missing::As(value) => Missing::As(sort_value(Some(value), &by, format).map_err(refused)?),
            };
            keys.push(SortKey { by, descending: sort.descending, missing });
        }
        Ok(keys)
    }

    /// The column of a field, for an order or for collapsing.
    fn column(&self, name: &str, may_lack: bool, what: &str) -> Result<SortColumn, String> {
        let shown: String = name.chars().take(80).collect();
        match target_of(self.generation.index().schema(), name) {
            None if may_lack || self.others_have(name) => Ok(SortColumn::Nothing),
            None => Err(format!("there is no field `{shown}` to sort by")),
            Some(target) => match target.column() {
                Some(column) if target.is_date() => Ok(SortColumn::Date(column)),
                Some(column) if matches!(target.as_what, AsWhat::Number(_)) => Ok(SortColumn::Number(column)),
                Some(column) => Ok(SortColumn::Text(column)),
                None => {
                    Err(format!("`{name}` is a text, which {what} a field of exact values, dates or numbers"))
                }
            },
        }
    }

    /// Up to how many hits are counted.
    fn count_to(&self) -> u64 {
        if self.request.count_all { u64::MAX } else { self.request.count_to }
    }

    pub(super) fn collect(
        &self,
        query: &Query,
        sort: &[SortKey],
        wants_docs: bool,
    ) -> Result<Collected, SearchError> {
        let request = self.request;
        let query = self.translated(query)?;
        let after = match &request.after {
            None => None,
            Some(Cursor { values, seq, .. }) if values.len() == sort.len() => {
                let formats =
                    request.sort.iter().map(|sort| sort.format.as_ref().map(|(_, text)| text.as_str()));
                let keys = sort.iter().zip(formats.chain(std::iter::repeat(None)));
                let values = values.iter().zip(keys).map(|(value, (key, format))| {
                    sort_value(value.as_ref(), &key.by, format)
                        .map_err(|reason| QueryError::illegal(reason).at("search_after"))
                });
                Some((values.collect::<Result<_, _>>()?, *seq))
            }
            Some(Cursor { values, .. }) => {
                let text =
                    format!("{} values cannot follow in an order of {} keys", values.len(), sort.len());
                return Err(QueryError::illegal(text).at("search_after").into());
            }
        };
        let collapse = match &request.collapse {
            None => None,
            Some(name) => {
                let column = self.column(name, false, "cannot be collapsed: use");
                Some(column.map_err(|reason| QueryError::illegal(reason).at("collapse"))?)
            }
        };
        let limit = request.from + request.size;
        let by_score = sort.iter().any(|key| key.by == SortColumn::Score);
        let collect = Collect {
            sort: sort.to_vec(),
            limit,
            collapse,
            after,
            min_score: request.min_score,
            needs_score: ((by_score || request.scores) && limit > 0) || request.min_score.is_some(),
            count_to: self.count_to(),
            counted: AtomicU64::new(0),
            passed: AtomicU32::new(0),
            wants_docs,
            budget: Arc::clone(self.budget),
        };
        self.index.searcher.tantivy().search(&query, &collect).map_err(failed)
    }

    /// How a document's score comes about; `None` when there was no time to find out.
    fn explain(&self, query: &Query, address: DocAddress) -> Result<Option<Explanation>, SearchError> {
        let query = self.translated(query)?;
        let explained = query.explain(self.index.searcher.tantivy(), address);
        // Lists of documents that end for want of time seem not to have the document, which is an error or, of a part
        // of the query, none.
        if self.budget.is_over() {
            return Ok(None);
        }
        explanation(&explained.map_err(failed)?).map(Some)
    }
}

impl AggregatedView for Run<'_> {
    fn searcher(&self) -> &Searcher {
        self.index.searcher.tantivy()
    }

    fn target(&self, field: &str) -> Result<Option<Target<'_>>, QueryError> {
        match target_of(self.generation.index().schema(), field) {
            None if !self.may_lack(field) => {
                Err(QueryError::illegal(format!("there is no field `{field}` to aggregate")).at("aggs"))
            }
            target => Ok(target),
        }
    }

    fn translate(&self, query: &Query) -> Result<Box<dyn tantivy::query::Query>, QueryError> {
        self.translated(query)
    }

    fn best(
        &self,
        sort: &[Sort],
        limit: usize,
        docs: &[(SegmentOrdinal, &[DocId])],
    ) -> Result<(Vec<SortKey>, Collected), AggregationError> {
        let sort = self.keys_of(sort)?;
        let by_score = sort.iter().any(|key| key.by == SortColumn::Score);
        let weight = match by_score {
            true => {
                let query = self.translated(&self.request.query)?;
                Some(query.weight(EnableScoring::enabled_from_searcher(self.index.searcher.tantivy()))?)
            }
            false => None,
        };
        let collect = Collect {
            sort: sort.clone(),
            limit,
            collapse: None,
            after: None,
            min_score: None,
            needs_score: by_score,
            count_to: u64::MAX,
            counted: AtomicU64::new(0),
            passed: AtomicU32::new(0),
            wants_docs: false,
            budget: Arc::clone(self.budget),
        };
        let mut collected = Vec::new();
        for (segment, docs) in docs {
            let reader = self.index.searcher.tantivy().segment_reader(*segment);
            let mut child = collect.for_segment(*segment, reader)?;
            let mut scorer = weight.as_ref().map(|weight| weight.scorer(reader, 1.0)).transpose()?;
            for doc in *docs {
                let score = match &mut scorer {
                    Some(scorer) if scorer.doc() < *doc => {
                        (scorer.seek(*doc) == *doc).then(|| scorer.score())
                    }
                    Some(scorer) => (scorer.doc() == *doc).then(|| scorer.score()),
                    None => None,
                };
                child.collect(*doc, score.unwrap_or(0.0));
            }
            collected.push(child.harvest());
        }
        Ok((sort, collect.merge_fruits(collected)?))
    }

    fn hit(&self, seq: u64) -> Option<Hit> {
        Some(hit_of(self.document_at(seq).ok().flatten()?, self.name))
    }
}

/// Whether a field is one of an object's.
fn is_within(field: &str, object: &str) -> bool {
    field.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'))
}

/// What tantivy explains, whose parts can be read as JSON only.
fn explanation(explained: &tantivy::query::Explanation) -> Result<Explanation, SearchError> {
    #[derive(Deserialize)]
    struct Part {
        value: Option<f32>,
        description: String,
        #[serde(default)]
        details: Vec<Part>,
    }
    fn plain(part: Part) -> Explanation {
        let Part { value, description, details } = part;
        let value = value.unwrap_or(f32::NAN);
        Explanation { value, description, details: details.into_iter().map(plain).collect() }
    }
    let part = serde_json::to_value(explained).and_then(serde_json::from_value::<Part>);
    part.map(plain).map_err(|error| {
        SearchError::Tantivy(TantivyError::InternalError(format!("an explanation cannot be read: {error}")))
    })
}

fn failed(error: TantivyError) -> SearchError {
    match error {
        TantivyError::InvalidArgument(text) => QueryError::illegal(text).into(),
        error => SearchError::Tantivy(error),
    }
}

/// A value that a client has sent, as the key that it belongs to; or why it is none.
fn sort_value(value: Option<&Scalar>, by: &SortColumn, format: Option<&str>) -> Result<SortValue, String> {
    let Some(value) = value else { return Ok(SortValue::Missing) };
    Ok(match (by, value) {
        (SortColumn::Date(_), Scalar::Text(text)) => {
            let bound = parse_bound(text, format, None, Timestamp::now().as_millis());
            SortValue::Number(bound.map_err(|error| error.to_string())?.0)
        }
        (SortColumn::Text(_) | SortColumn::Nothing, Scalar::Text(text)) => SortValue::Text(text.clone()),
        (SortColumn::Score, Scalar::Number(number)) => {
            SortValue::Score(number.as_f64().unwrap_or(0.0) as f32)
        }
        // Of a field that this view lacks, the column is another view's.
        (
            SortColumn::Seq | SortColumn::Number(_) | SortColumn::Date(_) | SortColumn::Nothing,
            Scalar::Number(number),
        ) => SortValue::Number(number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(0.0) as i64)),
        _ => return Err(format!("`{value}` is no value of this order")),
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicBool, time::Duration};

    use serde_json::json;

    use super::*;
    use crate::{execute::SearchLimits, search::Search};
    use query::Words;

    /// A story: time ends while a score is explained. The lists of documents end, too, so that the document seems not to
    /// match, which is not true and nobody's fault.
    #[test]
    fn what_there_is_no_time_to_explain_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let log = store::Log::open(dir.path().join("log")).unwrap();
        for headline in ["Tram", "Ferry"] {
            let event = json!({"type": "article.published", "id": headline, "data": {"headline": headline}});
            log.append_one(&store::NewEvent::from_json(&event.to_string()).unwrap()).unwrap();
        }
        let indexes = indexer::Indexes::open(log, dir.path().join("indexes")).unwrap();
        indexes.catch_up(AssetKind::Article, Seq::new(2), &AtomicBool::new(false), &|_| {}).unwrap();
        let check = |cpu: Duration, word: &str| {
            let search =
                Search::with_limits(indexes.clone(), SearchLimits { cpu, ..SearchLimits::default() });
            let request = SearchRequest::new(AssetKind::Article);
            search.begin().with_runs(&request, &[search.generation(&request)?], |runs| {
                runs[0].budget.check();
                runs[0].explain(&Query::Words(Words::new(vec![], word)), DocAddress::new(0, 1))
            })
        };
        let (long, none) = (Duration::from_secs(600), Duration::ZERO);
        // Which of them the second document is, the index decides.
        let (own, other) = if check(long, "ferry").is_ok() { ("ferry", "tram") } else { ("tram", "ferry") };
        assert!(check(long, own).unwrap().is_some());
        assert!(matches!(check(long, other), Err(SearchError::Query(_))), "it does not match");
        assert_eq!(check(none, other).unwrap(), None);
        assert_eq!(check(none, own).unwrap(), None);
    }
}
