//! Dates in queries: what an archive's date covers, Elasticsearch's date maths and formats, and intervals.

mod format;
mod interval;
mod iso;

use jiff::{Timestamp as Instant, ToSpan, Zoned, civil, tz::TimeZone};
use store::{ArchiveDate, Precision};

pub use self::{format::DateFormat, interval::Interval};
use crate::Scalar;

/// The reason why a date cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DateError(String);

/// Returns the first and the last millisecond of a date of any precision.
///
/// # Errors
/// [`DateError`] when it is none.
pub fn day_range(text: &str) -> Result<(i64, i64), DateError> {
    let date: ArchiveDate = text.parse().map_err(|error: store::InvalidDate| DateError(error.to_string()))?;
    Ok((date.start().as_millis(), date.end().as_millis()))
}

/// Returns the first and the last millisecond that a bound of a range covers: an archive's date, a date in one of
/// Elasticsearch's formats, or a date with maths behind it: `now-1y/d`, `1931-05||+1M/M`.
///
/// As in Elasticsearch, what a date does not state of the clock is filled up, and a month or a day that it does not state
/// is the first: the last millisecond of `1912` is that of 1 January 1912. `whole` makes a bound of all of it.
///
/// # Errors
/// [`DateError`] when it is none.
pub fn parse_bound(
    text: &str,
    format: Option<&str>,
    zone: Option<&str>,
    now: i64,
) -> Result<(i64, i64), DateError> {
    let zone = zone_of(zone)?;
    let (anchor, maths) = match text.strip_prefix("now") {
        Some(maths) => ((now, now), maths),
        None => match text.split_once("||") {
            Some((date, maths)) => (read(date, format, &zone)?, maths),
            None => return read(text, format, &zone),
        },
    };
    if maths.is_empty() {
        return Ok(anchor);
    }
    apply(anchor.0, maths, &zone).ok_or_else(|| {
        DateError(format!("`{}` is no date maths: write now-1y, now/d or 1931-05-02||+1M/M", cut(text)))
    })
}

/// Returns a date of ours as a bound: a year or a month with rounding, so that it covers all of it; others as they are.
pub(crate) fn whole(text: &str) -> Scalar {
    Scalar::Text(match text.parse::<ArchiveDate>().map(|date| date.precision()) {
        Ok(Precision::Year) => format!("{text}||/y"),
        Ok(Precision::Month) => format!("{text}||/M"),
        _ => text.to_owned(),
    })
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Returns a time zone by its offset or by its name in the IANA database, whose rules of all times are part of the
/// program; UTC without one.
///
/// # Errors
/// [`DateError`] for what is neither.
pub fn zone_of(zone: Option<&str>) -> Result<TimeZone, DateError> {
    let found = match zone {
        None | Some("UTC" | "Z" | "z") => return Ok(TimeZone::UTC),
        Some(offset) if offset.starts_with(['+', '-']) => {
            let zoned = format!("2000-01-01T00:00:00{offset}[{offset}]").parse::<Zoned>();
            zoned.map(|zoned| zoned.time_zone().clone())
        }
        Some(name) => TimeZone::get(name),
    };
    found.map_err(|_| {
        let zone = cut(zone.unwrap_or_default());
        DateError(format!(
            "`{zone}` is no time zone: give an offset such as +02:00, or a name such as Europe/Paris"
        ))
    })
}

fn read(text: &str, formats: Option<&str>, zone: &TimeZone) -> Result<(i64, i64), DateError> {
    let formats = formats.unwrap_or("strict_date_optional_time||epoch_millis");
    let mut why = None;
    for format in formats.split("||") {
        match read_as(text, format, zone) {
            Ok(found) => return Ok(found),
            Err(error) => why = why.or(Some(error)),
        }
    }
    Err(why.unwrap_or_else(|| DateError(format!("`{}` is no date", cut(text)))))
}

fn read_as(text: &str, format: &str, zone: &TimeZone) -> Result<(i64, i64), DateError> {
    let no_fit = || DateError(format!("`{}` does not fit the format {format}", cut(text)));
    match format {
        "epoch_millis" => {
            let millis = text.parse::<i64>().ok().filter(|millis| Instant::from_millisecond(*millis).is_ok());
            millis.map(|millis| (millis, millis)).ok_or_else(no_fit)
        }
        "epoch_second" => {
            let seconds = text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000));
            let millis = seconds.filter(|millis| Instant::from_millisecond(*millis).is_ok());
            millis.map(|millis| (millis, millis + 999)).ok_or_else(no_fit)
        }
        "strict_date_optional_time"
        | "date_optional_time"
        | "strict_date_optional_time_nanos"
        | "iso8601"
        | "strict_date"
        | "date"
        | "strict_date_time"
        | "date_time"
        | "strict_date_time_no_millis"
        | "date_time_no_millis"
        | "yyyy"
        | "uuuu"
        | "year"
        | "strict_year"
        | "yyyy-MM"
        | "year_month"
        | "strict_year_month"
        | "yyyy-MM-dd"
        | "uuuu-MM-dd"
        | "year_month_day"
        | "strict_year_month_day" => iso::read(text, zone),
        pattern => DateFormat::parse(pattern)?.read(text, zone).ok_or_else(no_fit),
    }
}

