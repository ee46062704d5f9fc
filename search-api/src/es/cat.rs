//! `_cat`: tables for people, and as JSON for programs.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query as Params, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use indexer::ViewStatus;
use query::{Fields, QueryError, matches_path};
use serde_json::{Map, Value, json};
use store::Timestamp;
use views::{VIEWS, ViewId};

use super::{
    answer::{Answer, Pairs},
    body,
    node::{CLUSTER, NODE, VERSION},
    params::{ALIAS, Taker},
};
use crate::{door::error::RequestError, state::ApiState};

/// A column: its name, and the short name that it can be asked by.
type Column = (&'static str, &'static str);
type Row = Vec<(Column, String)>;

/// `_cat/indices`, `_cat/indices/{index}`
pub(super) async fn indices(mut taker: Taker, State(state): State<ApiState>, headers: HeaderMap) -> Answer {
    let ids = taker.views()?;
    let unit = Unit::of(taker.take("bytes").as_deref())?;
    let table = Table::new(taker, &headers)?;
    let rows = views(&state, ids)
        .await?
        .into_iter()
        .map(|view| {
            vec![
                (("health", "h"), if view.lag == 0 { "green" } else { "yellow" }.to_owned()),
                (("status", "s"), "open".to_owned()),
                (("index", "i"), view.view.name().to_owned()),
                (("uuid", "id"), view.generation),
                (("pri", "p"), "1".to_owned()),
                (("rep", "r"), "0".to_owned()),
                (("docs.count", "dc"), view.digest.documents.to_string()),
                (("docs.deleted", "dd"), "0".to_owned()),
                (("store.size", "ss"), unit.shown(view.bytes)),
                (("pri.store.size", "ps"), unit.shown(view.bytes)),
            ]
        })
        .collect();
    Ok(table.answer(rows))
}

/// `_cat/count`, `_cat/count/{index}`
pub(super) async fn count(
    mut taker: Taker,
    State(state): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let ids = taker.views()?;
    // Some clients send it with a body; there is nothing that one may say.
    Fields::new(body::json(&body)?, "")?.end()?;
    let table = Table::new(taker, &headers)?;
    let documents: u64 = views(&state, ids).await?.iter().map(|view| view.digest.documents).sum();
    Ok(table.answer(vec![vec![
        (("epoch", "t"), (Timestamp::now().as_millis() / 1_000).to_string()),
        (("count", "dc"), documents.to_string()),
    ]]))
}

/// `_cat/health`
pub(super) async fn health(mut taker: Taker, State(state): State<ApiState>, headers: HeaderMap) -> Answer {
    let ids = taker.views()?;
    let with_time = taker.flag("ts")?.unwrap_or(true);
    let table = Table::new(taker, &headers)?;
    let views = views(&state, ids).await?;
    let is_behind = views.iter().any(|view| view.lag > 0);
    let seconds = Timestamp::now().as_millis() / 1_000;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let mut row = vec![(("epoch", "t"), seconds.to_string()), (("timestamp", "ts"), clock)];
    if !with_time {
        row.clear();
    }
    let count = views.len().to_string();
    row.extend([
        (("cluster", "cl"), CLUSTER.to_owned()),
        (("status", "st"), if is_behind { "yellow" } else { "green" }.to_owned()),
        (("node.total", "nt"), "1".to_owned()),
        (("node.data", "nd"), "1".to_owned()),
        (("shards", "sh"), count.clone()),
        (("pri", "p"), count),
        (("relo", "r"), "0".to_owned()),
        (("init", "i"), "0".to_owned()),
        (("unassign", "u"), "0".to_owned()),
        (("pending_tasks", "pt"), "0".to_owned()),
        (("max_task_wait_time", "mtwt"), "-".to_owned()),
        (("active_shards_percent", "asp"), "100.0%".to_owned()),
    ]);
    Ok(table.answer(vec![row]))
}

/// `_cat/nodes`: there is one.
pub(super) async fn nodes(mut taker: Taker, headers: HeaderMap) -> Answer {
    taker.take("full_id");
    taker.take("include_unloaded_segments");
    Unit::of(taker.take("bytes").as_deref())?;
    let table = Table::new(taker, &headers)?;
    Ok(table.answer(vec![vec![
        (("ip", "i"), "127.0.0.1".to_owned()),
        (("node.role", "r"), "dim".to_owned()),
        (("master", "m"), "*".to_owned()),
        (("name", "n"), NODE.to_owned()),
        (("version", "v"), VERSION.to_owned()),
    ]]))
}

/// `_cat/shards`: each index is one.
pub(super) async fn shards(mut taker: Taker, State(state): State<ApiState>, headers: HeaderMap) -> Answer {
    let ids = taker.views()?;
    let unit = Unit::of(taker.take("bytes").as_deref())?;
    let table = Table::new(taker, &headers)?;
    let rows = views(&state, ids).await?.into_iter().map(|view| {
        vec![
            (("index", "i"), view.view.name().to_owned()),
            (("shard", "s"), "0".to_owned()),
            (("prirep", "p"), "p".to_owned()),
            (("state", "st"), "STARTED".to_owned()),
            (("docs", "d"), view.digest.documents.to_string()),
            (("store", "sto"), unit.shown(view.bytes)),
            (("ip", "ip"), "127.0.0.1".to_owned()),
            (("node", "n"), NODE.to_owned()),
        ]
    });
    Ok(table.answer(rows.collect()))
}

