//! Questions to several views as if they were one, and the rows that are found.

use std::{collections::BTreeSet, sync::Arc};

use query::{
    Aggregation, AggregationAnswer, Explanation, Hit, Query, QueryError, SearchRequest, SortValue, Words,
};
use store::{AssetId, AssetKind, Seq, Timestamp};
use tantivy::{DocAddress, TantivyError};
use views::{Document, Language, ViewId};

use super::{
    aggregate::{Aggregator, Docs, Place},
    budget::Budget,
    collect::{Found, compare, first_of_each},
    lengths::Lengths,
    one::One,
};
use crate::index::Searcher;

/// A question to one view or several, as if they were one.
pub struct Question<'a> {
    /// The request that it is of.
    pub request: &'a SearchRequest,
    /// The views, in the order of the rows' numbers.
    pub views: Vec<Asked<'a>>,
    /// The lengths of the indexes' texts, kept from search to search.
    pub lengths: &'a Arc<Lengths>,
    /// The time that may be spent.
    pub budget: &'a Arc<Budget>,
}

/// A view that is asked.
pub struct Asked<'a> {
    /// Its index at one commit.
    pub index: &'a Searcher,
    /// The view.
    pub view: ViewId,
    /// Assets that are left out of what is found.
    pub hidden: &'a BTreeSet<AssetId>,
    /// Returns the document of an asset (of the view's own kind, if none is given) as an example of what is looked for;
    /// `None` when readers see none.
    pub example: Box<Examples<'a>>,
    /// Returns the hit of a row, for those that stand in buckets; `None` when readers see none.
    pub hit: Box<dyn Fn(Seq) -> Option<Hit> + 'a>,
}

/// Finds examples by kind and id.
pub type Examples<'a> = dyn Fn(Option<AssetKind>, &str) -> Option<Document> + 'a;

/// The rows that were found, and their count.
#[derive(Debug, Default)]
pub struct Rows {
    /// The number of documents that match; if there are more than were to be counted, that number.
    pub total: u64,
    /// True if there are more.
    pub at_least: bool,
    /// The best score of all that match.
    pub max_score: Option<f32>,
    /// The first documents in the request's order, those before the page included.
    pub rows: Vec<Row>,
    /// All that match, if that was wanted.
    pub matching: Matching,
}

/// One document that was found.
#[derive(Debug, Clone)]
pub struct Row {
    /// The number of the view that it is of.
    pub view: usize,
    /// The event that published what it shows.
    pub seq: Seq,
    /// Its score; 0 where nobody asked for it.
    pub score: f32,
    /// The values that it is sorted by.
    pub sort: Vec<SortValue>,
    /// The value that it stands for, when hits are collapsed.
    pub group: Option<SortValue>,
    address: DocAddress,
}

/// Documents that match, for aggregations.
#[derive(Debug, Default)]
pub struct Matching(Docs);

/// Why a question is not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The question is wrong: the asker's to mend.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The index fails.
    #[error(transparent)]
    Failed(#[from] ReadFailure),
}

/// An error of an index when it was read.
#[derive(Debug, thiserror::Error)]
#[error("the index fails: {0}; `morgue rebuild` makes a new one from the log")]
pub struct ReadFailure(pub(crate) TantivyError);

impl From<TantivyError> for AskError {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::InvalidArgument(text) => QueryError::illegal(text).into(),
            error => ReadFailure(error).into(),
        }
    }
}

