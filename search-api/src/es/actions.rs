//! The routes that write: `_bulk`, and its single forms.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query as Params, State},
    http::StatusCode,
    response::IntoResponse,
};
use query::QueryError;
use serde_json::{Map, Value, json};
use store::Seq;
use views::VIEWS;

use super::{
    answer::{Answer, Pairs},
    error::no_body,
    params::Taker,
    waiting::wait_for,
    write::{self, Done, Target, Verb, Where},
};
use crate::{door::error::RequestError, state::ApiState};

/// Answers `_bulk`.
pub(super) async fn bulk(mut taker: Taker, State(state): State<ApiState>, body: Bytes) -> Answer {
    let started = std::time::Instant::now();
    let refresh = refresh_of(&mut taker)?;
    let pipeline = write_params(&mut taker)?;
    let default = Where { index: taker.index().unwrap_or_default(), pipeline: pipeline.as_deref() };
    let actions = write::parse_bulk(&body, default, &state.mappings)?;
    taker.end()?;
    let done = run(&state, actions, refresh).await?;
    let errors = done.iter().any(|(_, done)| done.status >= 400 && done.answer.get("error").is_some());
    let items: Vec<Value> = done.into_iter().map(|(verb, done)| json!({verb.name(): done.answer})).collect();
    let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Json(json!({"took": took, "errors": errors, "items": items})).into_response())
}

/// Does one action on a document that the address names.
pub(super) async fn named(
    verb: Verb,
    path: Path<(String, String)>,
    state: State<ApiState>,
    params: Pairs,
    body: Bytes,
) -> Answer {
    let Path((index, id)) = path;
    single(verb, &index, Some(id), state, params, &body).await
}

/// Does one action, answered by itself.
pub(super) async fn single(
    verb: Verb,
    index: &str,
    id: Option<String>,
    State(state): State<ApiState>,
    Params(params): Pairs,
    body: &Bytes,
) -> Answer {
    let create = params.iter().any(|(name, value)| name == "op_type" && value == "create");
    let verb = if verb == Verb::Index && create { Verb::Create } else { verb };
    let mut taker = Taker::new(params);
    let refresh = refresh_of(&mut taker)?;
    let if_seq_no = match taker.take("if_seq_no") {
        None => None,
        Some(text) => Some(
            text.parse().map_err(|_| QueryError::illegal("`if_seq_no` must be a number").at("if_seq_no"))?,
        ),
    };
    taker.only("if_primary_term", &["1"])?;
    taker.only("op_type", &["index", "create"])?;
    // What others write in between is always looked at again.
    taker.take("retry_on_conflict");
    let pipeline = write_params(&mut taker)?;
    taker.end()?;
    let target = Target::of(Where { index, pipeline: pipeline.as_deref() }, &state.mappings)?;
    let source: Map<String, Value> = match verb {
        Verb::Delete => Map::new(),
        _ if body.is_empty() => return Err(no_body().into()),
        _ => serde_json::from_slice(body)
            .map_err(|error| QueryError::new(format!("the body is no JSON object: {error}")))?,
    };
    let action = write::of_source(verb, &target, id, source, if_seq_no)?;
    let mut done = run(&state, vec![(verb, Ok(action))], refresh).await?;
    let Some((_, done)) = done.pop() else { return Err(RequestError::Panicked.into()) };
    #[expect(clippy::expect_used, reason = "what becomes of an action has a status of three digits")]
    let status = StatusCode::from_u16(done.status).expect("a status of HTTP");
    let mut answer = done.answer;
    if let Some(error) = answer.get("error").cloned() {
        let mut whole = error.clone();
        if let Some(fields) = whole.as_object_mut() {
            fields.insert("root_cause".to_owned(), json!([error]));
        }
        answer = json!({"error": whole, "status": done.status});
    } else if let Some(fields) = answer.as_object_mut() {
        fields.remove("status");
    }
    Ok((status, Json(answer)).into_response())
}

/// Takes the parameters of writing, most of which may only say what is so anyway. Returns the pipeline.
fn write_params(taker: &mut Taker) -> Result<Option<String>, QueryError> {
    taker.only("_source", &["false"])?;
    taker.only("require_alias", &["false"])?;
    // A write takes as long as the log takes; there is nothing to wait for.
    taker.time("timeout")?;
    Ok(taker.take("pipeline"))
}

/// Returns true if the answer waits until what was written is found.
pub(super) fn refresh_of(taker: &mut Taker) -> Result<bool, QueryError> {
    match taker.take("refresh").as_deref() {
        None | Some("false") => Ok(false),
        Some("true" | "wait_for" | "") => Ok(true),
        Some(_) => Err(QueryError::illegal("`refresh` must be true, false or wait_for").at("refresh")),
    }
}

/// Does these actions, and waits until they are found if that is asked.
pub(super) async fn run(
    state: &ApiState,
    actions: Vec<write::Item>,
    refresh: bool,
) -> Result<Vec<(Verb, Done)>, RequestError> {
    let permit = state.door.intake.enter().await?;
    let (log, mappings) = (state.search.log().clone(), state.mappings.clone());
    let done = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        write::run(&log, &mappings, actions)
    })
    .await
    .map_err(|_| RequestError::Panicked)?;
    let written: Vec<Seq> = done.iter().filter_map(|(_, done)| done.seq).collect();
    if refresh && !written.is_empty() {
        // What was written is told, whatever befalls the waiting.
        if let Err(error) = wait_for(state, &VIEWS, written).await {
            tracing::warn!(%error, "whether a write is in the index cannot be told");
        }
    }
    Ok(done)
}
