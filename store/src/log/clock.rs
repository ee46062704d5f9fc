//! The clocks of the machine, and whether the time that they tell can be believed.
//!
//! `recorded` never goes back: a wall clock that leaps forward once would make the time of every later event false.
//! So an append compares the wall clock with the clock that counts since the machine was started, and with the last
//! event of the log. An archive that was idle for a day or a month is none the worse for it: time that passes moves
//! both clocks.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::date::Timestamp;

/// A source of the time: the machine, or a hand that sets it.
#[derive(Clone, Default)]
pub struct Clock(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    Machine,
    Hand(Arc<Mutex<Reading>>),
}

/// Both clocks at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    wall: Timestamp,
    /// Time since the machine was started; goes on while it sleeps, and nobody sets it.
    running: Duration,
}

impl Clock {
    /// Returns the clocks of this machine.
    pub fn machine() -> Self {
        Self::default()
    }

    /// Returns a clock that stands still until its [`ClockHand`] is moved: for trying out what time does.
    pub fn by_hand(now: Timestamp) -> (Self, ClockHand) {
        let reading = Arc::new(Mutex::new(Reading { wall: now, running: Duration::ZERO }));
        (Self(Source::Hand(Arc::clone(&reading))), ClockHand(reading))
    }

    /// Returns the time by the wall clock.
    pub fn now(&self) -> Timestamp {
        self.read().wall
    }

    fn read(&self) -> Reading {
        match &self.0 {
            Source::Machine => Reading { wall: Timestamp::now(), running: since_start() },
            Source::Hand(reading) => *reading.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = if matches!(self.0, Source::Machine) { "machine" } else { "hand" };
        f.debug_struct("Clock").field("source", &source).field("now", &self.now()).finish()
    }
}

/// Moves the hands of a [`Clock`]; see [`Clock::by_hand`].
#[derive(Debug)]
pub struct ClockHand(Arc<Mutex<Reading>>);

impl ClockHand {
    /// Lets this much time pass.
    pub fn pass(&self, time: Duration) {
        let mut reading = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reading.running += time;
        reading.wall = moved(reading.wall, i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    }

    /// Sets the wall clock, as a person or a time server does, while no time passes.
    pub fn set(&self, wall: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wall = wall;
    }
}

fn moved(time: Timestamp, millis: i64) -> Timestamp {
    let end = if millis < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millis(time.as_millis().saturating_add(millis)).unwrap_or(end)
}

/// Returns the clock that counts since the machine was started, its sleep included.
#[expect(clippy::expect_used, reason = "the system counts up from its start")]
fn since_start() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // Elsewhere the monotonic clock goes on while the machine sleeps.
    #[cfg(target_os = "linux")]
    let clock = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::Monotonic;
    Duration::try_from(clock_gettime(clock)).expect("the time since the start is not negative")
}

/// A clock by which nothing is appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// It was set while the log was open.
    #[error(
        "the clock says {wall}, but by the time that has passed since the log was opened it is {expected}: set the \
         clock, or start again with --trust-clock if it is right now"
    )]
    Leapt {
        /// The time by the wall clock.
        wall: Timestamp,
        /// The time that it should tell, by the clock that nobody sets.
        expected: Timestamp,
    },
    /// The log's last event is later than now.
    #[error(
        "the clock says {wall}, but the last event was recorded at {head}: set the clock, or start again with \
         --trust-clock if it is right and the event is not"
    )]
    Behind {
        /// The time by the wall clock.
        wall: Timestamp,
        /// The time at which the log's last event was recorded.
        head: Timestamp,
    },
}

/// More than time servers ever correct at once, less than a mistake in the zone.
const MAX_DRIFT_MILLIS: i64 = 60 * 60 * 1_000;
/// A log that nobody appended to for so long is unusual enough to be told.
const LONG_IDLE_MILLIS: i64 = 365 * 24 * 60 * 60 * 1_000;

/// Keeps an eye on the clock from when a log is opened.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    clock: Clock,
    /// True if whoever opened the log answers for the clock.
    trusted: bool,
    opened: Reading,
    told_idle: AtomicBool,
}

