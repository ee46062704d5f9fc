use serde_json::json;

use super::*;

fn article(page: &str) -> Value {
    let raw = Raw::new(crate::record::Place::START, page.as_bytes().to_vec());
    let found = Html.read(&raw, &Origin { stem: "saved/a.html".to_owned(), ..Origin::default() }).unwrap();
    let event = &found.last().unwrap().event;
    let mut value = serde_json::to_value(&event.fact).unwrap();
    value["id"] = event.id.as_str().into();
    value
}

fn prose(word: &str) -> String {
    format!("<p>{}</p>", format!("{word} tells of the harbour and of those who work there, ").repeat(6))
}

#[test]
fn the_text_is_what_the_page_shows_of_its_article() {
    let check = |body: &str, there: &[&str], not: &[&str]| {
        let article = article(&format!("<!doctype html><title>T</title><body>{body}</body>"));
        let text = article["body"].as_str().unwrap();
        there.iter().for_each(|word| assert!(text.contains(word), "{word} in {text}"));
        not.iter().for_each(|word| assert!(!text.contains(word), "{word} in {text}"));
    };
    let (one, two) = (prose("First"), prose("Last"));
    check(
        &format!("<article>{one}<article><a href=x>Aside</a></article>{two}</article>"),
        &["First", "Last"],
        &["Aside"],
    );
    check(
        &format!("<nav><p>{}</p></nav><div class='story-body'>{one}{two}</div>", "menu ".repeat(40)),
        &["First", "Last"],
        &["menu"],
    );
    check(
        &format!(
            "<div><p>By hand</p>{one}<div class='related-stories'><p>Elsewhere in town</p></div>{two}</div>"
        ),
        &["By hand", "Last"],
        &["Elsewhere"],
    );
    check(
        &format!("<div class='has-sidebar'><section>{one}</section><section>{two}</section></div>"),
        &["First", "Last"],
        &[],
    );
    check(
        &format!("<table><tr><td>{one}<br>{two}<td><a href=1>List</a> <a href=2>of links</a></table>"),
        &["First", "Last"],
        &["of links"],
    );
    check(
        &format!("<div style='display: none'>{}</div>{one}{one}{two}", prose("Hidden")),
        &["First"],
        &["Hidden"],
    );
}

#[test]
fn links_and_pictures_of_the_text_are_kept() {
    let body = format!(
        "<nav><a href=/home>Home</a></nav><article>{}<p>The harbour master of the town has them all in his <a href=/times>list of times</a>, <a href='#top'>top</a>, \
         <a href='mailto:a@x.example'>mail</a>.</p><figure><img src=i/ferry.jpg alt='In ice'>\
         <figcaption class=caption>The ferry</figcaption></figure><img src=line.gif alt=''><img src=map.png alt=Map>{}</article>",
        prose("First"),
        prose("Last")
    );
    let found = |head: &str| {
        let page = format!("<link rel=canonical href='https://x.example/a/1'>{head}<title>T</title>{body}");
        let raw = Raw::new(crate::record::Place::START, page.into_bytes());
        let found = Html.read(&raw, &Origin::default()).unwrap();
        found.iter().map(|one| serde_json::to_value(&one.event.fact).unwrap()).collect::<Vec<_>>()
    };
    let plain = found("");
    let article = plain.last().unwrap();
    assert_eq!(article["extra"]["links"], json!(["https://x.example/times"]));
    assert_eq!(article["images"], json!(["https://x.example/a/i/ferry.jpg", "https://x.example/a/map.png"]));
    assert_eq!((&plain[0]["caption"], &plain[0]["alt"]), (&json!("The ferry"), &json!("In ice")));
    assert!(!article["body"].as_str().unwrap().contains("The ferry"));
    // The one that stands for the page is one of them, or another.
    let same = found("<meta property=og:image content='/a/i/ferry.jpg'>");
    assert_eq!(same.last().unwrap()["images"], article["images"]);
    assert_eq!(same[0]["caption"], "The ferry");
    let other =
        found("<meta property=og:image content='/card.png'><meta property=og:image:alt content=Card>");
    assert_eq!(other.last().unwrap()["images"][0], "https://x.example/card.png");
    assert_eq!(other[0]["alt"], "Card");
    assert_eq!(other.len(), 4);
}

/// An address that a page does not state is none, and not the address that it would be seen from.
#[test]
fn what_is_not_stated_has_no_address() {
    let check = |head: &str, id: &str, url: Value, images: Value| {
        let found = article(&format!("{head}<title>T</title>{}", prose("Text")));
        assert_eq!((&found["id"], &found["url"], &found["images"]), (&json!(id), &url, &images), "{head}");
    };
    let none = Value::Null;
    check("<base href='https://x.example/'>", "saved/a.html", none.clone(), none.clone());
    check(
        "<base href='https://x.example/'><link rel=canonical href=''>",
        "saved/a.html",
        none.clone(),
        none.clone(),
    );
    let one = "https://x.example/1";
    check(&format!("<link rel=canonical href='{one}'>"), one, json!(one), none.clone());
    check(
        &format!("<link rel=canonical href='{one}'><meta property=og:image content=' '>"),
        one,
        json!(one),
        none,
    );
}

