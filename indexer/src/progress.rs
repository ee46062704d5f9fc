//! The progress of a build.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The phase of a build, or its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its turn has not come: another view of the same order is built first.
    Waiting,
    /// Documents are made of all assets.
    #[default]
    Documents,
    /// The parts are put together and compared with the log.
    Checking,
    /// Events that have arrived since it began are taken in.
    CatchingUp,
    /// It is live, or searchable under its name.
    Done,
    /// It ended with an error; what was live still is.
    Failed,
    /// It was told to stop; the next rebuild goes on from there.
    Stopped,
    /// Its process has ended in the middle; the next rebuild goes on from there.
    Interrupted,
}

impl Phase {
    /// Returns true if somebody is at it.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Waiting | Self::Documents | Self::Checking | Self::CatchingUp)
    }
}

/// The progress of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The phase. All else is of this phase.
    pub phase: Phase,
    /// Assets looked at, or kept of a build that was cut short; while it is catching up, events taken in.
    pub done: u64,
    /// Assets that the log has said anything of; while it is catching up, events that have come since it began.
    pub total: u64,
    /// Of [`Self::done`], those that an earlier run had looked at before it was cut short.
    pub resumed: u64,
    /// Since this run came to this phase; in JSON `elapsed_ms`.
    #[serde(rename = "elapsed_ms", with = "milliseconds")]
    pub elapsed: Duration,
}

impl Progress {
    /// Returns the assets, or events, a second in this run; `None` before the first second's worth can be told.
    pub fn per_second(&self) -> Option<f64> {
        let done = self.done.saturating_sub(self.resumed);
        (done > 0 && self.elapsed > Duration::from_millis(50))
            .then(|| done as f64 / self.elapsed.as_secs_f64())
    }

    /// Returns how long the rest takes at this rate.
    pub fn time_left(&self) -> Option<Duration> {
        let rate = self.per_second()?;
        Duration::try_from_secs_f64(self.total.saturating_sub(self.done) as f64 / rate).ok()
    }
}

/// A duration as a number.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}

/// The clock of a phase of a run: its beginning, and what was found done then.
#[derive(Debug)]
pub(crate) struct Clock {
    phase: Phase,
    began: Instant,
    resumed: u64,
    total: u64,
}

impl Clock {
    pub(crate) fn new(phase: Phase, resumed: u64, total: u64) -> Self {
        Self { phase, began: Instant::now(), resumed, total }
    }

    pub(crate) fn progress(&self, done: u64) -> Progress {
        Progress {
            phase: self.phase,
            done,
            total: self.total.max(done),
            resumed: self.resumed,
            elapsed: self.began.elapsed(),
        }
    }
}
