//! Tables of dates as archives, feeds and programs write them, and what each is.

use proptest::prelude::*;

use super::*;

fn check(text: &str, expected: &str) {
    assert_eq!(parse(text).map(|date| date.to_string()).as_deref(), Some(expected), "{text}");
}

#[test]
fn dates_of_the_wild_are_read() {
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
    check("1916", "1916");
    check("1916-00-00", "1916");
    check("1916-05-00", "1916-05");
    check("201801020304", "2018-01-02T03:04:00Z");
    check("1916年5月2日", "1916-05-02");
    check("2020年3月5日 14:30", "2020-03-05T14:30:00Z");
    check("1916年5月", "1916-05");
}

/// RFC 822, section 5, and what people write beside it; before, `PST` lost its P to `pm`, and AEST was EST.
#[test]
fn zones_are_known_by_their_names() {
    let check = |zone: &str, expected: &str| {
        check(&format!("Thu, 4 Jul 2019 07:08:09 {zone}"), &format!("2019-07-04T07:08:09{expected}"));
    };
    for (zone, expected) in [
        ("PST", "-08:00"),
        ("PDT", "-07:00"),
        ("AEST", "+10:00"),
        ("AEDT", "+11:00"),
        ("ACST", "+09:30"),
        ("AWST", "+08:00"),
        ("AST", "-04:00"),
        ("ADT", "-03:00"),
        ("AKST", "-09:00"),
        ("AKDT", "-08:00"),
        ("HST", "-10:00"),
        ("PKT", "+05:00"),
        ("JST", "+09:00"),
        ("KST", "+09:00"),
        ("IST", "+05:30"),
        ("MSK", "+03:00"),
        ("EEST", "+03:00"),
        ("MESZ", "+02:00"),
        ("NZST", "+12:00"),
        ("NZDT", "+13:00"),
        ("SAST", "+02:00"),
        ("NST", "-03:30"),
        ("WET", "Z"),
        ("BRT", "-03:00"),
        ("est", "-05:00"),
    ] {
        check(zone, expected);
    }
    // Of the season that the date is in.
    check("ET", "-04:00");
    check("PT", "-07:00");
    check("CT", "-05:00");
    // JavaScript's, and offsets of every form.
    check("GMT+0100", "+01:00");
    check("GMT+0100 (Central European Standard Time)", "+01:00");
    check("UTC+5:30", "+05:30");
    check("GMT -3", "-03:00");
    check("\u{2212}0500", "-05:00");
    check("+0200 (CEST)", "+02:00");
    check("(EST)", "-05:00");
    check("America/Chicago", "-05:00");
    check("Asia/Kolkata", "+05:30");
    // RFC 5322, section 4.3: what is not known is UTC.
    check("XQZT", "Z");
    check("Nowhere/Land", "Z");
    check("Middle Sea Time", "Z");
    check("K", "Z");
}

#[test]
fn clocks_are_read_as_they_are_printed() {
    let check = |clock: &str, expected: &str| check(&format!("7 March 2021{clock}"), expected);
    check(", 4:03 p.m.", "2021-03-07T16:03:00Z");
    check(" 4:03 P. M. EST", "2021-03-07T16:03:00-05:00");
    check(" 4:03pm PST", "2021-03-07T16:03:00-08:00");
    check(" 4:03p", "2021-03-07T16:03:00Z");
    check(" 12:10 a.m.", "2021-03-07T00:10:00Z");
    check(" 12:10 pm", "2021-03-07T12:10:00Z");
    check(" at 9 a.m. ET", "2021-03-07T09:00:00-05:00");
    check(", um 14.30 Uhr", "2021-03-07T14:30:00Z");
    check(" à 22h30", "2021-03-07T22:30:00Z");
    check(" às 10h05", "2021-03-07T10:05:00Z");
    check(" - 08:15", "2021-03-07T08:15:00Z");
    check(" 24:00", "2021-03-08T00:00:00Z");
    check(" 23:59:60 UTC", "2021-03-07T23:59:59Z");
    check("", "2021-03-07");
    assert_eq!(parse("1999-12-31T24:00:00+02:00").unwrap().as_str(), "2000-01-01T00:00:00+02:00");
    assert_eq!(parse("7 March 2021 25:00"), None);
    assert_eq!(parse("7 March 2021 24:01"), None);
    assert_eq!(parse("7 March 2021 to 9 May"), None);
}

/// A zone in brackets is for programs (RFC 9557): it neither stands in what people see, nor costs the date.
#[test]
fn zones_in_brackets_give_way_to_offsets() {
    check("2022-07-01T10:00:00+02:00[Europe/Paris]", "2022-07-01T10:00:00+02:00");
    check("2022-07-01T10:00:00[Europe/Paris]", "2022-07-01T10:00:00+02:00");
    check("2022-01-01 10:00:00 Europe/Paris", "2022-01-01T10:00:00+01:00");
    check("2022-07-01T10:00:00Z[UTC]", "2022-07-01T10:00:00Z");
}

#[test]
fn months_have_names_in_eight_languages() {
    for (text, expected) in [
        ("14. März 1888", "1888-03-14"),
        ("2. Jänner 1901", "1901-01-02"),
        ("Samstag, 3. Okt. 1925", "1925-10-03"),
        ("Do, 5. Dezember 1912", "1912-12-05"),
        ("le 14 juillet 1890", "1890-07-14"),
        ("1er août 1914", "1914-08-01"),
        ("fe\u{301}vrier 1848", "1848-02"),
        ("mar. 6 mai 1902", "1902-05-06"),
        ("3 déc. 1851", "1851-12-03"),
        ("20 de noviembre de 1899", "1899-11-20"),
        ("1º de setembro de 1939", "1939-09-01"),
        ("7 de março de 1922", "1922-03-07"),
        ("segunda-feira, 4 de out. de 1943", "1943-10-04"),
        ("8 settembre 1943", "1943-09-08"),
        ("lunedì 9 giu. 1930", "1930-06-09"),
        ("dinsdag 12 mei 1903", "1903-05-12"),
        ("4 mrt. 1921", "1921-03-04"),
        ("5 января 1916 г.", "1916-01-05"),
        ("9 МАЯ 1945", "1945-05-09"),
        ("май 1945", "1945-05"),
        ("25.XII.1906", "1906-12-25"),
        ("martes, 3 mar 1908", "1908-03-03"),
    ] {
        check(text, expected);
    }
}

