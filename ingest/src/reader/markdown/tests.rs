use store::{Content, Fact};

use super::*;
use crate::record::Place;

fn read(stem: &str, text: &str) -> Vec<(String, bool, Content)> {
    let origin = Origin { path: stem.to_owned(), stem: stem.to_owned(), changed: None };
    let raw = Raw::new(Place::START, text.as_bytes().to_vec());
    let found = Markdown.read(&raw, &origin).unwrap();
    let content = |fact: Fact| match fact {
        Fact::Published(content) => content,
        other => panic!("{other:?}"),
    };
    found.into_iter().map(|f| (f.event.id.to_string(), f.mention, content(f.event.fact))).collect()
}

#[test]
fn a_post_is_an_article_with_its_authors_and_pictures() {
    let found = read(
        "site/content/posts/2014-12-18-domains.md",
        "---\ntitle: A list\ndate: 2014-12-18 10:00:00 -4\nauthors:\n- jane-roe\n- hyon\ntags: [a, b]\n\
         image: /assets/x.jpg\nimage_alt: An x\ndraft: true\ndraft: false\n---\n\nOne [link]({{ \"/a b/\" | url }}).\n\n\
         {% image \"assets/y.png\" \"A y\" %}\n\n## Head\n\n- i\n- j\n\n<p>raw <b>html</b></p>\n\nlast\n",
    );
    let ids: Vec<_> = found.iter().map(|(id, mention, _)| (id.as_str(), *mention)).collect();
    assert_eq!(
        ids,
        [
            ("byline:jane-roe", true),
            ("byline:hyon", true),
            ("image:site/assets/x.jpg", true),
            ("image:site/assets/y.png", true),
            ("site/content/posts/2014-12-18-domains", false)
        ]
    );
    let Content::Article(article) = &found[4].2 else { panic!() };
    assert_eq!(article.body, "One link.\n\nHead\n\ni\nj\n\nraw html\n\nlast");
    assert_eq!(article.published.as_ref().unwrap().as_str(), "2014-12-18T10:00:00-04:00");
    assert_eq!(Value::Object(article.extra.clone()), serde_json::json!({"draft": false, "links": ["/a b/"]}));
    let Content::Byline(byline) = &found[0].2 else { panic!() };
    assert_eq!((byline.name.as_str(), byline.family.as_str()), ("Jane Roe", "Roe"));
    let Content::Image(image) = &found[2].2 else { panic!() };
    assert_eq!(image.alt, "An x");
}

#[test]
fn a_profile_is_a_byline() {
    let found = read(
        "site/content/authors/jane-roe/_index.md",
        "\n---\ndisplay_name: \"Jane Roe\"\nfirst_name: Jane\nlast_name: Roe\nslug: jane-roe\n---\nWrites.\n",
    );
    let Content::Byline(byline) = &found[0].2 else { panic!() };
    assert_eq!(found[0].0, "byline:jane-roe");
    assert_eq!((byline.name.as_str(), byline.bio.as_str()), ("Jane Roe", "Writes."));
}

#[test]
fn toml_is_front_matter_too() {
    let found =
        read("s/a.md", "+++\ntitle = \"T\"\ndate = 1931-05-02\nauthor = \"By A. BEE and C. DEE\"\n+++\nx");
    let Content::Article(article) = &found[2].2 else { panic!() };
    assert_eq!(article.published.as_ref().unwrap().as_str(), "1931-05-02");
    assert_eq!(article.credit, "By A. BEE and C. DEE");
}

#[test]
fn quoted_texts_that_are_not_indented_are_read() {
    let found = read("s/a.md", "---\ntitle: \"One\ntwo\nthree\"\nsummary: 'a\n\nb'\n---\nx");
    let Content::Article(article) = &found[0].2 else { panic!() };
    assert_eq!((article.headline.as_str(), article.summary.as_str()), ("One two three", "a\nb"));
}