/// Returns how these views stand.
pub(super) async fn views(state: &ApiState, ids: Vec<ViewId>) -> Result<Vec<ViewStatus>, RequestError> {
    let search = state.search.clone();
    let mut views = state.door.pool.run(move || Ok(search.indexes().status()?)).await?;
    views.retain(|view| ids.contains(&view.view));
    Ok(views)
}

/// `_cat/aliases`, `_cat/aliases/{name}`
pub(super) async fn aliases(name: Option<Path<String>>, headers: HeaderMap, Params(params): Pairs) -> Answer {
    let table = Table::new(Taker::new(params), &headers)?;
    let wanted = name.is_none_or(|name| name.0.split(',').any(|name| matches_path(name, ALIAS)));
    let rows = VIEWS.into_iter().filter(|_| wanted).map(|view| {
        vec![
            (("alias", "a"), ALIAS.to_owned()),
            (("index", "i"), view.name().to_owned()),
            (("filter", "f"), "-".to_owned()),
        ]
    });
    Ok(table.answer(rows.collect()))
}

/// In which unit sizes are shown.
enum Unit {
    /// The largest that leaves something before the point.
    Readable,
    Bytes(u64),
}

impl Unit {
    fn of(name: Option<&str>) -> Result<Self, QueryError> {
        Ok(match name {
            None => Self::Readable,
            Some("b") => Self::Bytes(1),
            Some("k" | "kb") => Self::Bytes(1 << 10),
            Some("m" | "mb") => Self::Bytes(1 << 20),
            Some("g" | "gb") => Self::Bytes(1 << 30),
            Some(_) => return Err(QueryError::illegal("`bytes` must be b, kb, mb or gb").at("bytes")),
        })
    }

    fn shown(&self, bytes: u64) -> String {
        match self {
            Self::Bytes(unit) => (bytes / unit).to_string(),
            Self::Readable => {
                let units = [("gb", 1_u64 << 30), ("mb", 1 << 20), ("kb", 1 << 10)];
                match units.into_iter().find(|(_, unit)| bytes >= *unit) {
                    Some((name, unit)) => format!("{:.1}{name}", bytes as f64 / unit as f64),
                    None => format!("{bytes}b"),
                }
            }
        }
    }
}

/// The options of a table.
struct Table {
    columns: Option<Vec<String>>,
    sort: Option<Vec<(String, bool)>>,
    with_names: bool,
    as_json: bool,
}

impl Table {
    fn new(mut taker: Taker, headers: &HeaderMap) -> Result<Self, RequestError> {
        let list = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let format = taker.take("format");
        if format.as_deref().is_some_and(|format| !matches!(format, "json" | "text")) {
            return Err(QueryError::illegal("`format` must be json or text").at("format").into());
        }
        let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let table = Self {
            columns: taker.take("h").map(list),
            sort: taker.take("s").map(|text| {
                let key = |key: String| match key.rsplit_once(':') {
                    Some((name, way)) => (name.to_owned(), way == "desc"),
                    None => (key, false),
                };
                list(text).into_iter().map(key).collect()
            }),
            with_names: taker.flag("v")?.unwrap_or(false),
            as_json: format.map_or(accepts.contains("json"), |format| format == "json"),
        };
        taker.end()?;
        Ok(table)
    }

    fn answer(&self, mut rows: Vec<Row>) -> Response {
        for (name, descending) in self.sort.iter().flatten().rev() {
            let of = |row: &Row| {
                let cell = row.iter().find(|(column, _)| is_named(column, name));
                cell.map(|(_, value)| (value.parse::<u64>().unwrap_or(0), value.clone()))
            };
            rows.sort_by_cached_key(&of);
            if *descending {
                rows.reverse();
            }
        }
        let rows: Vec<Row> = rows.into_iter().map(|row| self.chosen(row)).collect();
        if self.as_json {
            let object = |row: Row| -> Map<String, Value> {
                row.into_iter().map(|((name, _), value)| (name.to_owned(), json!(value))).collect()
            };
            return Json(rows.into_iter().map(object).collect::<Vec<_>>()).into_response();
        }
        let names = rows.first().filter(|_| self.with_names);
        let names: Vec<Vec<String>> = names
            .map(|row| row.iter().map(|((name, _), _)| (*name).to_owned()).collect())
            .into_iter()
            .collect();
        let cells = rows.into_iter().map(|row| row.into_iter().map(|(_, value)| value).collect());
        let lines: Vec<Vec<String>> = names.into_iter().chain(cells).collect();
        let mut widths: Vec<usize> = Vec::new();
        for line in &lines {
            widths.resize(widths.len().max(line.len()), 0);
            widths.iter_mut().zip(line).for_each(|(width, cell)| *width = (*width).max(cell.len()));
        }
        let mut text = String::new();
        for line in lines {
            let padded: Vec<String> =
                line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            text.push_str(padded.join(" ").trim_end());
            text.push('\n');
        }
        ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], text).into_response()
    }

    /// Returns the columns that were asked for, in the order in which they were.
    fn chosen(&self, row: Row) -> Row {
        let Some(columns) = &self.columns else { return row };
        let mut chosen = Row::new();
        for wanted in columns {
            chosen.extend(row.iter().filter(|(column, _)| is_named(column, wanted)).cloned());
        }
        chosen
    }
}

fn is_named((long, short): &Column, name: &str) -> bool {
    *short == name || matches_path(name, long)
}
