//! `/metrics`: what a server does, for Prometheus, in the text format of OpenMetrics
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), or in Prometheus's older one
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>) for who asks for `text/plain`: there the last line is a remark.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{
        EncodeLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use search::Search;

use super::asked::Asked;
use crate::{
    door::{accept::best, error::RequestError, problem::Problem},
    state::ApiState,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct View {
    view: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Generation {
    view: &'static str,
    generation: String,
}

/// The media types that it is given as, the one first that is given where nothing is asked for.
const MEDIA: [&str; 2] = [
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "text/plain; version=0.0.4; charset=utf-8",
];

/// Returns the media type for who accepts these.
fn media_for(accept: &str) -> &'static str {
    let plain = MEDIA.map(|media| media.split_once(';').map_or(media, |(name, _)| name));
    // Who accepts neither is given what there is, as the specification of HTTP allows.
    best(accept, &plain).and_then(|at| MEDIA.get(at)).unwrap_or(&MEDIA[0])
}

/// `GET /metrics`
pub(super) async fn show(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let (search, queued, intake) = (state.search.clone(), state.door.pool.queued(), state.door.intake.len());
    // Beside the pool: it is asked when the pool is full, too.
    let now = tokio::task::spawn_blocking(move || standing(&search, queued, intake)).await;
    let now = now.map_err(|_| RequestError::Panicked)??;
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = encode_registry(&mut text, &state.door.metrics.registry);
    let _ = encode_registry(&mut text, &now);
    let _ = encode_eof(&mut text);
    let media = media_for(asked.header("accept").unwrap_or_default());
    Ok(([(header::CONTENT_TYPE, media)], text).into_response())
}

/// Returns how things stand at this moment.
fn standing(search: &Search, queued: usize, intake: usize) -> Result<Registry, RequestError> {
    let mut registry = Registry::default();
    let mut one = |name: &str, help: &str, value: u64| {
        let gauge = Gauge::<u64, AtomicU64>::default();
        gauge.inner().store(value, Ordering::Relaxed);
        registry.register(name, help, gauge);
    };
    one("morgue_search_queue", "Searches that wait for a thread", queued as u64);
    one("morgue_intake", "Writers that are in or wait", intake as u64);
    one("morgue_log_head_seq", "The last event of the log", search.log().head()?.seq.get());
    if let Ok(disk) = rustix::fs::statvfs(search.log().dir()) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        one("morgue_disk_free_bytes", "Room on the log's disk", free);
    }
    let sizes = search.log().sizes()?;
    one("morgue_log_bytes", "Bytes of the log on disk", sizes.disk);
    if let Some(bytes) = resident_bytes() {
        one("process_resident_memory_bytes", "Memory that the process has", bytes);
    }
    type ByView = Family<View, Gauge<u64, AtomicU64>>;
    let [checkpoint, lag, left, documents, segments, bytes, generations, failing]: [ByView; 8] =
        std::array::from_fn(|_| ByView::default());
    let live = Family::<Generation, Gauge<u64, AtomicU64>>::default();
    for status in search.indexes().status()? {
        let view = View { view: status.view.name() };
        let set = |family: &ByView, value: u64| family.get_or_create(&view).set(value);
        set(&checkpoint, status.checkpoint.get());
        set(&lag, status.lag);
        set(&left, status.fanout_left);
        set(&documents, status.digest.documents);
        set(&segments, status.segments as u64);
        set(&bytes, status.bytes);
        set(&generations, search.indexes().generations(status.view)?.len() as u64);
        set(&failing, u64::from(status.failure.is_some() || status.failing.is_some()));
        live.get_or_create(&Generation { view: view.view, generation: status.generation }).set(1);
    }
    registry.register(
        "morgue_view_checkpoint_seq",
        "Everything up to this event is in the live index, long fan-outs too",
        checkpoint,
    );
    registry.register("morgue_view_lag_events", "Events that the live index has not come to yet", lag);
    registry.register("morgue_view_fanout_left", "Documents that long fan-outs have still to renew", left);
    registry.register("morgue_view_documents", "Documents of the live index", documents);
    registry.register("morgue_view_segments", "Segments of the live index", segments);
    registry.register("morgue_view_bytes", "Bytes of the live index on disk", bytes);
    registry.register("morgue_view_generations", "Generations on disk", generations);
    registry.register(
        "morgue_view_failing",
        "1 if the view cannot be searched or is not kept up to date",
        failing,
    );
    registry.register("morgue_view_generation", "The live generation", live);
    Ok(registry)
}

/// Returns what Linux says of this process; other systems are not asked.
fn resident_bytes() -> Option<u64> {
    const PAGE: u64 = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_asked_for() {
        let check = |accept: &str, expected: &str| {
            let media = media_for(accept);
            assert!(media.starts_with(expected), "{accept}: {media}");
        };
        // Prometheus 2 and 3, an old one, curl, and somebody who takes neither.
        check(
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
            "application/openmetrics-text",
        );
        check("text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "text/plain");
        check("text/plain", "text/plain");
        check("*/*", "application/openmetrics-text");
        check("", "application/openmetrics-text");
        check("image/png", "application/openmetrics-text");
    }
}
