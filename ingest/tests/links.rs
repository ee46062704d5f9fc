//! The addresses that the links of a text lead to are kept, whatever its format: plain text has no place for them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use ingest::{Hints, read};
use serde_json::{Value, json};
use store::Timestamp;

/// The markup in each text. Places on the page itself and mail lead nowhere else.
const MARKUP: &str = "<p>The ferry, which nobody had seen for a week, is <a href=\"https://a.example/1\">back</a>, as \
    <a href='/2'>its master</a> says, <a href='#note'>and</a> <a href='mailto:m@a.example'>writes</a>; \
    <a href='https://a.example/1'>once more</a> and for good, as far as anybody can tell.</p>";

fn links(name: &str, text: &str) -> Value {
    let mut found = Value::Null;
    read(&mut text.as_bytes(), name, &Hints::default(), Timestamp::now(), &mut |_, events| {
        for event in events.unwrap() {
            let fact = serde_json::to_value(&event.fact).unwrap();
            if event.fact.event_type().to_string() == "article.published" {
                found = fact["extra"]["links"].clone();
            }
        }
    });
    found
}

fn check(name: &str, text: &str, second: &str) {
    assert_eq!(links(name, text), json!(["https://a.example/1", second]), "{name}: {text}");
}

/// The second link where the text's own address is not known, and where it is.
const RELATIVE: &str = "/2";
const ABSOLUTE: &str = "https://b.example/2";

fn escaped() -> String {
    MARKUP.replace('&', "&amp;").replace('<', "&lt;")
}

#[test]
fn links_of_pages_and_rows_are_kept() {
    check("a.md", &format!("---\ntitle: T\n---\n{MARKUP}\n"), RELATIVE);
    check(
        "a.md",
        "---\ntitle: T\n---\nIt is [back](https://a.example/1), [says](/2) [its](#note) master.\n",
        RELATIVE,
    );
    check("a.html", &format!("<!doctype html><title>T</title><article>{MARKUP}</article>"), RELATIVE);
    check(
        "b.html",
        &format!("<!doctype html><link rel=canonical href='https://b.example/x'><title>T</title>{MARKUP}"),
        ABSOLUTE,
    );
    check("a.csv", &format!("title,text\nT,\"{}\"\n", MARKUP.replace('"', "\"\"")), RELATIVE);
}

#[test]
fn links_of_feeds_and_json_are_kept() {
    let (escaped, quoted) = (escaped(), json!(MARKUP));
    check(
        "a.rss",
        &format!(
            "<rss version='2.0'><channel><title>F</title><link>https://b.example/</link>\
             <item><title>T</title><guid>urn:x:0123456789</guid><description>{escaped}</description></item></channel></rss>"
        ),
        ABSOLUTE,
    );
    check(
        "a.atom",
        &format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://b.example/'><title>F</title><entry><id>urn:x</id><title>T</title>\
             <updated>2020-01-01T00:00:00Z</updated><content type='html'>{escaped}</content></entry></feed>"
        ),
        ABSOLUTE,
    );
    check(
        "a.json",
        &format!(
            r#"{{"version":"https://jsonfeed.org/version/1.1","title":"F","items":[{{"id":"urn:x","title":"T","content_html":{quoted}}}]}}"#
        ),
        RELATIVE,
    );
    check(
        "a.json",
        &format!(
            r#"{{"uri":"urn:x","versioncreated":"2020-01-01T00:00:00Z","headline":"T","body_html":{quoted}}}"#
        ),
        RELATIVE,
    );
}

#[test]
fn links_of_the_wire_and_of_blogs_are_kept() {
    let (escaped, quoted) = (escaped(), json!(MARKUP));
    check(
        "a.json",
        &format!(
            r#"{{"@context":"https://schema.org","@type":"NewsArticle","url":"https://b.example/x","headline":"T","articleBody":{quoted}}}"#
        ),
        RELATIVE,
    );
    check(
        "a.xml",
        &format!(
            "<nitf><head/><body><body.head><hedline><hl1>T</hl1></hedline></body.head><body.content>{MARKUP}</body.content></body></nitf>"
        ),
        RELATIVE,
    );
    let newsml = |content: &str| {
        format!(
            "<newsItem xmlns='http://iptc.org/std/nar/2006-10-01/' guid='urn:x' version='1' standard='NewsML-G2'><itemMeta>\
             <itemClass qcode='ninat:text'/><versionCreated>2020-01-01T00:00:00Z</versionCreated></itemMeta>\
             <contentMeta><headline>T</headline></contentMeta><contentSet>{content}</contentSet></newsItem>"
        )
    };
    check("a.xml", &newsml(&format!("<inlineData contenttype='text/html'>{escaped}</inlineData>")), RELATIVE);
    check("a.xml", &newsml(&format!("<inlineXML><html><body>{MARKUP}</body></html></inlineXML>")), RELATIVE);
    check(
        "a.xml",
        &newsml(&format!(
            "<inlineXML><nitf><body><body.content>{MARKUP}</body.content></body></nitf></inlineXML>"
        )),
        RELATIVE,
    );
    check(
        "a.xml",
        &format!(
            "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:wp='http://wordpress.org/export/1.2/'>\
             <channel><title>F</title><link>https://b.example</link><wp:wxr_version>1.2</wp:wxr_version><wp:base_blog_url>https://b.example</wp:base_blog_url>\
             <item><title>T</title><wp:post_id>7</wp:post_id><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>\
             <content:encoded><![CDATA[{MARKUP}]]></content:encoded></item></channel></rss>"
        ),
        ABSOLUTE,
    );
}