/// Adds, subtracts and rounds; rounding gives the first and last millisecond of the unit.
fn apply(start: i64, maths: &str, zone: &TimeZone) -> Option<(i64, i64)> {
    if maths.len() > 64 {
        return None;
    }
    let mut at = Instant::from_millisecond(start).ok()?.to_zoned(zone.clone());
    let mut last: Option<i64> = None;
    let mut rest = maths;
    while let Some(operator) = rest.chars().next() {
        rest = rest.get(1..)?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let count = match rest.get(..digits)? {
            "" => 1,
            digits => digits.parse::<i64>().ok()?,
        };
        let unit = rest.get(digits..)?.chars().next()?;
        rest = rest.get(digits + 1..)?;
        match operator {
            '+' => at = at.checked_add(span(unit, count)?).ok()?,
            '-' => at = at.checked_sub(span(unit, count)?).ok()?,
            '/' if digits == 0 => {
                at = floor(&at, unit)?;
                // The last year of the calendar ends with it.
                let next = at.checked_add(span(unit, 1)?).map(|next| next.timestamp().as_millisecond() - 1);
                last = Some(next.unwrap_or(Instant::MAX.as_millisecond()));
                continue;
            }
            _ => return None,
        }
        last = None;
    }
    let first = at.timestamp().as_millisecond();
    Some((first, last.unwrap_or(first)))
}

fn span(unit: char, count: i64) -> Option<jiff::Span> {
    let span = jiff::Span::new();
    match unit {
        'y' => span.try_years(count),
        'M' => span.try_months(count),
        'w' => span.try_weeks(count),
        'd' => span.try_days(count),
        'h' | 'H' => span.try_hours(count),
        'm' => span.try_minutes(count),
        's' => span.try_seconds(count),
        _ => return None,
    }
    .ok()
}

fn floor(at: &Zoned, unit: char) -> Option<Zoned> {
    let date = at.date();
    let time = at.time();
    let (date, time) = match unit {
        'y' => (civil::Date::new(date.year(), 1, 1).ok()?, civil::Time::midnight()),
        'M' => (date.first_of_month(), civil::Time::midnight()),
        'w' => (monday(date)?, civil::Time::midnight()),
        'd' => (date, civil::Time::midnight()),
        'h' | 'H' => (date, civil::Time::new(time.hour(), 0, 0, 0).ok()?),
        'm' => (date, civil::Time::new(time.hour(), time.minute(), 0, 0).ok()?),
        's' => (date, civil::Time::new(time.hour(), time.minute(), time.second(), 0).ok()?),
        _ => return None,
    };
    date.to_datetime(time).to_zoned(at.time_zone().clone()).ok()
}

fn monday(date: civil::Date) -> Option<civil::Date> {
    date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok()
}

const DAY: i64 = 86_400_000;

/// Returns a duration such as `30d` or `12h` in milliseconds.
pub fn millis_of(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let count: i64 = text.get(..digits)?.parse().ok()?;
    count.checked_mul(match text.get(digits..)? {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    })
}

