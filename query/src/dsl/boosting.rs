//! `boosting`, which is a score function for what is not wanted.

use super::{Kind, Parsed, Parser, Read};
use crate::{FunctionKind, Mode, Query, QueryError, ScoreFunction, Scored, json::Fields};

pub(super) const KINDS: &[Kind] = &[Kind { name: "boosting", read: Read::Options(read) }];

fn read(parser: &mut Parser<'_, '_>, object: &mut Fields) -> Parsed {
    let positive = object.need("positive")?;
    let negative = object.need("negative")?;
    let factor =
        object.number("negative_boost")?.filter(|factor| (0.0..=1.0).contains(factor)).ok_or_else(|| {
            QueryError::illegal("`negative_boost` must be from 0 to 1")
                .at(object.pointer_to("negative_boost"))
        })?;
    let function = ScoreFunction {
        filter: Some(parser.query(negative, &object.pointer_to("negative"))?),
        weight: factor as f32,
        kind: FunctionKind::Weight,
    };
    Ok(Query::Scored(Scored {
        query: Box::new(parser.query(positive, &object.pointer_to("positive"))?),
        functions: vec![function],
        score_mode: Mode::Multiply,
        boost_mode: Mode::Multiply,
        max_boost: f32::MAX,
        min_score: None,
    }))
}
