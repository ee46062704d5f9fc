//! Records: the parts of a file that become events, or go to quarantine, as one.

use std::{fmt, sync::Arc};

use store::{
    ArchiveDate, AssetId, AssetKind, AssetRef, Content, Fact, InvalidEvent, NewEvent, Timestamp, Visibility,
};

use crate::{
    append::NotAdmitted,
    publicity::{Hidden, Publicity},
};

/// The longest record that is taken into memory. The log takes payloads of half of it; markup needs the rest.
pub(crate) const MAX_RECORD_BYTES: usize = 32 << 20;

/// The place in its file at which a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the record in the file, from 1.
    pub(crate) record: u64,
    /// The line of its first character, from 1.
    pub(crate) line: u64,
    /// The column of its first character in bytes, from 1.
    pub(crate) column: u64,
}

impl Place {
    /// The first record of a file.
    pub(crate) const START: Self = Self { record: 1, line: 1, column: 1 };

    /// Returns the place of a line and column that were counted inside the record, from 1.
    pub(crate) fn inside(self, line: u64, column: u64) -> Self {
        let column = if line <= 1 { self.column + column.max(1) - 1 } else { column };
        Self { line: self.line + line.max(1) - 1, column, ..self }
    }
}

/// A record as it lies in its file.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) place: Place,
    pub(crate) bytes: Vec<u8>,
    /// The text that stands once in the file and belongs to all its records: the header of a table, a feed's own fields.
    pub(crate) head: Arc<[u8]>,
    /// The reason why it cannot be read, where the cutter knows one already.
    pub(crate) broken: Option<Reason>,
    /// The statement of other records of the file of who may see it.
    pub(crate) publicity: Publicity,
}

impl Raw {
    pub(crate) fn new(place: Place, bytes: Vec<u8>) -> Self {
        Self { place, bytes, head: Arc::default(), broken: None, publicity: Publicity::default() }
    }

    pub(crate) fn broken(place: Place, bytes: Vec<u8>, reason: Reason) -> Self {
        Self { broken: Some(reason), ..Self::new(place, bytes) }
    }
}

/// The file that a record comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// As the user gave it, with the path inside a folder or an archive: `archive/1931.zip!/05/02.xml`.
    pub(crate) path: String,
    /// The text that ids are made of where the records have none: the same whatever folder above it was given.
    pub(crate) stem: String,
    /// The time at which the file was last changed, which is that of what states none itself, so that two undated
    /// records of one asset are known again when they are loaded once more.
    pub(crate) changed: Option<Timestamp>,
}

/// One event that a record states, or implies by mentioning an asset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) event: NewEvent,
    /// A mention (an author's name in an article) is appended only where the log knows nothing of the asset:
    /// it must not take the place of what a profile says.
    pub(crate) mention: bool,
    /// The time at which readers may see it, as far as its source says.
    pub(crate) publicity: Publicity,
    /// Ids that older rules gave to the assets that the event names, itself or as a reference.
    pub(crate) former: Vec<Former>,
    /// It states no language and has too few words to tell one.
    pub(crate) is_short: bool,
}

/// An asset, and the id that an older rule gave it, or that its older place did. Where the log has that one, it is the asset.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Former {
    pub(crate) asset: AssetRef,
    pub(crate) id: AssetId,
    /// It is the asset even where the log has neither.
    pub(crate) is_certain: bool,
}

impl Former {
    /// Returns the former id of an asset; `None` where the rules agree.
    pub(crate) fn new(kind: AssetKind, now: &AssetId, then: Option<AssetId>) -> Option<Self> {
        let id = then.filter(|then| then != now)?;
        Some(Self { asset: AssetRef::new(kind, now.clone()), id, is_certain: false })
    }
}

impl Found {
    /// Gives a revision its visibility at this time. Returns why readers may not see it.
    pub(crate) fn decide(&mut self, now: Timestamp) -> Option<Hidden> {
        if !matches!(self.event.fact, Fact::Published(_)) {
            return None;
        }
        let decided = self.publicity.at(now);
        self.event.visibility = match &decided {
            Ok(until) => Visibility::Public { until: *until },
            Err(why) => Visibility::unpublished(why.to_string()),
        };
        decided.err()
    }

