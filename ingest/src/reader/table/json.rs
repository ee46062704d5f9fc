//! Records as JSON: one a line, one after another over many lines, in a list, or in a list that lies in an object.

use std::{
    io::{self, BufRead},
    sync::Arc,
};

use serde_json::{Deserializer, Map, Value};

use super::{
    columns::{Columns, field, is_header},
    cutter::{Ahead, of_dates},
    dialect::{Dialect, Orders},
};
use crate::{
    cut::{Cutter, Lines},
    cut_json::{Elements, Values},
    dates::DayOrder,
    record::Raw,
};

/// The arrangement of records in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Each on a line of its own, so that a broken one harms no other.
    Lines,
    /// One after another, or all in one list.
    Values,
    /// In the list of this name.
    Under(String),
}

/// The depth in objects at which the list of records may lie.
const MAX_DEPTH: usize = 4;
/// Within how many characters a description of data says so.
const HEAD: usize = 400;

/// Returns how records lie in a file that begins so; `None` where nothing in it looks like one.
pub(crate) fn shape(text: &str, mapped: &Columns) -> Option<Layout> {
    let sound = |text: &str| first(text).is_some_and(|value| is_record(&value, mapped));
    let text = text.trim_start();
    let line = |line: &&str| line.starts_with('{') && line.trim_end().ends_with('}');
    // The first lines may be the broken ones.
    let whole = |line: &str| serde_json::from_str(line).is_ok_and(|value| is_record(&value, mapped));
    let lines = || text.lines().take(5).filter(line).any(whole).then_some(Layout::Lines);
    if let Some(inside) = text.strip_prefix('[') {
        return sound(inside).then_some(Layout::Values);
    }
    match first(text) {
        Some(value) if is_record(&value, mapped) => lines().or(Some(Layout::Values)),
        Some(value) => list_in(&value, mapped, 0).map(Layout::Under).or_else(lines),
        // Broken, or longer than what is looked at: a list whose first record can be seen.
        None if describes_data(text) => None,
        None => {
            lists(text).find(|(_, inside)| sound(inside)).map(|(name, _)| Layout::Under(name)).or_else(lines)
        }
    }
}

/// Returns the value that a text begins with, whatever follows.
fn first(text: &str) -> Option<Value> {
    Deserializer::from_str(text).into_iter().next()?.ok()
}

/// Returns true for an object with a headline or a text, unless it is the schema of such objects.
fn is_record(value: &Value, mapped: &Columns) -> bool {
    let Value::Object(object) = value else { return false };
    if is_schema(object) {
        return false;
    }
    let said = |value: &Value| {
        value.is_string()
            || value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
            || value.get("rendered").is_some_and(Value::is_string)
    };
    let columns: Vec<String> =
        object.iter().filter(|(_, value)| said(value)).map(|(name, _)| name.clone()).collect();
    is_header(&columns, mapped)
}

/// Returns true for what describes data, and is none: a JSON Schema, or an API by OpenAPI, which names its version.
fn is_schema(object: &Map<String, Value>) -> bool {
    // https://json-schema.org/draft/2020-12/json-schema-core#name-the-schema-keyword
    let dialect = object.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let is_text = |name: &str| object.get(name).is_some_and(Value::is_string);
    dialect.contains("//json-schema.org/") || is_text("openapi") || is_text("swagger")
}

/// Returns true if a text whose end is not seen begins as such a description does.
fn describes_data(text: &str) -> bool {
    let head: String = text.chars().take(HEAD).filter(|c| !c.is_whitespace()).collect();
    let dialect = head.split_once("\"$schema\":\"").and_then(|(_, after)| after.split('"').next());
    dialect.is_some_and(|dialect| dialect.contains("//json-schema.org/"))
        || ["{\"openapi\":\"", "{\"swagger\":\""].iter().any(|begin| head.starts_with(begin))
}

/// Returns the name of the list of records that lies in an object.
fn list_in(value: &Value, mapped: &Columns, depth: usize) -> Option<String> {
    let object = value.as_object().filter(|object| depth < MAX_DEPTH && !is_schema(object))?;
    let list = object.iter().find(|(_, value)| {
        let first = value.as_array().and_then(|list| list.first());
        first.is_some_and(|first| is_record(first, mapped))
    });
    match list {
        Some((name, _)) => Some(name.clone()),
        None => object.values().find_map(|inner| list_in(inner, mapped, depth + 1)),
    }
}

/// Returns the lists in a text, by the names before them: `"articles": [`, with what is in them.
fn lists(text: &str) -> impl Iterator<Item = (String, &str)> {
    text.match_indices('[').filter_map(move |(at, _)| {
        let before = text.get(..at)?.trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
        let name = before.get(before.rfind('"')? + 1..)?;
        Some((name.to_owned(), text.get(at + 1..)?))
    })
}

/// Objects, wherever they lie; what the dates of the first of them tell is the head of each.
pub(super) struct Objects {
    inner: Box<dyn Cutter>,
    mapped: Columns,
    ahead: Ahead,
    dates: DayOrder,
    head: Option<Arc<[u8]>>,
}

