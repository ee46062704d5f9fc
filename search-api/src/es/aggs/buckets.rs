//! The aggregations that part documents by the values of a field.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use query::{
    Aggregation, AggregationKind, BucketOrder, DateFormat, Fields, Histogram, Interval, KeySet, Keys,
    MetricPath, OrderBy, Pattern, QueryError, Span, Step, Terms, kind_of,
    limits::{MAX_BUCKETS, MAX_VALUES},
    millis_of, parse_bound, zone_of,
};
use serde_json::Value;
use store::Timestamp;

use super::{ReadKind, format, format_as_written};
use crate::es::aggs::Look;

pub(super) fn terms(object: &mut Fields, look: &mut Look, nested: &[Aggregation]) -> ReadKind {
    // There is one shard, and counts are exact.
    object.pass_over(&["shard_size", "execution_hint", "collect_mode", "shard_min_doc_count", "value_type"]);
    look.count_error = object.flag("show_term_doc_count_error")?.unwrap_or(false);
    let size = object.count("size")?.unwrap_or(10);
    if !(1..=MAX_BUCKETS).contains(&size) {
        return Err(QueryError::illegal(format!(
            "`size` is {size}: from 1 to {MAX_BUCKETS} buckets are given"
        ))
        .at(object.pointer_to("size")));
    }
    let min_count = min_count(object, 1)?;
    if min_count == 0 {
        return Err(QueryError::illegal(
            "`min_doc_count` must be 1 at least: what no document has is not listed",
        )
        .at(object.pointer_to("min_doc_count")));
    }
    let field = object.need_text("field")?;
    if field == "_index" {
        let why = "`_index` has no values to count: ask each index, or all with `_msearch`";
        return Err(QueryError::new(why).at(object.pointer_to("field")));
    }
    Ok(AggregationKind::Terms(Terms {
        order: order(object, nested)?,
        min_count,
        missing: object.text("missing")?,
        keys: Keys { include: keys(object, "include")?, exclude: keys(object, "exclude")? },
        format: format(object)?,
        ..Terms::of(field, size)
    }))
}

/// `include` and `exclude`: a pattern, a list of values, or one part of several.
fn keys(object: &mut Fields, name: &str) -> Result<Option<KeySet>, QueryError> {
    let pointer = object.pointer_to(name);
    let refused = |text: String| Err(QueryError::illegal(text).at(pointer.clone()));
    Ok(Some(match object.take(name) {
        None => return Ok(None),
        Some(Value::String(text)) => match Pattern::regexp(&text) {
            Ok(pattern) => KeySet::Like(pattern),
            Err(error) => return refused(error.to_string()),
        },
        Some(Value::Array(values)) if values.len() > MAX_VALUES => {
            return refused(format!("`{name}` has {} values: at most {MAX_VALUES} are taken", values.len()));
        }
        Some(Value::Array(values)) => {
            let mut texts = BTreeSet::new();
            for value in values {
                texts.insert(match value {
                    Value::String(text) => text,
                    Value::Number(number) => number.to_string(),
                    other => {
                        return refused(format!("single values are expected here, not {}", kind_of(&other)));
                    }
                });
            }
            KeySet::Values(texts)
        }
        Some(value @ Value::Object(_)) if name == "include" => {
            let mut part = Fields::new(value, &pointer)?;
            let (at, of) = (part.count("partition")?, part.count("num_partitions")?);
            part.end()?;
            match (at, of) {
                (Some(at), Some(of)) if at < of => KeySet::Part { at: at as u64, of: of as u64 },
                _ => return refused("`partition` must be a number below `num_partitions`".to_owned()),
            }
        }
        Some(other) => {
            return refused(format!(
                "a pattern or a list of values is expected here, not {}",
                kind_of(&other)
            ));
        }
    }))
}

/// `order`: by `_count`, `_key`, or a number of what is nested; several one behind the other.
pub(super) fn order(object: &mut Fields, nested: &[Aggregation]) -> Result<Vec<BucketOrder>, QueryError> {
    let pointer = object.pointer_to("order");
    let mut orders = Vec::new();
    for value in object.list("order") {
        let mut one = Fields::new(value, &pointer)?;
        while let Some((name, way)) = one.take_any() {
            let descending = match way.as_str() {
                Some(way) if way.eq_ignore_ascii_case("desc") => true,
                Some(way) if way.eq_ignore_ascii_case("asc") => false,
                _ => return Err(QueryError::illegal("buckets are ordered asc or desc").at(pointer)),
            };
            let by = match name.as_str() {
                "_count" => OrderBy::Count,
                "_key" | "_term" | "_time" => OrderBy::Key,
                path => OrderBy::Metric(MetricPath::parse(path, nested).map_err(|error| error.at(&pointer))?),
            };
            orders.push(BucketOrder { by, descending });
        }
    }
    if orders.len() > MAX_ORDERS {
        return Err(QueryError::illegal(format!("an order has at most {MAX_ORDERS} keys")).at(pointer));
    }
    Ok(orders)
}