#[test]
fn broken_front_matter_tells_its_place() {
    let check = |text: &str, expected: &str| {
        let raw = Raw::new(Place::START, text.as_bytes().to_vec());
        let error = Markdown.read(&raw, &Origin::default()).unwrap_err();
        assert_eq!(format!("{} {error}", error.place(Place::START)), expected);
    };
    check("---\na: 1\n", "1:1 the front matter never ends: a line `---` is missing");
    check(
        "+++\na = \n+++\n",
        "2:5 the TOML is broken: string values must be quoted, expected literal string",
    );
}

#[test]
fn a_title_has_no_entities() {
    let found = read("p/a.md", "---\ntitle: The mayor&#8217;s boat &amp; its crew\n---\nx\n");
    let Content::Article(article) = &found[0].2 else { panic!() };
    assert_eq!(article.headline, "The mayor’s boat & its crew");
}

/// Hugo's page bundles: a picture lies beside the text, and two bundles have two of one name.
#[test]
fn a_relative_picture_is_beside_its_page() {
    let check = |stem: &str, text: &str, expected: &str| {
        let found = read(stem, text);
        let Content::Article(article) = &found.last().unwrap().2 else { panic!() };
        assert_eq!(
            article.images.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
            [expected],
            "{stem} {text}"
        );
    };
    check("s/content/ebb/index.md", "---\ntitle: T\n---\n![a](tide.png)", "image:s/content/ebb/tide.png");
    check(
        "s/content/flood/index.md",
        "---\ntitle: T\n---\n![a](./tide.png)",
        "image:s/content/flood/tide.png",
    );
    check(
        "s/content/flood/index.md",
        "---\ntitle: T\nimage: tide.png\n---\nx",
        "image:s/content/flood/tide.png",
    );
    check("s/content/flood/index.md", "---\ntitle: T\nimage: /img/tide.png\n---\nx", "image:s/img/tide.png");
    check("s/content/flood/index.md", "---\ntitle: T\nimage: tide\n---\nx", "image:s/tide");
    check(
        "s/content/flood/slack.md",
        "---\ntitle: T\n---\n<img src='../tide.png'>\n",
        "image:s/content/tide.png",
    );
    check(
        "s/content/flood/slack.md",
        "---\ntitle: T\n---\n![](https://x.example/t.png)",
        "https://x.example/t.png",
    );
}

#[test]
fn a_page_is_public_when_its_place_and_its_front_matter_say() {
    let check = |stem: &str, front: &str, expected: &str| {
        let origin = Origin { path: stem.to_owned(), stem: stem.to_owned(), changed: None };
        let raw = Raw::new(Place::START, format!("---\ntitle: T\n{front}\n---\nx\n").into_bytes());
        let found = Markdown.read(&raw, &origin).unwrap();
        let said = found.last().unwrap().publicity.at("2025-06-01".parse().unwrap());
        let said = said.map_or_else(|why| why.to_string(), |_| "public".to_owned());
        assert_eq!(said, expected, "{stem} {front}");
    };
    check("p/a.md", "draft: true", "draft");
    check("p/a.md", "draft: false", "public");
    check("p/_drafts/a.md", "", "draft");
    check("p/a.md", "published: false", "not published");
    check("p/a.md", "date: 2190-01-01", "scheduled for 2190-01-01");
    check("p/_posts/2190-01-01-a.md", "", "scheduled for 2190-01-01");
    check("p/_posts/2190-01-01-a.md", "date: 2020-01-01", "public");
    check(
        "p/a.md",
        "date: 2018-01-01\npublishDate: 2019-03-04\nExpiryDate: 2019-04-01",
        "expired 2019-04-01",
    );
    // A page about somebody ends; its person does not.
    check("p/authors/jane/_index.md", "name: Jane Roe\nexpiryDate: 2019-04-01", "public");
    check("p/authors/jane/_index.md", "name: Jane Roe\ndraft: true", "draft");
}

#[test]
fn every_link_is_kept() {
    let found = read(
        "p/a.md",
        "---\ntitle: T\n---\nA [b](https://b.example/1), [c](/c 'C') and <https://d.example/>; again [b](https://b.example/1).",
    );
    let Content::Article(article) = &found[0].2 else { panic!() };
    assert_eq!(
        article.extra["links"],
        serde_json::json!(["https://b.example/1", "/c", "https://d.example/"])
    );
}