impl Objects {
    pub(super) fn new(head: &[u8], mapped: Columns) -> Self {
        let inner: Box<dyn Cutter> = match shape(&super::decoded(head), &mapped) {
            Some(Layout::Under(name)) => Box::new(Elements::of(Some(name))),
            Some(Layout::Values) => Box::<Values>::default(),
            Some(Layout::Lines) | None => Box::<Lines>::default(),
        };
        Self::over(inner, mapped)
    }

    /// Passes on the records that a cutter gives.
    pub(super) fn over(inner: Box<dyn Cutter>, mapped: Columns) -> Self {
        Self { inner, mapped, ahead: Ahead::default(), dates: DayOrder::Unknown, head: None }
    }
}

impl Cutter for Objects {
    fn next(&mut self, input: &mut dyn BufRead) -> io::Result<Option<Raw>> {
        let head = match &self.head {
            Some(head) => Arc::clone(head),
            None => {
                self.ahead.fill(input)?;
                self.dates = day_order(&super::decoded(self.ahead.rest()), &self.mapped);
                let line = Dialect { dates: self.dates, ..Dialect::of_delimiter(b',') }.line();
                Arc::clone(self.head.insert(line.into_bytes().into()))
            }
        };
        let raw = self.inner.next(&mut self.ahead.before(input))?;
        Ok(raw.map(|raw| Raw { head, ..raw }))
    }

    fn told(&self) -> Vec<&'static str> {
        of_dates(self.dates).into_iter().collect()
    }
}

/// Returns what the dates in a text tell together: texts behind names that are those of dates.
fn day_order(text: &str, mapped: &Columns) -> DayOrder {
    let mut orders = Orders::default();
    let mut parts = text.split('"').peekable();
    let mut name = "";
    let mut is_value = false;
    while let Some(part) = parts.next() {
        let dated = is_value && part.len() < 40 && part.starts_with(|c: char| c.is_ascii_digit());
        if dated && matches!(field(name, mapped), Some("published" | "updated")) {
            orders.see(part);
        }
        is_value = part.trim() == ":";
        if parts.peek().is_some_and(|next| next.trim() == ":") {
            name = part;
        }
    }
    orders.decided()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_wherever_they_lie() {
        let check = |text: &str, expected: Option<Layout>| {
            assert_eq!(shape(text, &Columns::new()), expected, "{text}");
        };
        let under = |name: &str| Some(Layout::Under(name.to_owned()));
        check("{\"title\":\"A\",\"text\":\"b\"}\n{\"title\":\"C\"", Some(Layout::Lines));
        check("{broken\n{\"title\":\"A\",\"text\":\"b\"}\n", Some(Layout::Lines));
        check("[{\"title\":\"A\",\"text\":\"b\"}]", Some(Layout::Values));
        check("[\n  {\n    \"title\": \"A\",\n    \"text\": [\"b\", \"c\"]\n  },\n", Some(Layout::Values));
        check("{\n \"title\": \"A\",\n \"text\": \"b\"\n}\n{\n", Some(Layout::Values));
        check("{\"title\":\"A\",\"text\":\"b\"}{\"title\":\"C\",\"text\":\"d\"}", Some(Layout::Values));
        check(
            "[{\"id\":1,\"title\":{\"rendered\":\"A\"},\"content\":{\"rendered\":\"b\"}}]",
            Some(Layout::Values),
        );
        check("{\"count\":1,\"stories\":[{\"title\":\"A\",\"text\":\"b\"}]}", under("stories"));
        check("{\"data\":{\"page\":[1],\"items\":[{\"title\":\"A\",\"text\":\"b\"}]}}", under("items"));
        check("{\"response\" : {\"results\" : [ {\"title\":\"A\",\"text\":\"b\"}, {\"titl", under("results"));
        check("{\"a\":[{\"b\":1}]}", None);
        check("[1,2]", None);
        let schema =
            |dialect: &str| format!("{{\"$schema\":\"{dialect}\",\"title\":\"A\",\"description\":\"b\"}}");
        check(&schema("http://json-schema.org/draft-07/schema#"), None);
        check(&schema("https://example.org/article.json"), Some(Layout::Lines));
        // Lists of what it describes are no records either.
        let inside = |head: &str, end: &str| {
            format!("{{{head},\n \"oneOf\":[{{\"title\":\"A\",\"description\":\"b\"}}]{end}")
        };
        for head in [
            "\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\"title\":\"A\"",
            "\"openapi\":\"3.1.0\"",
            "\"swagger\": \"2.0\"",
        ] {
            check(&inside(head, "}"), None);
            check(&inside(head, ",\"longer\":["), None);
        }
        check(&inside("\"openapi\":7", "}"), under("oneOf"));
        check(&inside("\"$schema\":\"https://example.org/a.json\"", ",\"longer\":["), under("oneOf"));
        check("", None);
    }

    #[test]
    fn dates_tell_the_order_of_their_numbers() {
        let check =
            |text: &str, expected: DayOrder| assert_eq!(day_order(text, &Columns::new()), expected, "{text}");
        check("{\"date\":\"3/4/1931\",\"n\":\"25/4/1931\"}", DayOrder::Unknown);
        check("{\"date\": \"3/4/1931\"} {\"date\" : \"25/4/1931\"}", DayOrder::DayFirst);
        check("{\"pub_date\":\"4/25/1931\"}", DayOrder::MonthFirst);
        check("{\"date\":\"25/4/1931\"}{\"date\":\"4/25/1931\"}", DayOrder::Unknown);
    }
}
