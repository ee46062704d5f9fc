//! Dates as archives give them: a year, a month, a day or an instant, from any year.

use std::{fmt, str::FromStr};

use jiff::{Timestamp as Instant, ToSpan, civil::Date, fmt::temporal::Pieces, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// An instant in milliseconds since 1970-01-01T00:00:00Z, negative before it. Written as RFC 3339 in UTC.
/// Holds the instants from -009999-01-02T01:59:59Z to 9999-12-30T22:00:00Z, which are those that have a date in any
/// time zone.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", description = "a date (1931, 1931-05, 1931-05-02) or an RFC 3339 time")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest instant there is.
    pub const MIN: Self = Self(-377_705_023_201_000);
    /// The latest instant there is.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// Returns the time from milliseconds since 1970; `None` beyond the years -9999 to 9999.
    pub fn from_millis(millis: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&millis).then_some(Self(millis))
    }

    /// Returns the milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the clock's time.
    pub fn now() -> Self {
        Self(Instant::now().as_millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Instant::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = InvalidDate;

    /// Takes whatever [`ArchiveDate`] takes; a year, month or day means its first instant in UTC.
    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        Ok(text.parse::<ArchiveDate>()?.start())
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidDate;

    fn try_from(text: String) -> Result<Self, InvalidDate> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

/// The precision with which a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `1931`
    Year,
    /// `1931-05`
    Month,
    /// `1931-05-02`
    Day,
    /// `1931-05-02T10:00:00-05:00`
    Instant,
}

/// A date of an archive: kept as it was given, with the precision in which it is known.
///
/// Four forms: `1931`, `1931-05`, `1931-05-02`, and RFC 3339 with an offset. The calendar is the proleptic
/// Gregorian one; years have four digits, or six with a sign (ISO 8601).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", description = "1931, 1931-05, 1931-05-02, or an RFC 3339 time with its offset")]
pub struct ArchiveDate {
    text: String,
    precision: Precision,
    start: Timestamp,
}

impl ArchiveDate {
    /// Returns the text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns how exactly the date is known.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the first instant of the period, in UTC where no offset was given.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Returns the first instant of the period by the clock that the date was written by, in milliseconds since 1970
    /// began by that clock: `2019-12-31T23:30:00-08:00` is on the last day of December, wherever it is read.
    pub fn by_own_clock(&self) -> i64 {
        let offset = match self.precision {
            Precision::Instant => {
                Pieces::parse(&self.text).ok().and_then(|pieces| pieces.to_numeric_offset())
            }
            Precision::Year | Precision::Month | Precision::Day => None,
        };
        self.start.as_millis() + offset.map_or(0, |offset| i64::from(offset.seconds()) * 1_000)
    }

    /// Returns the last millisecond of the period: what "not after this date" means.
    pub fn end(&self) -> Timestamp {
        let first = match Instant::from_millisecond(self.start.0) {
            Ok(instant) => instant.to_zoned(TimeZone::UTC),
            Err(_) => return self.start,
        };
        let span = match self.precision {
            Precision::Year => 1.year(),
            Precision::Month => 1.month(),
            Precision::Day => 1.day(),
            Precision::Instant => return self.start,
        };
        first
            .checked_add(span)
            .map_or(Timestamp::MAX, |next| Timestamp(next.timestamp().as_millisecond() - 1))
    }

    /// Returns the calendar year, as the date was given.
    #[expect(clippy::expect_used, reason = "a text that begins otherwise is no date")]
    pub fn year(&self) -> i16 {
        let (sign, digits) = split_sign(&self.text);
        let length = if digits.len() == self.text.len() { 4 } else { 6 };
        let year: Option<i16> = digits.get(..length).and_then(|year| year.parse().ok());
        sign * year.expect("a date begins with the digits of its year")
    }
}

impl fmt::Display for ArchiveDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ArchiveDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text)
    }
}

