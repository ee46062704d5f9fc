//! Which format a file has: told by its content; its name helps only where many formats look alike.

use std::fmt;

use crate::{
    open::HEAD_BYTES,
    reader::{self, Hints, has_front_matter, has_json_front_matter, is_image_data},
    record::Origin,
};

/// A format that there is a reader for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Our own JSON Lines.
    JsonLines,
    /// The Archive and Article Search APIs of the New York Times.
    Nyt,
    /// Markdown with front matter.
    Markdown,
    /// One picture's record, as sites made of Markdown keep them in YAML.
    ImageData,
    /// IPTC's News in JSON, any version.
    Ninjs,
    /// schema.org in JSON-LD.
    JsonLd,
    /// A JSON Feed.
    JsonFeed,
    /// A page of HTML, with JSON-LD or without.
    Html,
    /// NITF, the News Industry Text Format.
    Nitf,
    /// NewsML-G2.
    NewsMl,
    /// METS, with ALTO beside it.
    Mets,
    /// A page of ALTO.
    Alto,
    /// RSS, any version.
    Rss,
    /// Atom.
    Atom,
    /// WordPress's export.
    Wxr,
    /// The Reuters-21578 collection.
    Reuters,
    /// CSV or TSV.
    Table,
    /// JSON objects with a headline or a text.
    Records,
    /// Plain text whose path a pattern fits.
    Text,
    /// JSON, XML or a table that a mapping is of.
    Mapped,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::JsonLines,
        Self::Nyt,
        Self::Markdown,
        Self::ImageData,
        Self::Ninjs,
        Self::JsonLd,
        Self::JsonFeed,
        Self::Html,
        Self::Nitf,
        Self::NewsMl,
        Self::Mets,
        Self::Alto,
        Self::Rss,
        Self::Atom,
        Self::Wxr,
        Self::Reuters,
        Self::Table,
        Self::Records,
        Self::Text,
        Self::Mapped,
    ];

    /// The format that is called so.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Returns what reports and options call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Nyt => "nyt",
            Self::Markdown => "markdown",
            Self::ImageData => "image-yaml",
            Self::Ninjs => "ninjs",
            Self::JsonLd => "json-ld",
            Self::JsonFeed => "json-feed",
            Self::Html => "html",
            Self::Nitf => "nitf",
            Self::NewsMl => "newsml-g2",
            Self::Mets => "mets",
            Self::Alto => "alto",
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Wxr => "wxr",
            Self::Reuters => "reuters",
            Self::Table => "table",
            Self::Records => "records",
            Self::Text => "text",
            Self::Mapped => "mapped",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Detected {
    /// A reader knows it.
    Known(Format),
    /// It is no part of an archive's text: a picture, a stylesheet, a site's configuration.
    Other,
    /// There is nothing in it but white space.
    Empty,
    /// It is sound, and tells of a publication as a whole: this.
    About(&'static str),
    /// It should be, but no reader knows it: what is wrong, and what to do.
    Unknown(String),
}

/// The formats in a sentence, for people.
const FORMATS: &str = "JSON Lines of Morgue's own, NYT Archive API JSON, Markdown with front matter, ninjs, NITF, \
     NewsML-G2, JSON-LD (alone or in HTML), JSON Feed, METS and ALTO, RSS, Atom, WordPress exports, Reuters-21578, CSV, and plain text with a pattern";

/// Endings of files that lie beside archives and hold no records.
const OTHER_ENDINGS: &str = "jpg jpeg png gif svg webp avif tif tiff ico bmp jp2 psd pdf eps ai mp3 mp4 m4a mov avi wav ogg webm \
     woff woff2 ttf otf eot css scss sass less js mjs ts map py rb sh r go rs php toml ini cfg lock yml yaml dtd xsd xsl xslt rng \
     license gitignore exe bin db sqlite rst";

/// Endings of what is always text.
const TEXT_ENDINGS: &str = "json jsonl ndjson jsonld xml nitf rss atom rdf sgm sgml html htm xhtml md markdown mkd csv tsv tab yml yaml txt text";

/// Tells a file's format by its first bytes, decompressed, and its name.
#[expect(clippy::too_many_lines, reason = "the order of the tellings is the rule: what is surer comes first")]
pub(crate) fn detect(head: &[u8], origin: &Origin, hints: &Hints) -> Detected {
    // The stem has no endings of compression.
    let name = origin.stem.as_str();
    let file = name.rsplit('/').next().unwrap_or(name);
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    // The user said what these files are, however they begin.
    if hints.patterns.iter().any(|pattern| pattern.fields(&origin.stem).is_some()) {
        return Detected::Known(Format::Text);
    }
    if hints.mappings.joining(name).is_some() {
        return Detected::About("table joined to others");
    }
    if hints.mappings.names(name) {
        return Detected::Known(Format::Mapped);
    }
    // A text that was damaged is still a text.
    let is_text = TEXT_ENDINGS.split_whitespace().any(|text| text == ending);
    if !is_text && head.iter().take(4_096).any(|byte| *byte == 0) {
        return Detected::Other;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.is_empty() && head.len() < HEAD_BYTES {
        return Detected::Empty;
    }
    if matches!(ending.as_str(), "yml" | "yaml") {
        return if is_image_data(text) { Detected::Known(Format::ImageData) } else { Detected::Other };
    }
    if OTHER_ENDINGS.split_whitespace().any(|other| other == ending)
        || file.starts_with('.')
        || (!has_front_matter(text) && is_about_the_archive(file, &ending))
    {
        return Detected::Other;
    }
    if hints.mappings.of(name).is_some() {
        return Detected::Known(Format::Mapped);
    }
    let page = matches!(ending.as_str(), "md" | "markdown" | "mkd");
    if page && has_json_front_matter(text) {
        return Detected::Known(Format::Markdown);
    }
    if text.starts_with(['{', '[']) || matches!(ending.as_str(), "jsonl" | "ndjson") {
        return json(text, &ending, hints);
    }
    if text.starts_with('<') {
        return markup(text);
    }
    if has_front_matter(text) {
        return Detected::Known(Format::Markdown);
    }
    if page {
        return Detected::Unknown(
            "this Markdown has no front matter (fields between two lines `---` or `+++` at its head): add a title and a \
             date there to load it as an article"
                .to_owned(),
        );
    }
    let table = matches!(ending.as_str(), "csv" | "tsv" | "tab");
    if table || ending == "txt" {
        let found = reader::header(text.as_bytes(), &hints.columns);
        // A text may begin with words that are columns elsewhere.
        let good = |found: &reader::Header| table || (found.is_first() && found.known(&hints.columns) > 2);
        if found.is_some_and(|found| good(&found)) {
            return Detected::Known(Format::Table);
        }
        if table {
            let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
            return Detected::Unknown(format!(
                "no column of this table is a headline or a text (it has {}): say which, as `--column COLUMN=headline`",
                reader::columns_of(line).join(", ").chars().take(200).collect::<String>()
            ));
        }
    }
    if matches!(ending.as_str(), "txt" | "text" | "") {
        return Detected::Unknown(match hints.patterns.is_empty() {
            false => "this is plain text whose path does not fit the pattern".to_owned(),
            true => "this is plain text: say what its path tells, as `--pattern '{byline}/{published:%Y%m%d}{_}.txt'`"
                .to_owned(),
        });
    }
    if let Some(opening) = opening_of(&ending) {
        return Detected::Unknown(format!(
            "it is called .{ending}, but does not begin with {opening}: its beginning was probably lost; fetch it again"
        ));
    }
    Detected::Unknown(format!("no reader knows this format; known are {FORMATS}"))
}

/// Returns what files of this ending begin with.
fn opening_of(ending: &str) -> Option<&'static str> {
    match ending {
        "json" | "jsonld" => Some("`{` or `[`"),
        "xml" | "nitf" | "rss" | "atom" | "rdf" | "sgm" | "sgml" | "html" | "htm" | "xhtml" => Some("`<`"),
        _ => None,
    }
}

/// Files that tell of an archive, and are no part of it.
fn is_about_the_archive(file: &str, ending: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file).to_ascii_lowercase();
    let prose = matches!(ending, "" | "md" | "txt" | "rst" | "markdown");
    let named = [
        "readme",
        "changelog",
        "contributing",
        "code_of_conduct",
        "license",
        "licence",
        "copying",
        "makefile",
    ];
    (prose && named.contains(&stem.as_str()))
        || (file == stem.to_ascii_uppercase() && stem.starts_with("license-"))
}