const MAX_ORDERS: usize = 8;

pub(super) fn min_count(object: &mut Fields, default: u64) -> Result<u64, QueryError> {
    Ok(object.count("min_doc_count")?.map_or(default, |count| count as u64))
}

pub(super) fn dates(object: &mut Fields, look: &mut Look, nested: &[Aggregation]) -> ReadKind {
    let zone = Zone::of(object)?;
    let step = interval_of(object, &zone)?;
    let offset = offset_of(object)?;
    let (format, written) = format_as_written(object)?.unzip();
    // Numbers are read too, whatever the format.
    let reads = written.map(|text| format!("{text}||epoch_millis"));
    let now = Timestamp::now().as_millis();
    let read = |text: &str| {
        let read = |format| parse_bound(text, format, zone.name.as_deref(), now);
        let bound = read(reads.as_deref()).or_else(|_| read(None));
        bound.map(|(first, _)| first).map_err(|error| QueryError::illegal(error.to_string()))
    };
    let format = zone.shows(format);
    let wanted = Histogram { format, offset, ..Histogram::of(object.need_text("field")?, step) };
    histogram(wanted, object, look, nested, &read)
}

/// `calendar_interval`, `fixed_interval`, or `interval` for either.
pub(super) fn interval_of(object: &mut Fields, zone: &Zone) -> Result<Step, QueryError> {
    let (calendar, fixed) = (object.text("calendar_interval")?, object.text("fixed_interval")?);
    let legacy = object.text("interval")?;
    let is_none = calendar.is_none() && fixed.is_none() && legacy.is_none();
    let interval = match (calendar, fixed, legacy) {
        (Some(text), None, None) => Interval::calendar(&text),
        (None, Some(text), None) => Interval::fixed(&text),
        (None, None, Some(text)) => Interval::calendar(&text).or_else(|_| Interval::fixed(&text)),
        _ => {
            let error = QueryError::illegal("one of `calendar_interval` and `fixed_interval` is expected");
            return Err(if is_none { error.late() } else { error });
        }
    };
    let interval = interval.map_err(|error| QueryError::illegal(error.to_string()))?;
    Ok(Step::Dates(interval, zone.zone.clone()))
}

/// `offset`, in milliseconds.
pub(super) fn offset_of(object: &mut Fields) -> Result<i64, QueryError> {
    let offset = object.text("offset")?.unwrap_or_default();
    let (sign, length) = match offset.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, offset.trim_start_matches('+')),
    };
    match length {
        "" => Ok(0),
        length => millis_of(length).map(|millis| sign * millis).ok_or_else(|| {
            QueryError::illegal("`offset` must be a time such as +6h or -1d").at(object.pointer_to("offset"))
        }),
    }
}

/// By whose clocks dates are read, parted and shown.
pub(super) struct Zone {
    pub(super) name: Option<String>,
    pub(super) zone: TimeZone,
}

impl Zone {
    pub(super) fn of(object: &mut Fields) -> Result<Self, QueryError> {
        let name = object.text("time_zone")?;
        let zone = zone_of(name.as_deref());
        let zone =
            zone.map_err(|error| QueryError::illegal(error.to_string()).at(object.pointer_to("time_zone")))?;
        Ok(Self { name, zone })
    }

    pub(super) fn shows(&self, format: Option<DateFormat>) -> Option<DateFormat> {
        if self.zone == TimeZone::UTC { format } else { Some(DateFormat::in_zone(format, self.zone.clone())) }
    }
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < 1e15
}

/// `interval` of numbers.
pub(super) fn number_step(object: &mut Fields) -> Result<Step, QueryError> {
    let interval = object.number("interval")?.filter(|interval| *interval >= 1.0 && is_whole(*interval));
    let interval = interval.ok_or_else(|| {
        QueryError::illegal("`interval` must be a whole number from 1 on").at(object.pointer_to("interval"))
    })?;
    Ok(Step::Numbers(interval as i64))
}