#[test]
fn numbers_tell_the_day_where_they_can() {
    check("25.12.1906", "1906-12-25");
    check("5.4.1906", "1906-04-05");
    check("5. 4. 1906", "1906-04-05");
    check("12.25.1906", "1906-12-25");
    check("25/12/1906", "1906-12-25");
    check("12/25/1906", "1906-12-25");
    check("12-31-1906 10:00 PM", "1906-12-31T22:00:00Z");
    check("06/06/1906", "1906-06-06");
    let check = |text: &str, order: DayOrder, expected: &str, form: Form| {
        let dated = read(text, order).unwrap();
        assert_eq!((dated.date.as_str(), dated.form), (expected, form), "{text} {order:?}");
    };
    check("5/4/1906", DayOrder::DayFirst, "1906-04-05", Form::Local);
    check("5/4/1906", DayOrder::MonthFirst, "1906-05-04", Form::Local);
    check("5/4/1906", DayOrder::Unknown, "1906", Form::TwoWays);
    check("5-4-1906 12:30", DayOrder::Unknown, "1906", Form::TwoWays);
    // What can be read in one way alone is, whatever its neighbours do.
    check("5/14/1906", DayOrder::DayFirst, "1906-05-14", Form::Local);
    assert_eq!(parse("5/4/1906"), None, "its text is not lost");
    assert_eq!(order_of("5/14/1906"), DayOrder::MonthFirst);
    assert_eq!(order_of("14/5/1906 8:00"), DayOrder::DayFirst);
    assert_eq!(order_of("14.5.1906"), DayOrder::Unknown, "full stops say nothing of slashes");
}

#[test]
fn programs_count_seconds_and_milliseconds() {
    check("1600000000", "2020-09-13T12:26:40Z");
    check("1600000000000", "2020-09-13T12:26:40Z");
    check("1600000000.5", "2020-09-13T12:26:40.5Z");
    check("999999999", "2001-09-09T01:46:39Z");
    check("-1600000000", "1919-04-20T11:33:20Z");
    assert_eq!(parse("12345"), None);
    assert_eq!(parse("160000000000000000"), None);
}

#[test]
fn what_is_no_date_stays_text() {
    for text in [
        "",
        "soon",
        "31 February 1999",
        "1999-02-31",
        "99",
        "Feb 30, 2001 10:00:00",
        "é1",
        "1:",
        "12/11/06",
        "31/31/1906",
        "30.2.1906",
        "0000-00-00 00:00:00",
        "0000-00-00",
        "-0001-11-30T00:00:00+00:00",
        "Wed, 30 Nov -0001 00:00:00 +0000",
        "0001-01-01T00:00:00Z",
        "0001-01-01",
        "Monday",
        "19990101123",
        "May",
        "12",
        "1906-13-01",
    ] {
        assert_eq!(parse(text), None, "{text}");
        assert_eq!(read(text, DayOrder::DayFirst), None, "{text}");
    }
}

#[test]
fn forms_can_be_stated() {
    let check = |text: &str, format: &str, expected: Option<&str>| {
        assert_eq!(
            as_stated(text, format).map(|date| date.to_string()).as_deref(),
            expected,
            "{text} {format}"
        );
    };
    check("05/04/1906", "%d/%m/%Y", Some("1906-04-05"));
    check("05/04/1906", "%m/%d/%Y", Some("1906-05-04"));
    check("5.4.06 10:30", "%d.%m.%y %H:%M", Some("2006-04-05T10:30:00Z"));
    check("1906-04 10:30", "%d/%m/%Y", None);
    check("04.1906", "%m.%Y", Some("1906-04"));
    check("5/4/1906 10:30:00 +0200", "%d/%m/%Y %H:%M:%S %z", Some("1906-04-05T10:30:00+02:00"));
}

proptest! {
    #[test]
    fn every_day_is_read_in_every_form(year in 1400_i16..2100, month in 1_i8..=12, day in 1_i8..=28, hour in 0..24) {
        let expected = format!("{year:04}-{month:02}-{day:02}");
        for text in [
            format!("{day}.{month}.{year}"),
            format!("{year}/{month}/{day}"),
            format!("{year}{month:02}{day:02}"),
        ] {
            prop_assert_eq!(parse(&text).unwrap().to_string(), &*expected);
        }
        for (order, text) in [
            (DayOrder::DayFirst, format!("{day}/{month}/{year} {hour:02}:15")),
            (DayOrder::MonthFirst, format!("{month}/{day}/{year} {hour:02}:15")),
        ] {
            prop_assert_eq!(read(&text, order).unwrap().date.to_string(), format!("{expected}T{hour:02}:15:00Z"));
        }
    }

    #[test]
    fn no_text_breaks_it(text in "\\PC{0,40}", order in 0..3_usize) {
        let order = [DayOrder::Unknown, DayOrder::DayFirst, DayOrder::MonthFirst][order];
        let _ = read(&text, order);
    }

    #[test]
    fn no_numbers_break_it(text in "[0-9./:TtZapm +-]{0,30}") {
        let _ = read(&text, DayOrder::Unknown);
    }
}