    /// Returns what the record itself is about.
    pub(crate) fn stated(event: NewEvent) -> Self {
        Self { event, mention: false, publicity: Publicity::default(), former: Vec::new(), is_short: false }
    }

    /// Returns a revision that the record itself is about, with the time at which it was made.
    pub(crate) fn published(id: AssetId, content: impl Into<Content>, time: Option<Timestamp>) -> Self {
        Self::stated(NewEvent { time, ..NewEvent::published(id, content) })
    }

    /// Returns what the record implies of another asset.
    pub(crate) fn mentioned(id: AssetId, content: impl Into<Content>, time: Option<Timestamp>) -> Self {
        Self { mention: true, ..Self::published(id, content, time) }
    }
}

/// Returns the time of an article's event: that of its revision, or else of its publication.
pub(crate) fn time_of(updated: Option<&ArchiveDate>, published: Option<&ArchiveDate>) -> Option<Timestamp> {
    updated.or(published).map(ArchiveDate::start)
}

/// The reason why a record cannot be read: always the file's fault, never the reader's.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Reason {
    /// It breaks the rules of its format.
    #[error("{why}")]
    Syntax {
        /// The fault.
        why: String,
        /// Inside the record, from 1; 0 where it is not known.
        line: u64,
        /// Inside the line, from 1.
        column: u64,
    },
    /// It is well formed, but says nothing that an archive could hold.
    #[error("{0}")]
    Content(String),
    /// The log does not take what it says.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// It must not come from a file.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// It is larger than any record of an archive.
    #[error("the record has more than {} MB, which is more than is taken: it was left in its file; part it, or shorten it", max >> 20)]
    TooLarge {
        /// In bytes.
        max: usize,
    },
    /// The file ends too early.
    #[error("the file ends in the middle of this record: it was probably cut off; fetch it again")]
    Truncated,
    /// The file, or what is compressed in it, cannot be read on.
    #[error("{0}")]
    Unreadable(String),
    /// It is sound, but is about nothing that an archive holds: a menu of a site, a concept of a vocabulary.
    #[error("{0}: neither article nor image nor byline")]
    NoAsset(String),
    /// No reader knows the file's format.
    #[error("{0}")]
    UnknownFormat(String),
}

impl Reason {
    /// Returns a break of the format's rules at a place that is not known.
    pub(crate) fn syntax(why: impl Into<String>) -> Self {
        Self::Syntax { why: why.into(), line: 0, column: 0 }
    }

    /// Returns what serde_json says, for people and with its place apart.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let why = text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text);
        let (line, column) = (error.line() as u64, error.column() as u64);
        Self::Syntax { why: format!("the JSON is broken: {}", in_words(why)), line, column }
    }

    /// Returns where it happened, seen from the file.
    pub(crate) fn place(&self, record: Place) -> Place {
        match self {
            Self::Syntax { line, column, .. } if *line > 0 => record.inside(*line, *column),
            _ => record,
        }
    }
}

/// Puts serde_json's messages in words, where they do not explain themselves.
pub(crate) fn in_words(why: &str) -> &str {
    match why {
        "EOF while parsing a string" => {
            "it ends in the middle of a text: it was cut off, or a line break in the text is not written as `\\n`"
        }
        why if why.starts_with("EOF while") => "it ends before its last bracket: it was probably cut off",
        why if why.starts_with("control character") => {
            "a text holds a line break, a tab or another control character, which JSON writes as `\\n`, `\\t`, `\\u0000`"
        }
        "expected value" | "expected ident" => {
            "here should begin a value: a text in double quotes, a number, true, false, null, `{` or `[`"
        }
        "key must be a string" => {
            "the name of a field must stand here, in double quotes (a comma too many before it?)"
        }
        "trailing comma" => "there is a comma too many",
        "trailing characters" => "the record has ended, but something follows on its line",
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            "`\\u` and four digits give half a character here: the other half is missing"
        }
        "invalid escape" => "a backslash stands before something that JSON does not escape: write it twice",
        "number out of range" => "a number is too large",
        "recursion limit exceeded" => "its lists and objects are nested more than 127 deep",
        "expected `,` or `}`" => "after this field should stand `,` or `}`",
        "expected `,` or `]`" => "after this value should stand `,` or `]`",
        "expected `:`" => "after the name of a field should stand `:`",
        why => why,
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
