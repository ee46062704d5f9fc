//! A page of HTML: its JSON-LD, and what that does not say, by its `<meta>` and its text.

use serde_json::{Map, Value};
use store::{AssetId, AssetKind};

use super::{
    common::{Reader, text_of as decoded},
    entry::{Again, Entry, Head, Says, Shape, Stage},
    jsonld::{Graph, addresses_of, plain_values, read_article, url_of},
    loose,
};
use crate::{
    cut::{Cutter, Whole},
    dates,
    html::{self, Tree},
    link,
    nested::{Nested, id_or, language},
    publicity,
    record::{Found, Origin, Raw, Reason},
};

pub(super) const ENTRY: Entry = Entry {
    name: "html",
    called: "HTML",
    told: &[(Stage::Markup, is_page)],
    says: Says::Format,
    record: Shape::Opaque,
    again: Again::Another,
    reader: |_| Box::new(Html),
    #[cfg(test)]
    sample: "<!doctype html><html lang=en><head><title>T</title><meta property=og:title content='é'><script type=\"application/ld+json\">{\"@type\":\"Article\"}</script></head><body><article>é&amp;&#8217;<img src=\"a\" alt='b'></article></body></html>",
};

/// Returns true if it begins as a page does.
fn is_page(head: &Head<'_>) -> bool {
    head.root.eq_ignore_ascii_case("html")
        || head.text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html>"))
        // A page need not say that it is one: `html`, `head` and `body` may be left out.
        || (matches!(head.ending, "html" | "htm")
            && BEGINNINGS.iter().any(|name| head.root.eq_ignore_ascii_case(name)))
}

/// What a page without `html` may begin with.
const BEGINNINGS: [&str; 14] = [
    "head", "body", "title", "meta", "link", "base", "script", "style", "article", "main", "section", "div",
    "h1", "p",
];

/// A page of HTML, with JSON-LD or without.
pub(crate) struct Html;

impl Reader for Html {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Whole>::default()
    }

    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let page = decoded(&raw.bytes);
        let tree = Tree::parse(&page);
        let value = plain_values(Value::Array(scripts(&tree)));
        let graph = Graph::of(&value);
        let meta = Meta::of(&tree);
        let canonical = meta.first(&["canonical", "og:url"]);
        let mut nested = Nested::default();
        let article = main_article(&graph, &canonical);
        let own: Vec<String> = article.map(|article| addresses_of(article).collect()).unwrap_or_default();
        if let Some(article) = article {
            nested = read_article(article.clone(), &graph);
        }
        let named: Vec<String> = std::iter::once(canonical).chain(own).collect();
        let base = [
            tree.all("base").map(|node| tree.attribute(node, "href").to_owned()).next(),
            named.iter().find(|url| url.contains("://")).cloned(),
        ];
        let base = base.into_iter().flatten().find(|base| link::is_absolute(base)).unwrap_or_default();
        let stated = named.iter().take(2).filter(|url| !url.trim().is_empty());
        let address = stated.map(|url| link::resolve(&base, url)).find(|url| url.contains("://"));
        nested.article.url = address.unwrap_or_default();
        fill_from_page(&mut nested, &meta, &tree, &base);
        // As Hugo writes the old addresses of a page.
        if nested.article.body.is_empty() && meta.redirects {
            return Err(Reason::NoAsset("page that only leads on to another".to_owned()));
        }
        if nested.article.headline.is_empty() && nested.article.body.is_empty() {
            return Err(Reason::Content("there is neither a title nor a text in this page".to_owned()));
        }
        let id = id_or(&nested.article.url, || origin.stem.clone())?;
        // Older rules saw fewer of the names of a page, or others first; without any it was called by its file. A page that was
        // saved before its site was encrypted is the same page.
        let plain: Vec<String> = named
            .iter()
            .filter_map(|url| Some(format!("http://{}", url.strip_prefix("https://")?)))
            .collect();
        for former in named.iter().chain(&plain).chain([&origin.stem]) {
            nested.former(AssetKind::Article, &id, AssetId::new(former.as_str()).ok());
        }
        let publicity = publicity::page(article, &meta.first(&["article:expiration_time"]));
        Ok(publicity.on(nested.finish(id)))
    }
}

