//! Scores changed by functions: recency, a number in a field, a weight.

use std::{fmt, sync::Arc};

use query::{Curve, Mode, Modifier};
use tantivy::{
    DocId, DocSet, Score, SegmentReader, TERMINATED,
    columnar::Column,
    query::{EnableScoring, Explanation, Query as TantivyQuery, Scorer, Weight},
};

use super::budget::{Budget, Steps};
use crate::segments::Segments;

/// A query whose score functions change.
#[derive(Clone)]
pub(super) struct Rescored {
    pub(super) inner: Arc<dyn TantivyQuery>,
    pub(super) functions: Arc<Vec<Function>>,
    pub(super) score_mode: Mode,
    pub(super) boost_mode: Mode,
    pub(super) max_boost: f32,
    pub(super) min_score: Option<f32>,
    pub(super) segments: Segments,
    pub(super) budget: Arc<Budget>,
}

/// One of them.
pub(super) struct Function {
    /// The documents that it is for; all without.
    pub(super) filter: Option<Arc<dyn TantivyQuery>>,
    pub(super) weight: f32,
    pub(super) kind: Kind,
}

#[derive(Clone)]
pub(super) enum Kind {
    Weight,
    Decay { column: &'static str, origin: f64, scale: f64, offset: f64, decay: f64, curve: Curve },
    FieldValue { column: &'static str, factor: f64, modifier: Modifier, missing: Option<f64> },
}

impl fmt::Debug for Rescored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rescored").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl TantivyQuery for Rescored {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let filters = self
            .functions
            .iter()
            .map(|function| function.filter.as_ref().map(|filter| filter.weight(scoring)).transpose())
            .collect::<tantivy::Result<_>>()?;
        Ok(Box::new(RescoredWeight { inner: self.inner.weight(scoring)?, filters, query: self.clone() }))
    }
}

struct RescoredWeight {
    inner: Box<dyn Weight>,
    filters: Vec<Option<Box<dyn Weight>>>,
    query: Rescored,
}

impl Weight for RescoredWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let inner = self.inner.scorer(reader, 1.0)?;
        let segment = self.query.segments.get(reader);
        let mut functions = Vec::new();
        for (function, filter) in self.query.functions.iter().zip(&self.filters) {
            let column = match &function.kind {
                Kind::Weight => None,
                Kind::Decay { column, .. } | Kind::FieldValue { column, .. } => {
                    Some(segment.numbers(column)?)
                }
            };
            let filter = filter.as_ref().map(|filter| filter.scorer(reader, 1.0)).transpose()?;
            functions.push(Running { filter, weight: function.weight, kind: function.kind.clone(), column });
        }
        let query = self.query.clone();
        let mut scorer = RescoredScorer { inner, functions, query, boost, steps: Steps::default() };
        scorer.skip_low();
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        let score = if scorer.doc() <= doc && scorer.seek(doc) == doc { scorer.score() } else { 0.0 };
        let mut explanation = Explanation::new("a score changed by functions", score);
        if let Ok(inner) = self.inner.explain(reader, doc) {
            explanation.add_detail(inner);
        }
        Ok(explanation)
    }
}

struct Running {
    filter: Option<Box<dyn Scorer>>,
    weight: f32,
    kind: Kind,
    column: Option<Column<i64>>,
}