#[test]
fn what_the_head_says_is_found_whatever_it_is_called() {
    let check = |head: &str, expected: Value| {
        let found = article(&format!("{head}<title>T</title>{}", prose("Text")));
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&found[field], value, "{field} of {head}");
        }
    };
    check(
        "<meta name=author content='Ida Lee'><meta name=author content='Max Orr'>",
        json!({"credit": "Ida Lee; Max Orr", "bylines": ["byline:ida-lee", "byline:max-orr"], "extra": null}),
    );
    check(
        "<meta name=citation_title content=Tides><meta name=citation_author content='Lee, Ida'><meta name=citation_author content='Orr, Max'>\
         <meta name=citation_publication_date content='2001/02/03'><meta name=citation_doi content=10.1/x>",
        json!({"headline": "Tides", "bylines": ["byline:ida-lee", "byline:max-orr"], "published": "2001-02-03", "extra": {"meta": {"citation_doi": "10.1/x"}}}),
    );
    check(
        "<meta name=DCTERMS.created content=2001-02-03><meta name=DC.Title content=Ebb><meta name=DC.Creator content='Lee, Ida'><meta name=DC.Format content=text/html>",
        json!({"headline": "Ebb", "published": "2001-02-03", "bylines": ["byline:ida-lee"], "extra": {"meta": {"dc.format": "text/html"}}}),
    );
    check(
        "<meta name=parsely-title content=Ebb><meta name=parsely-author content='Ida Lee'><meta name=parsely-pub-date content='2001-02-03T10:00:00Z'>",
        json!({"headline": "Ebb", "published": "2001-02-03T10:00:00Z", "credit": "Ida Lee", "extra": null}),
    );
    check(
        "<meta property=article:tag content=Sea><meta property=article:tag content='Ice &amp;amp; Fog'><meta name=viewport content=x>",
        json!({"keywords": [{"name": "keyword", "value": "Sea"}, {"name": "keyword", "value": "Ice & Fog"}]}),
    );
}

#[test]
fn a_teaser_does_not_hide_the_text() {
    let page = |stated: &str, shown: &str| {
        let json = json!({"@type": "NewsArticle", "headline": "H", "articleBody": stated});
        article(&format!("<script type='application/ld+json'>{json}</script><article>{shown}</article>"))
    };
    let full = page("The harbour in short.", &prose("Long"));
    assert!(full["body"].as_str().unwrap().starts_with("Long tells"));
    assert_eq!(full["summary"], "The harbour in short.");
    let whole = "All of it is said here, in as many words as the page has for it and some that it has not.";
    assert_eq!(page(whole, "<p>All of it is said here</p>")["body"], whole);
}

#[test]
fn markup_is_read_as_browsers_read_it() {
    let check =
        |page: &str, field: &str, expected: &str| assert_eq!(article(page)[field], expected, "{page}");
    check("<!-- <meta property='og:title' content='No'> --><title>Yes</title>", "headline", "Yes");
    check("<svg><title>Logo</title></svg><title>Yes</title>", "headline", "Yes");
    check("<meta name=description content='a > b'><title>T</title>", "summary", "a > b");
    check("<meta property=og:title content='It&amp;#8217;s'><p>x", "headline", "It’s");
    check("<META NAME=Description CONTENT=short><TITLE>T</TITLE>", "summary", "short");
    check(
        "<SCRIPT TYPE='Application/LD+JSON'>{'@type': 'Article', 'headline': 'Y',}</SCRIPT>",
        "headline",
        "Y",
    );
    check(
        "<base href='https://x.example/news/'><link rel=canonical href='a/1'><title>T</title>",
        "id",
        "https://x.example/news/a/1",
    );
    check("<title>T</title>", "id", "saved/a.html");
}

#[test]
fn json_ld_is_read_as_it_is_meant() {
    let check = |json: Value, field: &str, expected: Value| {
        let found = article(&format!("<script type='application/ld+json'>{json}</script><title>T</title>"));
        assert_eq!(found[field], expected, "{json}");
    };
    let with = |more: Value| {
        let mut article = json!({"@context": "https://schema.org", "@type": "NewsArticle", "headline": "H"});
        article.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        article
    };
    check(with(json!({"headline": {"@value": "Flut", "@language": "de"}})), "headline", json!("Flut"));
    check(
        with(json!({"author": {"@type": "Person", "givenName": "Ada", "familyName": "Moor"}})),
        "credit",
        json!("Ada Moor"),
    );
    let person = json!({"@type": "Person", "@id": "/p/1", "name": "Ida Moor"});
    let graph = json!({"@graph": [with(json!({"author": {"@type": "Person", "@id": "/p/1"}})), person]});
    check(graph, "bylines", json!(["byline:ida-moor"]));
    let update = |text: &str| json!({"@type": "BlogPosting", "headline": "At noon", "articleBody": text, "datePublished": "2011-01-01"});
    let live = with(
        json!({"@type": "LiveBlogPosting", "articleBody": "So far.", "liveBlogUpdate": [update("The boat left."), update("It is back.")]}),
    );
    check(live, "body", json!("So far.\n\nAt noon\n\nThe boat left.\n\nAt noon\n\nIt is back."));
    check(with(json!({"@id": "#article", "url": ""})), "id", json!("saved/a.html"));
}
