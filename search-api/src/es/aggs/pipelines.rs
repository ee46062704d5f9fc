//! Aggregations over the answers of others, as Elasticsearch's clients write them.

use query::{
    Aggregation, AggregationKind, Expression, Fields, Gap, Moving, Numbers, Over, Pipeline, QueryError,
    limits::MAX_BUCKETS, millis_of,
};
use serde_json::Value;

use super::more::{percents, sigma};
use crate::es::error::invalid;

/// Their names, with what Elasticsearch calls their types in typed keys.
const NAMES: [(&str, &str); 14] = [
    ("derivative", "derivative"),
    ("cumulative_sum", "simple_value"),
    ("serial_diff", "simple_value"),
    ("moving_fn", "simple_value"),
    ("bucket_script", "simple_value"),
    ("bucket_selector", "bucket_selector"),
    ("bucket_sort", "bucket_sort"),
    ("avg_bucket", "simple_value"),
    ("sum_bucket", "simple_value"),
    ("max_bucket", "bucket_metric_value"),
    ("min_bucket", "bucket_metric_value"),
    ("stats_bucket", "stats_bucket"),
    ("extended_stats_bucket", "extended_stats_bucket"),
    ("percentiles_bucket", "percentiles_bucket"),
];

pub(super) fn is_one(name: &str) -> bool {
    NAMES.iter().any(|(known, _)| *known == name)
}

pub(super) fn type_of(pipeline: &Pipeline) -> &'static str {
    match pipeline {
        Pipeline::Derivative { .. } => "derivative",
        Pipeline::Selector { .. } => "bucket_selector",
        Pipeline::Sort { .. } => "bucket_sort",
        Pipeline::Over { figure, .. } => match figure {
            Over::Max | Over::Min => "bucket_metric_value",
            Over::Stats => "stats_bucket",
            Over::Extended(_) => "extended_stats_bucket",
            Over::Percentiles(_) => "percentiles_bucket",
            Over::Mean | Over::Sum => "simple_value",
        },
        _ => "simple_value",
    }
}

pub(super) fn read(name: &str, object: &mut Fields) -> Result<AggregationKind, QueryError> {
    let gap = gap(object)?;
    // Numbers are given as they are.
    object.only("format", &Value::from(""))?;
    let path =
        |object: &mut Fields| Ok::<_, QueryError>(Numbers { path: object.need_text("buckets_path")?, gap });
    let over =
        |object: &mut Fields, figure| Ok::<_, QueryError>(Pipeline::Over { of: path(object)?, figure });
    Ok(AggregationKind::Pipeline(match name {
        "derivative" => Pipeline::Derivative { of: path(object)?, unit: unit(object)? },
        "cumulative_sum" => Pipeline::CumulativeSum(path(object)?),
        "serial_diff" => {
            let lag = object.count("lag")?.unwrap_or(1);
            if !(1..=MAX_BUCKETS).contains(&lag) {
                return Err(QueryError::illegal("`lag` must be 1 at least").at(object.pointer_to("lag")));
            }
            Pipeline::SerialDifference { of: path(object)?, lag }
        }
        "moving_fn" => {
            let of = path(object)?;
            moving(object, of)?
        }
        "bucket_script" => {
            let (of, expression) = script(object, gap)?;
            Pipeline::Script { of, expression }
        }
        "bucket_selector" => {
            let (of, expression) = script(object, gap)?;
            Pipeline::Selector { of, expression }
        }
        "bucket_sort" => sort(object, gap)?,
        "avg_bucket" => over(object, Over::Mean)?,
        "sum_bucket" => over(object, Over::Sum)?,
        "max_bucket" => over(object, Over::Max)?,
        "min_bucket" => over(object, Over::Min)?,
        "stats_bucket" => over(object, Over::Stats)?,
        "extended_stats_bucket" => {
            let figure = Over::Extended(sigma(object)?);
            over(object, figure)?
        }
        _ => {
            object.only("keyed", &Value::from(true))?;
            let figure = Over::Percentiles(percents(object)?);
            over(object, figure)?
        }
    }))
}