impl FromStr for ArchiveDate {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let invalid = |why: &str| InvalidDate { text: text.chars().take(60).collect(), why: why.to_owned() };
        if text.len() > 64 {
            return Err(invalid("it is too long"));
        }
        let (start, precision) = if text.contains(['T', 't', ' ']) {
            let instant = text.parse::<Instant>().map(Instant::as_millisecond);
            let at_the_end =
                || beyond(Pieces::parse(text).ok().filter(|it| it.to_numeric_offset().is_some())?.date());
            let start = instant.or_else(|error| at_the_end().ok_or_else(|| invalid(&error.to_string())))?;
            (start, Precision::Instant)
        } else {
            let (date, precision) = match parse_year_month(text) {
                Some(found) => found,
                None if looks_like_day(text) => {
                    (text.parse::<Date>().map_err(|error| invalid(&error.to_string()))?, Precision::Day)
                }
                None => return Err(invalid("it has none of the known forms")),
            };
            let first = date.to_zoned(TimeZone::UTC).map(|first| first.timestamp().as_millisecond());
            (first.or_else(|error| beyond(date).ok_or_else(|| invalid(&error.to_string())))?, precision)
        };
        let start =
            Timestamp::from_millis(start).ok_or_else(|| invalid("it is beyond the years -9999 to 9999"))?;
        Ok(Self { text: text.to_owned(), precision, start })
    }
}

impl TryFrom<String> for ArchiveDate {
    type Error = InvalidDate;

    fn try_from(text: String) -> Result<Self, InvalidDate> {
        text.parse()
    }
}

impl From<ArchiveDate> for String {
    fn from(date: ArchiveDate) -> Self {
        date.text
    }
}

/// Returns the instant that stands for a day of which not every hour is an instant in every time zone: `9999-12-31` means "for ever", and
/// is the latest that there is.
fn beyond(date: Date) -> Option<i64> {
    match date {
        date if date >= Date::constant(9999, 12, 30) => Some(Timestamp::MAX.0),
        date if date <= Date::constant(-9999, 1, 2) => Some(Timestamp::MIN.0),
        _ => None,
    }
}