/// Returns an instant as text, in UTC with milliseconds.
pub(crate) fn instant_of(millis: i64) -> String {
    store::Timestamp::from_millis(millis).map_or_else(|| millis.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000; // 2023-11-14T22:13:20Z

    /// A written date, its lower and upper bound in Elasticsearch's requests, and, where it is another,
    /// the upper bound of our own `date:` and `to=`.
    const BOUNDS: [(&str, &str, &str, Option<&str>); 14] = [
        ("1912", "1912-01-01T00:00:00.000Z", "1912-01-01T23:59:59.999Z", Some("1912-12-31T23:59:59.999Z")),
        ("1912-02", "1912-02-01T00:00:00.000Z", "1912-02-01T23:59:59.999Z", Some("1912-02-29T23:59:59.999Z")),
        ("1912-02-03", "1912-02-03T00:00:00.000Z", "1912-02-03T23:59:59.999Z", None),
        ("1912-02-03T", "1912-02-03T00:00:00.000Z", "1912-02-03T23:59:59.999Z", None),
        ("1912-02-03T15", "1912-02-03T15:00:00.000Z", "1912-02-03T15:59:59.999Z", None),
        ("1912-02-03T15:04", "1912-02-03T15:04:00.000Z", "1912-02-03T15:04:59.999Z", None),
        ("1912-02-03T15:04:05", "1912-02-03T15:04:05.000Z", "1912-02-03T15:04:05.999Z", None),
        ("1912-02-03T15:04:05.6", "1912-02-03T15:04:05.600Z", "1912-02-03T15:04:05.600Z", None),
        ("1912-02-03T15:04:05Z", "1912-02-03T15:04:05.000Z", "1912-02-03T15:04:05.999Z", None),
        ("1912-02-03T15+02:00", "1912-02-03T13:00:00.000Z", "1912-02-03T13:59:59.999Z", None),
        ("1912-02-03 15:04", "1912-02-03T15:04:00.000Z", "1912-02-03T15:04:59.999Z", None),
        ("1912||/y", "1912-01-01T00:00:00.000Z", "1912-12-31T23:59:59.999Z", None),
        ("9999", "9999-01-01T00:00:00.000Z", "9999-01-01T23:59:59.999Z", Some("253402207200999")),
        (
            "-000044",
            "-000044-01-01T00:00:00.000Z",
            "-000044-01-01T23:59:59.999Z",
            Some("-000044-12-31T23:59:59.999Z"),
        ),
    ];

    #[test]
    fn what_is_not_written_is_filled_up() {
        let shown = |text: &str| {
            let (low, high) = parse_bound(text, None, None, NOW).unwrap();
            (instant_of(low), instant_of(high))
        };
        for (text, first, last, ours) in BOUNDS {
            assert_eq!(shown(text), (first.to_owned(), last.to_owned()), "{text}");
            let whole = (first.to_owned(), ours.unwrap_or(last).to_owned());
            assert_eq!(shown(&whole_text(text)), whole, "all of {text}");
        }
    }

    fn whole_text(text: &str) -> String {
        whole(text).to_string()
    }

    #[test]
    fn bounds_are_read() {
        let check = |text: &str, format: Option<&str>, zone: Option<&str>, first: &str, last: &str| {
            let (low, high) = parse_bound(text, format, zone, NOW).unwrap();
            assert_eq!((instant_of(low).as_str(), instant_of(high).as_str()), (first, last), "{text}");
        };
        check("1931-05-02", None, Some("+02:00"), "1931-05-01T22:00:00.000Z", "1931-05-02T21:59:59.999Z");
        let summer = ("1931-07-02T04:00:00.000Z", "1931-07-03T03:59:59.999Z");
        check("1931-07-02", None, Some("America/New_York"), summer.0, summer.1);
        check("0", Some("epoch_millis"), None, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z");
        // Three digits are no year, so that they are the milliseconds that the usual formats end with.
        check("100", None, None, "1970-01-01T00:00:00.100Z", "1970-01-01T00:00:00.100Z");
        check("19310502", Some("basic_date"), None, "1931-05-02T00:00:00.000Z", "1931-05-02T23:59:59.999Z");
        let first_of_may = ("1931-05-01T00:00:00.000Z", "1931-05-01T23:59:59.999Z");
        check("05-1931", Some("MM-yyyy"), None, first_of_may.0, first_of_may.1);
        check("02/05/1931", Some("dd/MM/yyyy"), None, "1931-05-02T00:00:00.000Z", "1931-05-02T23:59:59.999Z");
        check("2/5/1931", Some("d/M/yyyy"), None, "1931-05-02T00:00:00.000Z", "1931-05-02T23:59:59.999Z");
        let with_seconds = ("1931-05-02T10:20:30.000Z", "1931-05-02T10:20:30.999Z");
        for (text, format) in [
            ("1931-05-02 10:20:30", "yyyy-MM-dd HH:mm:ss"),
            ("1931-05-02T10:20:30", "yyyy-MM-dd'T'HH:mm:ss"),
            ("1931-05-02T10:20:30", "epoch_millis||strict_date_hour_minute_second"),
        ] {
            check(text, Some(format), None, with_seconds.0, with_seconds.1);
        }
        check(
            "1931-05-02 10:20",
            Some("yyyy-MM-dd HH:mm"),
            Some("+02:00"),
            "1931-05-02T08:20:00.000Z",
            "1931-05-02T08:20:59.999Z",
        );
        check("now", None, None, "2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.000Z");
        check("now-1y/d", None, None, "2022-11-14T00:00:00.000Z", "2022-11-14T23:59:59.999Z");
        check("1931-05-02||+1M/M", None, None, "1931-06-01T00:00:00.000Z", "1931-06-30T23:59:59.999Z");
    }

    #[test]
    fn what_is_no_bound_says_why() {
        for (text, format) in [
            ("soon", None),
            ("1931-05T10", None),
            ("1931-05-02T1", None),
            ("1931-05-02T10:61", None),
            ("1931-05-02T10:20:30.", None),
            ("1931-05-02T10:20:30:40", None),
            ("now-", None),
            ("now-1q", None),
            ("now+99999999999999999999y", None),
            ("1931||/y/", None),
            ("1931", Some("dd.MM.yyyy")),
            ("31.02.1931", Some("dd.MM.yyyy")),
            ("2.5.1931", Some("dd.MM.yyyy")),
            ("02.05.1931 ", Some("dd.MM.yyyy")),
            ("02.05", Some("dd.MM")),
            ("193105", Some("basic_date")),
            ("1931-05-02", Some("EEE")),
            ("99999999999999999", Some("epoch_millis")),
        ] {
            assert!(parse_bound(text, format, None, NOW).is_err(), "{text}");
        }
        assert!(parse_bound("1931", None, Some("Mars"), NOW).is_err());
    }
}
