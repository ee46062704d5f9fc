//! Intervals of dates that are as long as it takes for so many of them.

use jiff::tz::TimeZone;

use crate::{DateFormat, Interval};

/// A bucket for each interval of dates, which are as long as it takes for so many.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoHistogram {
    /// The field.
    pub field: String,
    /// At most so many buckets.
    pub buckets: usize,
    /// By whose clocks.
    pub zone: TimeZone,
    /// The format of dates.
    pub format: Option<DateFormat>,
    /// The shortest unit that is chosen, by its number among [`AutoHistogram::UNITS`].
    pub shortest: usize,
    /// The value of documents that have none.
    pub missing: Option<i64>,
}

/// A unit: how many of it may be an interval, the sign of its name, and how long it is at least, in milliseconds.
struct Unit {
    interval: Interval,
    multiples: &'static [u32],
    sign: char,
    millis: i64,
}

const DAY: i64 = 86_400_000;

const fn unit(interval: Interval, multiples: &'static [u32], sign: char, millis: i64) -> Unit {
    Unit { interval, multiples, sign, millis }
}

const UNITS: [Unit; 6] = [
    unit(Interval::Millis(1_000), &[1, 5, 10, 30], 's', 1_000),
    unit(Interval::Millis(60_000), &[1, 5, 10, 30], 'm', 60_000),
    unit(Interval::Millis(3_600_000), &[1, 3, 12], 'h', 3_600_000),
    unit(Interval::Millis(DAY), &[1, 7], 'd', DAY),
    unit(Interval::Month, &[1, 3], 'M', 28 * DAY),
    unit(Interval::Years(1), &[1, 5, 10, 20, 50, 100], 'y', 365 * DAY),
];

impl AutoHistogram {
    /// The names of the units, the shortest first.
    pub const UNITS: [&str; 6] = ["second", "minute", "hour", "day", "month", "year"];

    /// Returns where the buckets begin that hold all from the first value to the last, and the name of the interval: the
    /// shortest by which there are not too many. Of more than the calendar has room for, the last holds the rest.
    pub fn starts(&self, first: i64, last: i64) -> (Vec<i64>, String) {
        let most = self.buckets.max(1);
        let mut longest = (vec![first], "100y".to_owned());
        for unit in UNITS.iter().skip(self.shortest) {
            for multiple in unit.multiples {
                let count = last.saturating_sub(first) / (unit.millis * i64::from(*multiple));
                // Far too many need not be counted one by one.
                if usize::try_from(count).unwrap_or(usize::MAX) > most.saturating_mul(2) {
                    continue;
                }
                let mut starts = Vec::new();
                let mut at = unit.interval.floor(first, &self.zone);
                while at <= last && starts.len() <= most {
                    starts.push(at);
                    match (0..*multiple).try_fold(at, |at, _| unit.interval.next(at, &self.zone)) {
                        Some(next) if next > at => at = next,
                        _ => break,
                    }
                }
                let name = format!("{multiple}{}", unit.sign);
                if starts.len() <= most {
                    return (starts, name);
                }
                starts.truncate(most);
                longest = (starts, name);
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dates::instant_of, day_range};

    #[test]
    fn intervals_are_as_long_as_it_takes() {
        let check = |from: &str, to: &str, buckets: usize, expected: (&str, usize, &str)| {
            let wanted = AutoHistogram {
                field: String::new(),
                buckets,
                zone: TimeZone::UTC,
                format: None,
                shortest: 0,
                missing: None,
            };
            let (starts, name) = wanted.starts(day_range(from).unwrap().0, day_range(to).unwrap().0);
            let first = instant_of(starts[0]);
            assert_eq!((name.as_str(), starts.len(), first.get(..10).unwrap()), expected, "{from} {to}");
        };
        check("1931-05-02", "1931-05-02", 10, ("1s", 1, "1931-05-02"));
        check("1931-05-02", "1931-05-03", 10, ("3h", 9, "1931-05-02"));
        check("1931-05-02", "1931-05-12", 10, ("7d", 2, "1931-05-02"));
        check("1931-05-02", "1931-12-12", 10, ("1M", 8, "1931-05-01"));
        check("1868-03-01", "1955-10-29", 10, ("10y", 9, "1868-01-01"));
        check("1868-03-01", "1955-10-29", 1, ("100y", 1, "1868-01-01"));
        check("-009998-01-01", "9999-01-01", 3, ("100y", 1, "-009998-01"));
    }
}
