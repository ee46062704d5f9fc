//! One search under way: from a request to hits, over one view or several.

use std::collections::BTreeMap;

use indexer::end::{Asked, Question};
use query::{
    Bool, Cursor, IndexName, Query, QueryError, SearchRequest, SearchResponse, Words, commit_of,
    limits::MAX_PAGE_BYTES, text_bytes, with_pipelines,
};
use serde_json::Map;
use store::{AssetId, AssetKind, AssetRef, AssetState, EventType, Seq, Snapshot};
use views::{Document, ViewId};

use crate::{
    again::{TopHits, rescore},
    engine::{Pinned, hit_of},
    error::SearchError,
    highlight::Highlighter,
};

/// So many hits are read back from the log even if finding them has taken all that may be spent.
const ALWAYS_READ: usize = 10;
/// ... unless they have more bytes.
const ALWAYS_READ_BYTES: usize = 4 << 20;

/// One view that is searched, with the log as its documents are read.
pub(crate) struct Run<'a> {
    pub(crate) request: &'a SearchRequest,
    pub(crate) view: &'a Pinned,
    pub(crate) snapshot: Snapshot,
}

/// The answer of all views together: hits in one order, aggregations over all documents.
#[expect(clippy::too_many_lines, reason = "the steps of an answer in their order")]
pub(crate) fn answer(
    request: &SearchRequest,
    runs: &[Run<'_>],
    question: &Question<'_>,
) -> Result<SearchResponse, SearchError> {
    let budget = question.budget;
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
    let mut found = question.rows(query, wants_docs)?;
    let aggregations = question.aggregate(&request.aggregations, &found.matching)?;
    let mut aggregations = with_pipelines(&request.aggregations, aggregations);
    let view_of = |name: &IndexName| {
        let found = runs.iter().enumerate().find(|(_, run)| run.view.name == *name);
        found.map(|(number, run)| (number, run.id()))
    };
    let mut top = TopHits { question, query: &request.query, view_of: &view_of, room: MAX_PAGE_BYTES };
    top.highlight(&request.aggregations, &mut aggregations)?;
    if let Some(query) = after_facets {
        found = question.rows(query, false)?;
    }
    rescore(request, &mut found, question)?;
    let named: Vec<(&str, &Query)> = [Some(&request.query), request.post_filter.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(Query::with_names)
        .collect();
    let full = found.rows.len() >= request.from + request.size && request.size > 0;
    let mut total = found.total;
    let mut highlighters: Vec<Option<Highlighter<'_>>> =
        runs.iter().enumerate().map(|(view, run)| run.highlighter(question, view)).collect();
    let mut hits = Vec::with_capacity(request.size);
    let (mut last, mut read, mut given) = (None, 0, 0);
    let mut ended_early = false;
    for row in found.rows.into_iter().skip(request.from) {
        let Some(run) = runs.get(row.view) else { continue };
        let is_read_anyhow = hits.len() < ALWAYS_READ && read < ALWAYS_READ_BYTES;
        if !is_read_anyhow && budget.check() {
            ended_early = true;
            break;
        }
        let Some(document) = run.document_of(row.seq)? else {
            total = total.saturating_sub(1);
            last = Some((row.sort, row.seq));
            continue;
        };
        read += text_bytes(&document.json);
        let bytes = given + request.source.bytes(&document.json) + request.fields.bytes(&document.json);
        let room = MAX_PAGE_BYTES.saturating_sub(bytes);
        let (highlights, of_highlights) = match highlighters.get_mut(row.view) {
            Some(Some(highlighter)) => highlighter.fragments(&document, budget, room),
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
            true if !budget.check() => question.explain(query, &row)?,
            _ => None,
        };
        let mut matched = Vec::new();
        for (name, query) in &named {
            if !budget.check() && question.matches(query, &row)? {
                matched.push((*name).to_owned());
            }
        }
        last = Some((row.sort.clone(), row.seq));
        let mut hit = hit_of(document, &run.view.name);
        (hit.score, hit.highlights, hit.sort) = (row.score, highlights, row.sort);
        hit.explanation = explanation;
        hit.matched = matched;
        hit.group = row.group;
        hits.push(hit);
    }
    let first = runs.first();
    let generation = first.map(|run| run.view.generation.name().to_owned()).unwrap_or_default();
    let state = first.map(|run| run.view.index.state()).unwrap_or_default();
    let next = last.filter(|_| full || ended_early);
    let next = next.map(|(sort, seq)| Cursor::behind(sort, seq.get(), commit_of(&generation, &state)));
    let timed_out = budget.is_over();
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
        checkpoint: first.map(|run| run.view.index.checkpoint).unwrap_or_default(),
        state,
        took_ms: 0,
        aggregations,
        max_score: found.max_score,
        at_least: found.at_least,
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

impl<'a> Run<'a> {
    /// The view as an end is asked of it.
    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked {
            index: &self.view.index.searcher,
            view: self.id(),
            hidden: &self.view.hidden,
            example: Box::new(|kind, id| self.example(kind, id)),
            hit: Box::new(|seq| Some(hit_of(self.document_at(seq).ok().flatten()?, &self.view.name))),
        }
    }

    fn id(&self) -> ViewId {
        self.view.generation.view()
    }

    /// The document of an asset, of this view's kind if none is given; `None` when readers see none.
    fn example(&self, kind: Option<AssetKind>, id: &str) -> Option<Document> {
        let view = kind.map_or(self.id(), ViewId::of_kind);
        view.document(&AssetId::new(id).ok()?, &self.snapshot).ok().flatten()
    }

    /// The highlighter of its hits, given the question and which of its views this is.
    fn highlighter(&self, question: &Question<'_>, view: usize) -> Option<Highlighter<'a>> {
        let options = self.request.highlight.as_ref()?;
        let silent = |words: &Words| question.silent(view, words);
        Some(Highlighter::new(options, &self.request.query, self.id().fields(), &silent))
    }

    /// The asset that an event of the index published, as readers see it now, with as much of it as is wanted.
    fn document_of(&self, seq: Seq) -> Result<Option<Document>, SearchError> {
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
    fn document_at(&self, seq: Seq) -> Result<Option<Document>, SearchError> {
        let Some(asset) = self.asset_at(seq)? else { return Ok(None) };
        Ok(self.id().document(&asset.id, &self.snapshot)?)
    }

    /// The asset that an event published.
    fn asset_at(&self, seq: Seq) -> Result<Option<AssetRef>, SearchError> {
        let published = EventType::Published(self.id().kind());
        let change = self.snapshot.changes(seq, 1)?.pop();
        let id = change.and_then(|(_, event_type, id)| (event_type == published).then_some(id));
        Ok(id.map(|id| AssetRef::new(self.id().kind(), id)))
    }
}
