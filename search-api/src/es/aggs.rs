//! Aggregations as Elasticsearch's clients write them.

use indexer::{FieldKind, view_of};
use serde_json::{Value, json};
use store::AssetKind;

use super::{decorate::Look, params::SourceFilter};
use crate::{
    execute::{Aggregation, AggregationKind, Stat},
    query::{
        DslOptions, Interval, QueryError, Reader, kind_of,
        limits::{Clauses, MAX_BUCKETS},
        parse_bound, parse_query,
    },
};

/// Aggregations, and how their answers are to look.
pub(super) type Wanted = (Vec<Aggregation>, Vec<Look>);

/// Reads `aggs`.
pub(super) fn parse(
    value: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<Wanted, QueryError> {
    let mut object = Reader::new(value, pointer)?;
    let mut all = Wanted::default();
    while let Some((name, body)) = object.take_any() {
        clauses.one()?;
        let (aggregation, look) = one(&name, body, &object.pointer_to(&name), options, clauses)?;
        all.0.push(aggregation);
        all.1.push(look);
    }
    Ok(all)
}

fn one(
    name: &str,
    body: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<(Aggregation, Look), QueryError> {
    let mut outer = Reader::new(body, pointer)?;
    let mut look = Look { name: name.to_owned(), meta: outer.take("meta"), ..Look::default() };
    let mut nested = Vec::new();
    for word in ["aggs", "aggregations"] {
        if let Some(inner) = outer.take(word) {
            let (inner, looks) = parse(inner, &outer.pointer_to(word), options, clauses)?;
            nested.extend(inner);
            look.nested.extend(looks);
        }
    }
    let (kind, body) =
        outer.take_any().ok_or_else(|| QueryError::new("an aggregation is expected here").at(pointer))?;
    let here = outer.pointer_to(&kind);
    outer.end()?;
    let kind = match kind.as_str() {
        "filter" => AggregationKind::Filter(parse_query(body, &here, options, clauses)?),
        "filters" => filters(body, &here, options, clauses)?,
        name => {
            let mut object = Reader::new(body, &here)?;
            let kind = simple(name, &mut object, &mut look)?;
            object.end()?;
            kind
        }
    };
    look.kind = type_of(&kind);
    Ok((Aggregation { name: name.to_owned(), kind, nested }, look))
}

/// What Elasticsearch calls it in typed keys.
fn type_of(kind: &AggregationKind) -> &'static str {
    match kind {
        AggregationKind::Terms { field, .. } if is_number(field) => "lterms",
        AggregationKind::Terms { .. } => "sterms",
        AggregationKind::Dates { .. } => "date_histogram",
        AggregationKind::Numbers { .. } => "histogram",
        AggregationKind::Ranges { field, .. } if is_date(field) => "date_range",
        AggregationKind::Ranges { .. } => "range",
        AggregationKind::Stats { which, .. } => match which {
            Stat::Min => "min",
            Stat::Max => "max",
            Stat::Avg => "avg",
            Stat::Sum => "sum",
            Stat::Count => "value_count",
            Stat::All => "stats",
        },
        AggregationKind::Cardinality { .. } => "cardinality",
        AggregationKind::Filter(_) => "filter",
        AggregationKind::Filters(_) => "filters",
        AggregationKind::Missing { .. } => "missing",
        AggregationKind::TopHits { .. } => "top_hits",
    }
}

fn is_number(field: &str) -> bool {
    kind_in_any_view(field).is_some_and(|kind| matches!(kind, FieldKind::Number | FieldKind::Date))
}

fn is_date(field: &str) -> bool {
    kind_in_any_view(field) == Some(FieldKind::Date)
}

fn kind_in_any_view(name: &str) -> Option<FieldKind> {
    let mut fields = AssetKind::ALL.into_iter().flat_map(|kind| view_of(kind).fields());
    fields.find(|field| field.name == name).map(|field| field.kind)
}

fn filters(
    body: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<AggregationKind, QueryError> {
    let mut object = Reader::new(body, pointer)?;
    let inner = object.need("filters")?;
    let here = object.pointer_to("filters");
    object.end()?;
    let Value::Object(named) = inner else {
        return Err(QueryError::new(format!(
            "an object of queries is expected here, not {}",
            kind_of(&inner)
        ))
        .at(here));
    };
    let mut queries = Vec::new();
    for (name, query) in named {
        let query = parse_query(query, &format!("{here}/{name}"), options, clauses)?;
        queries.push((name, query));
    }
    Ok(AggregationKind::Filters(queries))
}

fn simple(name: &str, object: &mut Reader, look: &mut Look) -> Result<AggregationKind, QueryError> {
    let field = |object: &mut Reader| object.need_text("field");
    Ok(match name {
        "terms" => terms(object)?,
        "date_histogram" => {
            histogram_look(object, look)?;
            dates(object)?
        }
        "histogram" => {
            histogram_look(object, look)?;
            let interval =
                object.number("interval")?.filter(|interval| *interval >= 1.0 && interval.fract() == 0.0);
            AggregationKind::Numbers {
                field: field(object)?,
                interval: interval.ok_or_else(|| {
                    QueryError::illegal("`interval` must be a whole number").at(object.pointer_to("interval"))
                })? as i64,
                min_count: min_count(object, 0)?,
            }
        }
        "range" => ranges(object, false)?,
        "date_range" => ranges(object, true)?,
        "cardinality" => {
            object.count("precision_threshold")?; // the count is exact
            AggregationKind::Cardinality { field: field(object)? }
        }
        "missing" => AggregationKind::Missing { field: field(object)? },
        "top_hits" => {
            look.source = object.take("_source").map(SourceFilter::of_json).transpose()?;
            if object.take("sort").is_some() {
                return Err(QueryError::new(
                    "`sort` is not supported in top_hits: they come newest in the log first",
                )
                .at(object.pointer_to("sort")));
            }
            AggregationKind::TopHits {
                from: object.count("from")?.unwrap_or(0),
                size: object.count("size")?.unwrap_or(3).min(100),
            }
        }
        "min" => AggregationKind::Stats { field: field(object)?, which: Stat::Min },
        "max" => AggregationKind::Stats { field: field(object)?, which: Stat::Max },
        "avg" => AggregationKind::Stats { field: field(object)?, which: Stat::Avg },
        "sum" => AggregationKind::Stats { field: field(object)?, which: Stat::Sum },
        "value_count" => AggregationKind::Stats { field: field(object)?, which: Stat::Count },
        "stats" => AggregationKind::Stats { field: field(object)?, which: Stat::All },
        other => {
            let shown: String = other.chars().take(80).collect();
            return Err(
                QueryError::new(format!("the aggregation `{shown}` is not supported")).at(object.pointer())
            );
        }
    })
}

fn min_count(object: &mut Reader, default: u64) -> Result<u64, QueryError> {
    Ok(object.count("min_doc_count")?.map_or(default, |count| count as u64))
}

/// `order` and `keyed` of a histogram.
fn histogram_look(object: &mut Reader, look: &mut Look) -> Result<(), QueryError> {
    look.keyed = object.flag("keyed")?.unwrap_or(false);
    look.order = order(object)?;
    Ok(())
}

/// `order`: whether by key, and whether descending.
fn order(object: &mut Reader) -> Result<Option<(bool, bool)>, QueryError> {
    let Some(order) = object.take("order") else { return Ok(None) };
    let order = match order {
        Value::Array(mut orders) if !orders.is_empty() => orders.swap_remove(0),
        order => order,
    };
    let order = order.as_object().and_then(|order| order.iter().next());
    match order.map(|(by, way)| (by.as_str(), way.as_str().unwrap_or_default())) {
        Some(("_count", way @ ("asc" | "desc"))) => Ok(Some((false, way == "desc"))),
        Some(("_key" | "_term", way @ ("asc" | "desc"))) => Ok(Some((true, way == "desc"))),
        _ => Err(QueryError::illegal("buckets are ordered by _count or _key, asc or desc")
            .at(object.pointer_to("order"))),
    }
}

fn terms(object: &mut Reader) -> Result<AggregationKind, QueryError> {
    // There is one shard, and counts are exact.
    object.pass_over(&["shard_size", "execution_hint", "collect_mode", "shard_min_doc_count"]);
    object.only("show_term_doc_count_error", &json!(false))?;
    let size = object.count("size")?.unwrap_or(10);
    if size > MAX_BUCKETS {
        return Err(QueryError::illegal(format!(
            "`size` is {size}: at most {MAX_BUCKETS} buckets are given"
        ))
        .at(object.pointer_to("size")));
    }
    // By count the largest comes first, by key the smallest.
    let (by_key, descending) = order(object)?.unwrap_or((false, true));
    let reversed = descending == by_key;
    let min_count = min_count(object, 1)?;
    if min_count == 0 {
        return Err(QueryError::illegal(
            "`min_doc_count` must be 1 at least: what no document has is not listed",
        )
        .at(object.pointer_to("min_doc_count")));
    }
    Ok(AggregationKind::Terms {
        field: object.need_text("field")?,
        size,
        by_key,
        reversed,
        min_count,
        missing: object.text("missing")?,
    })
}

fn dates(object: &mut Reader) -> Result<AggregationKind, QueryError> {
    if object.text("time_zone")?.is_some_and(|zone| !matches!(zone.as_str(), "UTC" | "Z" | "+00:00")) {
        return Err(QueryError::illegal("`time_zone` must be UTC: archives' dates have none")
            .at(object.pointer_to("time_zone")));
    }
    let (calendar, fixed) = (object.text("calendar_interval")?, object.text("fixed_interval")?);
    let legacy = object.text("interval")?;
    let interval = match (calendar, fixed, legacy) {
        (Some(text), None, None) => Interval::calendar(&text),
        (None, Some(text), None) => Interval::fixed(&text),
        (None, None, Some(text)) => Interval::calendar(&text).or_else(|_| Interval::fixed(&text)),
        _ => {
            return Err(QueryError::illegal("one of `calendar_interval` and `fixed_interval` is expected")
                .at(object.pointer()));
        }
    };
    Ok(AggregationKind::Dates {
        field: object.need_text("field")?,
        interval: interval.map_err(|error| QueryError::illegal(error.to_string()).at(object.pointer()))?,
        min_count: min_count(object, 0)?,
        format: object.text("format")?,
    })
}

fn ranges(object: &mut Reader, dates: bool) -> Result<AggregationKind, QueryError> {
    let format = object.text("format")?;
    let keyed = object.flag("keyed")?.unwrap_or(false);
    let now = store::Timestamp::now().as_millis();
    let mut ranges = Vec::new();
    for (at, value) in object.list("ranges").into_iter().enumerate() {
        let mut one = Reader::new(value, &format!("{}/{at}", object.pointer_to("ranges")))?;
        let mut bound = |name: &str| -> Result<Option<i64>, QueryError> {
            let Some(text) = one.text(name)? else { return Ok(None) };
            if dates {
                let found = parse_bound(&text, format.as_deref(), None, now);
                return found
                    .map(|(first, _)| Some(first))
                    .map_err(|error| QueryError::illegal(error.to_string()));
            }
            let number: Result<f64, _> = text.parse();
            number
                .map(|number| Some(number.ceil() as i64))
                .map_err(|_| QueryError::illegal(format!("`{text}` is no number")))
        };
        let (from, to) = (bound("from")?, bound("to")?);
        let shown = |bound: Option<i64>| bound.map_or_else(|| "*".to_owned(), |bound| bound.to_string());
        let key = one.text("key")?.unwrap_or_else(|| format!("{}-{}", shown(from), shown(to)));
        one.end()?;
        ranges.push((key, from, to));
    }
    if ranges.is_empty() || ranges.len() > 100 {
        return Err(QueryError::illegal("`ranges` must have 1 to 100 ranges").at(object.pointer_to("ranges")));
    }
    Ok(AggregationKind::Ranges { field: object.need_text("field")?, ranges, keyed })
}