/// The article that a page is about: the one of its address, or else the one with the longest text.
fn main_article<'v>(graph: &Graph<'v>, canonical: &str) -> Option<&'v Map<String, Value>> {
    let articles = graph.articles();
    let text_len =
        |article: &Map<String, Value>| article.get("articleBody").and_then(Value::as_str).map_or(0, str::len);
    let own =
        articles.iter().copied().filter(|article| !canonical.is_empty() && url_of(article) == canonical);
    own.max_by_key(|article| text_len(article))
        .or_else(|| articles.into_iter().max_by_key(|article| text_len(article)))
}

/// Returns what the JSON-LD scripts of a page say.
fn scripts(tree: &Tree) -> Vec<Value> {
    let is_json_ld = |node: &usize| tree.attribute(*node, "type").to_ascii_lowercase().contains("ld+json");
    tree.all("script").filter(is_json_ld).filter_map(|node| loose::parse(&tree.inner_text(node))).collect()
}

/// What the head of a page says of it: `<meta>`, `<link rel>`, `<title>`.
struct Meta {
    entries: Vec<(String, String)>,
    /// It leads on to another page by itself.
    redirects: bool,
}

impl Meta {
    fn of(tree: &Tree) -> Self {
        let mut entries = Vec::new();
        let mut redirects = false;
        for node in 0..tree.nodes.len() {
            let get = |name: &str| tree.attribute(node, name);
            match tree.name(node) {
                "meta" => {
                    redirects |= get("http-equiv").eq_ignore_ascii_case("refresh")
                        && get("content").to_ascii_lowercase().contains("url");
                    let name = ["property", "name", "itemprop"]
                        .iter()
                        .map(|name| get(name))
                        .find(|name| !name.is_empty());
                    entries.push((name.unwrap_or_default().to_lowercase(), get("content").to_owned()));
                }
                "link" if get("rel").eq_ignore_ascii_case("canonical") => {
                    entries.push(("canonical".to_owned(), get("href").to_owned()));
                }
                // One in a drawing names the drawing.
                "title"
                    if tree.name(tree.parent(node)) != "svg"
                        && !entries.iter().any(|(name, _)| name == "title") =>
                {
                    let title = tree.inner_text(node);
                    entries
                        .push(("title".to_owned(), title.split_whitespace().collect::<Vec<_>>().join(" ")));
                }
                "html" => entries.push(("lang".to_owned(), get("lang").to_owned())),
                _ => {}
            }
            if entries.len() > 500 {
                break;
            }
        }
        Self { entries, redirects }
    }

    /// All texts of the first of these names that has any that is no address, each once.
    fn all(&self, names: &[&str]) -> Vec<&str> {
        let of = |wanted: &&str| -> Vec<&str> {
            let named = self.entries.iter().filter(|(name, _)| name == wanted).map(|(_, text)| text.trim());
            let mut found = Vec::new();
            for text in named.filter(|text| !text.is_empty() && !text.contains("://")) {
                if !found.contains(&text) {
                    found.push(text);
                }
            }
            found
        };
        names.iter().map(of).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// What describes the text and has no field of ours, by its names: all that is said of it.
    fn others(&self, used: &[String]) -> Map<String, Value> {
        let mut found = Map::new();
        for (name, text) in &self.entries {
            let text = text.trim();
            let describes = DESCRIBING.iter().any(|begin| name.starts_with(begin));
            if !describes || text.is_empty() || used.iter().any(|used| used == text) {
                continue;
            }
            match found.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(texts) if !texts.contains(&text.into()) => texts.push(text.into()),
                _ => {}
            }
        }
        for texts in found.values_mut() {
            if let Value::Array(list) = texts
                && list.len() == 1
            {
                *texts = list.remove(0);
            }
        }
        found
    }

