//! Functions that change scores, held against the fields of a view.

use std::sync::Arc;

use query::{FunctionKind, QueryError, Range, Scalar, Scored, millis_of};

use super::{
    super::{
        fields::AsWhat,
        score::{Function, Kind, Rescored},
    },
    Boxed, Translator,
};

impl Translator<'_> {
    /// A query whose score functions change.
    pub(super) fn scored(&self, scored: &Scored) -> Result<Boxed, QueryError> {
        let functions = scored
            .functions
            .iter()
            .map(|function| {
                let filter = function.filter.as_ref().map(|filter| self.query(filter)).transpose()?;
                let kind = self.function(&function.kind)?;
                Ok(Function { filter: filter.map(Arc::from), weight: function.weight, kind })
            })
            .collect::<Result<Vec<_>, QueryError>>()?;
        Ok(Box::new(Rescored {
            inner: Arc::from(self.query(&scored.query)?),
            functions: Arc::new(functions),
            score_mode: scored.score_mode,
            boost_mode: scored.boost_mode,
            max_boost: scored.max_boost,
            min_score: scored.min_score,
            segments: self.segments.clone(),
            budget: Arc::clone(self.budget),
        }))
    }

    fn function(&self, kind: &FunctionKind) -> Result<Kind, QueryError> {
        let column = |field: &str| {
            let target = self.target(field)?;
            match target {
                Some(target) if matches!(target.as_what, AsWhat::Number(_)) => Ok(target),
                _ => Err(QueryError::illegal(format!("`{field}` holds neither numbers nor dates"))),
            }
        };
        Ok(match kind {
            FunctionKind::Weight => Kind::Weight,
            FunctionKind::FieldValue { field, factor, modifier, missing } => Kind::FieldValue {
                column: column(field)?.field.spec.name,
                factor: *factor,
                modifier: *modifier,
                missing: *missing,
            },
            FunctionKind::Decay { field, origin, scale, offset, decay, curve } => {
                let target = column(field)?;
                let distance = |value: &Scalar| {
                    let text = value.to_string();
                    let distance = if target.is_date() {
                        millis_of(&text).map(|m| m as f64)
                    } else {
                        text.parse::<f64>().ok()
                    };
                    distance
                        .filter(|distance| distance.is_finite() && *distance >= 0.0)
                        .ok_or_else(|| QueryError::illegal(format!("`{text}` is no distance in `{field}`")))
                };
                let origin = match target.is_date() {
                    true => self.date(origin, &Range::default())?.0 as f64,
                    false => origin
                        .to_string()
                        .parse()
                        .map_err(|_| QueryError::illegal(format!("`{origin}` is no number")))?,
                };
                let scale = distance(scale)?;
                if scale <= 0.0 || *decay <= 0.0 || *decay >= 1.0 {
                    return Err(QueryError::illegal("`scale` must be above 0, and `decay` between 0 and 1"));
                }
                Kind::Decay {
                    column: target.field.spec.name,
                    origin,
                    scale,
                    offset: offset.as_ref().map(distance).transpose()?.unwrap_or(0.0),
                    decay: *decay,
                    curve: *curve,
                }
            }
        })
    }
}
