//! Options with which a log is opened.

use std::time::Duration;

use crate::log::clock::Clock;

/// Options for opening a log.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// Names this process to others that wait for it: `morgue load`.
    pub name: String,
    /// Limits how long a write waits while another process writes, before it is refused.
    pub write_wait: Duration,
    /// Lets a write wait on beyond that for a process that is not stopped, as whoever sits before a terminal expects.
    pub patient: bool,
    /// The clock that says when an event is recorded.
    pub clock: Clock,
    /// Records events by this clock, however it stands to the last event and has moved since.
    pub trust_clock: bool,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            name: String::new(),
            write_wait: Duration::from_secs(10),
            patient: false,
            clock: Clock::machine(),
            trust_clock: false,
        }
    }
}
