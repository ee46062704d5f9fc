use serde_json::{Value, json};

use super::*;

/// Returns the article of the last entry, its id with it.
fn read(reader: &dyn Reader, text: &str) -> Value {
    let mut input = text.as_bytes();
    let mut cutter = reader.cutter(text.as_bytes());
    let mut last = Value::Null;
    while let Some(raw) = cutter.next(&mut input).unwrap() {
        let found = reader.read(&raw, &Origin { stem: "f".to_owned(), ..Origin::default() }).unwrap();
        let event = &found.last().unwrap().event;
        last = serde_json::to_value(&event.fact).unwrap();
        last["id"] = event.id.as_str().into();
    }
    last
}

/// RFC 4287: an entry without an author is the feed's author's, `xml:lang` and `xml:base` are inherited, and
/// XHTML is text and not markup once more.
#[test]
fn an_atom_entry_inherits_from_its_feed() {
    let article = read(
        &Atom,
        "<?xml version='1.0'?><a:feed xmlns:a='http://www.w3.org/2005/Atom' xml:lang='de' xml:base='https://x.example/f/'>\
         <a:title>Der Bote</a:title><a:author><a:name>Eva Roth</a:name></a:author>\
         <a:entry><a:id>urn:1</a:id><a:title type='html'>A &amp;amp; B</a:title><a:link href='/1'/><a:updated>2003-12-13T18:30:02Z</a:updated>\
         <a:content type='xhtml'><h:div xmlns:h='http://www.w3.org/1999/xhtml'><h:p>One &lt;b&gt; &amp;amp;</h:p><h:p><h:img src='p.jpg' alt='P'/>Two</h:p></h:div></a:content></a:entry></a:feed>",
    );
    assert_eq!(article["headline"], "A & B");
    assert_eq!(article["body"], "One <b> &amp;\n\nTwo");
    assert_eq!((&article["language"], &article["source"]), (&json!("de"), &json!("Der Bote")));
    assert_eq!((&article["url"], &article["credit"]), (&json!("https://x.example/1"), &json!("Eva Roth")));
    assert_eq!(article["images"], json!(["https://x.example/f/p.jpg"]));
}

/// RSS 1.0 keeps its items beside the channel, and its dates and authors in Dublin Core.
#[test]
fn rss_1_has_its_items_beside_the_channel() {
    let article = read(
        &Rss,
        "<rdf:RDF xmlns:rdf='r' xmlns='http://purl.org/rss/1.0/' xmlns:dc='d'><channel rdf:about='c'><title>The Courier</title>\
         <link>https://y.example/</link><dc:language>en-GB</dc:language><items><rdf:Seq><rdf:li resource='i'/></rdf:Seq></items></channel>\
         <item rdf:about='https://y.example/i'><title>T</title><link>https://y.example/i</link><dc:date>2002-09-07</dc:date>\
         <dc:creator>Jane Roe</dc:creator><dc:subject>Ships</dc:subject></item></rdf:RDF>",
    );
    assert_eq!((&article["id"], &article["source"]), (&json!("https://y.example/i"), &json!("The Courier")));
    assert_eq!((&article["published"], &article["language"]), (&json!("2002-09-07"), &json!("en-GB")));
    assert_eq!(article["bylines"], json!(["byline:jane-roe"]));
    assert_eq!(article["keywords"][0]["value"], "Ships");
    let article = read(
        &Rss,
        "<rss><channel><item><title>T</title><guid>urn:x:0123456789ab</guid><geo:lat xmlns:geo='g'>51.5</geo:lat>\
         <x:mood level='3'>glad</x:mood><x:tag>a</x:tag><x:tag>b</x:tag></item></channel></rss>",
    );
    let extra = json!({"guid": "urn:x:0123456789ab", "geo:lat": "51.5", "x:mood": {"level": "3", "text": "glad"}, "x:tag": ["a", "b"]});
    assert_eq!(article["extra"], extra, "what no field has a place for is kept");
}

/// Returns the article of the only entry of a feed of RSS, whose item holds this.
fn rss(item: &str) -> Value {
    read(&Rss, &format!("<rss><channel><title>Q</title><item><title>T</title>{item}</item></channel></rss>"))
}

#[test]
fn authors_have_names_and_keep_their_addresses() {
    let check = |author: &str, expected: &[&str]| {
        let article = rss(author);
        let ids: Vec<String> = expected.iter().map(|name| format!("byline:{name}")).collect();
        assert_eq!(article["bylines"].as_array().cloned().unwrap_or_default(), ids, "{author}");
        assert!(!article.to_string().contains('@'), "{article}");
    };
    check("<author>Ida Lee (ida@h.example)</author>", &["ida-lee"]);
    check("<author>ida@h.example (Ida Lee)</author>", &["ida-lee"]);
    check("<author>Ida Lee &lt;ida@h.example&gt;</author>", &["ida-lee"]);
    check("<author>ida.lee@h.example</author>", &["ida-lee"]);
    check("<author>desk@h.example</author>", &[]);
    check("<dc:creator>Ida Lee</dc:creator><dc:creator>Max Orr</dc:creator>", &["ida-lee", "max-orr"]);
    check("<dc:creator>Lee, Ida; Orr, Max</dc:creator>", &["ida-lee", "max-orr"]);
    check(
        "<a:author xmlns:a='http://www.w3.org/2005/Atom'><a:name>Lee, Orr and Poe</a:name></a:author>",
        &["lee-orr-and-poe"],
    );
}

