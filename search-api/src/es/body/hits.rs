//! The form of single hits: which parts of their documents, which values, which marks.

use query::{DateFormat, Fields, QueryError, SourceFilter, kind_of};
use serde_json::Value;

use crate::es::source;

/// The form of a hit.
#[derive(Debug, Clone)]
pub(in crate::es) struct HitLook {
    pub(in crate::es) source: SourceFilter,
    /// Fields of which the values are given, and how those that are dates are shown.
    pub(in crate::es) fields: Vec<(String, Option<DateFormat>)>,
    pub(in crate::es) version: bool,
    pub(in crate::es) seq_no: bool,
    /// Scores are shown although the order does not need them.
    pub(in crate::es) scores: bool,
}

impl Default for HitLook {
    fn default() -> Self {
        Self { source: SourceFilter::All, fields: Vec::new(), version: false, seq_no: false, scores: false }
    }
}

impl HitLook {
    /// Takes what says how hits look, of a body, of `inner_hits` or of `top_hits`.
    pub(in crate::es) fn take(object: &mut Fields) -> Result<Self, QueryError> {
        let wanted = object.take("_source");
        let stored = object.texts("stored_fields")?;
        // Whoever asks for what is stored, and nothing is, gets the document only if he asks for that, too.
        let usual = match stored.as_slice() {
            [] => SourceFilter::All,
            names if names.iter().any(|name| name == "_source") => SourceFilter::All,
            _ => SourceFilter::None,
        };
        let mut look = Self { source: wanted.map_or(Ok(usual), source::of_json)?, ..Self::default() };
        let pointer = object.pointer().to_owned();
        look.fields = field_names(object.list("fields"), &format!("{pointer}/fields"))?;
        look.fields
            .extend(field_names(object.list("docvalue_fields"), &format!("{pointer}/docvalue_fields"))?);
        if stored.iter().any(|name| !matches!(name.as_str(), "_source" | "_none_" | "*")) {
            return Err(QueryError::new("`stored_fields` is not supported: use `fields` or `_source`")
                .at(object.pointer_to("stored_fields")));
        }
        if stored == ["_none_"] {
            look.source = SourceFilter::None;
        }
        look.version = object.flag("version")?.unwrap_or(false);
        look.seq_no = object.flag("seq_no_primary_term")?.unwrap_or(false);
        look.scores = object.flag("track_scores")?.unwrap_or(false);
        Ok(look)
    }

    /// Adds fields whose names stand beside each other, parted by commas.
    pub(in crate::es) fn add_fields(&mut self, names: &str) {
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        self.fields.extend(names.map(|name| (name.to_owned(), None)));
    }

    /// Returns the parts of documents that the fields need.
    pub(in crate::es) fn parts(&self) -> SourceFilter {
        if self.fields.is_empty() {
            return SourceFilter::None;
        }
        let includes = self.fields.iter().map(|(name, _)| name.clone()).collect();
        SourceFilter::Some { includes, excludes: Vec::new() }
    }
}

fn field_names(list: Vec<Value>, pointer: &str) -> Result<Vec<(String, Option<DateFormat>)>, QueryError> {
    let named = |(at, value): (usize, Value)| match value {
        Value::String(name) => Ok((name, None)),
        Value::Object(_) => {
            let mut one = Fields::new(value, &format!("{pointer}/{at}"))?;
            let (name, format) = (one.need_text("field")?, one.text("format")?);
            // Every field is mapped.
            one.flag("include_unmapped")?;
            let format = format.filter(|format| format != "use_field_mapping");
            let format = format.map(|format| DateFormat::parse(&format)).transpose();
            let format = format.map_err(|error| {
                QueryError::illegal(error.to_string()).late().at(one.pointer_to("format"))
            })?;
            one.end()?;
            Ok((name, format))
        }
        other => {
            Err(QueryError::new(format!("names of fields are expected, not {}", kind_of(&other))).at(pointer))
        }
    };
    list.into_iter().enumerate().map(named).collect()
}
