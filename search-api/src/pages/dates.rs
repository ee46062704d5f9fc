//! Dates as a reader says them: "Tuesday, 16 April 1912" and "May 1931".

use jiff::civil::Date;
use maud::{Markup, html};
use search::cite::{date_as, plain_date};
use store::{ArchiveDate, Timestamp};

/// A date with the day of the week, as under a newspaper's name.
pub(super) fn with_weekday(date: &ArchiveDate) -> String {
    date_as(date, "%A, %-d %B %Y")
}

/// A date with its machine form.
pub(super) fn time(date: &ArchiveDate) -> Markup {
    html! { time datetime=(date.as_str()) { (plain_date(date)) } }
}

/// A date that stands in a document, which holds it as text.
pub(super) fn time_of(text: &str) -> Markup {
    match text.parse::<ArchiveDate>() {
        Ok(date) => time(&date),
        Err(_) => html! { (text) },
    }
}

/// An instant: the day alone where it begins one, since dates of archives seldom have an hour.
pub(super) fn instant(at: Timestamp) -> Markup {
    let text = at.to_string();
    let (day, hour) = text.split_once('T').unwrap_or((&text, ""));
    let day =
        day.parse::<Date>().map_or_else(|_| day.to_owned(), |date| date.strftime("%-d %b %Y").to_string());
    let hour = hour.get(..5).unwrap_or_default();
    html! { time datetime=(text) { (day) @if hour != "00:00" { ", " (hour) " UTC" } } }
}

/// The day of an instant.
pub(super) fn instant_day(at: Timestamp) -> Markup {
    let text = at.to_string();
    let day = text.split_once('T').map_or(text.as_str(), |(day, _)| day);
    let written =
        day.parse::<Date>().map_or_else(|_| day.to_owned(), |date| date.strftime("%-d %B %Y").to_string());
    html! { time datetime=(day) { (written) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_said_as_exactly_as_they_are_known() {
        let check = |text: &str, expected: &str| {
            assert_eq!(with_weekday(&text.parse().unwrap()), expected);
        };
        check("1912-04-16", "Tuesday, 16 April 1912");
        check("1931-05", "May 1931");
        check("1931", "1931");
        check("2024-04-09T23:30:00-05:00", "Tuesday, 9 April 2024");
        check("1400-02-28", "Friday, 28 February 1400");
    }

    #[test]
    fn instants_leave_midnight_out() {
        let check = |text: &str, expected: &str| {
            assert!(instant(text.parse().unwrap()).into_string().contains(expected), "{text}");
        };
        check("1912-04-17", ">17 Apr 1912<");
        check("2024-04-09T14:30:00+01:00", ">9 Apr 2024, 13:30 UTC<");
    }
}
