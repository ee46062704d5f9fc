//! Dates in every form that archives show, made into the four forms of [`ArchiveDate`], precision kept.

mod clock;
#[cfg(test)]
mod tests;
mod words;
mod zones;

use std::borrow::Cow;

use jiff::{Timestamp, civil::Date, fmt::strtime};
use store::ArchiveDate;
use unicode_normalization::UnicodeNormalization;

use crate::names;

/// The order of two numbers parted by `/` or `-` that both may be the day: `5/12/1906`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum DayOrder {
    /// Nothing tells.
    #[default]
    Unknown,
    /// 5 December.
    DayFirst,
    /// May 12.
    MonthFirst,
}

/// A date that was read from a text, and the form that it had there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dated {
    pub(crate) date: ArchiveDate,
    pub(crate) form: Form,
}

/// The form in which a date was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As a standard has it, or plainly by year, month and day.
    Exact,
    /// In words, or as a country writes its numbers.
    Local,
    /// In a form that can be read in two ways: the date is its year alone, and the text says more.
    TwoWays,
}

/// The longest text that may be a date: JavaScript's, with the name of its zone.
const MAX_TEXT: usize = 128;

/// Reads a date; `None` when it is none that can be understood (the 31st of February) or can be read in two ways, so
/// that the caller can keep its text. A time without an offset is taken as UTC.
pub(crate) fn parse(text: &str) -> Option<ArchiveDate> {
    read(text, DayOrder::Unknown).filter(|dated| dated.form != Form::TwoWays).map(|dated| dated.date)
}

/// Reads a date; `order` decides what can be read in two ways.
pub(crate) fn read(text: &str, order: DayOrder) -> Option<Dated> {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() || text.len() > MAX_TEXT {
        return None;
    }
    let form = |form| move |date| Dated { date, form };
    // An instant is written anew, as RFC 3339 has it; the log would take and keep other forms too.
    let day = if text.contains([':', 'T', ' ']) { None } else { text.parse().ok() };
    let found = day
        .or_else(|| year_first(text))
        .or_else(|| epoch(text))
        .or_else(|| text.parse().ok().filter(|_| !text.contains('[')))
        .map(form(Form::Exact))
        .or_else(|| in_words(text).map(form(if is_rfc_822(text) { Form::Exact } else { Form::Local })))
        .or_else(|| day_and_month(text, order));
    // Programs that have no date write the year 0, 1 or -1: WordPress, .NET, Go.
    found.filter(|dated| !(-1..=1).contains(&dated.date.year()))
}

/// Returns what the numbers of a date tell of the order that its file keeps.
pub(crate) fn order_of(text: &str) -> DayOrder {
    match numbers(text.trim()) {
        Some(Numbers { first, second, mark: '/' | '-', .. }) if first > 12 && second <= 12 => {
            DayOrder::DayFirst
        }
        Some(Numbers { first, second, mark: '/' | '-', .. }) if second > 12 && first <= 12 => {
            DayOrder::MonthFirst
        }
        _ => DayOrder::Unknown,
    }
}

/// Checks a form of dates; what is wrong with it otherwise.
pub(crate) fn check_form(form: &str) -> Result<(), String> {
    let example = Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let written = strtime::format(form, &example);
    written.and_then(|text| strtime::parse(form, text)).map(|_| ()).map_err(|why| why.to_string())
}

/// Reads a date of a form that the user stated, as `strptime` has it; without an offset in UTC.
pub(crate) fn as_stated(text: &str, format: &str) -> Option<ArchiveDate> {
    let time = strtime::parse(format, text.trim()).ok()?;
    if let Ok(instant) = time.to_timestamp() {
        let offset = time.offset().unwrap_or(jiff::tz::Offset::UTC);
        return ArchiveDate::try_from(format!("{}", instant.display_with_offset(offset))).ok();
    }
    if let Ok(datetime) = time.to_datetime()
        && time.hour().is_some()
    {
        return ArchiveDate::try_from(format!("{datetime}Z")).ok();
    }
    let (year, month, day) = (time.year()?, time.month(), time.day());
    let text = match (month, day) {
        _ if time.to_date().is_ok() => time.to_date().ok()?.to_string(),
        (Some(month), None) => format!("{year:04}-{month:02}"),
        (None, None) => format!("{year:04}"),
        (_, Some(_)) => return None,
    };
    ArchiveDate::try_from(text).ok()
}

