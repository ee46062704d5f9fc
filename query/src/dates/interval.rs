//! Intervals: what dates are parted into, by the calendar and the clocks of a zone.

use jiff::{Timestamp as Instant, ToSpan, civil, tz::TimeZone};

use super::{DAY, DateError, cut, millis_of, monday};

/// A calendar interval or a fixed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// A number of years.
    Years(i16),
    /// Three months.
    Quarter,
    /// One month.
    Month,
    /// Monday to Sunday.
    Week,
    /// A number of milliseconds.
    Millis(i64),
}

impl Interval {
    /// Reads Elasticsearch's `calendar_interval`: `year`, `1M`, `day` …; also `decade` and `century`.
    ///
    /// # Errors
    /// [`DateError`] when it is none.
    pub fn calendar(text: &str) -> Result<Self, DateError> {
        Ok(match text {
            "century" | "100y" => Self::Years(100),
            "decade" | "10y" => Self::Years(10),
            "year" | "1y" => Self::Years(1),
            "quarter" | "1q" => Self::Quarter,
            "month" | "1M" => Self::Month,
            "week" | "1w" => Self::Week,
            "day" | "1d" => Self::Millis(DAY),
            "hour" | "1h" => Self::Millis(3_600_000),
            "minute" | "1m" => Self::Millis(60_000),
            _ => {
                return Err(DateError(format!(
                    "`{}` is no calendar interval: use century, decade, year, quarter, month, week, day, hour or minute",
                    cut(text)
                )));
            }
        })
    }

    /// Reads Elasticsearch's `fixed_interval`: `30d`, `12h`, `90m`, `5s`, `100ms`.
    ///
    /// # Errors
    /// [`DateError`] when it is none.
    pub fn fixed(text: &str) -> Result<Self, DateError> {
        millis_of(text).filter(|millis| *millis > 0).map(Self::Millis).ok_or_else(|| {
            DateError(format!("`{}` is no fixed interval: use 30d, 12h, 90m, 5s or 100ms", cut(text)))
        })
    }

    /// Returns the first millisecond of the interval that this one is in, by the clocks of a zone.
    pub fn floor(self, millis: i64, zone: &TimeZone) -> i64 {
        let Some(ahead) = ahead_of_utc(millis, zone) else { return millis };
        let first = self.floor_of_clock(millis.saturating_add(ahead));
        let near = first.saturating_sub(ahead);
        // Of two hours that clocks show the same each is an interval of its own; of two midnights the first begins a day.
        if *zone == TimeZone::UTC || (self.is_within_a_day() && ahead_of_utc(near, zone) == Some(ahead)) {
            return near;
        }
        when(first, zone).unwrap_or(millis)
    }

    /// Returns the first millisecond of the interval after the one that begins here; `None` at the end of the calendar.
    pub fn next(self, millis: i64, zone: &TimeZone) -> Option<i64> {
        if let Self::Millis(width) = self {
            let next = millis.checked_add(width)?;
            if self.floor(next, zone) == next {
                return Some(next);
            }
        }
        // Where clocks pass over midnight, a day begins later.
        let clock = self.floor_of_clock(millis.checked_add(ahead_of_utc(millis, zone)?)?);
        when(self.next_of_clock(clock)?, zone)
    }

    fn is_within_a_day(self) -> bool {
        matches!(self, Self::Millis(width) if width < DAY)
    }

    /// By a clock's milliseconds since it showed 1970.
    fn floor_of_clock(self, millis: i64) -> i64 {
        if let Self::Millis(width) = self {
            return millis.div_euclid(width).saturating_mul(width);
        }
        let Some(date) = date_of(millis) else { return millis };
        let first = match self {
            Self::Years(years) => {
                civil::Date::new(date.year().div_euclid(years).saturating_mul(years), 1, 1).ok()
            }
            Self::Quarter => civil::Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).ok(),
            Self::Month => Some(date.first_of_month()),
            Self::Week => monday(date),
            Self::Millis(_) => None,
        };
        first.and_then(start_of).unwrap_or(millis)
    }

    fn next_of_clock(self, millis: i64) -> Option<i64> {
        let span = match self {
            Self::Years(years) => i64::from(years).years(),
            Self::Quarter => 3.months(),
            Self::Month => 1.month(),
            Self::Week => 1.week(),
            Self::Millis(width) => return millis.checked_add(width),
        };
        start_of(date_of(millis)?.checked_add(span).ok()?)
    }
}

/// Returns by how much the clocks of a zone are ahead of UTC, in milliseconds; `None` beyond the calendar.
fn ahead_of_utc(millis: i64, zone: &TimeZone) -> Option<i64> {
    let instant = Instant::from_millisecond(millis).ok()?;
    Some(i64::from(zone.to_offset(instant).seconds()) * 1_000)
}