    fn first(&self, names: &[&str]) -> String {
        let find = |wanted: &&str| {
            self.entries
                .iter()
                .find(|(name, value)| name == wanted && !value.is_empty())
                .map(|(_, value)| value.clone())
        };
        names.iter().find_map(find).unwrap_or_default()
    }
}

/// What pages call the date of their publication, and that of their last change.
const PUBLISHED: [&str; 19] = [
    "article:published_time",
    "datepublished",
    "date",
    "dc.date",
    "pubdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.date",
    "dcterms.created",
    "dc.date.created",
    "citation_publication_date",
    "citation_date",
    "citation_online_date",
    "parsely-pub-date",
    "sailthru.date",
    "datecreated",
];
const UPDATED: [&str; 6] = [
    "article:modified_time",
    "datemodified",
    "og:updated_time",
    "lastmod",
    "dcterms.modified",
    "dc.date.modified",
];
const HEADLINE: [&str; 9] = [
    "og:title",
    "twitter:title",
    "dc.title",
    "dcterms.title",
    "citation_title",
    "parsely-title",
    "sailthru.title",
    "headline",
    "title",
];
const SUMMARY: [&str; 5] =
    ["description", "og:description", "dc.description", "dcterms.description", "twitter:description"];
const AUTHOR: [&str; 8] = [
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
    "byl",
];
const KEYWORDS: [&str; 6] =
    ["keywords", "news_keywords", "article:tag", "citation_keywords", "dc.subject", "dcterms.subject"];
/// How names of `<meta>` begin that describe a text, not how it is shown: Dublin Core, citations, Open Graph, Parse.ly, Sailthru.
const DESCRIBING: [&str; 7] =
    ["dc.", "dcterms.", "citation_", "article:", "og:article:", "parsely-", "sailthru."];

/// What the JSON-LD of a page does not say, the page does.
fn fill_from_page(nested: &mut Nested, meta: &Meta, tree: &Tree, base: &str) {
    let article = &mut nested.article;
    let set = |field: &mut String, text: String| {
        if field.is_empty() {
            // What is escaped twice is not read twice by a parser.
            *field = html::unescape(&text);
        }
    };
    set(&mut article.headline, meta.first(&HEADLINE));
    set(&mut article.summary, meta.first(&SUMMARY));
    set(&mut article.section, meta.first(&["article:section"]));
    set(&mut article.source, meta.first(&["og:site_name", "publisher"]));
    set(&mut article.language, language(&meta.first(&["lang", "og:locale", "language"])));
    // Each name in its turn: the first that has a date.
    let date = |names: &[&str]| names.iter().find_map(|name| dates::parse(&meta.first(&[name])));
    for (names, place) in [(&PUBLISHED[..], &mut article.published), (&UPDATED[..], &mut article.updated)] {
        if place.is_none() {
            *place = date(names);
        }
        let said = meta.entries.iter().filter(|(name, _)| place.is_none() && names.contains(&name.as_str()));
        for (name, text) in said.filter(|(_, text)| !text.trim().is_empty()) {
            article.extra.insert(name.clone(), text.trim().into());
        }
    }
    let shown = html::main_text(tree);
    let links = shown.links.into_iter().map(|link| link::resolve(base, &link)).collect::<Vec<_>>();
    if is_teaser(&article.body, &shown.text) {
        let teaser = std::mem::replace(&mut article.body, shown.text);
        if article.summary.is_empty() {
            article.summary = teaser;
        } else if !teaser.is_empty() && teaser != article.summary {
            article.extra.insert("articleBody".to_owned(), teaser.into());
        }
    }
    if article.bylines.is_empty() {
        set(&mut article.credit, meta.all(&AUTHOR).join("; "));
    }
    if article.keywords.is_empty() {
        let words = meta.all(&KEYWORDS);
        let words =
            words.into_iter().flat_map(|words| words.split(',')).map(|word| html::unescape(word.trim()));
        let words = words.filter(|word| !word.is_empty()).collect();
        article.keywords.extend(crate::fields::keywords("keyword", words));
    }
    keep_described(nested, meta);
    nested.links(links);
    nested.people_of_credit();
    if nested.article.images.is_empty() {
        let stated = meta.first(&["og:image", "twitter:image"]);
        let href = link::resolve(base, &stated);
        if !stated.trim().is_empty() && href.contains("://") {
            nested.picture(html::Picture {
                href,
                alt: meta.first(&["og:image:alt"]),
                ..html::Picture::default()
            });
        }
    }
    for picture in shown.pictures {
        // What says nothing is a part of the page's looks.
        if picture.alt.trim().is_empty() && picture.caption.is_empty() {
            continue;
        }
        let href = link::resolve(base, &picture.href);
        nested.picture(html::Picture { href, ..picture });
    }
}

