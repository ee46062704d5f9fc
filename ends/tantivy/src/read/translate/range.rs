//! Ranges of dates, numbers, exact values and seqs.

use std::ops::Bound;

use query::{QueryError, Range, Scalar, parse_bound};
use tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, ExistsQuery, RangeQuery},
};
use views::{FieldKind, LOCAL};

use super::{
    super::fields::{AsWhat, Target},
    Boxed, Translator,
};

impl Translator<'_> {
    pub(super) fn range(&self, range: &Range) -> Result<Boxed, QueryError> {
        if range.field == "_seq" {
            return self.seq_range(range);
        }
        // A bound that is an instant is one by whichever clock.
        if let Some(base) = range.field.strip_suffix(LOCAL)
            && [&range.from, &range.to].into_iter().flatten().any(|(value, _)| is_instant(value))
        {
            let of = |field: &str, from: bool| Range {
                field: field.to_owned(),
                from: range.from.clone().filter(|_| from),
                to: range.to.clone().filter(|_| !from),
                ..range.clone()
            };
            let half = |bound: &Option<(Scalar, bool)>, from: bool| match bound {
                Some((value, _)) if is_instant(value) => Some(self.range(&of(base, from))),
                Some(_) => Some(self.range(&of(&range.field, from))),
                None => None,
            };
            let halves = [half(&range.from, true), half(&range.to, false)].into_iter().flatten();
            let halves = halves.collect::<Result<Vec<_>, _>>()?;
            return Ok(Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::intersection(halves)), 1.0)));
        }
        match self.target(&range.field)? {
            Some(target) => match self.range_in(&target, range) {
                Err(_) if range.lenient => Ok(Box::new(EmptyQuery)),
                found => found,
            },
            None => Ok(Box::new(EmptyQuery)),
        }
    }

    fn seq_range(&self, range: &Range) -> Result<Boxed, QueryError> {
        let bound = |bound: &Option<(Scalar, bool)>| match bound {
            None => Ok(Bound::Unbounded),
            Some((value, included)) => {
                let seq = value.to_string().parse::<u64>();
                let seq = seq.map_err(|_| QueryError::illegal(format!("`{value}` is no seq")))?;
                let term = Term::from_field_u64(self.schema.seq, seq);
                Ok(if *included { Bound::Included(term) } else { Bound::Excluded(term) })
            }
        };
        Ok(self.ranged(bound(&range.from)?, bound(&range.to)?))
    }

    pub(super) fn range_in(&self, target: &Target<'_>, range: &Range) -> Result<Boxed, QueryError> {
        let name = target.field.spec.name;
        match target.as_what {
            AsWhat::Number(field) => {
                let is_date = target.field.spec.kind == FieldKind::Date;
                let read =
                    |value: &Scalar| if is_date { self.date(value, range) } else { number(value, name) };
                let low = match &range.from {
                    None => Bound::Unbounded,
                    Some((value, true)) => Bound::Included(Term::from_field_i64(field, read(value)?.0)),
                    Some((value, false)) => Bound::Excluded(Term::from_field_i64(field, read(value)?.1)),
                };
                let high = match &range.to {
                    None => Bound::Unbounded,
                    Some((value, true)) => Bound::Included(Term::from_field_i64(field, read(value)?.1)),
                    Some((value, false)) => Bound::Excluded(Term::from_field_i64(field, read(value)?.0)),
                };
                if let (Bound::Unbounded, Bound::Unbounded) = (&low, &high) {
                    let column = target.column().unwrap_or_else(|| name.to_owned());
                    return Ok(self.list(ExistsQuery::new(column, false)));
                }
                Ok(self.ranged(low, high))
            }
            AsWhat::Keyword(field) => {
                let bound = |bound: &Option<(Scalar, bool)>| match bound {
                    None => Bound::Unbounded,
                    Some((value, true)) => Bound::Included(Term::from_field_text(field, &value.to_string())),
                    Some((value, false)) => Bound::Excluded(Term::from_field_text(field, &value.to_string())),
                };
                match (bound(&range.from), bound(&range.to)) {
                    (Bound::Unbounded, Bound::Unbounded) => self.exists(name),
                    (low, high) => Ok(self.ranged(low, high)),
                }
            }
            AsWhat::Text(..) => Err(QueryError::illegal(format!(
                "`{name}` is a text: ranges are of dates, numbers and exact values"
            ))),
        }
    }

    /// The first and last millisecond that a date covers.
    pub(super) fn date(&self, value: &Scalar, range: &Range) -> Result<(i64, i64), QueryError> {
        let text = match value {
            Scalar::Text(text) => text.clone(),
            // As if it were written: of four digits it is a year, of fewer or more milliseconds, unless a format is stated.
            Scalar::Number(number) => number.to_string(),
            other => return Err(no_date(format!("{other} is no date"))),
        };
        parse_bound(&text, range.format.as_deref(), range.time_zone.as_deref(), self.now)
            .map_err(|error| no_date(error.to_string()))
    }

    /// Tantivy does not take bounds that leave nothing between them.
    fn ranged(&self, low: Bound<Term>, high: Bound<Term>) -> Boxed {
        let value = |bound: &Bound<Term>| match bound {
            Bound::Included(term) | Bound::Excluded(term) => Some(term.serialized_value_bytes().to_vec()),
            Bound::Unbounded => None,
        };
        if let (Some(low_value), Some(high_value)) = (value(&low), value(&high)) {
            let both_in = matches!((&low, &high), (Bound::Included(_), Bound::Included(_)));
            if low_value > high_value || (low_value == high_value && !both_in) {
                return Box::new(EmptyQuery);
            }
        }
        if let (Bound::Unbounded, Bound::Unbounded) = (&low, &high) {
            return self.list(AllQuery);
        }
        self.list(ConstScoreQuery::new(Box::new(RangeQuery::new(low, high)), 1.0))
    }
}

fn no_date(reason: String) -> QueryError {
    QueryError { es_type: "parse_exception", ..QueryError::illegal(reason) }
}

/// Returns true if a bound of dates is one instant everywhere: it has an offset, or is counted from now.
fn is_instant(value: &Scalar) -> bool {
    let Scalar::Text(text) = value else { return false };
    let time = text.split_once("||").map_or(text.as_str(), |(date, _)| date).split_once(['T', 't', ' ']);
    text.starts_with("now") || time.is_some_and(|(_, time)| time.contains(['Z', 'z', '+', '-']))
}

/// The whole numbers that a bound lies between; both the same for a whole one.
fn number(value: &Scalar, field: &str) -> Result<(i64, i64), QueryError> {
    let number = match value {
        Scalar::Number(number) => number.as_f64(),
        Scalar::Text(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    match number.filter(|number| number.is_finite()) {
        Some(number) => Ok((number.ceil() as i64, number.floor() as i64)),
        None => Err(QueryError {
            es_type: "query_shard_exception",
            ..QueryError::illegal(format!("`{value}` is no number, but `{field}` holds numbers"))
        }),
    }
}
