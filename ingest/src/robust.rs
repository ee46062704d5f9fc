//! No bytes make a reader panic or run for ever: random ones, and good files with random damage.

use proptest::prelude::*;

use crate::{
    format::Format,
    open::{self, Source},
    reader::{Hints, Readers},
    record::{Origin, Raw},
};

/// A good file of each format, to be damaged.
fn sample(format: Format) -> &'static str {
    match format {
        Format::JsonLines => {
            "{\"type\":\"article.published\",\"id\":\"a\",\"time\":\"1931\",\"data\":{\"headline\":\"H\"}}\n{\"x\":1}"
        }
        Format::Nyt => {
            "{\"response\":{\"docs\":[{\"_id\":\"1\",\"headline\":{\"main\":\"M\"},\"byline\":{\"original\":\"By A B\",\"person\":[{\"firstname\":\"A\"}]},\"multimedia\":[{\"url\":\"a-thumbWide.jpg\",\"type\":\"image\"}],\"pub_date\":\"1851-09-18T05:00:00+0000\"}]}}"
        }
        Format::Markdown => {
            "---\ntitle: \"T\ndate\"\nauthors: [a-b, {name: C}]\nimage: {uid: x}\n---\n# H\n{{< img src=\"a\" alt=\"b\" >}} [l](u) ![i](p.png \"t\")\n\n<p>x<img src=y></p>\n\n```\n{{ a }}\n```\n"
        }
        Format::ImageData => "uid: x\nalt: y\nwidth: 1\nformat: png\ndate: 2020-01-01\n",
        Format::Ninjs => {
            "{\"uri\":\"u\",\"type\":\"text\",\"headlines\":[{\"role\":\"main\",\"value\":\"x\"}],\"body_html\":\"<p>é</p>\",\"associations\":{\"m\":{\"uri\":\"p\",\"type\":\"picture\",\"renditions\":{\"a\":{\"href\":\"h\"}}}}}"
        }
        Format::JsonLd => {
            "{\"@context\":\"https://schema.org\",\"@graph\":[{\"@type\":\"NewsArticle\",\"headline\":\"H\",\"author\":{\"@id\":\"#a\"},\"image\":[\"x\"]},{\"@id\":\"#a\",\"name\":\"A B\"}]}"
        }
        Format::JsonFeed => {
            "{\"version\":\"https://jsonfeed.org/version/1\",\"items\":[{\"id\":\"1\",\"content_html\":\"<b>x</b>\"}]}"
        }
        Format::Html => {
            "<!doctype html><html lang=en><head><title>T</title><meta property=og:title content='é'><script type=\"application/ld+json\">{\"@type\":\"Article\"}</script></head><body><article>é&amp;&#8217;<img src=\"a\" alt='b'></article></body></html>"
        }
        Format::Nitf => {
            "<nitf><head><docdata><doc-id id-string='1'/><date.issue norm='19870101T000000'/></docdata></head><body><body.head><hedline><hl1>H</hl1></hedline><byline>By <person>A B</person></byline></body.head><body.content><block class='full_text'><p>é &amp; x</p></block><media media-type='image'><media-reference source='a.jpg'/></media></body.content></body></nitf>"
        }
        Format::NewsMl => {
            "<newsItem guid='g' version='1'><itemMeta><itemClass qcode='ninat:text'/><versionCreated>2018-10-19T11:45:00-04:00</versionCreated></itemMeta><contentMeta><headline>H</headline></contentMeta><contentSet><inlineXML><html><body><p>x</p></body></html></inlineXML></contentSet></newsItem>"
        }
        Format::Mets => {
            "<mets><structMap TYPE='LOGICAL'><div TYPE='ARTICLE' ID='a'><fptr><area FILEID='f' BEGIN='b'/></fptr></div></structMap></mets>"
        }
        Format::Alto => {
            "<alto><Layout><Page><TextBlock ID='b'><TextLine><String CONTENT='a' WC='0.5' SUBS_TYPE='HypPart1' SUBS_CONTENT='ab'/><HYP CONTENT='-'/></TextLine></TextBlock></Page></Layout></alto>"
        }
        Format::Rss => {
            "<rss><channel><language>en</language><item><title>T</title><guid>1</guid><description>&lt;p&gt;x</description><enclosure url='u' type='image/png'/></item></channel></rss>"
        }
        Format::Atom => {
            "<feed><entry><id>1</id><title type='html'>&lt;b&gt;</title><content type='xhtml'><div>x</div></content><link rel='alternate' href='h'/></entry></feed>"
        }
        Format::Wxr => {
            "<rss><channel><wp:author><wp:author_login>a</wp:author_login></wp:author><item><guid>g</guid><wp:post_type>attachment</wp:post_type><wp:attachment_url>u</wp:attachment_url></item></channel></rss>"
        }
        Format::Reuters => {
            "<REUTERS TOPICS=\"YES\" NEWID=\"1\"><DATE>26-FEB-1987 15:01:01.79</DATE><TOPICS><D>a</D></TOPICS><TEXT TYPE=\"BRIEF\">&#2;<TITLE>T</TITLE><BODY>x\n    y\n Reuter\n&#3;</BODY></TEXT></REUTERS>"
        }
        Format::Table => "id,title,text,date\n1,\"A, b\",\"x\ny\",1931\n2,é,z,\n",
        Format::Records => "{\"id\":1,\"title\":\"T\",\"text\":\"x\",\"tags\":[\"a\"]}\n",
        Format::Text => "Headline\n\n  text é\n",
        Format::Mapped => {
            "{\"issues\":[{\"day\":\"2/5/1931\",\"pieces\":[{\"t\":\"One\",\"by\":[{\"n\":\"A B\"}]},{\"t\":\"é\"}]}]}"
        }
    }
}

