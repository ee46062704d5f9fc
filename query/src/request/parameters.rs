//! The plain parameters: the one list that requests are read by and that the native API describes itself by.

use store::MAX_ID_BYTES;

use views::{UnknownView, VIEW_NAMES};

use super::{
    MAX_LIMIT,
    plain::{PlainOrder, PlainSearch, cut},
};
use crate::{
    QueryError,
    limits::{MAX_QUERY_STRING, MAX_WHOLE, MAX_WINDOW},
};

/// A parameter of a search by plain parameters.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// The values that it takes.
    pub takes: Takes,
    /// Its meaning, for people.
    pub about: &'static str,
    /// A value to try.
    pub example: Option<&'static str>,
    read: Read,
}

/// The way in which the value of a parameter is read.
#[derive(Clone, Copy)]
enum Read {
    /// As a filter of its name.
    Filter,
    /// In its own way.
    As(fn(&mut PlainSearch, &str) -> Result<(), QueryError>),
}

/// The values that a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A text of at most so many bytes.
    Text(usize),
    /// Values that hits must have, of at most so many bytes each: several are alternatives.
    Values(usize),
    /// A whole number from 0 on.
    Whole(u64),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

const fn parameter(
    name: &'static str,
    takes: Takes,
    about: &'static str,
    read: fn(&mut PlainSearch, &str) -> Result<(), QueryError>,
) -> Parameter {
    Parameter { name, takes, about, example: None, read: Read::As(read) }
}

impl Parameter {
    const fn like(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }
}

/// Returns a filter of hits by one of their values.
const fn filter(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, takes: Takes::Values(MAX_ID_BYTES), about, example: None, read: Read::Filter }
}

/// All plain parameters, in the order in which they are described.
pub const PARAMETERS: [Parameter; 23] = [
    parameter(
        "q",
        Takes::Text(MAX_QUERY_STRING),
        "Words that must all be found; `\"a phrase\"`, `-without`, `one OR another`, `field:word`, `word*`, `word~`, \
         `date:1963-11..1964`. Words are found in all their forms; `=word` and `=\"a phrase\"` as they are written.",
        |plain, value| {
            value.clone_into(&mut plain.q);
            Ok(())
        },
    )
    .like("ferry -fog"),
    parameter(
        "exact",
        Takes::Flag,
        "Whether all words are found only as they are written; false if left out.",
        |plain, value| flag(value).map(|exact| plain.exact = exact),
    ),
    parameter(
        "view",
        Takes::OneOf(&VIEW_NAMES),
        "The view; articles if left out.",
        |plain, value| {
            let view = value.parse();
            plain.view = view.map_err(|error: UnknownView| QueryError::illegal(error.to_string()))?;
            Ok(())
        },
    ),
    parameter(
        "from",
        Takes::Text(MAX_QUERY_STRING),
        "From this date on: `1850`, `1850-05`, `1850-05-02`.",
        |plain, value| {
            value.clone_into(&mut plain.from);
            Ok(())
        },
    )
    .like("1850"),
    parameter("to", Takes::Text(MAX_QUERY_STRING), "Up to this date, which is in.", |plain, value| {
        value.clone_into(&mut plain.to);
        Ok(())
    })
    .like("1950"),
    filter("section", "Only this section; several are alternatives, as with all filters."),
    filter("byline", "Only by this author or photographer: a name or an id."),
    filter("keyword", "Only with this keyword."),
    filter("type", "Only of this type."),
    filter("language", "Only in this language.").like("en"),
    filter("desk", "Only of this desk."),
    filter("edition", "Only of this edition."),
    filter("page", "Only on this page."),
    filter("source", "Only from this source."),
    filter("id", "Only the asset with this id."),
    parameter(
        "sort",
        Takes::OneOf(&PlainOrder::NAMES),
        "The order; by relevance if left out, the newest first where nothing is looked for.",
        |plain, value| {
            plain.order = PlainOrder::named(value).ok_or_else(|| {
                QueryError::illegal(format!(
                    "there is no order `{}`: use relevance, newest or oldest",
                    cut(value)
                ))
            })?;
            Ok(())
        },
    ),
    parameter(
        "limit",
        Takes::Whole(MAX_LIMIT as u64),
        "How many hits; 10 if left out.",
        |plain, value| number(value, MAX_LIMIT).map(|limit| plain.limit = limit),
    )
    .like("5"),
    parameter("offset", Takes::Whole(MAX_WINDOW as u64), "How many hits to pass over.", |plain, value| {
        number(value, MAX_WINDOW).map(|offset| plain.offset = offset)
    }),
    parameter(
        "cursor",
        Takes::Text(8_192),
        "The next page: what the page before gave as `next`.",
        |plain, value| value.parse().map(|cursor| plain.cursor = Some(cursor)),
    ),
    parameter(
        "facets",
        Takes::Text(MAX_QUERY_STRING),
        "Counts of values, names with commas between: century, decade, year, month, day, section, byline, keyword, or \
         a field of exact values.",
        |plain, value| {
            plain.facets.extend(value.split(',').filter(|facet| !facet.is_empty()).map(str::to_owned));
            Ok(())
        },
    )
    .like("section,decade"),
    parameter(
        "highlight",
        Takes::Flag,
        "Whether hits show where the words are; true if left out.",
        |plain, value| flag(value).map(|highlight| plain.highlight = highlight),
    ),
    parameter(
        "as_of",
        Takes::Text(100),
        "The archive as it stood, by the name it was built under.",
        |plain, value| {
            plain.as_of = Some(value.to_owned()).filter(|name| !name.is_empty());
            Ok(())
        },
    ),
    MIN_SEQ,
];

/// Waits for the index: a parameter of other routes, too.
pub const MIN_SEQ: Parameter = parameter(
    "min_seq",
    Takes::Whole(MAX_WHOLE),
    "Wait, at most two seconds, until the index has taken in this event.",
    |plain, value| {
        let seq = value.parse().map_err(|_| QueryError::illegal(format!("`{}` is no seq", cut(value))))?;
        plain.min_seq = Some(seq);
        Ok(())
    },
);

/// Reads one parameter.
pub(super) fn read(plain: &mut PlainSearch, name: &str, value: &str) -> Result<(), QueryError> {
    match PARAMETERS.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.read) {
        Some(Read::As(read)) => read(plain, value),
        Some(Read::Filter) => {
            plain.filters.push((name.to_owned(), value.to_owned()));
            Ok(())
        }
        None => {
            let names = PARAMETERS.map(|parameter| parameter.name);
            Err(QueryError::illegal(format!(
                "there is no parameter `{}`: use {}",
                cut(name),
                names.join(", ")
            )))
        }
    }
}

fn flag(value: &str) -> Result<bool, QueryError> {
    match value {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(QueryError::illegal(format!("`{}` is neither true nor false", cut(other)))),
    }
}

fn number(value: &str, max: usize) -> Result<usize, QueryError> {
    match value.parse() {
        Ok(number) if number <= max => Ok(number),
        _ => Err(QueryError::illegal(format!("`{}` is no number from 0 to {max}", cut(value)))),
    }
}
