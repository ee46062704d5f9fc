//! One view of a question: the query and the order as tantivy runs them, and what it finds.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64},
    },
};

use query::{
    Cursor, Explanation, Hit, Missing, Query, QueryError, Scalar, Sort, SortMode, SortValue, Words,
    parse_bound,
};
use serde::Deserialize;
use store::{Seq, Timestamp};
use tantivy::{
    DocAddress, DocId, Searcher as TantivySearcher, SegmentOrdinal, SegmentReader, TantivyError, Term,
    collector::{Collector, SegmentCollector},
    query::{BooleanQuery, EnableScoring, Occur, Query as TantivyQuery, TermSetQuery},
};

use views::Language;

use super::{
    collect::{Collect, Collected},
    fields::{AsWhat, Target, target_of},
    like::like,
    order::{MAX_SORT_KEYS, SortColumn, SortKey},
    question::{AskError, Asked, Question},
    translate::Translator,
};
use crate::{schema::ViewSchema, segments::Segment};

/// One view of a question.
#[derive(Clone, Copy)]
pub(super) struct One<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) asked: &'a Asked<'a>,
}

impl<'a> One<'a> {
    pub(super) fn searcher(self) -> &'a TantivySearcher {
        &self.asked.index.searcher
    }

    /// The columns of a segment, given its reader.
    pub(super) fn columns(self, reader: &SegmentReader) -> Arc<Segment> {
        self.asked.index.segments.get(reader)
    }

    fn schema(self) -> &'a ViewSchema {
        &self.asked.index.schema
    }

    /// The query as tantivy runs it.
    pub(super) fn translate(self, query: &Query) -> Result<Box<dyn TantivyQuery>, QueryError> {
        let query = self.translating(|translator| translator.query(query))?;
        Ok(if self.asked.hidden.is_empty() { query } else { self.without_hidden(query) })
    }

    /// Returns for each word of these, by its number, the languages in whose documents it is not looked for.
    pub(super) fn silent(self, words: &Words) -> Result<Vec<Vec<Language>>, QueryError> {
        self.translating(|translator| translator.silent(words))
    }

    fn translating<T>(self, translate: impl FnOnce(&Translator<'_>) -> T) -> T {
        let (index, budget) = (self.asked.index, self.question.budget);
        let like_query = |wanted: &query::Like| {
            let document =
                |kind, id: &str| if budget.check() { None } else { (self.asked.example)(kind, id) };
            let kind = self.asked.view.kind();
            like(wanted, &document, kind, &index.searcher, &index.languages, &index.schema, budget)
        };
        translate(&Translator {
            schema: &index.schema,
            languages: &index.languages,
            searcher: &index.searcher,
            segments: &index.segments,
            lengths: self.question.lengths,
            now: Timestamp::now().as_millis(),
            budget,
            may_lack: &|name| self.may_lack(name),
            like: &like_query,
            kin: RefCell::default(),
        })
    }

    /// Returns the query without what was taken from readers since the view was pinned.
    fn without_hidden(self, query: Box<dyn TantivyQuery>) -> Box<dyn TantivyQuery> {
        let (id, hidden) = (self.schema().id, self.asked.hidden.iter());
        let hidden = TermSetQuery::new(hidden.map(|asset| Term::from_field_text(id, asset.as_str())));
        Box::new(BooleanQuery::new(vec![(Occur::Must, query), (Occur::MustNot, Box::new(hidden))]))
    }

    /// Returns true if a field that this view lacks matches nothing instead of being refused: one that is searched with
    /// it has it.
    fn may_lack(self, name: &str) -> bool {
        self.question.request.lenient || self.others_have(name)
    }

    /// Returns true if any of the views that are searched together has a field of this name.
    fn others_have(self, name: &str) -> bool {
        let has = |asked: &Asked<'_>| {
            let fields = asked.view.fields();
            fields.iter().any(|field| field.is_named(name) || is_within(field.name, name))
        };
        self.question.views.iter().any(has)
    }

    /// The field of this name; `None` when it is not there and need not be.
    pub(super) fn target(self, field: &str) -> Result<Option<Target<'a>>, QueryError> {
        match target_of(self.schema(), field) {
            None if !self.may_lack(field) => {
                Err(QueryError::illegal(format!("there is no field `{field}` to aggregate")).at("aggs"))
            }
            target => Ok(target),
        }
    }

    /// The keys of the request's order.
    pub(super) fn sort_keys(self) -> Result<Vec<SortKey>, QueryError> {
        self.keys_of(&self.question.request.sort)
    }

    fn keys_of(self, sort: &[Sort]) -> Result<Vec<SortKey>, QueryError> {
        let refused = |reason: String| QueryError::illegal(reason).at("sort");
        if sort.len() > MAX_SORT_KEYS {
            return Err(refused(format!("an order has at most {MAX_SORT_KEYS} keys")));
        }
        if sort.is_empty() {
            let mode = SortMode::usual(true);
            return Ok(vec![SortKey {
                by: SortColumn::Score,
                descending: true,
                mode,
                missing: Missing::Last,
            }]);
        }
        let mut keys = Vec::new();
        for sort in sort {
            let by = match sort.field.as_str() {
                "_score" => SortColumn::Score,
                "_seq" | "_doc" | "_shard_doc" => SortColumn::Seq,
                "_id" => SortColumn::Text("_id".to_owned()),
                name => {
                    let column = self.column(name, sort.may_lack, "has no order: sort by");
                    column.map_err(|reason| match target_of(self.schema(), name) {
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
            let counts = matches!(sort.mode, SortMode::Avg | SortMode::Sum | SortMode::Median);
            if counts && !matches!(by, SortColumn::Date(_) | SortColumn::Number(_) | SortColumn::Nothing) {
                let text =
                    format!("`{}` has no numbers: of its values only min or max can be taken", sort.field);
                return Err(QueryError { es_type: "query_shard_exception", ..refused(text) });
            }
            keys.push(SortKey { by, descending: sort.descending, mode: sort.mode, missing });
        }
        Ok(keys)
    }

    /// The column of a field, for an order or for collapsing.
    fn column(self, name: &str, may_lack: bool, what: &str) -> Result<SortColumn, String> {
        let shown: String = name.chars().take(80).collect();
        match target_of(self.schema(), name) {
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

    /// The first documents that match a query, and how many do.
    pub(super) fn collect(
        self,
        query: &Query,
        sort: &[SortKey],
        wants_docs: bool,
    ) -> Result<Collected, AskError> {
        let request = self.question.request;
        let query = self.translate(query)?;
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
            segments: self.asked.index.segments.clone(),
            sort: sort.to_vec(),
            limit,
            collapse,
            after,
            min_score: request.min_score,
            needs_score: ((by_score || request.scores) && limit > 0) || request.min_score.is_some(),
            count_to: self.question.count_to(),
            counted: AtomicU64::new(0),
            passed: AtomicU32::new(0),
            wants_docs,
            slice: request.slice,
            budget: Arc::clone(self.question.budget),
        };
        self.searcher().search(&query, &collect).map_err(AskError::from)
    }

    /// Returns how a document's score comes about; `None` when there was no time to find out.
    pub(super) fn explain(self, query: &Query, address: DocAddress) -> Result<Option<Explanation>, AskError> {
        let query = self.translate(query)?;
        let explained = query.explain(self.searcher(), address);
        // Lists of documents that end for want of time seem not to have the document, which is an error or, of a part
        // of the query, none.
        if self.question.budget.is_over() {
            return Ok(None);
        }
        explanation(&explained?).map(Some)
    }

    /// Returns true if a document matches a query.
    pub(super) fn matches(self, query: &Query, address: DocAddress) -> Result<bool, AskError> {
        let weight = self.translate(query)?.weight(EnableScoring::disabled_from_searcher(self.searcher()))?;
        let mut scorer = weight.scorer(self.searcher().segment_reader(address.segment_ord), 1.0)?;
        if scorer.doc() < address.doc_id {
            scorer.seek(address.doc_id);
        }
        Ok(scorer.doc() == address.doc_id)
    }

    /// Hands the scores of those of these documents that match to `each`, with their numbers. They come in the order of
    /// their addresses.
    pub(super) fn scores(
        self,
        query: &Query,
        documents: &[(DocAddress, usize)],
        each: &mut dyn FnMut(usize, f32),
    ) -> Result<(), AskError> {
        let weight = self.translate(query)?.weight(EnableScoring::enabled_from_searcher(self.searcher()))?;
        for of_segment in documents.chunk_by(|(one, _), (other, _)| one.segment_ord == other.segment_ord) {
            let Some((first, _)) = of_segment.first() else { continue };
            let mut scorer = weight.scorer(self.searcher().segment_reader(first.segment_ord), 1.0)?;
            for (address, at) in of_segment {
                if scorer.doc() < address.doc_id {
                    scorer.seek(address.doc_id);
                }
                if scorer.doc() == address.doc_id {
                    each(*at, scorer.score());
                }
            }
        }
        Ok(())
    }

    /// The first of these documents in an order, and the order's keys; without an order, by relevance.
    pub(super) fn best(
        self,
        sort: &[Sort],
        limit: usize,
        docs: &[(SegmentOrdinal, &[DocId])],
    ) -> Result<(Vec<SortKey>, Collected), AskError> {
        let sort = self.keys_of(sort)?;
        let by_score = sort.iter().any(|key| key.by == SortColumn::Score);
        let weight = match by_score {
            true => {
                let query = self.translate(&self.question.request.query)?;
                Some(query.weight(EnableScoring::enabled_from_searcher(self.searcher()))?)
            }
            false => None,
        };
        let collect = Collect {
            segments: self.asked.index.segments.clone(),
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
            slice: None,
            budget: Arc::clone(self.question.budget),
        };
        let mut collected = Vec::new();
        for (segment, docs) in docs {
            let reader = self.searcher().segment_reader(*segment);
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

    /// Makes a hit of a seq.
    pub(super) fn hit(self, seq: Seq) -> Option<Hit> {
        (self.asked.hit)(seq)
    }
}

/// Returns true if a field is one of an object's.
fn is_within(field: &str, object: &str) -> bool {
    field.strip_prefix(object).is_some_and(|rest| rest.starts_with('.'))
}

/// Returns what tantivy explains, whose parts can be read as JSON only.
fn explanation(explained: &tantivy::query::Explanation) -> Result<Explanation, AskError> {
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
        TantivyError::InternalError(format!("an explanation cannot be read: {error}")).into()
    })
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
