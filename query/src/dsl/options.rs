//! The options that several queries have in common.

use serde_json::Value;

use super::Written;
use crate::{
    FieldBoost, Fuzziness, Minimum, Need, QueryError, Scalar,
    json::{Fields, kind_of},
    limits::MAX_BOOST,
};

/// The number of terms that the start of a word or a fuzzy word stands for in Elasticsearch, unless another is asked
/// for.
pub(super) const USUAL_EXPANSIONS: usize = 50;
/// As many as there are: the largest number that Elasticsearch takes.
const ALL_EXPANSIONS: usize = i32::MAX as usize;

/// `max_expansions`: how many terms the start of a word or a fuzzy word may stand for; `None` for all.
pub(super) fn expansions(object: &mut Fields, name: &str) -> Result<Option<usize>, QueryError> {
    match object.count(name)?.unwrap_or(USUAL_EXPANSIONS) {
        0 => Err(QueryError::illegal(format!("`{name}` must be 1 at least")).at(object.pointer_to(name))),
        ALL_EXPANSIONS.. => Ok(None),
        most => Ok(Some(most)),
    }
}

/// Writes what [`expansions`] reads.
pub(super) fn with_expansions(written: Written, most: Option<usize>) -> Written {
    written.with_other("max_expansions", most.unwrap_or(ALL_EXPANSIONS), &USUAL_EXPANSIONS)
}

/// Passes over `rewrite`: the terms of a pattern always score the same.
pub(super) fn rewrite(object: &mut Fields, name: &str) -> Result<(), QueryError> {
    match object.text(name)?.as_deref() {
        None | Some("constant_score" | "constant_score_boolean" | "constant_score_blended") => Ok(()),
        Some(_) => Err(QueryError::illegal(format!("`{name}` is not supported, but for constant_score"))
            .at(object.pointer_to(name))),
    }
}

pub(super) fn fuzziness(object: &mut Fields, name: &str) -> Result<Option<Fuzziness>, QueryError> {
    let Some(text) = object.text(name)? else { return Ok(None) };
    let upper = text.to_ascii_uppercase();
    let lengths = upper.strip_prefix("AUTO:").and_then(|lengths| {
        let (one, two) = lengths.split_once(',')?;
        Some(Fuzziness::Auto(one.trim().parse().ok()?, two.trim().parse().ok()?))
    });
    match (upper.as_str(), lengths, text.parse::<f64>()) {
        ("AUTO", ..) => Ok(Some(Fuzziness::AUTO)),
        (_, Some(lengths), _) => Ok(Some(lengths)),
        (_, _, Ok(edits)) if (0.0..=2.0).contains(&edits) => Ok(Some(Fuzziness::Edits(edits as u8))),
        _ => Err(QueryError::illegal(format!("`{name}` must be AUTO, AUTO:3,6, 0, 1 or 2"))
            .at(object.pointer_to(name))),
    }
}

/// Returns a number from 0 to 1.
pub(super) fn share(object: &mut Fields, name: &str, default: f32) -> Result<f32, QueryError> {
    match object.number(name)? {
        None => Ok(default),
        Some(share) if (0.0..=1.0).contains(&share) => Ok(share as f32),
        Some(share) => Err(QueryError::illegal(format!("`{name}` must be from 0 to 1, not {share}"))
            .at(object.pointer_to(name))),
    }
}

/// `headline^3`
pub(super) fn fields(names: Vec<String>) -> Result<Vec<FieldBoost>, QueryError> {
    names
        .into_iter()
        .map(|name| match name.split_once('^') {
            None => Ok(FieldBoost::new(name)),
            Some((name, boost)) => match boost.parse::<f32>() {
                Ok(boost) if (0.0..=MAX_BOOST).contains(&boost) => {
                    Ok(FieldBoost { name: name.to_owned(), boost })
                }
                _ => Err(QueryError::illegal(format!("`{boost}` is no boost of the field `{name}`"))),
            },
        })
        .collect()
}

/// Returns a single value.
pub(super) fn scalar(value: Value, object: &Fields) -> Result<Scalar, QueryError> {
    Scalar::try_from(value).map_err(|value| {
        QueryError::new(format!("a single value is expected here, not {}", kind_of(&value)))
            .at(object.pointer())
    })
}

pub(super) fn at_most(name: &str, count: usize, max: usize, object: &Fields) -> Result<(), QueryError> {
    if count > max {
        return Err(QueryError::illegal(format!("`{name}` has {count}: at most {max} are taken"))
            .at(object.pointer_to(name)));
    }
    Ok(())
}

/// `zero_terms_query`: whether a text without any word matches everything.
pub(super) fn zero_terms(object: &mut Fields) -> Result<bool, QueryError> {
    match object.text("zero_terms_query")?.as_deref() {
        None | Some("none") => Ok(false),
        Some("all") => Ok(true),
        Some(_) => Err(QueryError::illegal("`zero_terms_query` must be none or all")
            .at(object.pointer_to("zero_terms_query"))),
    }
}

/// `operator` and `minimum_should_match`.
pub(super) fn need(object: &mut Fields) -> Result<Need, QueryError> {
    let joined = operator(object, "operator")?;
    Ok(minimum(object)?.map_or(joined, Need::Minimum))
}

/// Writes what [`need`] reads.
pub(super) fn with_need(written: Written, need: &Need) -> Written {
    match need {
        Need::Any => written,
        Need::All => written.with("operator", "and"),
        Need::Minimum(minimum) => written.with("minimum_should_match", minimum.to_string()),
    }
}

/// `minimum_should_match`.
pub(super) fn minimum(object: &mut Fields) -> Result<Option<Minimum>, QueryError> {
    let Some(text) = object.text("minimum_should_match")? else { return Ok(None) };
    let minimum =
        text.parse().map_err(|error: QueryError| error.at(object.pointer_to("minimum_should_match")))?;
    Ok(Some(minimum))
}

/// Returns the operator between words.
pub(super) fn operator(object: &mut Fields, name: &str) -> Result<Need, QueryError> {
    match object.text(name)?.as_deref() {
        None => Ok(Need::Any),
        Some(operator) if operator.eq_ignore_ascii_case("or") => Ok(Need::Any),
        Some(operator) if operator.eq_ignore_ascii_case("and") => Ok(Need::All),
        Some(_) => {
            Err(QueryError::illegal(format!("`{name}` must be and or or")).at(object.pointer_to(name)))
        }
    }
}

pub(super) fn slop(object: &mut Fields, name: &str) -> Result<u32, QueryError> {
    let slop = object.count(name)?.unwrap_or(0);
    at_most(name, slop, 100, object)?;
    #[expect(clippy::expect_used, reason = "it was compared with the most just now")]
    Ok(u32::try_from(slop).expect("100 at most"))
}