/// Reads `2014-12-18 10:00:00 -0400`, `1851-09-18T05:00:00+0000`, `20070214T120000-0500`, `1916-1-5`, `1916/01/05`,
/// `1906-12-00` (a month), `2020年3月5日`.
fn year_first(text: &str) -> Option<ArchiveDate> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    let marks = ['-', '/', '.', '年', '月'];
    let parted = rest.starts_with(marks);
    let part = |rest: &mut &str| {
        if parted {
            *rest = rest.strip_prefix(marks)?.trim_start();
            digits(rest, 1, 2)
        } else {
            digits(rest, 2, 2)
        }
    };
    let month = part(&mut rest)?;
    let short = |text: String| ArchiveDate::try_from(text).ok();
    if rest.is_empty() || rest == "月" {
        return if month == 0 { short(format!("{year:04}")) } else { short(format!("{year:04}-{month:02}")) };
    }
    let day = part(&mut rest)?;
    rest = rest.trim_start_matches('日');
    if day == 0 && rest.is_empty() {
        return if month == 0 { short(format!("{year:04}")) } else { short(format!("{year:04}-{month:02}")) };
    }
    // Without a mark between them, more digits are no clock: `19060512345`.
    if !parted && rest.starts_with(|c: char| c.is_ascii_digit()) && !matches!(rest.len(), 4 | 6) {
        return None;
    }
    clock::on(day_of(i16::try_from(year).ok()?, month, day)?, rest.trim_start_matches(['T', 't', ' ', ',']))
}

/// Reads seconds or milliseconds since 1970, as programs count them: nine digits and more, a fraction or not.
fn epoch(text: &str) -> Option<ArchiveDate> {
    let (sign, number) = text.strip_prefix('-').map_or((1, text), |number| (-1, number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let instant = match whole.len() {
        9 | 10 => Timestamp::from_millisecond(sign * (count * 1_000 + thousandths)),
        12 | 13 => Timestamp::from_millisecond(sign * count),
        _ => return None,
    };
    ArchiveDate::try_from(instant.ok()?.to_string()).ok()
}

/// Three numbers of which the last is the year, and what follows.
struct Numbers<'t> {
    first: u32,
    second: u32,
    mark: char,
    year: i16,
    rest: &'t str,
}

fn numbers(text: &str) -> Option<Numbers<'_>> {
    let mut rest = text;
    let first = digits(&mut rest, 1, 2)?;
    let mark = rest.trim_start().chars().next().filter(|mark| matches!(mark, '/' | '-' | '.'))?;
    rest = rest.trim_start().strip_prefix(mark)?.trim_start();
    let second = digits(&mut rest, 1, 2)?;
    rest = rest.trim_start().strip_prefix(mark)?.trim_start();
    let year = digits(&mut rest, 4, 4)?;
    Some(Numbers { first, second, mark, year: i16::try_from(year).ok()?, rest })
}

/// Reads `25.12.1906`, `25/12/1906`, `12-25-1906 10:00`. What is parted by full stops has the day first everywhere.
fn day_and_month(text: &str, order: DayOrder) -> Option<Dated> {
    let Numbers { first, second, mark, year, rest } = numbers(text)?;
    let order = match (order_of(text), order) {
        (DayOrder::Unknown, _) if mark == '.' && second <= 12 => DayOrder::DayFirst,
        (DayOrder::Unknown, _) if mark == '.' || first == second => DayOrder::MonthFirst,
        (DayOrder::Unknown, order) => order,
        (told, _) => told,
    };
    let (day, month) = match order {
        DayOrder::DayFirst => (first, second),
        DayOrder::MonthFirst => (second, first),
        DayOrder::Unknown => {
            // Both ways must be days, and the clock a clock.
            clock::on(day_of(year, first, second)?, rest)?;
            let date = ArchiveDate::try_from(format!("{year:04}")).ok()?;
            return Some(Dated { date, form: Form::TwoWays });
        }
    };
    let date = clock::on(day_of(year, month, day)?, rest)?;
    Some(Dated { date, form: Form::Local })
}

