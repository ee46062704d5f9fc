//! Hits over time: bins as fine as the span allows, from decades down to days.

use jiff::{ToSpan, civil::Date};
use query::Interval;

use store::ArchiveDate;

/// A calendar's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Century,
    Decade,
    Year,
    Month,
    Day,
}

impl Unit {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Century => "century",
            Self::Decade => "decade",
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }

    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Century => "centuries",
            Self::Decade => "decades",
            Self::Year => "years",
            Self::Month => "months",
            Self::Day => "days",
        }
    }

    /// As the aggregation takes it.
    pub(super) const fn interval(self) -> Interval {
        match self {
            Self::Century => Interval::Years(100),
            Self::Decade => Interval::Years(10),
            Self::Year => Interval::Years(1),
            Self::Month => Interval::Month,
            Self::Day => Interval::Millis(86_400_000),
        }
    }

    pub(super) fn floor(self, date: Date) -> Date {
        let years = |step: i16| Date::new(date.year().div_euclid(step) * step, 1, 1).unwrap_or(date);
        match self {
            Self::Century => years(100),
            Self::Decade => years(10),
            Self::Year => years(1),
            Self::Month => date.first_of_month(),
            Self::Day => date,
        }
    }

    pub(super) fn next(self, date: Date) -> Option<Date> {
        let span = match self {
            Self::Century => 100.years(),
            Self::Decade => 10.years(),
            Self::Year => 1.year(),
            Self::Month => 1.month(),
            Self::Day => 1.day(),
        };
        date.checked_add(span).ok()
    }

    /// As a reader says it.
    pub(super) fn label(self, date: Date) -> String {
        match self {
            Self::Century => format!("{}–{}", date.year(), date.year().saturating_add(99)),
            Self::Decade => format!("{}s", date.year()),
            Self::Year => date.year().to_string(),
            Self::Month => date.strftime("%B %Y").to_string(),
            Self::Day => date.strftime("%-d %B %Y").to_string(),
        }
    }

    /// The period that `from` and `to` of an address say, where it is just one.
    pub(super) fn of(from: &str, to: &str) -> Option<(Self, Date)> {
        let first = bound(from, false)?;
        let units = [Self::Day, Self::Month, Self::Year, Self::Decade, Self::Century];
        let of = |unit: Self| (unit, unit.floor(first));
        let is_it = |(unit, date): &(Self, Date)| unit.bounds(*date) == (from.to_owned(), to.to_owned());
        units.into_iter().map(of).find(is_it)
    }

    /// The periods around one of this unit, the widest first.
    pub(super) const fn around(self) -> &'static [Self] {
        match self {
            Self::Century | Self::Decade => &[],
            Self::Year => &[Self::Decade],
            Self::Month => &[Self::Decade, Self::Year],
            Self::Day => &[Self::Decade, Self::Year, Self::Month],
        }
    }

    /// As it stands under a chart, where there is little room.
    pub(super) fn short_label(self, date: Date) -> String {
        match self {
            Self::Century => date.year().to_string(),
            Self::Month => date.strftime("%b").to_string(),
            Self::Day => date.day().to_string(),
            _ => self.label(date),
        }
    }

    /// Returns what `from` and `to` of an address say for it.
    pub(super) fn bounds(self, date: Date) -> (String, String) {
        let year = |year: i16| format!("{year:04}");
        match self {
            Self::Century => (year(date.year()), year(date.year().saturating_add(99))),
            Self::Decade => (year(date.year()), year(date.year().saturating_add(9))),
            Self::Year => (year(date.year()), year(date.year())),
            Self::Month => {
                let month = date.strftime("%Y-%m").to_string();
                (month.clone(), month)
            }
            Self::Day => (date.to_string(), date.to_string()),
        }
    }
}

/// The first or the last day of what `from` or `to` of an address says.
pub(super) fn bound(text: &str, is_end: bool) -> Option<Date> {
    let date: ArchiveDate = text.parse().ok()?;
    let at = if is_end { date.end() } else { date.start() };
    at.to_string().get(..10)?.parse().ok()
}

/// Counts by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timeline {
    pub(super) unit: Unit,
    pub(super) start: Date,
    /// One for each unit from `start` on.
    pub(super) bins: Vec<u64>,
    /// The numbers of hits before the first bin and after the last.
    pub(super) outside: (u64, u64),
}

/// A wrong date in an archive must not make a chart of a million bars.
const MAX_BINS: usize = 1_000;

