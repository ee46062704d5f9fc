//! One reader for each archive format: what its records are, and what they say.

mod alto;
mod beside;
pub(crate) mod common;
mod construct;
pub(crate) mod entry;
mod feed;
pub(crate) mod format;
mod json_feed;
mod jsonl;
mod jsonld;
mod loose;
mod mapped;
mod markdown;
mod mets;
mod naming;
mod newsml;
mod ninjs;
mod nitf;
mod nyt;
mod page;
mod place;
mod reuters;
pub(crate) mod stated_id;
pub(crate) mod table;
mod text;
mod wxr;

use std::sync::Arc;

use serde_json::Value;
use store::{Content, Fact};

pub(crate) use self::{
    common::Reader,
    entry::{Entry, Head, Says, Shared, Stage},
    mapped::Writing,
    markdown::has_front_matter,
    table::{columns::field_of, columns_of},
};

use crate::{
    hints::Hints,
    notes::Notes,
    private,
    reader::format::Format,
    record::{Found, Origin, Raw, Reason},
};

/// All formats, each in the file of its reader. What is surer comes first.
pub(crate) static READERS: &[Entry] = &[
    nyt::ENTRY,
    markdown::ENTRY,
    markdown::IMAGE_DATA,
    json_feed::ENTRY,
    jsonld::ENTRY,
    ninjs::ENTRY,
    table::RECORDS,
    jsonl::ENTRY,
    nitf::ENTRY,
    newsml::ENTRY,
    mets::ENTRY,
    alto::ENTRY,
    wxr::ENTRY,
    feed::RSS,
    feed::ATOM,
    reuters::ENTRY,
    page::ENTRY,
    table::TABLE,
    text::ENTRY,
    mapped::ENTRY,
];

/// All readers, with what the user said.
pub(crate) struct Readers {
    pub(crate) hints: Hints,
    /// The notes of the readers beside what they read.
    pub(crate) notes: Arc<Notes>,
    /// In the order of [`READERS`].
    readers: Vec<Box<dyn Reader>>,
}

impl Readers {
    pub(crate) fn new(hints: &Hints) -> Self {
        let (archives, notes) = (Arc::default(), Arc::default());
        let shared = Shared { hints, notes: &notes, archives: &archives };
        let readers = READERS.iter().map(|entry| (entry.reader)(&shared)).collect();
        Self { hints: hints.clone(), notes, readers }
    }

    /// Returns what a record says, without what opens a door or reaches a person: see [`private`].
    pub(crate) fn read(&self, format: Format, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason> {
        let mut found = self.of(format).read(raw, origin)?;
        if format.entry().says == Says::Format {
            place::give(&origin.stem, &mut found);
        }
        if let Some(id) = &self.hints.id
            && let Err(why) = naming::give(id, format.entry(), (raw, origin), &mut found)
        {
            self.notes.tell(format!("{}:{}", origin.path, raw.place.line), why);
        }
        self.tell_of_dates(format, (raw, origin), &found);
        if format.entry().says != Says::Keeper {
            found.iter_mut().for_each(|one| private::forget(&mut one.event));
        }
        Ok(found)
    }

    /// Tells of dates that are none, which stay in `extra`, and of those before there were papers.
    fn tell_of_dates(&self, format: Format, (raw, origin): (&Raw, &Origin), found: &[Found]) {
        // Of tables it is told by their columns.
        if format.entry().says != Says::Format {
            return;
        }
        let tell = |what: &str| self.notes.tell(format!("{}:{}", origin.path, raw.place.line), what);
        for one in found.iter().filter(|one| !one.mention) {
            let Fact::Published(Content::Article(article)) = &one.event.fact else { continue };
            if article.published.as_ref().is_some_and(|date| date.year() < FIRST_YEAR) {
                tell("dates are older than any newspaper: look whether they are right");
            }
            let mut left = article.extra.iter().filter(|(name, _)| is_date(name));
            if article.published.is_none() && left.any(|(_, value)| has_text(value)) {
                tell("dates cannot be read: kept as they are written");
            }
        }
    }

    /// Returns the reader of a format.
    pub(crate) fn of(&self, format: Format) -> &dyn Reader {
        #[expect(
            clippy::indexing_slicing,
            reason = "there is one for each format, in the order of the table"
        )]
        self.readers[format.number()].as_ref()
    }
}

/// Returns true if a source's own name is that of a date: `pubDate`, `date.issue`, `article:published_time`.
fn is_date(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name);
    let plain: String =
        local.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    matches!(field_of(local), Some("published" | "updated"))
        || matches!(
            plain.as_str(),
            "dateissue" | "issued" | "publishedtime" | "versioncreated" | "firstcreated" | "contentcreated"
        )
}

/// Returns true if a value, or one in it, is a text.
fn has_text(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Object(map) => map.values().any(has_text),
        Value::Array(list) => list.iter().any(has_text),
        _ => false,
    }
}

/// The earliest newspapers are of 1605 (Strasbourg); books were printed from the 1450s on.
const FIRST_YEAR: i16 = 1450;