/// Returns the sign of the year, and the rest of the text.
fn split_sign(text: &str) -> (i16, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Reads `1931` and `1931-05`, which jiff does not take; also with a signed year of six digits.
fn parse_year_month(text: &str) -> Option<(Date, Precision)> {
    let (sign, digits) = split_sign(text);
    let signed = digits.len() != text.len();
    let (year, month) = match digits.split_once('-') {
        Some((year, month)) => (year, Some(month)),
        None => (digits, None),
    };
    let all_digits =
        |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(year, if signed { 6 } else { 4 }) || !month.is_none_or(|month| all_digits(month, 2)) {
        return None;
    }
    let year = sign * year.parse::<i16>().ok()?;
    let precision = if month.is_some() { Precision::Month } else { Precision::Year };
    let month = month.map_or(Some(1), |month| month.parse().ok())?;
    Some((Date::new(year, month, 1).ok()?, precision))
}

/// Returns true for ten characters of `YYYY-MM-DD`, or thirteen with a signed year: no other form of a day is taken.
fn looks_like_day(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let year = if digits.len() == text.len() { 4 } else { 6 };
    digits.len() == year + 6
        && digits
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == year || at == year + 3 { byte == b'-' } else { byte.is_ascii_digit() })
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no date: {why} (use 1931, 1931-05, 1931-05-02 or 1931-05-02T10:00:00-05:00)")]
pub struct InvalidDate {
    text: String,
    why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_keep_their_text_and_precision() {
        let check = |text: &str, precision: Precision, start: &str, end: &str| {
            let date: ArchiveDate = text.parse().unwrap();
            assert_eq!(date.as_str(), text);
            assert_eq!(date.precision(), precision, "{text}");
            assert_eq!(date.start().to_string(), start, "{text}");
            assert_eq!(date.end().to_string(), end, "{text}");
        };
        check("1931", Precision::Year, "1931-01-01T00:00:00.000Z", "1931-12-31T23:59:59.999Z");
        check("1931-05", Precision::Month, "1931-05-01T00:00:00.000Z", "1931-05-31T23:59:59.999Z");
        check("1931-05-02", Precision::Day, "1931-05-02T00:00:00.000Z", "1931-05-02T23:59:59.999Z");
        check(
            "1931-05-02T10:00:00-05:00",
            Precision::Instant,
            "1931-05-02T15:00:00.000Z",
            "1931-05-02T15:00:00.000Z",
        );
        check("1400-02-28", Precision::Day, "1400-02-28T00:00:00.000Z", "1400-02-28T23:59:59.999Z");
        let last = "9999-12-30T22:00:00.000Z";
        check("9999", Precision::Year, "9999-01-01T00:00:00.000Z", last);
        for text in ["9999-12-31", "9999-12-30"] {
            let start = if text == "9999-12-31" { last } else { "9999-12-30T00:00:00.000Z" };
            check(text, Precision::Day, start, last);
        }
        for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999+02:00", "9999-12-30T22:00:01Z"] {
            check(text, Precision::Instant, last, last);
        }
        assert_eq!("-009999-01-01".parse::<ArchiveDate>().unwrap().start(), Timestamp::MIN);
    }

    #[test]
    fn what_is_no_date_says_why() {
        for text in [
            "",
            "31",
            "1931-5",
            "1931-13",
            "1931-02-31",
            "9999-12-32",
            "9999-12-31T25:00:00Z",
            "9999-12-31T23:59:59",
            "10000-01-01",
            "1931-05-02T10:00:00",
            "yesterday",
            "1931-05-02x",
            "0x10",
        ] {
            let error = text.parse::<ArchiveDate>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no date: ")), "{error}");
        }
    }

    #[test]
    fn years_come_from_any_form() {
        for (text, year) in
            [("1931", 1931), ("1931-05", 1931), ("1400-01-01", 1400), ("1899-12-31T23:00:00-05:00", 1899)]
        {
            assert_eq!(text.parse::<ArchiveDate>().unwrap().year(), year, "{text}");
        }
        for (text, year) in [("19310502T100000Z", 1931), ("-000043-03-15", -43), ("+001931-05", 1931)] {
            assert_eq!(text.parse::<ArchiveDate>().unwrap().year(), year, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_date_has_a_year(
            text in "[-+]?[0-9]{4,6}(-?[01][0-9](-?[0-3][0-9]([Tt ][0-2][0-9](:?[0-5][0-9]){1,2}(Z|z|[-+]0[0-9](:?[03]0)?))?)?)?"
        ) {
            if let Ok(date) = text.parse::<ArchiveDate>() {
                let year = i64::from(date.year());
                let started = (date.by_own_clock() as f64 / 31_556_952_000.0).floor() as i64 + 1970;
                proptest::prop_assert!((year - started).abs() <= 1, "{text}: {year}, {started}");
            }
        }
    }

    #[test]
    fn a_day_is_that_of_the_clock_it_was_written_by() {
        let check = |text: &str, same_as: &str| {
            let date = |text: &str| text.parse::<ArchiveDate>().unwrap();
            assert_eq!(date(text).by_own_clock(), date(same_as).start().as_millis(), "{text}");
        };
        check("2019-12-31T23:30:00-08:00", "2019-12-31T23:30:00Z");
        check("2020-01-01T05:00:00+09:00", "2020-01-01T05:00:00Z");
        check("1931-05-02T00:15:00.5+05:30", "1931-05-02T00:15:00.5Z");
        check("2020-01-01T00:00:00Z", "2020-01-01");
        check("1931-05", "1931-05");
        check("9999-12-30T20:00:00-02:00", "9999-12-30T20:00:00Z");
    }
}
