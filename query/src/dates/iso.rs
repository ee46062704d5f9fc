//! Dates and times of ISO 8601, as far as they are written: `1931`, `1931-05-02T10`, `1931-05-02T10:20:30.5+02:00`.

use jiff::{Timestamp as Instant, civil, tz::TimeZone};

use super::{DAY, DateError, cut, day_range, zone_of};

/// Returns the first and the last millisecond of a date. What it does not state of the clock may be anything; a month or a
/// day that it does not state is the first.
pub(super) fn read(text: &str, zone: &TimeZone) -> Result<(i64, i64), DateError> {
    let (date, clock) = match text.split_once(['T', 't', ' ']) {
        Some((date, clock)) => (date, Some(clock)),
        None => (text, None),
    };
    let no_date = || DateError(format!("`{}` is no date", cut(text)));
    let (first, last) = day_range(date)?;
    let times = clock.and_then(times);
    if clock.is_some() && (times.is_none() || last - first >= DAY) {
        // Archives' dates have some forms more.
        return day_range(text);
    }
    let day = Instant::from_millisecond(first).map_err(|_| no_date())?.to_zoned(TimeZone::UTC).date();
    let Times { first, last, zone: own } = times.unwrap_or(Times::DAY);
    let zone = own.as_ref().unwrap_or(zone);
    let millis = |time: civil::Time| {
        let at = day.to_datetime(time).to_zoned(zone.clone());
        at.map(|at| at.timestamp().as_millisecond()).map_err(|_| no_date())
    };
    Ok((millis(first)?, millis(last)?))
}

/// The times that a clock may show, and whose clock it is, if that is stated.
struct Times {
    first: civil::Time,
    last: civil::Time,
    zone: Option<TimeZone>,
}

impl Times {
    const DAY: Self = Self {
        first: civil::Time::midnight(),
        last: civil::Time::constant(23, 59, 59, 999_000_000),
        zone: None,
    };
}

/// Reads `10`, `10:20`, `10:20:30`, `10:20:30.5`, each with or without an offset behind it; nothing is any time.
fn times(text: &str) -> Option<Times> {
    let at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, offset) = text.split_at_checked(at)?;
    let zone = match offset {
        "" => None,
        offset => Some(zone_of(Some(offset)).ok()?),
    };
    if clock.is_empty() {
        return Some(Times { zone, ..Times::DAY });
    }
    let mut parts = clock.split(':');
    let mut two_digits = |text: &str| (text.len() == 2).then(|| digits(text)).flatten();
    let hour = two_digits(parts.next()?)?;
    let minute = parts.next().map(&mut two_digits);
    let (second, nanos) = match parts
        .next()
        .map(|text| text.split_once(['.', ',']).map_or((text, None), |(second, rest)| (second, Some(rest))))
    {
        None => (None, None),
        Some((second, fraction)) => (Some(two_digits(second)), fraction.map(nanos)),
    };
    if parts.next().is_some() {
        return None;
    }
    // Each that is stated must be one.
    let (minute, second, nanos) = (stated(minute)?, stated(second)?, stated(nanos)?);
    let time = |minute: i8, second: i8, nanos: i32| civil::Time::new(hour, minute, second, nanos).ok();
    // A leap second is the one before it.
    let second = second.map(|second| if second == 60 { 59 } else { second });
    Some(Times {
        first: time(minute.unwrap_or(0), second.unwrap_or(0), nanos.unwrap_or(0))?,
        last: time(minute.unwrap_or(59), second.unwrap_or(59), nanos.unwrap_or(999_000_000))?,
        zone,
    })
}

/// Returns what is stated, if it could be read.
fn stated<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

fn digits(text: &str) -> Option<i8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Reads the digits behind a point as nanoseconds.
fn nanos(text: &str) -> Option<i32> {
    let is_fraction = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_fraction.then(|| format!("{text:0<9}").parse().ok()).flatten()
}