fn json(text: &str, ending: &str, hints: &Hints) -> Detected {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    let first = text.lines().next().unwrap_or("");
    let event = |line: &str| {
        line.starts_with('{')
            && line.contains("\"type\"")
            && (line.contains("\"data\"") || line.contains(".published") || line.contains(".withdrawn"))
    };
    // Of the Library of Congress's directory of newspapers (chroniclingamerica.loc.gov/about/api).
    if has("lccn") && has("place_of_publication") && !has("ocr_eng") {
        return Detected::About("description of a newspaper, not of what stood in it");
    }
    if has_docs(text) {
        return Detected::Known(Format::Nyt);
    }
    if has("web_url") && has("pub_date") && !has("swagger") && !has("openapi") {
        return Detected::Known(Format::Nyt);
    }
    if text.contains("jsonfeed.org/version") {
        return Detected::Known(Format::JsonFeed);
    }
    if has("@context") && text.contains("schema.org") {
        return Detected::Known(Format::JsonLd);
    }
    if !event(first) && is_ninjs(text) {
        return Detected::Known(Format::Ninjs);
    }
    // The first lines may be the broken ones.
    if !text.lines().take(5).any(event) && reader::shape(text, &hints.columns).is_some() {
        return Detected::Known(Format::Records);
    }
    if event(first) || matches!(ending, "jsonl" | "ndjson") {
        return Detected::Known(Format::JsonLines);
    }
    Detected::Unknown(
        "this JSON has none of the forms that are known: events of Morgue's own, answers of the NYT APIs, ninjs, \
         JSON-LD, a JSON Feed, or objects with a headline or a text, one a line or in a list"
            .to_owned(),
    )
}