fn gap(object: &mut Fields) -> Result<Gap, QueryError> {
    match object.text("gap_policy")?.as_deref() {
        None | Some("skip") => Ok(Gap::Skip),
        Some("insert_zeros") => Ok(Gap::Zero),
        Some("keep_values") => Ok(Gap::Keep),
        Some(_) => {
            let why = "`gap_policy` must be skip, insert_zeros or keep_values";
            Err(QueryError::illegal(why).at(object.pointer_to("gap_policy")))
        }
    }
}

/// Returns the unit of a derivative: a calendar one is as long as it is on average.
fn unit(object: &mut Fields) -> Result<Option<i64>, QueryError> {
    const DAY: i64 = 86_400_000;
    let Some(text) = object.text("unit")? else { return Ok(None) };
    let calendar = match text.as_str() {
        "second" => Some(1_000),
        "minute" => Some(60_000),
        "hour" => Some(3_600_000),
        "day" => Some(DAY),
        "week" => Some(7 * DAY),
        "month" | "1M" => Some(30 * DAY),
        "quarter" | "1q" => Some(91 * DAY),
        "year" | "1y" => Some(365 * DAY),
        _ => None,
    };
    match calendar.or_else(|| millis_of(&text)).filter(|millis| *millis > 0) {
        Some(millis) => Ok(Some(millis)),
        None => {
            Err(QueryError::illegal("`unit` must be a time such as 1d or month")
                .at(object.pointer_to("unit")))
        }
    }
}

fn moving(object: &mut Fields, of: Numbers) -> Result<Pipeline, QueryError> {
    let window = object.count("window")?.filter(|window| (1..=MAX_BUCKETS).contains(window));
    let window = window
        .ok_or_else(|| QueryError::illegal("`window` must be 1 at least").at(object.pointer_to("window")))?;
    let shift = object.number("shift")?.unwrap_or(0.0);
    let source = source_of(object)?.0;
    let name: String = source.chars().filter(|c| !c.is_whitespace()).collect();
    let name = name.trim_end_matches(';').strip_prefix("MovingFunctions.").unwrap_or_default().to_owned();
    let figure = match name.split('(').next().unwrap_or_default() {
        "unweightedAvg" => Moving::Mean,
        "linearWeightedAvg" => Moving::LinearMean,
        "sum" => Moving::Sum,
        "max" => Moving::Max,
        "min" => Moving::Min,
        "stdDev" => Moving::Deviation,
        _ => {
            let why = "`script` must be one of MovingFunctions.unweightedAvg, linearWeightedAvg, sum, max, min and stdDev";
            return Err(QueryError::illegal(why).at(object.pointer_to("script")));
        }
    };
    Ok(Pipeline::Moving { of, window, shift: shift as i64, figure })
}

/// Returns the source of a script, and the numbers that it is given.
fn source_of(object: &mut Fields) -> Result<(String, Vec<(String, f64)>), QueryError> {
    match object.need("script")? {
        Value::String(source) => Ok((source, Vec::new())),
        value => {
            let mut script = Fields::new(value, &object.pointer_to("script"))?;
            script.text("lang")?;
            let source = script.need_text("source")?;
            let mut params = Vec::new();
            if let Some(value) = script.take("params") {
                let mut given = Fields::new(value, &script.pointer_to("params"))?;
                while let Some((name, value)) = given.take_any() {
                    let number = value.as_f64().ok_or_else(|| {
                        QueryError::illegal(format!("`{name}` must be a number")).at(given.pointer_to(&name))
                    })?;
                    params.push((name, number));
                }
            }
            script.end()?;
            Ok((source, params))
        }
    }
}

type Script = (Vec<(String, Numbers)>, Expression);

