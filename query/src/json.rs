//! Reading a JSON object field by field, so that whatever is not known is refused by its name.

use serde_json::{Map, Value};

use super::{QueryError, limits::MAX_BOOST};

/// The fields of an object that is being read: what is left when all known ones were taken is refused.
pub struct Fields {
    pointer: String,
    fields: Map<String, Value>,
}

impl Fields {
    /// Returns the fields of an object.
    pub fn new(value: Value, pointer: &str) -> Result<Self, QueryError> {
        match value {
            Value::Object(fields) => Ok(Self { pointer: pointer.to_owned(), fields }),
            other => {
                Err(QueryError::new(format!("an object is expected here, not {}", kind_of(&other)))
                    .at(pointer))
            }
        }
    }

    /// Returns its place in the body.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Returns the place of one of its fields in the body.
    pub fn pointer_to(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1"))
    }

    /// Takes a field; null is as good as not there.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.fields.remove(name).filter(|value| !value.is_null())
    }

    /// Returns true if a field is there.
    pub fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes any field that is left, with its name.
    pub fn take_any(&mut self) -> Option<(String, Value)> {
        let name = self.fields.keys().next()?.clone();
        let value = self.fields.remove(&name)?;
        Some((name, value))
    }

    /// Takes a field that must be there.
    pub fn need(&mut self, name: &str) -> Result<Value, QueryError> {
        self.take(name)
            .ok_or_else(|| QueryError::new(format!("`{name}` is missing")).at(self.pointer.clone()))
    }

    /// Takes a text. Numbers and truth values are as good.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, QueryError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(other) => Err(self.wrong(name, "a text", &other)),
        }
    }

    /// Takes a text that must be there.
    pub fn need_text(&mut self, name: &str) -> Result<String, QueryError> {
        let pointer = self.pointer.clone();
        self.text(name)?.ok_or_else(|| QueryError::new(format!("`{name}` is missing")).at(pointer))
    }

    /// Takes a truth value.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, QueryError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) if text == "true" || text.is_empty() => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(other) => Err(self.wrong(name, "true or false", &other).named("illegal_argument_exception")),
        }
    }

    /// Takes a number.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>, QueryError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse::<f64>().ok(),
            _ => None,
        };
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => {
                let error = self.wrong(name, "a number", &value);
                Err(if value.is_string() { error.named("number_format_exception") } else { error })
            }
        }
    }

    /// Takes a whole number that is not negative.
    pub fn count(&mut self, name: &str) -> Result<Option<usize>, QueryError> {
        match self.number(name)? {
            None => Ok(None),
            Some(number) if number >= 0.0 && number.fract() == 0.0 && number <= 1e12 => {
                Ok(Some(number as usize))
            }
            Some(number) => {
                Err(QueryError::illegal(format!("`{name}` must be a whole number from 0 on, not {number}"))
                    .at(self.pointer_to(name)))
            }
        }
    }

    /// Takes a boost: a number from 0 on.
    pub fn boost(&mut self) -> Result<f32, QueryError> {
        match self.number("boost")? {
            None => Ok(1.0),
            Some(boost) if (0.0..=f64::from(MAX_BOOST)).contains(&boost) => Ok(boost as f32),
            Some(boost) => {
                Err(QueryError::illegal(format!("`boost` must be from 0 to 1000000, not {boost}"))
                    .at(self.pointer_to("boost")))
            }
        }
    }

    /// Takes a list; a single value is a list of one.
    pub fn list(&mut self, name: &str) -> Vec<Value> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(value) => vec![value],
        }
    }

    /// Takes a list of texts.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, QueryError> {
        let pointer = self.pointer_to(name);
        self.list(name)
            .into_iter()
            .map(|value| match value {
                Value::String(text) => Ok(text),
                other => Err(QueryError::new(format!("texts are expected here, not {}", kind_of(&other)))
                    .at(pointer.clone())),
            })
            .collect()
    }

    /// Takes a field that may only say what is so anyway.
    pub fn only(&mut self, name: &str, so: &Value) -> Result<(), QueryError> {
        match self.take(name) {
            None => Ok(()),
            Some(value) if value == *so || value.as_str() == Some(so.to_string().trim_matches('"')) => Ok(()),
            Some(_) => Err(QueryError::illegal(format!("`{name}` is not supported here, but for {so}"))
                .at(self.pointer_to(name))),
        }
    }

    /// Takes and drops fields that change nothing here.
    pub fn pass_over(&mut self, names: &[&str]) {
        for name in names {
            self.fields.remove(*name);
        }
    }

    /// Refuses what is left.
    pub fn end(self) -> Result<(), QueryError> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => {
                let shown: String = name.chars().take(80).collect();
                Err(QueryError::new(format!("`{shown}` is not supported here")).at(self.pointer_to(name)))
            }
        }
    }

    /// Says that a field is of the wrong type.
    pub fn wrong(&self, name: &str, expected: &str, found: &Value) -> QueryError {
        QueryError::new(format!("`{name}` must be {expected}, not {}", kind_of(found)))
            .at(self.pointer_to(name))
    }
}

/// Returns the name of a value's type, for people.
pub const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