impl Timeline {
    /// From counts by the first day of their unit, over at least `first` to `last`.
    pub(super) fn new(
        unit: Unit,
        counts: &[(Date, u64)],
        first: Option<Date>,
        last: Option<Date>,
    ) -> Option<Self> {
        let start = unit.floor(first.or_else(|| counts.iter().map(|(date, _)| *date).min())?);
        let end = last.or_else(|| counts.iter().map(|(date, _)| *date).max())?;
        let mut bins = Vec::new();
        let mut at = start;
        while at <= end && bins.len() < MAX_BINS {
            let next = unit.next(at)?;
            bins.push(
                counts.iter().filter(|(date, _)| *date >= at && *date < next).map(|(_, count)| count).sum(),
            );
            at = next;
        }
        let sum = |outside: &dyn Fn(Date) -> bool| {
            counts.iter().filter(|(date, _)| outside(*date)).map(|(_, count)| count).sum()
        };
        let outside = (sum(&|date| date < start), sum(&|date| date >= at));
        (!bins.is_empty()).then_some(Self { unit, start, bins, outside })
    }

    /// The first day of the tallest bin, and its count; nothing where no bin has more than one.
    pub(super) fn peak(&self) -> Option<(Date, u64)> {
        let most = self.bins.iter().copied().max().filter(|most| *most > 1)?;
        let mut at = self.start;
        for count in &self.bins {
            if *count == most {
                return Some((at, most));
            }
            at = self.unit.next(at)?;
        }
        None
    }

    /// The last day of the last bin.
    pub(super) fn end(&self) -> Option<Date> {
        let mut at = self.start;
        for _ in &self.bins {
            at = self.unit.next(at)?;
        }
        at.yesterday().ok()
    }

    /// The unit for a span of so many days: fine, but never more bins than a chart has pixels.
    pub(super) fn fine_unit(first: Date, last: Date) -> Unit {
        let days = (last - first).get_days().unsigned_abs();
        match days {
            0..=124 => Unit::Day,
            125..=3_000 => Unit::Month,
            3_001..=150_000 => Unit::Year,
            _ => Unit::Decade,
        }
    }

    /// The groups of bins that are links: at most some twenty, so that a finger can hit one. Each with its first bin,
    /// how many bins it has, and its count.
    pub(super) fn groups(&self) -> (Unit, Vec<Group>) {
        let unit = match (self.unit, self.bins.len()) {
            (Unit::Day, ..=31) => Unit::Day,
            (Unit::Day, _) => Unit::Month,
            (Unit::Month, ..=24) => Unit::Month,
            (Unit::Month, _) => Unit::Year,
            (Unit::Year, ..=20) => Unit::Year,
            (Unit::Year, ..=260) => Unit::Decade,
            (Unit::Decade, ..=20) => Unit::Decade,
            _ => Unit::Century,
        };
        let mut groups: Vec<Group> = Vec::new();
        let mut at = self.start;
        for (bin, count) in self.bins.iter().enumerate() {
            let date = unit.floor(at);
            match groups.last_mut() {
                Some(group) if group.date == date => {
                    group.bins += 1;
                    group.count += count;
                }
                _ => groups.push(Group { date, first: bin, bins: 1, count: *count }),
            }
            let Some(next) = self.unit.next(at) else { break };
            at = next;
        }
        (unit, groups)
    }
}

/// A wrong date (the year 200 for 2007) would make a chart of emptiness. Years at either end are strays when no more
/// than a hundredth of all hits lie there, and more than this many empty years from the others.
const STRAY_YEARS: i16 = 60;

/// The first and the last year, strays left out.
pub(super) fn without_strays(years: &[(Date, u64)]) -> (Option<Date>, Option<Date>) {
    let mut years = years.to_vec();
    years.sort_unstable();
    let all: u64 = years.iter().map(|(_, count)| count).sum();
    let is_far = |one: Date, other: Date| other.year().saturating_sub(one.year()) > STRAY_YEARS;
    // The longest run at each end that a gap parts from the others and that is small enough.
    let (mut first, mut last) = (0, years.len());
    let mut passed = 0;
    for (at, pair) in years.windows(2).enumerate() {
        let [(one, count), (other, _)] = pair else { continue };
        passed += count;
        if passed.saturating_mul(100) > all {
            break;
        }
        if is_far(*one, *other) {
            first = at + 1;
        }
    }
    let mut passed = 0;
    for (at, pair) in years.windows(2).enumerate().rev() {
        let [(one, _), (other, count)] = pair else { continue };
        passed += count;
        if passed.saturating_mul(100) > all {
            break;
        }
        if is_far(*one, *other) {
            last = at + 1;
        }
    }
    let kept = years.get(first..last.max(first)).unwrap_or_default();
    (kept.first().map(|(date, _)| *date), kept.last().map(|(date, _)| *date))
}

