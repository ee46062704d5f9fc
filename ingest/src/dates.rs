//! Dates in every form that archives show, made into the four forms of [`ArchiveDate`], precision kept.

use jiff::{civil::Date, tz::Offset};
use store::ArchiveDate;

/// Reads a date; `None` when it is none that can be understood (the 31st of February), so that the caller can
/// keep its text. A time without an offset is taken as UTC.
pub(crate) fn parse(text: &str) -> Option<ArchiveDate> {
    let text = text.trim().trim_end_matches('.');
    if text.is_empty() || text.len() > 64 {
        return None;
    }
    // An instant is written anew, as RFC 3339 has it; the log would take and keep other forms too.
    let day = if text.contains([':', 'T', ' ']) { None } else { text.parse().ok() };
    day.or_else(|| numeric(text)).or_else(|| text.parse().ok()).or_else(|| worded(text))
}

/// `2014-12-18 10:00:00 -0400`, `1851-09-18T05:00:00+0000`, `20070214T120000-0500`, `1916-1-5`, `1916/01/05`.
fn numeric(text: &str) -> Option<ArchiveDate> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    let parted = rest.starts_with(['-', '/', '.']);
    let part = |rest: &mut &str| {
        if parted {
            *rest = rest.strip_prefix(['-', '/', '.'])?;
            digits(rest, 1, 2)
        } else {
            digits(rest, 2, 2)
        }
    };
    let month = part(&mut rest)?;
    if rest.is_empty() {
        return ArchiveDate::try_from(format!("{year:04}-{month:02}")).ok();
    }
    let day = part(&mut rest)?;
    finish(i16::try_from(year).ok()?, month, day, rest.trim_start_matches(['T', 't', ' ', ',']))
}

/// `Mon, 02 Jan 2006 15:04:05 GMT`, `26-FEB-1987 15:01:01.79`, `March 19, 2020`, `22Jun2006`, `May 1931`,
/// `Sat Sep 07 00:00:01 2002`.
fn worded(text: &str) -> Option<ArchiveDate> {
    let (mut day, mut month, mut year) = (None, None, None);
    let mut rest = text;
    let mut clock = "";
    while !rest.is_empty() {
        rest = rest.trim_start_matches([' ', ',', '-', '.', '/', '\u{a0}']);
        let first = rest.chars().next()?;
        if first.is_ascii_digit() {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, after) = rest.split_at_checked(length)?;
            if after.starts_with(':') {
                clock = rest;
                match (year, clock.rsplit_once(' ')) {
                    // `Sat Sep 07 00:00:01 2002`: the year stands last.
                    (None, Some((time, last))) if last.len() == 4 => {
                        year = Some(last.parse::<u32>().ok()?);
                        clock = time;
                    }
                    _ => {}
                }
                break;
            }
            match number.len() {
                4 if year.is_none() => year = Some(number.parse::<u32>().ok()?),
                1 | 2 if day.is_none() => day = Some(number.parse::<u32>().ok()?),
                // RFC 822 wrote two digits.
                2 if year.is_none() => {
                    let short: u32 = number.parse().ok()?;
                    year = Some(if short < 50 { 2_000 + short } else { 1_900 + short });
                }
                _ => return None,
            }
            rest = strip_ordinal(after);
        } else if first.is_alphabetic() {
            let length = rest.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
            let (word, after) = rest.split_at_checked(length)?;
            match month_named(word) {
                Some(found) if month.is_none() => month = Some(found),
                _ if is_weekday(word) || matches!(word, "T" | "t" | "of" | "de" | "at") => {}
                _ => return None,
            }
            rest = after;
        } else {
            return None;
        }
        rest = rest.trim_start();
    }
    let (year, month) = (i16::try_from(year?).ok()?, month?);
    match day {
        Some(day) => finish(year, month, day, clock),
        None if clock.is_empty() => ArchiveDate::try_from(format!("{year:04}-{month:02}")).ok(),
        None => None,
    }
}

/// A day, with what follows it: nothing, or a time with or without an offset.
fn finish(year: i16, month: u32, day: u32, clock: &str) -> Option<ArchiveDate> {
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    if clock.is_empty() {
        return ArchiveDate::try_from(date.to_string()).ok();
    }
    let mut rest = clock;
    let colons = rest.get(1..3).is_some_and(|part| part.contains(':'));
    let hour = digits(&mut rest, if colons { 1 } else { 2 }, 2)?;
    let mut next = || {
        rest = rest.strip_prefix(':').unwrap_or(rest);
        digits(&mut rest, 2, 2)
    };
    let minute = next()?;
    let second = next();
    let fraction = match rest.strip_prefix(['.', ',']) {
        Some(after) => {
            let length = after.bytes().take_while(u8::is_ascii_digit).count();
            let (found, after) = after.split_at_checked(length)?;
            rest = after;
            found.get(..3).unwrap_or(found)
        }
        None => "",
    };
    let hour = match rest.trim().to_ascii_lowercase().split_whitespace().next() {
        Some("pm") if hour < 12 => hour + 12,
        Some("am") if hour == 12 => 0,
        _ => hour,
    };
    let zone = rest.trim().trim_start_matches(['a', 'A', 'p', 'P']);
    let zone = if zone.len() < rest.trim().len() { zone.trim_start_matches(['m', 'M']) } else { rest };
    let offset = offset(zone.trim())?;
    let point = if fraction.is_empty() { "" } else { "." };
    let second = second.unwrap_or(0).min(59);
    ArchiveDate::try_from(format!("{date}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{offset}")).ok()
}