fn script(object: &mut Fields, gap: Gap) -> Result<Script, QueryError> {
    let numbers = |path: String| Numbers { path, gap };
    let of: Vec<(String, Numbers)> = match object.need("buckets_path")? {
        Value::Object(paths) => {
            let path = |(name, path): (String, Value)| match path {
                Value::String(path) => Ok((name, numbers(path))),
                _ => Err(QueryError::illegal("paths are texts").at(object.pointer_to("buckets_path"))),
            };
            paths.into_iter().map(path).collect::<Result<_, _>>()?
        }
        Value::Array(paths) => {
            let texts = paths.into_iter().filter_map(|path| path.as_str().map(str::to_owned));
            (0..).map(|at: usize| format!("_value{at}")).zip(texts.map(numbers)).collect()
        }
        Value::String(path) => vec![("_value".to_owned(), numbers(path))],
        _ => return Err(QueryError::illegal("paths are expected here").at(object.pointer_to("buckets_path"))),
    };
    let here = object.pointer_to("script");
    let (source, params) = source_of(object)?;
    let expression = Expression::parse(&source).map_err(|error| error.at(&here))?;
    let expression =
        params.into_iter().fold(expression, |expression, (name, number)| expression.with(&name, number));
    if let Some(unknown) =
        expression.names().into_iter().find(|name| !of.iter().any(|(known, _)| known == name))
    {
        let why = format!(
            "the script names `{}`, which is neither in `buckets_path` nor in `params`",
            unknown.chars().take(80).collect::<String>()
        );
        return Err(QueryError::illegal(why).at(here));
    }
    Ok((of, expression))
}

fn sort(object: &mut Fields, gap: Gap) -> Result<Pipeline, QueryError> {
    let mut by = Vec::new();
    for value in object.list("sort") {
        match value {
            Value::String(path) => by.push((Numbers { path, gap }, false)),
            value => {
                let mut one = Fields::new(value, &object.pointer_to("sort"))?;
                while let Some((path, how)) = one.take_any() {
                    let order = how.as_str().or(how.get("order").and_then(Value::as_str)).unwrap_or("asc");
                    if !matches!(order, "asc" | "desc") {
                        return Err(
                            QueryError::illegal("`order` must be asc or desc").at(object.pointer_to("sort"))
                        );
                    }
                    by.push((Numbers { path, gap }, order == "desc"));
                }
            }
        }
    }
    let size = object.count("size")?;
    if size == Some(0) {
        return Err(QueryError::illegal("`size` must be 1 at least").at(object.pointer_to("size")));
    }
    Ok(Pipeline::Sort { by, from: object.count("from")?.unwrap_or(0), size })
}

/// Refuses pipelines whose numbers are of no aggregation beside them.
pub(super) fn check_paths(all: &[Aggregation]) -> Result<(), QueryError> {
    for one in all {
        let AggregationKind::Pipeline(pipeline) = &one.kind else { continue };
        for path in pipeline.paths() {
            let (first, rest) =
                path.split_once('>').map_or((path, None), |(first, rest)| (first, Some(rest)));
            let Some(found) = named(all, first, !pipeline.is_beside()) else {
                return Err(invalid(&format!("No aggregation found for path [{path}]")));
            };
            let nested = found.map_or(&[][..], |found| found.nested.as_slice());
            let last = rest.filter(|rest| !rest.contains('>'));
            if let Some(last) = last.filter(|last| named(nested, last, true).is_none()) {
                return Err(invalid(&format!("No aggregation [{last}] found for path [{path}]")));
            }
        }
    }
    Ok(())
}

/// Returns the aggregation that a step of a path names, none for what every bucket has; `None` if there is neither.
fn named<'a>(all: &'a [Aggregation], step: &str, of_bucket: bool) -> Option<Option<&'a Aggregation>> {
    let step = step.trim();
    if of_bucket && matches!(step, "_count" | "_key" | "_bucket_count") {
        return Some(None);
    }
    // There may be points in names: what is not a name ends in what is wanted of it.
    let begins = |one: &&Aggregation| {
        step.strip_prefix(one.name.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    all.iter().find(begins).map(Some)
}