/// Neighbouring bins that are one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) date: Date,
    pub(super) first: usize,
    pub(super) bins: usize,
    pub(super) count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn bins_have_no_gaps_and_groups_hold_them_all() {
        let counts = [(day("1851-01-01"), 2), (day("1912-01-01"), 9), (day("2026-01-01"), 1)];
        let timeline = Timeline::new(Unit::Year, &counts, None, None).unwrap();
        assert_eq!(timeline.bins.len(), 176);
        let (unit, groups) = timeline.groups();
        assert_eq!(unit, Unit::Decade);
        assert_eq!(groups.len(), 18);
        assert_eq!(groups.iter().map(|group| group.bins).sum::<usize>(), 176);
        assert_eq!(groups.iter().map(|group| group.count).sum::<u64>(), 12);
        assert_eq!(groups[0], Group { date: day("1850-01-01"), first: 0, bins: 9, count: 2 });
    }

    #[test]
    fn units_follow_the_span() {
        let check = |first: &str, last: &str, expected: Unit| {
            assert_eq!(Timeline::fine_unit(day(first), day(last)), expected, "{first} {last}");
        };
        check("1912-04-01", "1912-04-30", Unit::Day);
        check("1912-01-01", "1912-12-31", Unit::Month);
        check("1851-01-01", "2026-12-31", Unit::Year);
        check("1400-01-01", "2026-12-31", Unit::Decade);
        assert_eq!(Unit::Decade.bounds(day("1910-01-01")), ("1910".to_owned(), "1919".to_owned()));
    }

    #[test]
    fn a_range_that_is_one_period_is_known_as_such() {
        let check = |from: &str, to: &str, expected: Option<(Unit, &str)>| {
            assert_eq!(Unit::of(from, to), expected.map(|(unit, date)| (unit, day(date))), "{from} {to}");
        };
        check("1912", "1912", Some((Unit::Year, "1912-01-01")));
        check("1912-04", "1912-04", Some((Unit::Month, "1912-04-01")));
        check("1912-04-16", "1912-04-16", Some((Unit::Day, "1912-04-16")));
        check("1910", "1919", Some((Unit::Decade, "1910-01-01")));
        check("1900", "1999", Some((Unit::Century, "1900-01-01")));
        check("1911", "1919", None);
        check("", "1919", None);
        check("soon", "soon", None);
    }

    #[test]
    fn the_tallest_bin_is_told() {
        let counts = [(day("1851-01-01"), 2), (day("1912-01-01"), 9)];
        assert_eq!(
            Timeline::new(Unit::Year, &counts, None, None).unwrap().peak(),
            Some((day("1912-01-01"), 9))
        );
    }

    #[test]
    fn strays_stay_outside_of_the_chart() {
        let check = |years: &[(&str, u64)], expected: Option<(i16, i16)>| {
            let years: Vec<_> =
                years.iter().map(|(year, count)| (day(&format!("{year}-01-01")), *count)).collect();
            let (first, last) = without_strays(&years);
            assert_eq!(first.zip(last).map(|(one, other)| (one.year(), other.year())), expected);
        };
        check(&[("0200", 1), ("2004", 90), ("2007", 200)], Some((2004, 2007)));
        check(&[("0200", 1), ("0207", 1), ("2004", 90), ("2007", 200), ("9998", 2)], Some((2004, 2007)));
        // One of three is no stray, and neither is what lies near.
        check(&[("1500", 1), ("1851", 2)], Some((1500, 1851)));
        check(&[("1851", 1), ("1900", 500)], Some((1851, 1900)));
        check(&[("1900", 5)], Some((1900, 1900)));
        check(&[], None);
        let counts = [(day("0200-01-01"), 3), (day("2004-01-01"), 9)];
        let timeline = Timeline::new(Unit::Year, &counts, Some(day("2004-01-01")), None).unwrap();
        assert_eq!((timeline.bins.as_slice(), timeline.outside), (&[9][..], (3, 0)));
    }

    #[test]
    fn a_wrong_date_makes_no_endless_chart() {
        let counts = [(day("0001-01-01"), 1), (day("9998-01-01"), 1)];
        assert_eq!(Timeline::new(Unit::Year, &counts, None, None).unwrap().bins.len(), MAX_BINS);
    }
}