/// An offset as RFC 3339 writes it; the named ones are those of RFC 2822, section 4.3, and some of Europe.
fn offset(zone: &str) -> Option<String> {
    let hours = match zone.to_ascii_uppercase().as_str() {
        "" | "Z" | "UT" | "UTC" | "GMT" => return Some("Z".to_owned()),
        "EST" | "CDT" => -5,
        "EDT" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "BST" | "CET" | "WEST" => 1,
        "CEST" | "EET" => 2,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let digits = zone.strip_prefix(['+', '-'])?.split([' ', '(']).next()?.replace(':', "");
            if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let number: i32 = digits.parse().ok()?;
            let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
            let offset = Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()?;
            return (minutes < 60).then(|| format_offset(offset.seconds()));
        }
    };
    Some(format_offset(hours * 3_600))
}

fn format_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn digits(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let length = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, after) = rest.split_at_checked(length)?;
    if length < least {
        return None;
    }
    *rest = after;
    number.parse().ok()
}

/// `1st`, `2nd`, `3rd`, `4th`.
fn strip_ordinal(after: &str) -> &str {
    let end = after.get(..2).is_some_and(|end| matches!(end, "st" | "nd" | "rd" | "th"));
    let word_ends = !after.chars().nth(2).is_some_and(char::is_alphabetic);
    if end && word_ends { after.get(2..).unwrap_or("") } else { after }
}

fn month_named(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const FULL: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    let at = MONTHS
        .iter()
        .zip(FULL)
        .position(|(short, full)| word == *short || word == full || (word == "sept" && *short == "sep"))?;
    u32::try_from(at + 1).ok()
}

fn is_weekday(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.len() >= 3
        && ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
            .iter()
            .any(|day| day.starts_with(word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_wild_are_read() {
        let check = |text: &str, expected: &str| {
            assert_eq!(parse(text).map(|date| date.to_string()).as_deref(), Some(expected), "{text}");
        };
        check("1851-09-18T05:00:00+0000", "1851-09-18T05:00:00+00:00");
        check("2014-12-18 10:00:00 -0400", "2014-12-18T10:00:00-04:00");
        check("2015-11-10 1:00:23 -0400", "2015-11-10T01:00:23-04:00");
        check("2015-03-24 10:00:00 -5", "2015-03-24T10:00:00-05:00");
        check("2015-03-24 10:00:00", "2015-03-24T10:00:00Z");
        check("2016-08-12T00:00:00Z", "2016-08-12T00:00:00Z");
        check("2021-07-26T00:00:00.000Z", "2021-07-26T00:00:00.000Z");
        check("26-FEB-1987 15:01:01.79", "1987-02-26T15:01:01.79Z");
        check(" 4-JUL-1987 15:01:01.79", "1987-07-04T15:01:01.79Z");
        check("Mon, 02 Jan 2006 15:04:05 -0700", "2006-01-02T15:04:05-07:00");
        check("Mon, 02 Jan 2006 15:04:05 GMT", "2006-01-02T15:04:05Z");
        check("Thu, 01 Jan 04 19:48:21 EST", "2004-01-01T19:48:21-05:00");
        check("Sat Sep 07 00:00:01 2002", "2002-09-07T00:00:01Z");
        check("20070214T120000-0500", "2007-02-14T12:00:00-05:00");
        check("20070214", "2007-02-14");
        check("1916/01/05", "1916-01-05");
        check("1916-1-5", "1916-01-05");
        check("March 19, 2020", "2020-03-19");
        check("19th March 2020", "2020-03-19");
        check("Jan. 5, 1916", "1916-01-05");
        check("22Jun2006", "2006-06-22");
        check("May 1931", "1931-05");
        check("2020-03-19T10:00", "2020-03-19T10:00:00Z");
        check("March 19, 2020 at 10:30 pm EST", "2020-03-19T22:30:00-05:00");
        check("1412-03-04", "1412-03-04");
    }

    #[test]
    fn what_is_no_date_stays_text() {
        for text in [
            "",
            "soon",
            "31 February 1999",
            "1999-02-31",
            "12/11/2006",
            "99",
            "Feb 30, 2001 10:00:00",
            "é1",
            "1:",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
