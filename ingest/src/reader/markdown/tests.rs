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

fn article(text: &str) -> store::Article {
    match read("s/a.md", text).pop() {
        Some((_, _, Content::Article(article))) => *article,
        other => panic!("{other:?}"),
    }
}

/// YAML 1.2 reads numbers in scalars; a field that wants text wants the text that stands there.
#[test]
fn scalars_are_the_text_that_they_are() {
    let check = |scalar: &str, expected: &str| {
        let article = article(&format!("---\ntitle: {scalar}\npage: {scalar}\ntags: [{scalar}, x]\n---\nb"));
        let tag = article.keywords[0].value.as_str();
        assert_eq!((article.headline.as_str(), article.page.as_str(), tag), (expected, expected, expected));
    };
    for scalar in [
        "0042", "09", "0xBEEF", "2e5", "1.50", "-0", "No", "on", "Off", "1984", "3.14", "0o17", "12_000",
        "+7",
    ] {
        check(scalar, scalar);
    }
    check("'007'", "007");
    check("!!str 08", "08");
    // What no field has a place for is still a number where one writes it so.
    let extra =
        article("---\ntitle: T\nweight: 5\nversion: 1.10\nlist: [1, 02]\nflag: true\nword: yes\n---\nb")
            .extra;
    let expected =
        serde_json::json!({"weight": 5, "version": "1.10", "list": [1, "02"], "flag": true, "word": "yes"});
    assert_eq!(Value::Object(extra), expected);
    // Aliases and keys that stand twice.
    let extra = article("---\ntitle: T\na: &n 007\nb: [*n]\nc: x\nc: 1\n---\nb").extra;
    assert_eq!(Value::Object(extra), serde_json::json!({"a": "007", "b": ["007"], "c": 1}));
}

#[test]
fn json_is_front_matter_too() {
    let found = article("{\n  \"title\": \"Low {tide}\",\n  \"date\": \"1931-05-02\"\n}\n\nThe *sea*.\n");
    assert_eq!((found.headline.as_str(), found.body.as_str()), ("Low {tide}", "The sea."));
    assert_eq!(found.published.unwrap().as_str(), "1931-05-02");
}

#[test]
fn links_are_kept_where_they_lead() {
    let found = article(
        "---\ntitle: T\n---\nSee [one](https://x.example/1 \"t\"), [two][r], <https://x.example/3>, <a class='b' href=\"/4\">four</a>, \
         [five]({{< ref \"/5.md\" >}}), [again](https://x.example/1), [here](#h).\n\n<p><a href='/6'>six</a></p>\n\n[r]: /2\n",
    );
    assert_eq!(
        found.extra["links"],
        serde_json::json!(["https://x.example/1", "/2", "https://x.example/3", "/4", "/5.md", "/6"])
    );
    assert!(found.body.starts_with("See one, two, "), "{}", found.body);
}

#[test]
fn dates_that_can_be_read_in_two_ways_are_kept_as_they_are_printed() {
    let found = article("---\ntitle: T\ndate: 03/04/1931\n---\nb");
    assert_eq!(
        (found.published.unwrap().as_str(), found.extra["date"].as_str()),
        ("1931", Some("03/04/1931"))
    );
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
