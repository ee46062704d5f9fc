//! Aggregations of several fields, and of how values spread.

use query::{
    Aggregation, AggregationKind, AutoHistogram, Composite, Fields, MultiTerms, QueryError, Scalar, Source,
    kind_of, limits::MAX_BUCKETS, parse_bound,
};
use serde_json::Value;
use store::Timestamp;

use super::{
    Look, ReadKind,
    buckets::{Zone, interval_of, min_count, number_step, offset_of, order},
    format, format_as_written,
};

/// The most fields whose values are combined.
const MAX_SOURCES: usize = 16;

/// Returns how many buckets are wanted.
fn size_of(object: &mut Fields, name: &str) -> Result<usize, QueryError> {
    let size = object.count(name)?.unwrap_or(10);
    if (1..=MAX_BUCKETS).contains(&size) {
        return Ok(size);
    }
    let why = format!("`{name}` is {size}: from 1 to {MAX_BUCKETS} buckets are given");
    Err(QueryError::illegal(why).at(object.pointer_to(name)))
}

pub(super) fn composite(object: &mut Fields) -> ReadKind {
    let mut sources: Vec<Source> = Vec::new();
    for (at, value) in object.list("sources").into_iter().enumerate() {
        let mut outer = Fields::new(value, &format!("{}/{at}", object.pointer_to("sources")))?;
        let missing = || QueryError::new("a source is expected here").at(object.pointer_to("sources"));
        let (name, inner) = outer.take_any().ok_or_else(missing)?;
        outer.end()?;
        if sources.iter().any(|known| known.name == name) {
            let why = format!("Composite source names must be unique, found duplicates: [{name}]");
            return Err(QueryError::illegal(why).at(object.pointer_to("sources")));
        }
        sources.push(source(name, Fields::new(inner, &format!("{}/{at}", object.pointer_to("sources")))?)?);
    }
    if sources.is_empty() || sources.len() > MAX_SOURCES {
        let why = format!("`sources` must have 1 to {MAX_SOURCES} sources");
        return Err(QueryError::illegal(why).at(object.pointer_to("sources")));
    }
    let after = match object.take("after") {
        None => None,
        Some(value) => {
            let mut after = Fields::new(value, &object.pointer_to("after"))?;
            let mut values = Vec::with_capacity(sources.len());
            for source in &sources {
                values.push(match after.take(&source.name) {
                    None => None,
                    Some(value) => Some(Scalar::try_from(value).map_err(|other| {
                        let why = format!("single values are expected here, not {}", kind_of(&other));
                        QueryError::illegal(why).at(after.pointer_to(&source.name))
                    })?),
                });
            }
            // Nothing stands for a missing value, whose key is left over.
            after.pass_over(&sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>());
            after.end()?;
            Some(values)
        }
    };
    Ok(AggregationKind::Composite(Composite { sources, size: size_of(object, "size")?, after }))
}

fn source(name: String, mut outer: Fields) -> Result<Source, QueryError> {
    let missing =
        |here: &str| QueryError::new("terms, histogram or date_histogram is expected here").at(here);
    let here = outer.pointer().to_owned();
    let (kind, body) = outer.take_any().ok_or_else(|| missing(&here))?;
    outer.end()?;
    let mut object = Fields::new(body, &here)?;
    let (intervals, format) = match kind.as_str() {
        "terms" => (None, format_as_written(&mut object)?),
        "histogram" => (Some((number_step(&mut object)?, 0)), None),
        "date_histogram" => {
            let zone = Zone::of(&mut object)?;
            let step = interval_of(&mut object, &zone)?;
            let offset = offset_of(&mut object)?;
            let format = format_as_written(&mut object)?;
            (
                Some((step, offset)),
                format.map(|(format, written)| (zone.shows(Some(format.clone())).unwrap_or(format), written)),
            )
        }
        other => {
            let why = format!(
                "there is no source `{}`: use terms, histogram or date_histogram",
                other.chars().take(80).collect::<String>()
            );
            return Err(QueryError::new(why).at(here));
        }
    };
    let descending = match object.text("order")?.as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => {
            return Err(QueryError::illegal("`order` must be asc or desc").at(object.pointer_to("order")));
        }
    };
    let with_missing = object.flag("missing_bucket")?.unwrap_or(false);
    let missing_first = match object.text("missing_order")?.as_deref() {
        None | Some("default") => !descending,
        Some("first") => true,
        Some("last") => false,
        Some(_) => {
            let why = "`missing_order` must be first, last or default";
            return Err(QueryError::illegal(why).at(object.pointer_to("missing_order")));
        }
    };
    object.text("value_type")?;
    let field = object.need_text("field")?;
    object.end()?;
    Ok(Source {
        name,
        field,
        intervals,
        descending,
        missing_first: with_missing.then_some(missing_first),
        format,
    })
}