#[test]
fn dates_that_are_not_rfc_822_are_kept_as_they_are_written() {
    let check = |date: &str, published: Value, kept: Value| {
        let article = rss(&format!("<pubDate>{date}</pubDate>"));
        assert_eq!((&article["published"], &article["extra"]["pubDate"]), (&published, &kept), "{date}");
    };
    check("Sat, 07 Sep 2002 09:42:31 GMT", json!("2002-09-07T09:42:31Z"), Value::Null);
    check("2002-09-07", json!("2002-09-07"), Value::Null);
    check("7 septembre 1902", json!("1902-09-07"), json!("7 septembre 1902"));
    check("7/9/1902", json!("1902"), json!("7/9/1902"));
    check("Michaelmas", Value::Null, json!("Michaelmas"));
}

/// RSS 2.0: a guid is a permanent link unless it says otherwise.
#[test]
fn a_guid_may_be_the_link() {
    let check = |item: &str, expected: Value| assert_eq!(rss(item)["url"], expected, "{item}");
    check("<guid>https://h.example/1</guid>", json!("https://h.example/1"));
    check("<guid isPermaLink='true'>https://h.example/1</guid>", json!("https://h.example/1"));
    check("<guid isPermaLink='false'>https://h.example/1</guid>", Value::Null);
    check("<guid>https://h.example/1</guid><link>https://h.example/2</link>", json!("https://h.example/2"));
    check("<guid>urn:h:1234567890123</guid>", Value::Null);
}

/// Namespaces in XML 1.0: a prefix is the file's own affair, and what has another namespace is another thing.
#[test]
fn elements_are_known_by_their_namespaces() {
    let article = read(
        &Rss,
        "<q:rss xmlns:q='http://backend.userland.com/rss2' xmlns:creator='http://purl.org/dc/elements/1.1/' \
         xmlns:e='http://purl.org/rss/1.0/modules/content/' xmlns:m='http://search.yahoo.com/mrss/'><q:channel><q:title>Q</q:title>\
         <q:item><m:title>of the picture</m:title><q:title>T</q:title><q:description>Short</q:description><e:encoded>Long</e:encoded>\
         <creator:creator>Ida Lee</creator:creator><m:thumbnail url='https://h.example/t.jpg'/></q:item></q:channel></q:rss>",
    );
    assert_eq!(
        (&article["headline"], &article["summary"], &article["body"]),
        (&json!("T"), &json!("Short"), &json!("Long"))
    );
    assert_eq!(
        (&article["bylines"], &article["images"]),
        (&json!(["byline:ida-lee"]), &json!(["https://h.example/t.jpg"]))
    );
    assert_eq!(
        (&article["source"], &article["extra"]["media:title"]),
        (&json!("Q"), &json!("of the picture"))
    );
    let article = read(
        &Atom,
        "<f:feed xmlns:f='http://www.w3.org/2005/Atom'><f:entry><f:id>urn:1</f:id><f:title>Box&lt;T&gt;</f:title><f:updated>2020-01-01T00:00:00Z</f:updated>\
         <f:summary>Short</f:summary><f:category term='sea' label='The sea'/><f:link href='https://h.example/1'/><f:link rel='related' href='https://h.example/2'/>\
         <f:content type='application/x-any'>AAECAw==</f:content></f:entry></f:feed>",
    );
    assert_eq!((&article["headline"], &article["body"]), (&json!("Box<T>"), &json!("Short")));
    assert_eq!(
        (&article["keywords"][0]["value"], &article["keywords"][0]["term"]),
        (&json!("The sea"), &json!("sea"))
    );
    assert_eq!(article["extra"]["links"], json!([{"rel": "related", "href": "https://h.example/2"}]));
    assert_eq!(article["extra"]["content"]["text"], "AAECAw==");
}

/// Every text and attribute of an item is in what is read of it.
#[test]
fn nothing_of_an_item_is_dropped() {
    let item = "<link>https://h.example/text-1</link><pubDate>text-2</pubDate><dc:date>text-3</dc:date><description>text-4</description>\
        <content:encoded>text-5</content:encoded><summary>text-6</summary><author>text-7</author><category domain='text-8'>text-9</category>\
        <source url='text-10'>text-11</source><enclosure url='text-12' type='audio/mpeg'/><comments>text-13</comments><guid isPermaLink='false'>text-14</guid>\
        <itunes:author>text-15</itunes:author><itunes:summary>text-16</itunes:summary><media:title>text-17</media:title><media:group><media:content url='text-18' medium='image'/>\
        <media:title>text-19</media:title></media:group><georss:point>text-20</georss:point><atom:link rel='text-21' href='text-22' title='text-23'/><x:a b='text-24'><x:c>text-25</x:c></x:a>\
        <dc:contributor>text-26</dc:contributor><rights>text-27</rights><dc:rights>text-28</dc:rights><content src='text-29' type='video/mp4'/><link rel='via' href='text-30'/>";
    let text = rss(item).to_string();
    let missing: Vec<usize> = (1..=30).filter(|at| !text.contains(&format!("text-{at}"))).collect();
    assert_eq!(missing, [] as [usize; 0], "{text}");
}

#[test]
fn links_are_seen_from_their_base() {
    let check = |feed: &str, entry: &str, url: &str| {
        let text = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' {feed}><entry {entry}><id>urn:1</id><title>T</title><link href='one.html'/></entry></feed>"
        );
        assert_eq!(read(&Atom, &text)["url"], url, "{feed} {entry}");
    };
    check("xml:base='https://q.example/blog/'", "", "https://q.example/blog/one.html");
    check(
        "xml:base='https://q.example/blog/x.atom'",
        "xml:base='may/'",
        "https://q.example/blog/may/one.html",
    );
    check("", "xml:base='https://r.example/'", "https://r.example/one.html");
    check("", "", "one.html");
}
