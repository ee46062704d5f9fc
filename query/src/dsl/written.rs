//! Queries as they are written.

use serde_json::{Map, Value};

use crate::{FieldBoost, Query};

/// A query that is being written: a kind with its options, under the name of a field or not.
pub(super) struct Written {
    kind: &'static str,
    field: Option<String>,
    options: Map<String, Value>,
    boost: f32,
}

impl Written {
    /// Begins `{"kind": {…}}`.
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, field: None, options: Map::new(), boost: 1.0 }
    }

    /// Begins `{"kind": {"field": {…}}}`.
    pub(super) fn of_field(kind: &'static str, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(kind) }
    }

    /// Begins `{"kind": {"field": {…}}}` for a single field that weighs nothing of its own, and
    /// `{"kind": {"fields": […], …}}` for others.
    pub(super) fn of_fields(kind: &'static str, fields: &[FieldBoost]) -> Self {
        match fields {
            [field] if let Some(name) = field.plain_name() => Self::of_field(kind, name),
            fields => Self::new(kind).with("fields", field_names(fields)),
        }
    }

    /// Adds an option.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }

    /// Adds an option, unless it is as it would be without.
    pub(super) fn with_other<T: PartialEq + Into<Value>>(self, name: &str, value: T, usual: &T) -> Self {
        if value == *usual { self } else { self.with(name, value) }
    }

    /// Adds an option that may be missing.
    pub(super) fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds an option that is a number of less digits than JSON has, unless it is as it would be without.
    pub(super) fn with_number(self, name: &str, value: f32, usual: f32) -> Self {
        if value.to_bits() == usual.to_bits() { self } else { self.with(name, number(value)) }
    }

    /// Adds a list of queries, unless it is empty.
    pub(super) fn with_queries(self, name: &str, queries: &[Query]) -> Self {
        if queries.is_empty() {
            return self;
        }
        self.with(name, queries.iter().map(super::write_query).collect::<Vec<Value>>())
    }

    /// Multiplies the score.
    pub(super) fn boosted(self, boost: f32) -> Self {
        Self { boost: self.boost * boost, ..self }
    }

    /// Ends it.
    pub(super) fn into_json(self) -> Value {
        Value::Object(self.into_fields())
    }

    /// Ends it, to stand beside others in an object.
    pub(super) fn into_fields(self) -> Map<String, Value> {
        let boost = self.boost;
        let Self { kind, field, options, .. } = self.with_number("boost", boost, 1.0);
        let object =
            |name: String, value: Value| -> Map<String, Value> { [(name, value)].into_iter().collect() };
        let options = Value::Object(options);
        let body = match field {
            Some(field) => Value::Object(object(field, options)),
            None => options,
        };
        object(kind.to_owned(), body)
    }
}

/// Returns the shortest number that is read as this one.
#[expect(clippy::expect_used, reason = "Rust reads the numbers that it writes")]
pub(super) fn number(value: f32) -> Value {
    let exact = f64::from(value);
    let short: f64 = value.to_string().parse().expect("a number as Rust writes it");
    Value::from(if short as f32 == value { short } else { exact })
}

/// Returns the names of fields with their boosts: `headline^3`.
pub(super) fn field_names(fields: &[FieldBoost]) -> Value {
    let name = |field: &FieldBoost| match field.plain_name() {
        Some(name) => name.to_owned(),
        None => format!("{}^{}", field.name, field.boost),
    };
    fields.iter().map(name).collect()
}