pub(super) fn multi_terms(object: &mut Fields, nested: &[Aggregation]) -> ReadKind {
    object.pass_over(&["shard_size", "collect_mode", "shard_min_doc_count", "show_term_doc_count_error"]);
    let mut fields = Vec::new();
    for (at, value) in object.list("terms").into_iter().enumerate() {
        let mut one = Fields::new(value, &format!("{}/{at}", object.pointer_to("terms")))?;
        fields.push((one.need_text("field")?, one.text("missing")?));
        one.end()?;
    }
    if fields.len() < 2 || fields.len() > MAX_SOURCES {
        let why = format!("`terms` must have 2 to {MAX_SOURCES} fields");
        return Err(QueryError::illegal(why).at(object.pointer_to("terms")));
    }
    Ok(AggregationKind::MultiTerms(MultiTerms {
        fields,
        size: size_of(object, "size")?,
        order: order(object, nested)?,
        min_count: min_count(object, 1)?.max(1),
    }))
}

pub(super) fn auto_histogram(object: &mut Fields) -> ReadKind {
    let zone = Zone::of(object)?;
    let format = format(object)?;
    let buckets = size_of(object, "buckets")?;
    let shortest = match object.text("minimum_interval")? {
        None => 0,
        Some(name) => AutoHistogram::UNITS.iter().position(|known| *known == name).ok_or_else(|| {
            let why = format!("`minimum_interval` must be one of {}", AutoHistogram::UNITS.join(", "));
            QueryError::illegal(why).at(object.pointer_to("minimum_interval"))
        })?,
    };
    let missing = match object.text("missing")? {
        None => None,
        Some(text) => {
            let read = parse_bound(&text, None, zone.name.as_deref(), Timestamp::now().as_millis());
            Some(
                read.map_err(|error| {
                    QueryError::illegal(error.to_string()).at(object.pointer_to("missing"))
                })?
                .0,
            )
        }
    };
    Ok(AggregationKind::AutoHistogram(AutoHistogram {
        field: object.need_text("field")?,
        buckets,
        format: zone.shows(format),
        zone: zone.zone,
        shortest,
        missing,
    }))
}

/// `extended_stats`
pub(super) fn spread(object: &mut Fields) -> ReadKind {
    Ok(AggregationKind::Spread {
        field: object.need_text("field")?,
        sigma: sigma(object)?,
        missing: object.text("missing")?,
    })
}

/// By how many standard deviations bounds are away.
pub(super) fn sigma(object: &mut Fields) -> Result<f64, QueryError> {
    match object.number("sigma")?.unwrap_or(2.0) {
        sigma if sigma >= 0.0 => Ok(sigma),
        _ => Err(QueryError::illegal("`sigma` must be 0 at least").at(object.pointer_to("sigma"))),
    }
}

/// The shares that are given if none are asked for.
pub(super) const USUAL: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];
/// The most that are given.
const MAX_SHARES: usize = 1_000;

/// Returns a list of numbers; none if it is not there.
pub(super) fn numbers(object: &mut Fields, name: &str) -> Result<Vec<f64>, QueryError> {
    let list = object.list(name);
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let numbers: Option<Vec<f64>> = list.iter().map(number).collect();
    match numbers
        .filter(|numbers| numbers.len() <= MAX_SHARES && numbers.iter().all(|number| number.is_finite()))
    {
        Some(numbers) => Ok(numbers),
        None => Err(QueryError::illegal(format!("`{name}` must be a list of numbers, {MAX_SHARES} at most"))
            .at(object.pointer_to(name))),
    }
}

/// Shares in percent; the usual ones if none are asked for.
pub(super) fn percents(object: &mut Fields) -> Result<Vec<f64>, QueryError> {
    let percents = numbers(object, "percents")?;
    if percents.iter().any(|percent| !(0.0..=100.0).contains(percent)) {
        return Err(QueryError::illegal("`percents` must be from 0 to 100").at(object.pointer_to("percents")));
    }
    Ok(if percents.is_empty() { USUAL.to_vec() } else { percents })
}

pub(super) fn percentiles(object: &mut Fields, look: &mut Look) -> ReadKind {
    let of = percents(object)?;
    shares(object, look, of, false)
}

pub(super) fn percentile_ranks(object: &mut Fields, look: &mut Look) -> ReadKind {
    let of = numbers(object, "values")?;
    if of.is_empty() {
        return Err(QueryError::illegal("`values` is missing").at(object.pointer_to("values")));
    }
    shares(object, look, of, true)
}

fn shares(object: &mut Fields, look: &mut Look, of: Vec<f64>, are_values: bool) -> ReadKind {
    // They are exact, whichever sketch would have been used.
    object.pass_over(&["tdigest", "hdr", "compression"]);
    look.keyed = object.flag("keyed")?.unwrap_or(true);
    Ok(AggregationKind::Percentiles {
        field: object.need_text("field")?,
        of,
        are_values,
        format: format(object)?,
        missing: object.text("missing")?,
    })
}