impl ClockWatch {
    pub(crate) fn new(clock: Clock, trusted: bool) -> Self {
        let opened = clock.read();
        Self { clock, trusted, opened, told_idle: AtomicBool::new(false) }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Returns the time at which an event is recorded behind one that was recorded at `head`.
    ///
    /// # Errors
    /// [`ClockError`] when the clock cannot be believed.
    pub(crate) fn record_after(&self, head: Option<Timestamp>) -> Result<Timestamp, ClockError> {
        let Reading { wall, running } = self.clock.read();
        let recorded = head.map_or(wall, |head| head.max(wall));
        if self.trusted {
            return Ok(recorded);
        }
        let passed = running.saturating_sub(self.opened.running).as_millis();
        let expected = moved(self.opened.wall, i64::try_from(passed).unwrap_or(i64::MAX));
        if wall.as_millis().abs_diff(expected.as_millis()) > MAX_DRIFT_MILLIS.unsigned_abs() {
            return Err(ClockError::Leapt { wall, expected });
        }
        let Some(head) = head else { return Ok(recorded) };
        let idle = wall.as_millis().saturating_sub(head.as_millis());
        if idle < -MAX_DRIFT_MILLIS {
            return Err(ClockError::Behind { wall, head });
        }
        if idle > LONG_IDLE_MILLIS && !self.told_idle.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                now = %wall, last_recorded = %head,
                "nothing was recorded for more than a year: is the clock right?"
            );
        }
        Ok(recorded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const DAY: Duration = Duration::from_secs(86_400);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn time_that_passes_is_no_drift_and_a_leap_is() {
        let opened = at("2026-05-02T10:00:00Z");
        let check = |story: &str, tell: &dyn Fn(&ClockHand), expected: Result<&str, ClockError>| {
            let (clock, hand) = Clock::by_hand(opened);
            let watch = ClockWatch::new(clock, false);
            tell(&hand);
            assert_eq!(watch.record_after(Some(opened)), expected.map(at), "{story}");
        };
        let leapt =
            |wall: &str, expected: &str| Err(ClockError::Leapt { wall: at(wall), expected: at(expected) });
        check("at once", &|_| {}, Ok("2026-05-02T10:00:00Z"));
        check("idle for a day", &|hand| hand.pass(DAY), Ok("2026-05-03T10:00:00Z"));
        check("idle for a month", &|hand| hand.pass(31 * DAY), Ok("2026-06-02T10:00:00Z"));
        check("idle for two years", &|hand| hand.pass(731 * DAY), Ok("2028-05-02T10:00:00Z"));
        check(
            "corrected by minutes",
            &|hand| hand.set(at("2026-05-02T10:59:00Z")),
            Ok("2026-05-02T10:59:00Z"),
        );
        check(
            "back by minutes: the log's time stands",
            &|hand| hand.set(at("2026-05-02T09:30:00Z")),
            Ok("2026-05-02T10:00:00Z"),
        );
        check(
            "a leap of five years",
            &|hand| hand.set(at("2031-05-02T10:00:00Z")),
            leapt("2031-05-02T10:00:00Z", "2026-05-02T10:00:00Z"),
        );
        check(
            "a leap within a month",
            &|hand| {
                hand.pass(30 * DAY);
                hand.set(at("2026-06-01T12:00:00Z"));
            },
            leapt("2026-06-01T12:00:00Z", "2026-06-01T10:00:00Z"),
        );
        check(
            "back to 1970",
            &|hand| hand.set(at("1970-01-01T00:00:00Z")),
            leapt("1970-01-01T00:00:00Z", "2026-05-02T10:00:00Z"),
        );
        check(
            "set right again",
            &|hand| {
                hand.set(at("2031-05-02T10:00:00Z"));
                hand.pass(HOUR);
                hand.set(at("2026-05-02T11:00:01Z"));
            },
            Ok("2026-05-02T11:00:01Z"),
        );
    }

    #[test]
    fn a_fresh_process_compares_its_clock_with_the_log() {
        let now = at("2026-05-02T10:00:00Z");
        let check = |head: Option<&str>, trusted: bool, expected: Result<&str, ClockError>| {
            let watch = ClockWatch::new(Clock::by_hand(now).0, trusted);
            assert_eq!(watch.record_after(head.map(at)), expected.map(at), "{head:?} {trusted}");
        };
        let behind = |head: &str| Err(ClockError::Behind { wall: now, head: at(head) });
        check(None, false, Ok("2026-05-02T10:00:00Z"));
        check(Some("2026-05-01"), false, Ok("2026-05-02T10:00:00Z"));
        check(Some("2026-04-01"), false, Ok("2026-05-02T10:00:00Z"));
        check(Some("2019-04-01"), false, Ok("2026-05-02T10:00:00Z"));
        check(Some("2026-05-02T10:59:59Z"), false, Ok("2026-05-02T10:59:59Z"));
        check(Some("2026-05-02T11:00:01Z"), false, behind("2026-05-02T11:00:01Z"));
        check(Some("2031-05-02"), false, behind("2031-05-02"));
        check(Some("2031-05-02"), true, Ok("2031-05-02"));
    }
}
