//! Highlighting, as it is asked.

use crate::Query;

/// The fields to highlight, and the form of their fragments.
#[derive(Debug, Clone, PartialEq)]
pub struct HighlightOptions {
    /// The fields, `*` standing for anything; none stands for all text that a plain search looks at.
    pub fields: Vec<HighlightField>,
    /// Before a word.
    pub before: String,
    /// After a word.
    pub after: String,
    /// True if only words that were looked for in a field are highlighted in it.
    pub own_field_only: bool,
    /// Another query to highlight than the one that was asked.
    pub query: Option<Query>,
    /// True if everything but the tags is escaped for HTML.
    pub escape: bool,
}

/// The form of a field's fragments.
#[derive(Debug, Clone, PartialEq)]
pub struct HighlightField {
    /// Its name; `*` stands for anything.
    pub name: String,
    /// The length of a fragment, in characters, more or less.
    pub size: usize,
    /// The most fragments; 0 gives the whole value.
    pub count: usize,
    /// The best fragment first, instead of in the order of the text.
    pub best_first: bool,
    /// Without any match: so many characters from the start.
    pub without_match: usize,
    /// The tags before and after a word, if they are not those of all fields.
    pub tags: Option<(String, String)>,
    /// True if only words that were looked for in this field are highlighted, if not the same as in all fields.
    pub own_only: Option<bool>,
    /// Another query to highlight in this field.
    pub query: Option<Query>,
    /// True if fragments begin and end at words; at sentences otherwise.
    pub at_words: bool,
}

impl HighlightField {
    /// Returns a field with the usual fragments.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            size: 160,
            count: 3,
            best_first: false,
            without_match: 0,
            tags: None,
            own_only: None,
            query: None,
            at_words: false,
        }
    }
}

impl Default for HighlightOptions {
    fn default() -> Self {
        Self {
            fields: Vec::new(),
            before: "<em>".to_owned(),
            after: "</em>".to_owned(),
            own_field_only: true,
            query: None,
            escape: true,
        }
    }
}