/// Returns when clocks show this first, or what comes next where they pass over it.
fn when(clock: i64, zone: &TimeZone) -> Option<i64> {
    let shown = TimeZone::UTC.to_datetime(Instant::from_millisecond(clock).ok()?);
    Some(zone.to_timestamp(shown).ok()?.as_millisecond())
}

fn date_of(clock: i64) -> Option<civil::Date> {
    Some(TimeZone::UTC.to_datetime(Instant::from_millisecond(clock).ok()?).date())
}

fn start_of(date: civil::Date) -> Option<i64> {
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dates::instant_of, day_range, zone_of};

    #[test]
    fn intervals_begin_where_the_calendar_says() {
        let check = |interval: Interval, date: &str, floor: &str, next: &str| {
            let (millis, _) = day_range(date).unwrap();
            let first = interval.floor(millis, &TimeZone::UTC);
            assert_eq!(instant_of(first).get(..10), Some(floor), "{interval:?} {date}");
            assert_eq!(
                instant_of(interval.next(first, &TimeZone::UTC).unwrap()).get(..10),
                Some(next),
                "{interval:?} {date}"
            );
        };
        check(Interval::Years(1), "1400-02-28", "1400-01-01", "1401-01-01");
        check(Interval::Years(10), "1868-05-02", "1860-01-01", "1870-01-01");
        check(Interval::Month, "1931-05-02", "1931-05-01", "1931-06-01");
        check(Interval::Quarter, "1931-05-02", "1931-04-01", "1931-07-01");
        check(Interval::Week, "2024-01-03", "2024-01-01", "2024-01-08");
        check(Interval::fixed("30d").unwrap(), "1970-02-01", "1970-01-31", "1970-03-02");
        assert!(Interval::fixed("0d").is_err());
        assert!(Interval::calendar("fortnight").is_err());
    }

    /// A day of 25 hours, one of 23, one that begins twice, and one that begins at one; clocks of before there were zones.
    #[test]
    fn intervals_go_by_the_clocks_of_a_zone() {
        let check = |interval: Interval, zone: &str, instant: &str, floor: &str, next: &str| {
            let zone = zone_of(Some(zone)).unwrap();
            let (millis, _) = day_range(instant).unwrap();
            let first = interval.floor(millis, &zone);
            assert_eq!(instant_of(first), floor, "{interval:?} {instant}");
            assert_eq!(instant_of(interval.next(first, &zone).unwrap()), next, "{interval:?} {instant}");
            assert_eq!(interval.floor(first, &zone), first, "{interval:?} {instant}");
        };
        let (day, hour) = (Interval::calendar("day").unwrap(), Interval::calendar("hour").unwrap());
        let new_york = "America/New_York";
        check(day, new_york, "2025-11-02T12:00:00Z", "2025-11-02T04:00:00.000Z", "2025-11-03T05:00:00.000Z");
        check(day, new_york, "2025-03-09T12:00:00Z", "2025-03-09T05:00:00.000Z", "2025-03-10T04:00:00.000Z");
        check(
            day,
            "America/Havana",
            "2025-11-02T05:30:00Z",
            "2025-11-02T04:00:00.000Z",
            "2025-11-03T05:00:00.000Z",
        );
        check(
            day,
            "America/Santiago",
            "2025-09-07T12:00:00Z",
            "2025-09-07T04:00:00.000Z",
            "2025-09-08T03:00:00.000Z",
        );
        check(hour, new_york, "2025-11-02T05:30:00Z", "2025-11-02T05:00:00.000Z", "2025-11-02T06:00:00.000Z");
        check(hour, new_york, "2025-11-02T06:30:00Z", "2025-11-02T06:00:00.000Z", "2025-11-02T07:00:00.000Z");
        check(hour, new_york, "2025-03-09T06:30:00Z", "2025-03-09T06:00:00.000Z", "2025-03-09T07:00:00.000Z");
        check(hour, "+05:30", "1931-05-02T00:15:00Z", "1931-05-01T23:30:00.000Z", "1931-05-02T00:30:00.000Z");
        check(
            Interval::Years(1),
            new_york,
            "1851-09-18T12:00:00Z",
            "1851-01-01T04:56:02.000Z",
            "1852-01-01T04:56:02.000Z",
        );
        check(
            Interval::Month,
            new_york,
            "1931-05-01T01:00:00Z",
            "1931-04-01T05:00:00.000Z",
            "1931-05-01T04:00:00.000Z",
        );
    }
}
