//! Aggregations as Elasticsearch's clients write them.

mod answer;
mod buckets;
mod more;
mod pipelines;

use query::{
    Aggregation, AggregationKind, DateFormat, DslOptions, Fields, QueryError, Stat, Step, kind_of,
    limits::{Clauses, MAX_WINDOW},
    parse_query,
};
use serde_json::{Map, Value};
use views::{FieldKind, VIEWS};

use super::body::{self, HitLook};

pub(super) use self::answer::{Look, answers};

/// The sort of an aggregation, as its body says it.
type ReadKind = Result<AggregationKind, QueryError>;

/// Aggregations, and how their answers are to look.
pub(super) type Wanted = (Vec<Aggregation>, Vec<Look>);

/// Reads `aggs`.
pub(super) fn parse(
    value: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<Wanted, QueryError> {
    let mut object = Fields::new(value, pointer)?;
    let mut all = Wanted::default();
    while let Some((name, body)) = object.take_any() {
        clauses.one()?;
        if name.contains(['[', ']', '>']) {
            let why =
                "the name of an aggregation cannot have `[`, `]` or `>` in it, which mean something in paths";
            return Err(QueryError::new(why).at(object.pointer_to(&name)));
        }
        let (aggregation, look) = one(&name, body, &object.pointer_to(&name), options, clauses)?;
        all.0.push(aggregation);
        all.1.push(look);
    }
    pipelines::check_paths(&all.0)?;
    Ok(all)
}

fn one(
    name: &str,
    body: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<(Aggregation, Look), QueryError> {
    let mut outer = Fields::new(body, pointer)?;
    let mut look = Look { meta: outer.take("meta"), ..Look::default() };
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
            let mut object = Fields::new(body, &here)?;
            let kind =
                simple(name, &mut object, &mut look, &nested, options).map_err(|error| error.at(&here));
            let kind = kind.and_then(|kind| object.end().map(|()| kind));
            kind.map_err(|error| in_their_words(name, error))?
        }
    };
    look.kind = type_of(&kind);
    let has_buckets = !matches!(
        kind,
        AggregationKind::TopHits { .. }
            | AggregationKind::Cardinality { .. }
            | AggregationKind::Stats { .. }
            | AggregationKind::Spread { .. }
            | AggregationKind::Percentiles { .. }
            | AggregationKind::Pipeline(_)
    );
    if !nested.is_empty() && !has_buckets {
        return Err(
            QueryError::illegal(format!("`{}` has no buckets to nest anything in", look.kind)).at(pointer)
        );
    }
    Ok((Aggregation { name: name.to_owned(), kind, nested }, look))
}

/// Names a mistake in the options of an aggregation as Elasticsearch's reader of them does.
fn in_their_words(kind: &str, error: QueryError) -> QueryError {
    let is_option = matches!(
        error.es_type,
        "parsing_exception" | "illegal_argument_exception" | "number_format_exception"
    );
    // Those of pipelines and of hits are read otherwise, and so is the name of a kind that there is not.
    let is_read_otherwise =
        pipelines::is_one(kind) || kind == "top_hits" || error.reason.starts_with(NO_KIND);
    if error.late || !is_option || error.pointer.contains("/order") || is_read_otherwise {
        return error;
    }
    match error.reason.ends_with("is missing") {
        true => error.named("illegal_argument_exception"),
        false => error.named("x_content_parse_exception"),
    }
}

/// Returns what Elasticsearch calls it in typed keys.
fn type_of(kind: &AggregationKind) -> &'static str {
    match kind {
        AggregationKind::Terms(terms) if is_number(&terms.field) => "lterms",
        AggregationKind::Terms(_) => "sterms",
        AggregationKind::Histogram(histogram) => match histogram.step {
            Step::Dates(..) => "date_histogram",
            Step::Numbers(_) => "histogram",
        },
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
        AggregationKind::Filters { .. } => "filters",
        AggregationKind::Missing { .. } => "missing",
        AggregationKind::TopHits { .. } => "top_hits",
        AggregationKind::Global => "global",
        AggregationKind::Sampler { .. } => "sampler",
        AggregationKind::Composite(_) => "composite",
        AggregationKind::MultiTerms(_) => "multi_terms",
        AggregationKind::AutoHistogram(_) => "auto_date_histogram",
        AggregationKind::Spread { .. } => "extended_stats",
        AggregationKind::Percentiles { are_values: false, .. } => "tdigest_percentiles",
        AggregationKind::Percentiles { are_values: true, .. } => "tdigest_percentile_ranks",
        AggregationKind::Pipeline(pipeline) => pipelines::type_of(pipeline),
    }
}

fn is_number(field: &str) -> bool {
    kind_in_any_view(field).is_some_and(|kind| matches!(kind, FieldKind::Number | FieldKind::Date))
}

fn is_date(field: &str) -> bool {
    kind_in_any_view(field) == Some(FieldKind::Date)
}

fn kind_in_any_view(name: &str) -> Option<FieldKind> {
    let mut fields = VIEWS.into_iter().flat_map(|view| view.view().fields());
    fields.find(|field| field.name == name).map(|field| field.kind)
}