pub(super) fn numbers(object: &mut Fields, look: &mut Look, nested: &[Aggregation]) -> ReadKind {
    let step = number_step(object)?;
    let offset = object.number("offset")?.unwrap_or(0.0);
    if !is_whole(offset) {
        return Err(QueryError::illegal("`offset` must be a whole number").at(object.pointer_to("offset")));
    }
    let read = |text: &str| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number
            .map(|number| number as i64)
            .ok_or_else(|| QueryError::illegal(format!("`{text}` is no number")))
    };
    let wanted = Histogram::of(object.need_text("field")?, step);
    histogram(Histogram { offset: offset as i64, ..wanted }, object, look, nested, &read)
}

/// Reads the options that all histograms have; `read` reads a value of the field.
fn histogram(
    wanted: Histogram,
    object: &mut Fields,
    look: &mut Look,
    nested: &[Aggregation],
    read: &dyn Fn(&str) -> Result<i64, QueryError>,
) -> ReadKind {
    look.keyed = object.flag("keyed")?.unwrap_or(false);
    let mut bounds = |name: &str| -> Result<(Option<i64>, Option<i64>), QueryError> {
        let Some(value) = object.take(name) else { return Ok((None, None)) };
        let mut bounds = Fields::new(value, &object.pointer_to(name))?;
        let mut bound = |name: &str| match bounds.text(name)? {
            Some(text) => read(&text).map(Some).map_err(|error| error.at(bounds.pointer_to(name))),
            None => Ok(None),
        };
        let found = (bound("min")?, bound("max")?);
        bounds.end()?;
        match found {
            (Some(min), Some(max)) if min > max => {
                Err(QueryError::illegal("`min` must not be above `max`").at(object.pointer_to(name)))
            }
            found => Ok(found),
        }
    };
    Ok(AggregationKind::Histogram(Histogram {
        at_least: bounds("extended_bounds")?,
        at_most: bounds("hard_bounds")?,
        min_count: min_count(object, 0)?,
        order: order(object, nested)?,
        missing: object.text("missing")?.map(|text| read(&text)).transpose()?,
        ..wanted
    }))
}

pub(super) fn ranges(object: &mut Fields, look: &mut Look, dates: bool) -> ReadKind {
    look.keyed = object.flag("keyed")?.unwrap_or(false);
    let (format, reads) = format_as_written(object)?.unzip();
    let zone = if dates { Zone::of(object)? } else { Zone { name: None, zone: TimeZone::UTC } };
    let format = zone.shows(format);
    let now = Timestamp::now().as_millis();
    let read = |text: &str| -> Result<f64, QueryError> {
        if dates {
            return parse_bound(text, reads.as_deref(), zone.name.as_deref(), now)
                .map(|(first, _)| first as f64)
                .map_err(|error| QueryError::illegal(error.to_string()).named("parse_exception").late());
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let why = || QueryError::illegal(format!("`{text}` is no number"));
        number.ok_or_else(|| why().named("number_format_exception").late())
    };
    let mut spans = Vec::new();
    for (at, value) in object.list("ranges").into_iter().enumerate() {
        let mut one = Fields::new(value, &format!("{}/{at}", object.pointer_to("ranges")))?;
        let mut bound = |name: &str| match one.text(name)? {
            Some(text) => read(&text).map(Some).map_err(|error| error.at(one.pointer_to(name))),
            None => Ok(None),
        };
        let (from, to) = (bound("from")?, bound("to")?);
        spans.push(Span { key: one.text("key")?, from, to });
        one.end()?;
    }
    if spans.is_empty() || spans.len() > MAX_RANGES {
        return Err(QueryError::illegal(format!("`ranges` must have 1 to {MAX_RANGES} ranges"))
            .late()
            .at(object.pointer_to("ranges")));
    }
    let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
    spans.sort_by(|one, other| {
        let from = one.from.unwrap_or(low).total_cmp(&other.from.unwrap_or(low));
        from.then(one.to.unwrap_or(high).total_cmp(&other.to.unwrap_or(high)))
    });
    let missing = object.text("missing")?.map(|text| read(&text)).transpose()?;
    Ok(AggregationKind::Ranges { field: object.need_text("field")?, spans, format, missing })
}

const MAX_RANGES: usize = 100;