impl Running {
    /// The function's value; `None` when its filter does not match.
    fn value(&mut self, doc: DocId) -> Option<f64> {
        if let Some(filter) = &mut self.filter {
            if filter.doc() < doc {
                filter.seek(doc);
            }
            if filter.doc() != doc {
                return None;
            }
        }
        let numbers = |column: &Column<i64>| match &self.kind {
            Kind::Decay { origin, curve: Curve::Reciprocal, .. } => {
                let distance = |number: &f64| (number - origin).abs();
                let values = column.values_for_doc(doc).map(|number| number as f64);
                values.min_by(|one, other| distance(one).total_cmp(&distance(other)))
            }
            _ => column.first(doc).map(|number| number as f64),
        };
        let number = self.column.as_ref().and_then(numbers);
        let value = match &self.kind {
            Kind::Weight => 1.0,
            Kind::Decay { origin, scale, offset, decay, curve, .. } => match number {
                None => 1.0,
                Some(number) => {
                    let distance = ((number - origin).abs() - offset).max(0.0);
                    match curve {
                        Curve::Reciprocal => scale / (scale + distance),
                        Curve::Exp => (decay.ln() / scale * distance).exp(),
                        Curve::Gauss => (decay.ln() * (distance / scale).powi(2)).exp(),
                        Curve::Linear => (1.0 - (1.0 - decay) * distance / scale).max(0.0),
                    }
                }
            },
            Kind::FieldValue { factor, modifier, missing, .. } => {
                let value = number.or(*missing).unwrap_or(1.0) * factor;
                match modifier {
                    Modifier::None => value,
                    // A score is never negative, whatever the logarithm is.
                    Modifier::Log => value.max(1.0).log10(),
                    Modifier::Log1p => (1.0 + value.max(0.0)).log10(),
                    Modifier::Log2p => (2.0 + value.max(0.0)).log10(),
                    Modifier::Ln => value.max(1.0).ln(),
                    Modifier::Ln1p => value.max(0.0).ln_1p(),
                    Modifier::Ln2p => (2.0 + value.max(0.0)).ln(),
                    Modifier::Sqrt => value.max(0.0).sqrt(),
                    Modifier::Square => value * value,
                    Modifier::Reciprocal => 1.0 / value.max(f64::EPSILON),
                }
            }
        };
        Some(value * f64::from(self.weight))
    }
}

struct RescoredScorer {
    inner: Box<dyn Scorer>,
    functions: Vec<Running>,
    query: Rescored,
    boost: Score,
    steps: Steps,
}

impl RescoredScorer {
    fn value(&mut self) -> Score {
        let doc = self.inner.doc();
        let mut values: Vec<f64> = Vec::with_capacity(self.functions.len());
        for function in &mut self.functions {
            values.extend(function.value(doc));
        }
        let score = f64::from(self.inner.score());
        let combined = match (values.first(), self.query.score_mode) {
            (None, _) => return score as Score * self.boost,
            (Some(first), Mode::First | Mode::Replace) => *first,
            (_, Mode::Multiply) => values.iter().product(),
            (_, Mode::Sum) => values.iter().sum(),
            (_, Mode::Avg) => values.iter().sum::<f64>() / values.len() as f64,
            (_, Mode::Max) => values.iter().copied().fold(f64::MIN, f64::max),
            (_, Mode::Min) => values.iter().copied().fold(f64::MAX, f64::min),
        };
        let factor = combined.min(f64::from(self.query.max_boost));
        let changed = match self.query.boost_mode {
            Mode::Multiply => score * factor,
            Mode::Sum => score + factor,
            Mode::Avg => f64::midpoint(score, factor),
            Mode::Max => score.max(factor),
            Mode::Min => score.min(factor),
            Mode::Replace | Mode::First => factor,
        };
        let changed = if changed.is_finite() { changed.clamp(0.0, f64::from(f32::MAX)) } else { 0.0 };
        changed as Score * self.boost
    }

    /// Goes on to a document whose score is not too low.
    fn skip_low(&mut self) -> DocId {
        if let Some(least) = self.query.min_score {
            while self.inner.doc() != TERMINATED
                && !self.steps.more(self.functions.len(), &self.query.budget)
                && self.value() < least
            {
                self.inner.advance();
            }
        }
        self.inner.doc()
    }
}

impl DocSet for RescoredScorer {
    fn advance(&mut self) -> DocId {
        self.inner.advance();
        self.skip_low()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.inner.seek(target);
        self.skip_low()
    }

    fn doc(&self) -> DocId {
        self.inner.doc()
    }

    fn size_hint(&self) -> u32 {
        self.inner.size_hint()
    }
}

impl Scorer for RescoredScorer {
    fn score(&mut self) -> Score {
        self.value()
    }
}

/// Returns what a document scores by itself; 0 where it does not match.
pub(super) fn score_of(weight: &dyn Weight, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Score> {
    let mut scorer = weight.scorer(reader, 1.0)?;
    let matches = scorer.doc() <= doc && scorer.seek(doc) == doc;
    Ok(if matches { scorer.score() } else { 0.0 })
}