/// Reads `Mon, 02 Jan 2006 15:04:05 GMT`, `26-FEB-1987 15:01:01.79`, `March 19, 2020`, `22Jun2006`, `May 1931`,
/// `Sat Sep 07 00:00:01 2002`, `12. März 1871`, `3 de mayo de 1910`, `1er mai 1890`.
fn in_words(text: &str) -> Option<ArchiveDate> {
    let (mut day, mut month, mut year) = (None, None, None);
    // A word that is a weekday, too (`mar`: martes, mardi): it gives way to a month that stands further on.
    let mut doubtful = false;
    // Letters whose accents stand apart are not letters alone.
    let composed = if text.is_ascii() { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) };
    let mut rest = composed.as_ref();
    let mut clock = "";
    loop {
        rest = rest.trim_start_matches(|c: char| {
            c.is_whitespace() || matches!(c, ',' | '-' | '.' | '/' | '\'' | '’')
        });
        let Some(first) = rest.chars().next() else { break };
        if first.is_ascii_digit() {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at_checked(length)?;
            let complete = day.is_some() && month.is_some() && year.is_some();
            if complete || after.starts_with(':') {
                clock = rest;
                // `Sat Sep 07 00:00:01 EST 2002`: the year stands last.
                if year.is_none() {
                    let (time, last) = rest.rsplit_once(' ')?;
                    year = Some(last.parse::<u32>().ok().filter(|_| last.len() == 4)?);
                    clock = time;
                }
                break;
            }
            match number.len() {
                4 if year.is_none() => year = Some(number.parse().ok()?),
                1 | 2 if day.is_none() => day = Some(number.parse().ok()?),
                // RFC 822 wrote two digits.
                2 if year.is_none() => {
                    let short: u32 = number.parse().ok()?;
                    year = Some(if short < 50 { 2_000 + short } else { 1_900 + short });
                }
                _ => return None,
            }
            rest = words::without_ordinal(after);
        } else if first.is_alphabetic() {
            let length = rest.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
            let (word, after) = rest.split_at_checked(length)?;
            let folded = names::folded(word);
            let nothing = words::says_nothing(&folded);
            match words::month(&folded).or_else(|| words::roman_month(word)) {
                Some(found) if month.is_none() || doubtful => {
                    (month, doubtful) = (Some(found), nothing);
                }
                _ if nothing => {}
                _ => return None,
            }
            rest = after;
        } else {
            return None;
        }
    }
    let (year, month) = (i16::try_from(year?).ok()?, month?);
    match day {
        Some(day) => clock::on(day_of(year, month, day)?, clock),
        None if clock.is_empty() => ArchiveDate::try_from(format!("{year:04}-{month:02}")).ok(),
        None => None,
    }
}

/// Returns true where the words are those of RFC 822: English, the day before its month of three letters.
fn is_rfc_822(text: &str) -> bool {
    let text = text.split_once(',').map_or(text, |(_, date)| date).trim_start();
    let mut parts = text.split_ascii_whitespace();
    let day = parts.next().is_some_and(|day| day.bytes().all(|byte| byte.is_ascii_digit()));
    let english = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    day && parts.next().is_some_and(|month| english.contains(&month.to_ascii_lowercase().as_str()))
}

fn day_of(year: i16, month: u32, day: u32) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Takes a number of so many digits off the text.
fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(length)?;
    if length < least {
        return None;
    }
    *rest = after;
    number.parse().ok()
}
