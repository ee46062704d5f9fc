//! Spans of time as Elasticsearch writes them.

use std::time::Duration;

use query::{QueryError, millis_of};

/// The longest that one may be kept without being used.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(3_600);
/// The longest time of any sort.
const MAX_TIME: Duration = Duration::from_secs(24 * 3_600);

/// Returns how long one is to be kept: `30s`, `1m`.
pub(super) fn keep_alive(text: &str) -> Result<Duration, QueryError> {
    match time(text)? {
        keep if keep <= MAX_KEEP_ALIVE => Ok(keep),
        _ => Err(QueryError::illegal(format!(
            "Keep alive for request ({text}) is too large. It must be less than ({}h)",
            MAX_KEEP_ALIVE.as_secs() / 3_600
        ))),
    }
}

/// Returns a time such as `30s`, `1m`, `2h`.
pub(super) fn time(text: &str) -> Result<Duration, QueryError> {
    let millis = millis_of(text).and_then(|millis| u64::try_from(millis).ok()).filter(|millis| *millis > 0);
    match millis.map(Duration::from_millis) {
        Some(time) if time <= MAX_TIME => Ok(time),
        _ => Err(QueryError::illegal(format!(
            "`{}` is no time: use 30s, 1m, 2h; 24h at most",
            text.chars().take(40).collect::<String>()
        ))),
    }
}