/// Opens, cuts and reads, as a load does; returns how many records there were.
fn read_all(format: Format, bytes: &[u8]) -> usize {
    let mapping = "[mapping.m]\nrecord = \"issues[*].pieces\"\n[mapping.m.article]\nid = \"{/day}/{t}\"\nheadline = [\"t\", \"u\"]\n\
        published = { path = \"/day\", form = \"%d/%m/%Y\" }\nbylines = { each = \"by\", name = \"n\" }\n";
    let hints = Hints {
        patterns: vec!["{section}/{published:%Y}{_}.x".parse().unwrap()],
        mappings: mapping.parse().unwrap(),
        ..Hints::default()
    };
    let readers = Readers::new(&hints);
    let reader = readers.of(format);
    let origin = Origin { path: "news/1931a.x".to_owned(), stem: "news/1931a.x".to_owned(), changed: None };
    let mut records = 0;
    let mut input = bytes;
    open::open(Source::Stream(&mut input), origin, hints.charset, &mut |stream| {
        let Ok(stream) = stream else { return true };
        let _ = crate::format::detect(&stream.head, &stream.origin, &hints);
        let mut cutter = reader.cutter_at(&stream.head, &stream.origin);
        while let Ok(Some(raw)) = cutter.next(stream.input) {
            records += 1;
            assert!(records <= bytes.len() + 2, "{format} cuts records without end");
            let _ = reader.read(&Raw { broken: None, ..raw }, &stream.origin);
        }
        true
    });
    records
}

#[test]
fn the_samples_are_good() {
    for format in Format::ALL {
        assert!(read_all(format, sample(format).as_bytes()) > 0, "{format}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(at in 0..Format::ALL.len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(Format::ALL[at], &bytes);
    }

    #[test]
    fn damaged_files_never_panic(
        damages in proptest::collection::vec((0..3_u8, any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        for format in Format::ALL {
            let mut bytes = sample(format).as_bytes().to_vec();
            for (kind, at, byte) in &damages {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                match kind {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, *byte),
                    _ => drop(bytes.remove(at)),
                }
            }
            if cuts && !bytes.is_empty() {
                bytes.truncate(cut.index(bytes.len()));
            }
            read_all(format, &bytes);
        }
    }

    #[test]
    fn small_parts_never_panic(text in "\\PC{0,60}") {
        let _ = crate::dates::parse(&text);
        let _ = crate::credits::parse(&text);
        let _ = crate::names::cased(&text);
        let _ = crate::html::plain(&text);
        let _ = text.parse::<crate::Mappings>();
        let _ = crate::mapping::Expr::parse(&text);
        if let Ok(pattern) = text.parse::<crate::pattern::PathPattern>() {
            let _ = pattern.fields(&text);
        }
    }
}
