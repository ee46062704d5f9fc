//! The time of day that follows a date: `10:00:00.5 -0400`, `4:03 p.m. EST`, `22h30`, `um 14.30 Uhr`.

use jiff::civil::{Date, DateTime, Time};
use store::ArchiveDate;

use super::{digits, words, zones};
use crate::names;

/// Returns the instant that a clock's text gives on a day; the day itself where there is no text.
pub(super) fn on(date: Date, text: &str) -> Option<ArchiveDate> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '–' | '.'));
    if text.is_empty() {
        return ArchiveDate::try_from(date.to_string()).ok();
    }
    let text = without_fillers(text);
    if text.is_empty() {
        return ArchiveDate::try_from(date.to_string()).ok();
    }
    let (hour, minute, second, fraction, rest) = numbers(text)?;
    let (half, rest) = half_of_day(rest, text, hour);
    let hour = match half {
        Some(Half::Afternoon) if hour < 12 => hour + 12,
        Some(Half::Morning) if hour == 12 => 0,
        _ => hour,
    };
    let rest = rest.trim_start();
    let word = rest.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    let (word, after) = rest.split_at_checked(word)?;
    let zone = if words::CLOCK_WORDS.contains(&names::folded(word).as_str()) { after } else { rest };
    // 24:00 is the end of its day (ISO 8601-1:2019/Amd 1).
    let (date, hour) = match (hour, minute, second) {
        (24, 0, 0) => (date.tomorrow().ok()?, 0),
        _ => (date, hour),
    };
    let small = |number: u32| i8::try_from(number).ok();
    // A leap second is the last of its minute.
    let time = Time::new(small(hour)?, small(minute)?, small(second.min(59))?, 0).ok()?;
    let offset = zones::offset(
        zone.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',')),
        DateTime::from_parts(date, time),
    )?;
    let point = if fraction.is_empty() { "" } else { "." };
    let zone = if offset == 0 && !zone.contains(['+', '-']) { "Z".to_owned() } else { written(offset) };
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    ArchiveDate::try_from(format!("{date}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}")).ok()
}

/// Reads hour, minute, second and fraction, and what follows them.
fn numbers(text: &str) -> Option<(u32, u32, u32, &str, &str)> {
    let mut rest = text;
    let run = text.bytes().take_while(u8::is_ascii_digit).count();
    let compact = matches!(run, 4 | 6);
    let hour = digits(&mut rest, 1, 2)?;
    let part = |rest: &mut &str, marks: &[char]| -> Option<u32> {
        let mut after = *rest;
        if !compact {
            after = after.trim_start().strip_prefix(marks)?.trim_start();
        }
        let number = digits(&mut after, 2, 2)?;
        *rest = after;
        Some(number)
    };
    let Some(minute) = part(&mut rest, &[':', '.', 'h', 'H']) else {
        // `4 pm`, `22 h`, `10 Uhr`: a number alone is no clock.
        return rest.trim_start().starts_with(char::is_alphabetic).then_some((hour, 0, 0, "", rest));
    };
    let second = part(&mut rest, &[':', '.', 'm']);
    let mut fraction = "";
    if second.is_some()
        && let Some(after) = rest.strip_prefix(['.', ','])
    {
        let length = after.bytes().take_while(u8::is_ascii_digit).count();
        let (found, after) = after.split_at_checked(length)?;
        fraction = found.get(..3).unwrap_or(found);
        rest = after;
    }
    Some((hour, minute, second.unwrap_or(0), fraction, rest))
}

enum Half {
    Morning,
    Afternoon,
}

/// Reads `am`, `p.m.`, `P. M.` and `p` right behind the digits, and what follows. A zone such as `PST` or `AEST` is
/// none.
fn half_of_day<'t>(rest: &'t str, whole: &str, hour: u32) -> (Option<Half>, &'t str) {
    let none = (None, rest);
    let text = rest.trim_start();
    let mut letters = text.chars();
    let half = match letters.next() {
        Some('a' | 'A') => Half::Morning,
        Some('p' | 'P') => Half::Afternoon,
        _ => return none,
    };
    let attached = whole.len() > rest.len() && text.len() == rest.len();
    let after = letters.as_str().strip_prefix('.').unwrap_or(letters.as_str());
    let ends = |text: &str| !text.starts_with(|c: char| c.is_alphabetic());
    if let Some(end) = after.trim_start().strip_prefix(['m', 'M'])
        && ends(end)
    {
        return (Some(half), end.strip_prefix('.').unwrap_or(end));
    }
    if attached && hour <= 12 && ends(after) { (Some(half), after) } else { none }
}

/// Returns the text without the words before its first digit that say nothing: `at`, `um`, `à`.
fn without_fillers(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | '\''));
        let length = text.chars().take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum();
        let Some((word, after)) = text.split_at_checked(length) else { return text };
        if word.is_empty() || !words::says_nothing(&names::folded(word)) {
            return text;
        }
        text = after;
    }
}

fn written(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