impl Question<'_> {
    /// Returns the rows that match a query, in the request's order; all that match beside them, if `wants_matching`.
    ///
    /// # Errors
    /// [`AskError`]: the question is wrong, or an index fails.
    pub fn rows(&self, query: &Query, wants_matching: bool) -> Result<Rows, AskError> {
        let mut all = Rows::default();
        let mut sort = Vec::new();
        let mut found: Vec<(usize, Found)> = Vec::new();
        for (view, one) in self.each().enumerate() {
            sort = one.sort_keys()?;
            let here = one.collect(query, &sort, wants_matching)?;
            all.total += here.total;
            all.at_least |= here.at_least;
            found.extend(here.hits.into_iter().map(|hit| (view, hit)));
            all.max_score = [all.max_score, here.max_score].into_iter().flatten().reduce(f32::max);
            let place = |segment| Place { view, segment };
            all.matching.0.extend(here.docs.into_iter().map(|(segment, docs)| (place(segment), docs)));
        }
        if self.views.len() > 1 {
            found.sort_by(|(_, one), (_, other)| compare(&sort, one, other));
            found = first_of_each(found, self.request.from + self.request.size, |(_, found)| found);
            let most = self.count_to();
            all.at_least |= all.total > most;
            all.total = all.total.min(most);
        }
        all.rows = found.into_iter().map(Row::of).collect();
        Ok(all)
    }

    /// Returns what documents add up to.
    ///
    /// # Errors
    /// [`AskError`]: the aggregations are wrong, or an index fails.
    pub fn aggregate(
        &self,
        aggregations: &[Aggregation],
        matching: &Matching,
    ) -> Result<Vec<AggregationAnswer>, AskError> {
        if aggregations.is_empty() || self.views.is_empty() {
            return Ok(Vec::new());
        }
        let now = Timestamp::now().as_millis();
        Aggregator::new(self.each().collect(), self.budget, now).all(aggregations, &matching.0)
    }

    /// Returns how a row's score comes about; `None` when there was no time to find out.
    ///
    /// # Errors
    /// [`AskError`]: the question is wrong, or the index fails.
    pub fn explain(&self, query: &Query, row: &Row) -> Result<Option<Explanation>, AskError> {
        match self.each().nth(row.view) {
            Some(view) => view.explain(query, row.address),
            None => Ok(None),
        }
    }

    /// Returns true if a row matches a query.
    ///
    /// # Errors
    /// [`AskError`]: the query is wrong, or the index fails.
    pub fn matches(&self, query: &Query, row: &Row) -> Result<bool, AskError> {
        match self.each().nth(row.view) {
            Some(view) => view.matches(query, row.address),
            None => Ok(false),
        }
    }

    /// Returns for each of these words, by its number, the languages in whose documents of a view it is not looked for:
    /// where it says nothing, and others do. Empty where the words are refused, as the question itself is told.
    pub fn silent(&self, view: usize, words: &Words) -> Vec<Vec<Language>> {
        self.each().nth(view).and_then(|view| view.silent(words).ok()).unwrap_or_default()
    }

    /// Returns how well each of these rows matches a query; `None` of those that do not.
    ///
    /// # Errors
    /// [`AskError`]: the query is wrong, or the index fails.
    pub fn scores(&self, query: &Query, rows: &[Row]) -> Result<Vec<Option<f32>>, AskError> {
        let mut scores = vec![None; rows.len()];
        for (view, one) in self.each().enumerate() {
            let own = rows.iter().zip(0..).filter(|(row, _)| row.view == view);
            let mut own: Vec<(DocAddress, usize)> = own.map(|(row, at)| (row.address, at)).collect();
            own.sort_unstable();
            one.scores(query, &own, &mut |at, score| {
                if let Some(place) = scores.get_mut(at) {
                    *place = Some(score);
                }
            })?;
        }
        Ok(scores)
    }

    /// Up to how many hits are counted.
    pub(super) fn count_to(&self) -> u64 {
        if self.request.count_all { u64::MAX } else { self.request.count_to }
    }

    fn each(&self) -> impl Iterator<Item = One<'_>> {
        self.views.iter().map(|asked| One { question: self, asked })
    }
}

impl Row {
    fn of((view, found): (usize, Found)) -> Self {
        let Found { address, seq, score, sort, group } = found;
        Self { view, seq, score, sort, group, address }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use store::{AssetRef, Revision};
    use views::ARTICLES;

    use super::*;
    use crate::{Allowance, Index, SearchLimits, Writer};

    /// A story: time ends while a score is explained. The lists of documents end, too, so that the document seems not to
    /// match, which is not true and nobody's fault.
    #[test]
    fn what_there_is_no_time_to_explain_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let view = ARTICLES;
        Index::create(dir.path(), view.fields()).unwrap();
        let index = Index::open(dir.path(), view.fields()).unwrap();
        let mut writer = Writer::open(&index).unwrap();
        for (seq, headline) in [(1, "Tram"), (2, "Ferry")] {
            let document = Document {
                asset: AssetRef::new(AssetKind::Article, AssetId::new(headline).unwrap()),
                seq: Seq::new(seq),
                revision: Revision::new(1),
                source: String::new(),
                json: json!({"headline": headline}).as_object().unwrap().clone(),
            };
            writer.put(&document).unwrap();
        }
        writer.commit(&2).unwrap();
        let index = index.searcher().unwrap();
        let check = |cpu: Duration, word: &str| {
            let limits = SearchLimits { cpu, ..SearchLimits::default() };
            let budget = Arc::new(Budget::begin(limits, &Allowance::begin()));
            budget.check();
            let view = Asked {
                index: &index,
                view,
                hidden: &BTreeSet::new(),
                example: Box::new(|_, _| None),
                hit: Box::new(|_| None),
            };
            let request = &SearchRequest::new(ARTICLES);
            let question = Question { request, views: vec![view], lengths: &Arc::default(), budget: &budget };
            let second = DocAddress::new(0, 1);
            let row =
                Row { view: 0, seq: Seq::ZERO, score: 0.0, sort: Vec::new(), group: None, address: second };
            question.explain(&Query::Words(Words::new(vec![], word)), &row)
        };
        let (long, none) = (Duration::from_secs(600), Duration::ZERO);
        // Which of them the second document is, the index decides.
        let (own, other) = if check(long, "ferry").is_ok() { ("ferry", "tram") } else { ("tram", "ferry") };
        assert!(check(long, own).unwrap().is_some());
        assert!(matches!(check(long, other), Err(AskError::Query(_))), "it does not match");
        assert_eq!(check(none, other).unwrap(), None);
        assert_eq!(check(none, own).unwrap(), None);
    }
}
