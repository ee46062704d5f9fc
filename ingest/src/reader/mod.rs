//! One reader for each archive format: what its records are, and what they say.

mod feed;
mod jsonl;
mod markdown;
mod newsml;
mod nitf;
mod nyt;
mod reuters;

use std::borrow::Cow;

use serde_json::Value;

pub(crate) use self::{
    markdown::{has_front_matter, is_image_data},
    newsml::ITEMS as NEWSML_ITEMS,
};

use crate::{
    cut::Cutter,
    fields::Fields,
    format::Format,
    record::{Found, Origin, Raw, Reason},
};

/// Reads one format.
pub(crate) trait Reader: Send + Sync {
    /// What cuts a file of this format into records.
    fn cutter(&self) -> Box<dyn Cutter>;

    /// What a record says. Called by many threads, on records in any order; must not panic whatever the bytes.
    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason>;
}

/// The reader of a format.
pub(crate) fn reader_of(format: Format) -> &'static dyn Reader {
    match format {
        Format::JsonLines => &jsonl::JsonLines,
        Format::Nyt => &nyt::Nyt,
        Format::Markdown => &markdown::Markdown,
        Format::ImageData => &markdown::ImageData,
        Format::Nitf => &nitf::Nitf,
        Format::NewsMl => &newsml::NewsMl,
        Format::Rss => &feed::Rss,
        Format::Atom => &feed::Atom,
        Format::Wxr => &feed::Wxr,
        Format::Reuters => &reuters::Reuters,
    }
}

/// The text of a record: UTF-8, or what Windows wrote before it.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

/// A record that must be a JSON object.
fn json_object(raw: &Raw) -> Result<Fields, Reason> {
    let text = text_of(&raw.bytes);
    match serde_json::from_str(&text).map_err(|error| Reason::json(&error))? {
        Value::Object(fields) => Ok(Fields(fields)),
        _ => Err(Reason::Content("a record must be a JSON object: { … }".to_owned())),
    }
}