/// `filters`: an object of named queries, or a list of them.
fn filters(
    body: Value,
    pointer: &str,
    options: &DslOptions<'_>,
    clauses: &mut Clauses,
) -> Result<AggregationKind, QueryError> {
    let mut object = Fields::new(body, pointer)?;
    let inner = object.need("filters")?;
    let here = object.pointer_to("filters");
    let named = inner.is_object();
    let filters: Map<String, Value> = match inner {
        Value::Object(filters) => filters,
        // Three digits keep their order.
        Value::Array(list) => (0..).map(|at: usize| format!("{at:03}")).zip(list).collect(),
        other => {
            return Err(QueryError::new(format!(
                "an object or a list of queries is expected here, not {}",
                kind_of(&other)
            ))
            .at(here));
        }
    };
    if filters.is_empty() {
        return Err(QueryError::illegal("`filters` cannot be empty").at(here));
    }
    let mut queries = Vec::new();
    for (name, query) in filters {
        let query = parse_query(query, &format!("{here}/{name}"), options, clauses)?;
        queries.push((name, query));
    }
    let key = object.text("other_bucket_key")?;
    let other = object.flag("other_bucket")?.unwrap_or(key.is_some());
    object.only("keyed", &Value::from(named))?;
    object.end()?;
    let other = other.then(|| key.unwrap_or_else(|| "_other_".to_owned()));
    Ok(AggregationKind::Filters { queries, other, named })
}

fn simple(
    name: &str,
    object: &mut Fields,
    look: &mut Look,
    nested: &[Aggregation],
    options: &DslOptions<'_>,
) -> Result<AggregationKind, QueryError> {
    let stats = |object: &mut Fields, which| {
        Ok::<_, QueryError>(AggregationKind::Stats {
            field: object.need_text("field")?,
            which,
            format: format(object)?,
            missing: object.text("missing")?,
        })
    };
    match name {
        "terms" => buckets::terms(object, look, nested),
        "date_histogram" => buckets::dates(object, look, nested),
        "histogram" => buckets::numbers(object, look, nested),
        "range" => buckets::ranges(object, look, false),
        "date_range" => buckets::ranges(object, look, true),
        "cardinality" => {
            // The count is exact, however many there are.
            object.count("precision_threshold")?;
            object.text("execution_hint")?;
            Ok(AggregationKind::Cardinality {
                field: object.need_text("field")?,
                missing: object.text("missing")?,
            })
        }
        "missing" => Ok(AggregationKind::Missing { field: object.need_text("field")? }),
        "top_hits" => top_hits(object, look, options),
        "min" => stats(object, Stat::Min),
        "max" => stats(object, Stat::Max),
        "avg" => stats(object, Stat::Avg),
        "sum" => stats(object, Stat::Sum),
        "value_count" => stats(object, Stat::Count),
        "stats" => stats(object, Stat::All),
        "global" => Ok(AggregationKind::Global),
        "sampler" => {
            Ok(AggregationKind::Sampler { size: object.count("shard_size")?.unwrap_or(100).min(MAX_WINDOW) })
        }
        "composite" => more::composite(object),
        "multi_terms" => more::multi_terms(object, nested),
        "auto_date_histogram" => more::auto_histogram(object),
        "extended_stats" => more::spread(object),
        "percentiles" => more::percentiles(object, look),
        "percentile_ranks" => more::percentile_ranks(object, look),
        name if pipelines::is_one(name) => pipelines::read(name, object),
        other => {
            let shown: String = other.chars().take(80).collect();
            Err(QueryError::new(format!("{NO_KIND} `{shown}` is not supported")))
        }
    }
}

/// The beginning of the message for a kind that there is not.
const NO_KIND: &str = "the aggregation";

/// The most hits of one bucket.
const MAX_TOP_HITS: usize = 100;

fn top_hits(
    object: &mut Fields,
    look: &mut Look,
    options: &DslOptions<'_>,
) -> Result<AggregationKind, QueryError> {
    let hits = HitLook::take(object)?;
    let query = |value: Value, pointer: &str| parse_query(value, pointer, options, &mut Clauses::default());
    let highlight = match object.take("highlight") {
        Some(value) => Some(body::highlight(Fields::new(value, &object.pointer_to("highlight"))?, &query)?),
        None => None,
    };
    object.only("explain", &Value::Bool(false))?;
    object.only("script_fields", &Value::Object(Map::new()))?;
    look.hits = Some(Box::new(hits));
    let (from, size) = (object.count("from")?.unwrap_or(0), object.count("size")?.unwrap_or(3));
    if from + size > MAX_TOP_HITS {
        let text =
            format!("top_hits gives the first {MAX_TOP_HITS} of a bucket: `from` and `size` ask for more");
        return Err(QueryError::illegal(text).late().at(object.pointer_to("size")));
    }
    let sort = body::sort(object.take("sort"))
        .map_err(|error| QueryError { pointer: format!("{}{}", object.pointer(), error.pointer), ..error })?;
    Ok(AggregationKind::TopHits { highlight, from, size, sort })
}

/// `format`: how dates are shown.
fn format(object: &mut Fields) -> Result<Option<DateFormat>, QueryError> {
    Ok(format_as_written(object)?.map(|(format, _)| format))
}

/// Returns how dates are shown, and how that is written.
pub(in crate::es) fn format_as_written(
    object: &mut Fields,
) -> Result<Option<(DateFormat, String)>, QueryError> {
    let Some(text) = object.text("format")? else { return Ok(None) };
    match DateFormat::parse(&text) {
        Ok(format) => Ok(Some((format, text))),
        Err(error) => Err(QueryError::illegal(error.to_string()).late().at(object.pointer_to("format"))),
    }
}
