//! The statements of formats about who may see a record, by their standards.

use super::*;
use crate::{dates::DayOrder, fields::Fields, xml};

fn date(text: &str) -> ArchiveDate {
    text.parse().unwrap()
}

#[test]
fn what_is_public_is_decided_by_the_clock() {
    let check = |publicity: &Publicity, now: &str, expected: &str| {
        let said = match publicity.at(date(now).start()) {
            Ok(None) => "public".to_owned(),
            Ok(Some(until)) => format!("public until {until}"),
            Err(hidden) => hidden.to_string(),
        };
        assert_eq!(said, expected, "{publicity:?} at {now}");
    };
    let public = Publicity::default();
    check(&public, "2020", "public");
    let scheduled = public.clone().scheduled(&date("2030-01-01"));
    check(&scheduled, "2029-12-31", "scheduled for 2030-01-01");
    check(&scheduled, "2030-01-01", "public");
    let embargoed = scheduled.clone().embargoed(Some(&date("2031")));
    check(&embargoed, "2030-06", "embargoed until 2031-01-01");
    let limited = scheduled.until(Some(&date("2032-05-01T10:30:00Z")));
    check(&limited, "2031", "public until 2032-05-01T10:30:00.000Z");
    check(&limited, "2033", "expired 2032-05-01 10:30");
    check(&limited.clone().until(Some(&date("2031"))), "2031", "expired 2031-01-01");
    check(&limited.and(Publicity::hidden(Hidden::Draft)), "2031", "draft");
    check(&public.embargoed(None), "2999", "embargoed");
}

/// Returns what is said of something at a time in 2025.
fn said(publicity: &Publicity) -> String {
    match publicity.at(date("2025-06-01").start()) {
        Ok(None) => "public".to_owned(),
        Ok(Some(until)) => format!("until {}", moment(until)),
        Err(hidden) => hidden.to_string(),
    }
}

