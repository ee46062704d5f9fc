//! The format of a file, told by its content; its name helps only where many formats look alike.

use std::fmt;

use crate::{
    hints::Hints,
    open::HEAD_BYTES,
    reader::{self, Entry, Head, READERS, Stage, has_front_matter},
    record::Origin,
};

/// A format that there is a reader for, by its number in the table of readers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Format(usize);

impl Format {
    /// Returns all of them.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..READERS.len()).map(Self)
    }

    /// Returns the format that is called so.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|format| format.name() == name)
    }

    /// Returns what reports and options call it.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// Returns what is said of it.
    pub(crate) fn entry(self) -> &'static Entry {
        #[expect(clippy::indexing_slicing, reason = "only numbers of the table are made")]
        &READERS[self.0]
    }

    /// Returns its number in the table of readers.
    pub(crate) const fn number(self) -> usize {
        self.0
    }

    /// Returns the first in the table's order that is told so at this stage.
    fn told(stage: Stage, head: &Head<'_>) -> Option<Self> {
        Self::all().find(|format| format.is_looked_for(stage, |tell| tell(head)))
    }

    fn is_looked_for(self, stage: Stage, is_it: impl Fn(fn(&Head<'_>) -> bool) -> bool) -> bool {
        self.entry().told.iter().any(|(at, tell)| *at == stage && is_it(*tell))
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result of looking at a file.
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

/// Returns the formats that are looked for at one of these stages, in a sentence for people.
fn known(at: impl Fn(Stage) -> bool) -> String {
    let of_stage = |format: &Format| format.entry().told.iter().any(|(stage, _)| at(*stage));
    let called: Vec<&str> = Format::all().filter(of_stage).map(|format| format.entry().called).collect();
    match called.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => called.concat(),
    }
}

/// Endings of files that lie beside archives and hold no records.
const OTHER_ENDINGS: &str = "jpg jpeg png gif svg webp avif tif tiff ico bmp jp2 psd pdf eps ai mp3 mp4 m4a mov avi wav ogg webm \
     woff woff2 ttf otf eot css scss sass less js mjs ts map py rb sh r go rs php toml ini cfg lock yml yaml dtd xsd xsl xslt rng \
     license gitignore exe bin db sqlite rst";

/// Endings of what is always text.
const TEXT_ENDINGS: &str = "json jsonl ndjson jsonld xml nitf rss atom rdf sgm sgml html htm xhtml md markdown mkd csv tsv tab yml yaml txt text";

/// Tells a file's format by its first bytes, decompressed, and its name.
pub(crate) fn detect(head: &[u8], origin: &Origin, hints: &Hints) -> Detected {
    // The stem has no endings of compression.
    let stem = origin.stem.as_str();
    let file = stem.rsplit('/').next().unwrap_or(stem);
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let decoded = String::from_utf8_lossy(head);
    let text = decoded.trim_start_matches('\u{feff}').trim_start();
    let root = if text.starts_with('<') { root_name(text) } else { String::new() };
    let local = root.rsplit(':').next().unwrap_or(&root);
    let seen = Head { text, root: local, stem, ending: &ending, hints };
    let told = |stage: Stage| Format::told(stage, &seen).map(Detected::Known);
    if let Some(said) = told(Stage::Said) {
        return said;
    }
    if hints.mappings.joining(stem).is_some() {
        return Detected::About("table joined to others");
    }
    // A text that was damaged is still a text.
    let is_text = TEXT_ENDINGS.split_whitespace().any(|text| text == ending);
    if !is_text && head.iter().take(4_096).any(|byte| *byte == 0) {
        return Detected::Other;
    }
    if text.is_empty() && head.len() < HEAD_BYTES {
        return Detected::Empty;
    }
    if matches!(ending.as_str(), "yml" | "yaml") {
        return told(Stage::Yaml).unwrap_or(Detected::Other);
    }
    if OTHER_ENDINGS.split_whitespace().any(|other| other == ending)
        || file.starts_with('.')
        || (!has_front_matter(text) && is_about_the_archive(file, &ending))
    {
        return Detected::Other;
    }
    let named = told(Stage::Named).or_else(|| seen.is_page().then(|| told(Stage::Page)).flatten());
    if let Some(named) = named {
        return named;
    }
    if text.starts_with(['{', '[']) || matches!(ending.as_str(), "jsonl" | "ndjson") {
        return about_a_paper(&seen).or_else(|| told(Stage::Json)).unwrap_or_else(unknown_json);
    }
    if text.starts_with('<') {
        return told(Stage::Markup).unwrap_or_else(|| unknown_markup(&root));
    }
    told(Stage::Plain).unwrap_or_else(|| unknown_text(&seen))
}

/// Tells a file of the Library of Congress's directory of newspapers (chroniclingamerica.loc.gov/about/api).
fn about_a_paper(head: &Head<'_>) -> Option<Detected> {
    let is_one = head.has("lccn") && head.has("place_of_publication") && !head.has("ocr_eng");
    is_one.then_some(Detected::About("description of a newspaper, not of what stood in it"))
}

fn unknown_json() -> Detected {
    let forms = known(|stage| stage == Stage::Json);
    Detected::Unknown(format!("this JSON has none of the forms that are known: {forms}"))
}

fn unknown_markup(root: &str) -> Detected {
    Detected::Unknown(match root {
        "" => "this looks like XML, but no element begins in it".to_owned(),
        root => {
            let formats = known(|stage| stage == Stage::Markup);
            format!("this XML begins with <{root}>, which no reader knows: known are {formats}")
        }
    })
}

/// Says what is wrong with a text that is of no format, and what to do.
fn unknown_text(head: &Head<'_>) -> Detected {
    Detected::Unknown(if head.is_page() {
        "this Markdown has no front matter (fields between two lines `---` or `+++` at its head): add a title and a \
         date there to load it as an article"
            .to_owned()
    } else if head.is_table() {
        let line = head.text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        format!(
            "no column of this table is a headline or a text (it has {}): say which, as `--column COLUMN=headline`",
            reader::columns_of(line).join(", ").chars().take(200).collect::<String>()
        )
    } else if matches!(head.ending, "txt" | "text" | "") {
        match head.hints.patterns.is_empty() {
            false => "this is plain text whose path does not fit the pattern".to_owned(),
            true => "this is plain text: say what its path tells, as `--pattern '{byline}/{published:%Y%m%d}{_}.txt'`"
                .to_owned(),
        }
    } else if let Some(opening) = opening_of(head.ending) {
        let ending = head.ending;
        format!(
            "it is called .{ending}, but does not begin with {opening}: its beginning was probably lost; fetch it again"
        )
    } else {
        format!("no reader knows this format; known are {}", known(|_| true))
    })
}

/// Returns what files of this ending begin with.
fn opening_of(ending: &str) -> Option<&'static str> {
    match ending {
        "json" | "jsonld" => Some("`{` or `[`"),
        "xml" | "nitf" | "rss" | "atom" | "rdf" | "sgm" | "sgml" | "html" | "htm" | "xhtml" => Some("`<`"),
        _ => None,
    }
}

/// Returns true for files that tell of an archive, and are no part of it.
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

/// Returns the name of the first element.
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
        check("<META charset=utf-8><title>T</title>", "a.html", "html");
        check("<title>T</title><p>x", "a.htm", "html");
        check("<title>T</title>", "a.xml", "unknown");
        check("<catalog/>", "a.html", "unknown");
        check("{}", "a.json", "unknown");
    }
}