/// Keeps what the head of a page says of its text beside what has a field.
fn keep_described(nested: &mut Nested, meta: &Meta) {
    let article = &nested.article;
    let mut used: Vec<String> = [
        &article.headline,
        &article.summary,
        &article.section,
        &article.source,
        &article.credit,
        &article.url,
    ]
    .into_iter()
    .cloned()
    .collect();
    used.extend(meta.all(&AUTHOR).into_iter().map(str::to_owned));
    used.extend(article.keywords.iter().map(|keyword| keyword.value.clone()));
    used.extend(PUBLISHED.iter().chain(&UPDATED).map(|name| meta.first(&[name])).filter(|text| {
        let date = dates::parse(text);
        date.is_some() && (date == article.published || date == article.updated)
    }));
    used.push(meta.first(&["article:expiration_time"]));
    let others = meta.others(&used);
    if !others.is_empty() {
        nested.article.extra.insert("meta".to_owned(), others.into());
    }
}

/// Returns true if what the JSON-LD of a page has as its text is but the beginning or a summary of what the page shows,
/// or the same without its paragraphs.
fn is_teaser(stated: &str, shown: &str) -> bool {
    let words = |text: &str| text.split_whitespace().count();
    let (stated_words, shown_words) = (words(stated), words(shown));
    let is_flat = stated_words > 200 && !stated.trim().contains('\n');
    stated_words == 0
        || (shown_words > 40 && shown_words > 3 * stated_words)
        || (is_flat && shown_words * 10 > stated_words * 9 && shown_words * 9 < stated_words * 10)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn article(page: &str) -> Value {
        let raw = Raw::new(crate::record::Place::START, page.as_bytes().to_vec());
        let found =
            Html.read(&raw, &Origin { stem: "saved/a.html".to_owned(), ..Origin::default() }).unwrap();
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
            let page =
                format!("<link rel=canonical href='https://x.example/a/1'>{head}<title>T</title>{body}");
            let raw = Raw::new(crate::record::Place::START, page.into_bytes());
            let found = Html.read(&raw, &Origin::default()).unwrap();
            found.iter().map(|one| serde_json::to_value(&one.event.fact).unwrap()).collect::<Vec<_>>()
        };
        let plain = found("");
        let article = plain.last().unwrap();
        assert_eq!(article["extra"]["links"], json!(["https://x.example/times"]));
        assert_eq!(
            article["images"],
            json!(["https://x.example/a/i/ferry.jpg", "https://x.example/a/map.png"])
        );
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

    /// What a page does not state is nothing, and not the address that it would be seen from.
    #[test]
    fn what_is_not_stated_has_no_address() {
        let check = |head: &str, id: &str, url: Value, images: Value| {
            let found = article(&format!("{head}<title>T</title>{}", prose("Text")));
            assert_eq!(
                (&found["id"], &found["url"], &found["images"]),
                (&json!(id), &url, &images),
                "{head}"
            );
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
        let whole =
            "All of it is said here, in as many words as the page has for it and some that it has not.";
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
            let found =
                article(&format!("<script type='application/ld+json'>{json}</script><title>T</title>"));
            assert_eq!(found[field], expected, "{json}");
        };
        let with = |more: Value| {
            let mut article =
                json!({"@context": "https://schema.org", "@type": "NewsArticle", "headline": "H"});
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
}