#[test]
fn front_matter_is_read_as_the_programs_do_that_it_is_for() {
    let check = |yaml: &str, expected: &str| {
        let fields: serde_json::Value = serde_json::from_str(yaml).unwrap();
        let fields = fields.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
        assert_eq!(said(&named(fields, &OF_PAGES, DayOrder::Unknown)), expected, "{yaml}");
    };
    check(r#"{"title": "T", "date": "2020-01-01"}"#, "public");
    // Hugo: content management, front matter; keys in any letters.
    check(r#"{"draft": true}"#, "draft");
    check(r#"{"draft": "true"}"#, "draft");
    check(r#"{"Draft": "yes"}"#, "draft");
    check(r#"{"draft": false}"#, "public");
    check(r#"{"date": "2030-01-01"}"#, "scheduled for 2030-01-01");
    check(r#"{"date": "2020-01-01", "publishDate": "2030-01-01"}"#, "scheduled for 2030-01-01");
    check(r#"{"date": "2030-01-01", "publishdate": "2020-01-01"}"#, "public");
    check(r#"{"date": "2020-01-01", "pubdate": "2030-01-01T08:00:00Z"}"#, "scheduled for 2030-01-01 08:00");
    check(r#"{"expiryDate": "2024-01-01"}"#, "expired 2024-01-01");
    check(r#"{"expirydate": "2026-01-01"}"#, "until 2026-01-01");
    check(r#"{"unpublishDate": "2024-01-01"}"#, "expired 2024-01-01");
    check(r#"{"headless": true}"#, "unlisted");
    check(r#"{"build": {"render": "never"}}"#, "unlisted");
    check(r#"{"_build": {"list": false}}"#, "unlisted");
    check(r#"{"_build": {"render": "always", "list": "local"}}"#, "public");
    // Jekyll and its like.
    check(r#"{"published": false}"#, "not published");
    check(r#"{"published": "no"}"#, "not published");
    check(r#"{"published": true, "date": "2020-01-01"}"#, "public");
    check(r#"{"published": "2030-01-01"}"#, "scheduled for 2030-01-01");
    // Pelican, Nikola, Ghost, Hexo.
    check(r#"{"status": "draft"}"#, "draft");
    check(r#"{"Status": "Published"}"#, "public");
    check(r#"{"status": "hidden"}"#, "unlisted");
    check(r#"{"visibility": "private"}"#, "private");
    check(r#"{"password": "quay"}"#, "behind a password");
    check(r#"{"password": ""}"#, "public");
    check(r#"{"private": true}"#, "private");
}

#[test]
fn rows_say_it_in_columns_of_many_names() {
    let check = |row: &[(&str, &str)], expected: &str| {
        let cells: Vec<(&str, serde_json::Value)> =
            row.iter().map(|(name, cell)| (*name, (*cell).into())).collect();
        let cells = cells.iter().map(|(name, cell)| (*name, cell));
        assert_eq!(said(&named(cells, &OF_ROWS, DayOrder::DayFirst)), expected, "{row:?}");
    };
    check(&[("title", "T"), ("status", "publish")], "public");
    check(&[("status", "Draft")], "draft");
    check(&[("post_status", "auto-draft")], "draft");
    check(&[("Status", "Pending Review")], "waiting for review");
    check(&[("status", "in_review")], "waiting for review");
    check(&[("status", "trash")], "in the trash");
    check(&[("status", "On hold")], "withheld");
    check(&[("status", "spiked")], "not published");
    check(&[("status", "future")], "scheduled");
    check(&[("status", "scheduled"), ("publish_date", "2030-01-01")], "scheduled for 2030-01-01");
    check(&[("status", "scheduled"), ("publish_date", "2020-01-01")], "public");
    check(&[("status", "embargoed")], "embargoed");
    check(&[("status", "embargoed"), ("embargo_until", "2030-01-01")], "embargoed until 2030-01-01");
    check(&[("status", "embargoed"), ("embargo_until", "2020-01-01")], "public");
    check(&[("status", "200")], "public");
    check(&[("state", "Texas")], "public");
    check(&[("published", "false")], "not published");
    check(&[("published", "0")], "not published");
    check(&[("published", "1")], "public");
    check(&[("is_published", "no")], "not published");
    check(&[("Is Draft", "TRUE")], "draft");
    check(&[("draft", "the second of three")], "public");
    check(&[("published", "1931-05-02")], "public");
    check(&[("published", "2030-05-02")], "scheduled for 2030-05-02");
    check(
        &[("publish_at", "2030-05-02 06:00"), ("published", "2020-01-01")],
        "scheduled for 2030-05-02 06:00",
    );
    check(&[("publish_date", "05/12/2030")], "scheduled for 2030-12-05");
    check(&[("embargo", "05/12/2030 08:00")], "embargoed until 2030-12-05 08:00");
    // The date of a cover, and a year of two digits, schedule nothing.
    check(&[("date", "2030-05-02")], "public");
    check(&[("expires", "2024-01-01")], "expired 2024-01-01");
    check(&[("expires_at", "2026-01-01")], "until 2026-01-01");
    check(&[("expires", "never")], "public");
    check(&[("embargo", "2030-01-01T00:00:00Z")], "embargoed until 2030-01-01");
    check(&[("embargo", "until the vote")], "embargoed");
    check(&[("embargo", "none")], "public");
    check(&[("embargoed", "no")], "public");
    check(&[("deleted_at", "2024-01-01 10:00")], "in the trash");
    check(&[("deleted", "0")], "public");
    check(&[("is_public", "false")], "private");
    check(&[("hidden", "true")], "unlisted");
}

#[test]
fn news_in_json_says_it_by_its_standard() {
    let object =
        |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap().as_object().unwrap().clone();
    let check =
        |json: &str, expected: &str| assert_eq!(said(&ninjs(&Fields(object(json)))), expected, "{json}");
    check(r#"{"pubstatus": "usable"}"#, "public");
    check(r#"{"pubstatus": "withheld"}"#, "withheld");
    check(r#"{"pubStatus": "canceled", "edNote": "Faked"}"#, "canceled");
    check(r#"{"embargoed": "2030-01-01T00:00:00Z"}"#, "embargoed until 2030-01-01");
    check(r#"{"embargoedUntil": "2030-01-01T00:00:00Z"}"#, "embargoed until 2030-01-01");
    check(r#"{"embargoed": "2020-01-01T00:00:00Z"}"#, "public");
    check(r#"{"embargoed": "Next Monday"}"#, "embargoed");
    check(r#"{"expires": "2024-01-01T00:00:00Z"}"#, "expired 2024-01-01");
    check(r#"{"expires": "2026-01-01T00:00:00Z"}"#, "until 2026-01-01");
    let check = |json: &str, expected: &str| assert_eq!(said(&json_ld(&object(json))), expected, "{json}");
    check(r#"{"datePublished": "2020-01-01"}"#, "public");
    check(r#"{"datePublished": "2030-01-01"}"#, "scheduled for 2030-01-01");
    check(r#"{"datePublished": {"@value": "2030-01-01"}}"#, "scheduled for 2030-01-01");
    check(r#"{"creativeWorkStatus": "Draft"}"#, "draft");
    check(r#"{"creativeWorkStatus": {"@type": "DefinedTerm", "name": "Incomplete"}}"#, "draft");
    check(r#"{"creativeWorkStatus": "Published"}"#, "public");
    check(r#"{"expires": "2024-01-01"}"#, "expired 2024-01-01");
    let future = object(r#"{"datePublished": "2030-01-01"}"#);
    assert_eq!(said(&page(Some(&future), "")), "public", "a page that was fetched is there");
    assert_eq!(said(&page(None, "2024-01-01")), "expired 2024-01-01");
}

#[test]
fn news_in_xml_says_it_by_its_standard() {
    let element = |text: &str| xml::parse_text(text).unwrap();
    let item = |inside: &str, status: &str| {
        said(&newsml(&element(&format!("<newsItem><itemMeta>{inside}</itemMeta></newsItem>")), status))
    };
    assert_eq!(item("", "usable"), "public");
    assert_eq!(item("", ""), "public");
    assert_eq!(item("", "withheld"), "withheld");
    assert_eq!(item("<edNote>Faked</edNote>", "canceled"), "canceled");
    assert_eq!(item("<embargoed>2030-01-01T00:00:00Z</embargoed>", "usable"), "embargoed until 2030-01-01");
    assert_eq!(item("<embargoed>2020-01-01T00:00:00Z</embargoed>", "usable"), "public");
    assert_eq!(item("<embargoed/>", "usable"), "embargoed");
    assert_eq!(item("<expires>2024-01-01T00:00:00Z</expires>", "usable"), "expired 2024-01-01");
    let document = |attributes: &str, inside: &str| {
        let text = format!("<nitf><head><docdata {attributes}>{inside}</docdata></head></nitf>");
        said(&nitf(&element(&text)))
    };
    assert_eq!(document("", ""), "public");
    assert_eq!(document("management-status='withheld'", ""), "withheld");
    assert_eq!(document("management-status='embargoed'", ""), "embargoed");
    let release = "<date.release norm='20300101T000000Z'/>";
    assert_eq!(document("", release), "embargoed until 2030-01-01");
    assert_eq!(document("management-status='embargoed'", release), "embargoed until 2030-01-01");
    assert_eq!(
        document("management-status='embargoed'", "<date.release norm='20200101T000000Z'/>"),
        "public"
    );
    assert_eq!(document("", "<date.expire norm='20240101'/>"), "expired 2024-01-01");
    assert_eq!(document("", "<date.expire norm='20300101'/>"), "until 2030-01-01");
    let inline = format!(
        "<newsItem><contentSet><inlineXML><nitf><head><docdata>{release}</docdata></head></nitf></inlineXML></contentSet></newsItem>"
    );
    assert_eq!(said(&newsml(&element(&inline), "usable")), "embargoed until 2030-01-01");
    let entry = |inside: &str| said(&atom(&element(&format!("<entry>{inside}</entry>"))));
    assert_eq!(entry("<title>T</title>"), "public");
    assert_eq!(entry("<app:control><app:draft>yes</app:draft></app:control>"), "draft");
    assert_eq!(entry("<pub:control><pub:draft> Yes </pub:draft></pub:control>"), "draft");
    assert_eq!(entry("<app:control><app:draft>no</app:draft></app:control>"), "public");
    assert_eq!(entry("<blogger:status>SOFT_TRASHED</blogger:status>"), "in the trash");
    assert_eq!(entry("<blogger:status>LIVE</blogger:status>"), "public");
}

#[test]
fn wordpress_says_it_by_status_password_and_type() {
    let check = |inside: &str, expected: &str| {
        let text = format!("<item>{inside}</item>");
        assert_eq!(said(&wordpress(&xml::parse_text(&text).unwrap())), expected, "{inside}");
    };
    let post = |status: &str| format!("<wp:post_type>post</wp:post_type><wp:status>{status}</wp:status>");
    check(&post("publish"), "public");
    check(&post(""), "public");
    check(&post("draft"), "draft");
    check(&post("auto-draft"), "draft");
    check(&post("pending"), "waiting for review");
    check(&post("private"), "private");
    check(&post("trash"), "in the trash");
    check(&post("future"), "scheduled");
    check(&post("pitch"), "pitch");
    let dated = |date: &str| format!("{}<wp:post_date>{date}</wp:post_date>", post("future"));
    check(&dated("2030-01-01 10:00:00"), "scheduled for 2030-01-01 10:00");
    check(&dated("2020-01-01 10:00:00"), "public");
    check(&dated("-0001-11-30 00:00:00"), "scheduled");
    check(&format!("{}<wp:post_password>ahoy</wp:post_password>", post("publish")), "behind a password");
    let typed = |kind: &str, link: &str| format!("<link>{link}</link><wp:post_type>{kind}</wp:post_type>");
    check(&typed("story", "https://quay.example/story/the-cable/"), "public");
    check(&typed("story", "https://quay.example/blog/2020/the-cable"), "public");
    check(&typed("message", "https://quay.example/?post_type=message&amp;p=7"), "message");
    check(&typed("message", "https://quay.example/?p=7"), "message");
    check(&typed("message", "https://quay.example/"), "message");
    check(&typed("feedback", "https://quay.example/feedback/7/"), "feedback");
    check(&typed("shop_order", "https://quay.example/order/7/"), "shop_order");
    check(&typed("page", "https://quay.example/?page_id=7"), "public");
}
