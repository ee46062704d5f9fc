//! Which format a file has: told by its content; its name helps only where many formats look alike.

use std::fmt;

use crate::reader::{self, has_front_matter, is_image_data};

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
    /// NITF, the News Industry Text Format.
    Nitf,
    /// NewsML-G2.
    NewsMl,
    /// RSS, any version.
    Rss,
    /// Atom.
    Atom,
    /// WordPress's export.
    Wxr,
    /// The Reuters-21578 collection.
    Reuters,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::JsonLines,
        Self::Nyt,
        Self::Markdown,
        Self::ImageData,
        Self::Nitf,
        Self::NewsMl,
        Self::Rss,
        Self::Atom,
        Self::Wxr,
        Self::Reuters,
    ];

    /// What reports and options call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Nyt => "nyt",
            Self::Markdown => "markdown",
            Self::ImageData => "image-yaml",
            Self::Nitf => "nitf",
            Self::NewsMl => "newsml-g2",
            Self::Rss => "rss",
            Self::Atom => "atom",
            Self::Wxr => "wxr",
            Self::Reuters => "reuters",
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
    /// It should be, but no reader knows it: what is wrong, and what to do.
    Unknown(String),
}

/// The formats in a sentence, for people.
const FORMATS: &str = "JSON Lines of Morgue's own, NYT Archive API JSON, Markdown with front matter, NITF, NewsML-G2, \
     RSS, Atom, WordPress exports, Reuters-21578";

/// Endings of files that lie beside archives and hold no records.
const OTHER_ENDINGS: [&str; 62] = [
    "jpg",
    "jpeg",
    "png",
    "gif",
    "svg",
    "webp",
    "avif",
    "tif",
    "tiff",
    "ico",
    "bmp",
    "jp2",
    "psd",
    "pdf",
    "eps",
    "ai",
    "mp3",
    "mp4",
    "m4a",
    "mov",
    "avi",
    "wav",
    "ogg",
    "webm",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "css",
    "scss",
    "sass",
    "less",
    "js",
    "mjs",
    "ts",
    "map",
    "py",
    "rb",
    "sh",
    "r",
    "go",
    "rs",
    "php",
    "toml",
    "ini",
    "cfg",
    "lock",
    "yml",
    "yaml",
    "dtd",
    "xsd",
    "xsl",
    "xslt",
    "rng",
    "license",
    "gitignore",
    "ds_store",
    "exe",
    "bin",
    "db",
    "sqlite",
];

/// Tells a file's format by its first bytes, decompressed, and its name.
pub(crate) fn detect(head: &[u8], name: &str) -> Detected {
    let file = name.rsplit('/').next().unwrap_or(name);
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    if head.iter().take(4_096).any(|byte| *byte == 0) {
        return Detected::Other;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if matches!(ending.as_str(), "yml" | "yaml") {
        return if is_image_data(text) { Detected::Known(Format::ImageData) } else { Detected::Other };
    }
    if OTHER_ENDINGS.contains(&ending.as_str()) || file.starts_with('.') || is_about_the_archive(file) {
        return Detected::Other;
    }
    if text.starts_with(['{', '[']) {
        return json(text, &ending);
    }
    if text.starts_with('<') {
        return markup(text);
    }
    if has_front_matter(text) {
        return Detected::Known(Format::Markdown);
    }
    if matches!(ending.as_str(), "md" | "markdown" | "mkd") {
        return Detected::Unknown(
            "this Markdown has no front matter (fields between two lines `---` or `+++` at its head): add a title and a \
             date there to load it as an article"
                .to_owned(),
        );
    }
    Detected::Unknown(format!("no reader knows this format; known are {FORMATS}"))
}

/// Files that tell of an archive, and are no part of it.
fn is_about_the_archive(file: &str) -> bool {
    let stem = file.split('.').next().unwrap_or(file).to_ascii_lowercase();
    matches!(stem.as_str(), "license" | "licence" | "copying" | "makefile" | "dockerfile" | "gemfile")
}

fn json(text: &str, ending: &str) -> Detected {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    let first = text.lines().next().unwrap_or("");
    let event = |line: &str| {
        line.starts_with('{')
            && line.contains("\"type\"")
            && (line.contains("\"data\"") || line.contains(".published") || line.contains(".withdrawn"))
    };
    if has("docs") && (has("response") || has("copyright")) {
        return Detected::Known(Format::Nyt);
    }
    if event(first) || matches!(ending, "jsonl" | "ndjson") {
        return Detected::Known(Format::JsonLines);
    }
    Detected::Unknown(format!("this JSON has none of the forms that are known ({FORMATS})"))
}

/// XML, SGML or HTML: told by the first element, and what it declares.
fn markup(text: &str) -> Detected {
    let root = root_name(text);
    let local = root.rsplit(':').next().unwrap_or(&root);
    let format = match local {
        "nitf" => Format::Nitf,
        "newsMessage" => Format::NewsMl,
        name if reader::NEWSML_ITEMS.contains(&name) => Format::NewsMl,
        "rss" if text.contains("wordpress.org/export") => Format::Wxr,
        "rss" | "RDF" | "channel" => Format::Rss,
        "feed" | "entry" => Format::Atom,
        "REUTERS" => Format::Reuters,
        "" => return Detected::Unknown("this looks like XML, but no element begins in it".to_owned()),
        _ => {
            return Detected::Unknown(format!(
                "this XML begins with <{root}>, which no reader knows; known are {FORMATS}"
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
            let found = match detect(head.as_bytes(), name) {
                Detected::Known(format) => format.name(),
                Detected::Other => "other",
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
        check("\u{0}\u{1}", "a.json", "other");
        check("body {}", "a.css", "other");
        check("{}", "a.json", "unknown");
    }
}
