//! `distance_feature`.

use super::{Kind, Parsed, Parser, Read, Written, options::scalar};
use crate::{Curve, FunctionKind, Mode, Query, Scalar, ScoreFunction, Scored, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "distance_feature", read: Read::Options(read) }];

fn read(_: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let field = object.need_text("field")?;
    let origin = scalar(object.need("origin")?, object)?;
    let pivot = scalar(object.need("pivot")?, object)?;
    Ok(Query::Scored(near(field, origin, pivot)))
}

/// Returns the documents that have a value, the nearer to `origin` the better.
fn near(field: String, origin: Scalar, pivot: Scalar) -> Scored {
    let kind = FunctionKind::Decay {
        field: field.clone(),
        origin,
        scale: pivot,
        offset: None,
        decay: 0.5,
        curve: Curve::Reciprocal,
    };
    Scored {
        query: Box::new(Query::Exists { field }),
        functions: vec![ScoreFunction { filter: None, weight: 1.0, kind }],
        score_mode: Mode::Multiply,
        boost_mode: Mode::Replace,
        max_boost: f32::MAX,
        min_score: None,
    }
}

/// Writes a query that [`read`] makes; `None` of any other.
pub(super) fn write(scored: &Scored) -> Option<Written> {
    let [ScoreFunction { kind: FunctionKind::Decay { field, origin, scale, .. }, .. }] =
        scored.functions.as_slice()
    else {
        return None;
    };
    (*scored == near(field.clone(), origin.clone(), scale.clone())).then(|| {
        Written::new("distance_feature")
            .with("field", field.as_str())
            .with("origin", origin.clone())
            .with("pivot", scale.clone())
    })
}
