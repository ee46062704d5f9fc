//! What becomes of what was found: the best hits scored again, and the hits of buckets highlighted.

use indexer::end::{Question, Rows};
use query::{
    Aggregation, AggregationAnswer, AggregationKind, AggregationResult, Bucket, HighlightOptions, Hit,
    IndexName, Query, QueryError, SearchRequest, SortValue, Words, limits::MAX_PAGE_BYTES,
};
use store::AssetRef;
use views::{Document, ViewId};

use crate::{error::SearchError, highlight::Highlighter};

/// Scores the best hits again, and leaves no more than the page needs.
pub(crate) fn rescore(
    request: &SearchRequest,
    found: &mut Rows,
    question: &Question<'_>,
) -> Result<(), SearchError> {
    for one in &request.rescore {
        let count = one.window.min(found.rows.len());
        let Some(best) = found.rows.get_mut(..count) else { continue };
        let scores = question.scores(&one.query, best)?;
        for (row, score) in best.iter_mut().zip(scores) {
            row.score = one.score(row.score, score);
            // It is the only key of the order.
            row.sort = vec![SortValue::Score(row.score)];
        }
        best.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.seq.cmp(&other.seq)));
        found.max_score = found.rows.first().map(|row| row.score);
    }
    if !request.rescore.is_empty() {
        found.rows.truncate(request.from + request.size);
    }
    Ok(())
}

/// Highlights the hits of buckets, as far as there is time.
pub(crate) struct TopHits<'a> {
    pub(crate) question: &'a Question<'a>,
    /// What is looked for.
    pub(crate) query: &'a Query,
    /// Which of the question's views an index is, and the view.
    pub(crate) view_of: &'a dyn Fn(&IndexName) -> Option<(usize, ViewId)>,
    /// So many bytes of highlights may still be given.
    pub(crate) room: usize,
}

impl TopHits<'_> {
    pub(crate) fn highlight(
        &mut self,
        asked: &[Aggregation],
        answers: &mut [AggregationAnswer],
    ) -> Result<(), QueryError> {
        for (asked, answer) in asked.iter().zip(answers) {
            let buckets: &mut [Bucket] = match &mut answer.result {
                AggregationResult::TopHits(top) => {
                    if let AggregationKind::TopHits { highlight: Some(options), .. } = &asked.kind {
                        top.hits.iter_mut().try_for_each(|hit| self.highlight_one(hit, options))?;
                    }
                    continue;
                }
                AggregationResult::Values { buckets, .. }
                | AggregationResult::Intervals(buckets)
                | AggregationResult::AutoIntervals { buckets, .. }
                | AggregationResult::Composite(buckets)
                | AggregationResult::Ranges(buckets)
                | AggregationResult::Filters(buckets) => buckets,
                AggregationResult::One(bucket) => std::slice::from_mut(bucket),
                _ => continue,
            };
            for bucket in buckets {
                self.highlight(&asked.nested, &mut bucket.nested)?;
            }
        }
        Ok(())
    }

    fn highlight_one(&mut self, hit: &mut Hit, options: &HighlightOptions) -> Result<(), QueryError> {
        let Some((number, view)) = (self.view_of)(&hit.index) else { return Ok(()) };
        let document = Document {
            asset: AssetRef::new(hit.kind, hit.id.clone()),
            seq: hit.seq,
            revision: hit.revision,
            source: String::new(),
            json: std::mem::take(&mut hit.document),
        };
        let silent = |words: &Words| self.question.silent(number, words);
        let mut highlighter = Highlighter::new(options, self.query, view.fields(), &silent);
        let (highlights, bytes) = highlighter.fragments(&document, self.question.budget, self.room);
        (hit.highlights, hit.document) = (highlights, document.json);
        self.room = self.room.checked_sub(bytes).ok_or_else(|| {
            let most = MAX_PAGE_BYTES >> 20;
            let text =
                format!("the hits of all buckets have more than {most} MB of highlights: ask for fewer");
            QueryError::illegal(text).at("aggs")
        })?;
        Ok(())
    }
}
