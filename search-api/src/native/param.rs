//! Parameters of the native API's routes, and whether a value fits.

use query::{Parameter, QueryError, Takes};
use store::AsOf;

/// A parameter of the query, or a header.
#[derive(Clone, Copy)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    /// True if it may be given several times.
    pub(crate) is_many: bool,
    pub(crate) example: Option<&'static str>,
    pub(crate) is_header: bool,
}

/// The values that a parameter may have.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Any text of so many bytes.
    Text(usize),
    /// A whole number, both bounds in.
    Whole(u64, u64),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A moment of the archive.
    AsOf,
    /// The name of the archive as it stood.
    Name,
    /// A revision in quotes, as a tag is written, or `*` for any.
    Tag,
}

fn is_tag(value: &str) -> bool {
    let digits = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let is_revision =
        |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    value == "*" || digits.is_some_and(is_revision)
}

impl Param {
    pub(crate) const fn new(name: &'static str, shape: Shape, about: &'static str) -> Self {
        Self { name, about, shape, is_required: false, is_many: false, example: None, is_header: false }
    }

    /// A plain parameter of searches.
    pub(crate) fn of(parameter: &Parameter) -> Self {
        let (shape, is_many) = match parameter.takes {
            Takes::Text(max) => (Shape::Text(max), false),
            Takes::Values(max) => (Shape::Text(max), true),
            Takes::Whole(max) => (Shape::Whole(0, max), false),
            Takes::Flag => (Shape::Flag, false),
            Takes::OneOf(words) => (Shape::OneOf(words), false),
        };
        let example = parameter.example;
        Self { is_many, example, ..Self::new(parameter.name, shape, parameter.about) }
    }

    pub(crate) const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    pub(crate) const fn many(self) -> Self {
        Self { is_many: true, ..self }
    }

    pub(crate) const fn header(self) -> Self {
        Self { is_header: true, ..self }
    }

    pub(crate) const fn like(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// Returns an error unless it may have this value.
    ///
    /// # Errors
    /// [`QueryError`] at the parameter.
    pub(crate) fn check(&self, value: &str) -> Result<(), QueryError> {
        let refused = |text: String| Err(QueryError::illegal(text).at(self.name));
        match self.shape {
            Shape::Text(max) if value.len() > max => {
                refused(format!("`{}` has {} bytes: at most {max} are taken", self.name, value.len()))
            }
            Shape::Whole(min, max)
                if !value.parse().is_ok_and(|number: u64| (min..=max).contains(&number)) =>
            {
                refused(format!("`{}` must be a whole number from {min} to {max}", self.name))
            }
            Shape::Flag if !matches!(value, "true" | "false") => {
                refused(format!("`{}` must be true or false", self.name))
            }
            Shape::OneOf(words) if !words.contains(&value) => {
                refused(format!("`{}` must be one of {}", self.name, words.join(", ")))
            }
            Shape::AsOf => match value.parse::<AsOf>() {
                Ok(_) => Ok(()),
                Err(error) => refused(error.to_string()),
            },
            Shape::Name => match indexer::check_name(value) {
                Ok(()) => Ok(()),
                Err(error) => refused(error.to_string()),
            },
            Shape::Tag if !is_tag(value) => {
                refused(format!("`{}` must be a revision in quotes, as in \"2\", or *", self.name))
            }
            Shape::Text(_) | Shape::Whole(..) | Shape::Flag | Shape::OneOf(_) | Shape::Tag => Ok(()),
        }
    }
}