/// A list under `docs`, as the APIs of the New York Times have it.
fn has_docs(text: &str) -> bool {
    let after = text.split_once("\"docs\"").map(|(_, after)| after.trim_start());
    after.and_then(|after| after.strip_prefix(':')).is_some_and(|after| after.trim_start().starts_with('['))
}

/// Has a `uri`, and what only a news item has.
fn is_ninjs(text: &str) -> bool {
    // A short item may have nothing but a `uri` that tells.
    if let Ok(serde_json::Value::Object(object)) = serde_json::from_str(text) {
        return object.contains_key("uri")
            && !object.contains_key("$defs")
            && !object.contains_key("definitions");
    }
    const SIGNS: [&str; 19] = [
        "versioncreated",
        "versionCreated",
        "firstcreated",
        "firstCreated",
        "contentcreated",
        "contentCreated",
        "representationtype",
        "pubstatus",
        "pubStatus",
        "body_text",
        "body_html",
        "body_xhtml",
        "bodies",
        "renditions",
        "associations",
        "headlines",
        "descriptions",
        "copyrightholder",
        "description_text",
    ];
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    !has("$defs")
        && !has("definitions")
        && !has("patternProperties")
        && (has("uri") || text.contains("ninjs"))
        && SIGNS.iter().any(|sign| has(sign))
        || (has("uri") && has("headline"))
}

/// XML, SGML or HTML: told by the first element, and what it declares.
fn markup(text: &str) -> Detected {
    let root = root_name(text);
    let local = root.rsplit(':').next().unwrap_or(&root);
    let format = match local {
        "nitf" => Format::Nitf,
        "mets" => Format::Mets,
        "alto" => Format::Alto,
        "newsMessage" => Format::NewsMl,
        name if reader::NEWSML_ITEMS.contains(&name) => Format::NewsMl,
        "rss" if text.contains("wordpress.org/export") => Format::Wxr,
        "rss" | "RDF" | "rdf" | "channel" => Format::Rss,
        "feed" | "entry" => Format::Atom,
        "REUTERS" => Format::Reuters,
        name if name.eq_ignore_ascii_case("html") => Format::Html,
        _ if text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html>")) => {
            Format::Html
        }
        "" => return Detected::Unknown("this looks like XML, but no element begins in it".to_owned()),
        _ => {
            return Detected::Unknown(format!(
                "this XML begins with <{root}>, which no reader knows: known are NITF, NewsML-G2, METS, ALTO, RSS, Atom, \
                 WordPress exports and HTML"
            ));
        }
    };
    Detected::Known(format)
}

/// The name of the first element.
fn root_name(text: &str) -> String {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at..).unwrap_or("");
        let skip = |end: &str| rest.find(end).and_then(|at| rest.get(at + end.len()..)).unwrap_or("");
        if rest.starts_with("<!--") {
            rest = skip("-->");
        } else if rest.starts_with("<?") {
            rest = skip("?>");
        } else if rest.starts_with("<!") {
            let subset = rest.find('[').filter(|open| rest.find('>').is_none_or(|close| *open < close));
            rest = if subset.is_some() { skip("]>") } else { skip(">") };
        } else {
            let name = rest.get(1..).unwrap_or("");
            let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(name.len());
            return name.get(..end).unwrap_or("").to_owned();
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        let check = |head: &str, name: &str, expected: &str| {
            let origin = Origin { path: name.to_owned(), stem: name.to_owned(), changed: None };
            let found = match detect(head.as_bytes(), &origin, &Hints::default()) {
                Detected::Known(format) => format.name(),
                Detected::Other => "other",
                Detected::Empty => "empty",
                Detected::About(_) => "about",
                Detected::Unknown(_) => "unknown",
            };
            assert_eq!(found, expected, "{name}");
        };
        check("{\"type\":\"article.published\",\"id\":\"a\",\"data\":{}}\n", "x", "jsonl");
        check("{}", "x.jsonl", "jsonl");
        check("{\"copyright\":\"c\",\"response\":{\"docs\":[", "1851-9.json", "nyt");
        check("\n\n---\ntitle: x\n---\n", "a.md", "markdown");
        check("# Title", "a.md", "unknown");
        check("  uid : x\n  alt : y\n", "a.yml", "image-yaml");
        check("a: b", "a.yml", "other");
        check("\u{0}\u{1}", "a.dat", "other");
        check(" \r\n\t", "a.json", "empty");
        check("{\"lccn\": \"sn1\", \"place_of_publication\": \"X\", \"issues\": []}", "a.json", "about");
        check("\u{0}\u{1}", "a.json", "unknown");
        check("body {}", "a.css", "other");
        check("{}", "a.json", "unknown");
    }
}
