//! What becomes of what was found: the best hits scored again, and the hits of buckets highlighted.

use indexer::end::{Question, Rows};
use query::{
    Aggregation, AggregationAnswer, AggregationKind, AggregationResult, Bucket, HighlightOptions, Hit,
    QueryError, SearchRequest, SortValue, Words, limits::MAX_PAGE_BYTES,
};
use store::AssetRef;
use views::Document;

use super::Run;
use crate::{error::SearchError, highlight::Highlighter};

/// Scores the best hits again, and leaves no more than the page needs.
pub(super) fn rescore(
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
pub(super) fn highlight_top_hits(
    asked: &[Aggregation],
    answers: &mut [AggregationAnswer],
    runs: &[Run<'_>],
    question: &Question<'_>,
    room: &mut usize,
) -> Result<(), QueryError> {
    for (asked, answer) in asked.iter().zip(answers) {
        let buckets: &mut [Bucket] = match &mut answer.result {
            AggregationResult::TopHits(top) => {
                if let AggregationKind::TopHits { highlight: Some(options), .. } = &asked.kind {
                    for hit in &mut top.hits {
                        highlight_hit(hit, options, runs, question, room)?;
                    }
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
            highlight_top_hits(&asked.nested, &mut bucket.nested, runs, question, room)?;
        }
    }
    Ok(())
}

fn highlight_hit(
    hit: &mut Hit,
    options: &HighlightOptions,
    runs: &[Run<'_>],
    question: &Question<'_>,
    room: &mut usize,
) -> Result<(), QueryError> {
    let found = runs.iter().enumerate().find(|(_, run)| run.view.name == hit.index);
    let Some((view, run)) = found else { return Ok(()) };
    let document = Document {
        asset: AssetRef::new(hit.kind, hit.id.clone()),
        seq: hit.seq,
        revision: hit.revision,
        source: String::new(),
        json: std::mem::take(&mut hit.document),
    };
    let silent = |words: &Words| question.silent(view, words);
    let mut highlighter = Highlighter::new(options, &run.request.query, run.id().fields(), &silent);
    let (highlights, bytes) = highlighter.fragments(&document, question.budget, *room);
    (hit.highlights, hit.document) = (highlights, document.json);
    match room.checked_sub(bytes) {
        Some(rest) => *room = rest,
        None => {
            let most = MAX_PAGE_BYTES >> 20;
            let text =
                format!("the hits of all buckets have more than {most} MB of highlights: ask for fewer");
            return Err(QueryError::illegal(text).at("aggs"));
        }
    }
    Ok(())
}
