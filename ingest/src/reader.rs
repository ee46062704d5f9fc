//! One reader for each archive format: what its records are, and what they say.

mod alto;
mod beside;
mod construct;
mod entry;
mod feed;
mod json_feed;
mod jsonl;
mod jsonld;
mod loose;
mod mapped;
mod markdown;
mod mets;
mod newsml;
mod ninjs;
mod nitf;
mod nyt;
mod page;
mod reuters;
mod stated_id;
mod table;
mod text;
mod wxr;

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use store::{Content, Fact};

pub(crate) use self::{
    entry::{Again, Entry, Head, Says, Shared, Stage},
    mapped::Writing,
    markdown::{has_front_matter, id_beside},
    table::{columns_of, field_of},
};
pub use self::{
    stated_id::{InvalidStatedId, StatedId},
    table::{Column, Columns, InvalidColumn},
};

use crate::{
    charset::{self, Charset},
    cut::Cutter,
    fields::{self, Fields},
    format::Format,
    mapping::Mappings,
    notes::Notes,
    pattern::PathPattern,
    private,
    record::{Found, Origin, Raw, Reason},
};

/// Reads one format.
pub(crate) trait Reader: Send + Sync {
    /// Returns what cuts a file of this format into records, its first bytes given.
    fn cutter(&self, head: &[u8]) -> Box<dyn Cutter>;

    /// The same of a file at a place, for readers to which that says how it is to be cut.
    fn cutter_at(&self, head: &[u8], _: &Origin) -> Box<dyn Cutter> {
        self.cutter(head)
    }

    /// Returns what a record says. Called by many threads, on records in any order; must not panic whatever the bytes.
    fn read(&self, raw: &Raw, origin: &Origin) -> Result<Vec<Found>, Reason>;
}

/// What the user says of files that do not say it themselves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// What the paths of plain texts say: of each path the first that fits it.
    pub patterns: Vec<PathPattern>,
    /// Which columns of tables are which fields.
    pub columns: Columns,
    /// What makes the ids of records, where the user knows better than their format's rule.
    pub id: Option<StatedId>,
    /// How files of a shape that no standard names are read.
    pub mappings: Mappings,
    /// The encoding of files that are not UTF-8, whatever they declare.
    pub charset: Option<Charset>,
}

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
    /// What they tell beside what they read.
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
        if let Some(id) = &self.hints.id
            && let Err(why) = id.give(format, raw, origin, &mut found)
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

    /// The reader of a format.
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

/// What was made of the head of the file that is being read, so that not every record makes it anew.
struct OfHead<T> {
    last: Mutex<Option<Made<T>>>,
}

/// A head, and what was made of it.
type Made<T> = (Arc<[u8]>, Arc<T>);

impl<T> Default for OfHead<T> {
    fn default() -> Self {
        Self { last: Mutex::new(None) }
    }
}

impl<T> OfHead<T> {
    /// Returns what `make` makes of the head of this record.
    fn get(&self, raw: &Raw, make: impl FnOnce(&Raw) -> T) -> Arc<T> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((head, made)) = last
            && Arc::ptr_eq(&head, &raw.head)
        {
            return made;
        }
        let made = Arc::new(make(raw));
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Arc::clone(&raw.head), Arc::clone(&made)));
        made
    }
}

/// The text of a record of a format that declares no encoding.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    charset::text_of(bytes, b"")
}

/// A record that must be a JSON object.
fn json_object(raw: &Raw) -> Result<Fields, Reason> {
    let text = text_of(&raw.bytes);
    match fields::parse(&text).map_err(|error| Reason::json(&error))? {
        Value::Object(fields) => Ok(Fields(fields)),
        _ => Err(Reason::Content("a record must be a JSON object: { … }".to_owned())),
    }
}
