//! Front matter: the fields between `---` (YAML), `+++` (TOML) or `{` (JSON) at the head of a page.

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::scalars::{AsWritten, has_number};
use crate::{
    fields::{Fields, Pruned},
    record::Reason,
};

/// Splits a page into its fields and its body.
pub(super) fn split(text: &str) -> Result<(Fields, &str), Reason> {
    let Some((fence, start)) = opening(text) else {
        if has_json_front_matter(text) {
            return json(text);
        }
        return Err(Reason::Content(
            "there is no front matter (fields between two lines `---` or `+++`): add some, with a title and a date, \
             to load this file as an article"
                .to_owned(),
        ));
    };
    let inside = text.get(start..).unwrap_or("");
    let end = lines(inside)
        .find(|(_, line)| line.trim_end() == fence || (fence == "---" && line.trim_end() == "..."));
    let Some((end, last)) = end else {
        return Err(Reason::syntax(format!("the front matter never ends: a line `{fence}` is missing")));
    };
    let matter = inside.get(..end).unwrap_or("");
    let body = inside.get(end + last.len()..).unwrap_or("").trim_start_matches(['\r', '\n']);
    // Lines are counted from the file's first one.
    let before = text.get(..start).map_or(0, |head| head.matches('\n').count()) as u64;
    let fields = if fence == "---" { yaml(matter, before)? } else { toml(matter, before)? };
    Ok((fields, body))
}

/// Reads Hugo's third form: an object at the head of the page, and the body behind it.
fn json(text: &str) -> Result<(Fields, &str), Reason> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Pruned>();
    match values.next() {
        Some(Ok(Pruned(Value::Object(fields)))) => {
            let body = text.get(values.byte_offset()..).unwrap_or("").trim_start_matches(['\r', '\n']);
            Ok((Fields(fields), body))
        }
        Some(Err(error)) => Err(Reason::json(&error)),
        Some(Ok(_)) | None => Err(Reason::Content("the front matter is no object: { … }".to_owned())),
    }
}

/// Returns the fence, and where the fields begin.
pub(super) fn opening(text: &str) -> Option<(&'static str, usize)> {
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let skipped = text.len() - trimmed.len();
    let line = trimmed.split_inclusive('\n').next()?;
    let fence = ["---", "+++"].into_iter().find(|fence| line.trim_end() == *fence)?;
    Some((fence, skipped + line.len()))
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

/// The number of lines of one text that are mended.
const MAX_MENDED: usize = 200;

/// Reads YAML. A key that stands twice is common in hand-made files: the last one counts. So are quoted texts
/// that go on at a line's very beginning, which YAML 1.2 forbids and most parsers take: they are moved in.
pub(super) fn yaml(text: &str, lines_before: u64) -> Result<Fields, Reason> {
    let mut mended: Option<String> = None;
    for _ in 0..MAX_MENDED {
        match yaml_value(mended.as_deref().unwrap_or(text)) {
            Ok(Value::Object(fields)) => return Ok(Fields(fields)),
            Ok(Value::Null) => return Ok(Fields::default()),
            Ok(_) => {
                return Err(Reason::Content(
                    "the front matter is no list of fields (`name: value`)".to_owned(),
                ));
            }
            Err(Broken { why, line, .. }) if why.starts_with(UNINDENTED) && line > 0 => {
                mended = Some(indent(mended.as_deref().unwrap_or(text), line));
            }
            Err(Broken { why, line, column }) => {
                let line = if line == 0 { 0 } else { line + lines_before };
                let why = match why.as_str() {
                    "mapping values are not allowed in this context" => {
                        "a `:` stands where none can: put the text into quotes, or mend its indentation"
                    }
                    "unclosed quote" => "a quote is missing at the end of a text",
                    "recursive references require weak recursion types" => {
                        "an alias (`*name`) leads back to itself"
                    }
                    why if why.starts_with("budget breached") => {
                        "it unfolds to more than any front matter holds: its aliases (`*name`) repeat each other"
                    }
                    why => why,
                };
                return Err(Reason::Syntax { why: format!("the YAML is broken: {why}"), line, column });
            }
        }
    }
    Err(Reason::syntax("the YAML is broken: too many lines of quoted texts are not indented"))
}

/// The parser's word for a quoted text that goes on where it must not.
const UNINDENTED: &str = "invalid indentation in multiline quoted scalar";

struct Broken {
    why: String,
    line: u64,
    column: u64,
}

fn yaml_value(text: &str) -> Result<Value, Broken> {
    let options = || {
        let mut options = serde_saphyr::Options::default();
        options.duplicate_keys = serde_saphyr::DuplicateKeyPolicy::LastWins;
        options.non_finite_float_policy = serde_saphyr::NonFiniteFloatPolicy::AsString;
        options.strict_indentation = false;
        options.strict_booleans = true;
        options.with_snippet = false;
        options
    };
    let value: Value = serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let why = error.to_string();
        let why = why.lines().next().unwrap_or("");
        let why = why.rfind(" at line ").and_then(|at| why.get(..at)).unwrap_or(why).to_owned();
        Broken { why, line, column }
    })?;
    if !has_number(&value) {
        return Ok(value);
    }
    let read = AsWritten(value.clone());
    let written =
        serde_saphyr::with_deserializer_from_str_with_options(text, options(), |from| read.deserialize(from));
    // Where a key stands twice with values of two sorts, the numbers stay numbers.
    Ok(written.unwrap_or(value))
}

/// Moves one line in.
fn indent(text: &str, wanted: u64) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if number == wanted {
            out.push_str("  ");
        }
        out.push_str(line);
    }
    out
}

fn toml(text: &str, lines_before: u64) -> Result<Fields, Reason> {
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let head = text.get(..at).unwrap_or("");
        let line = head.matches('\n').count() as u64 + 1 + lines_before;
        let column = (head.len() - head.rfind('\n').map_or(0, |last| last + 1)) as u64 + 1;
        Reason::Syntax { why: format!("the TOML is broken: {}", error.message()), line, column }
    })?;
    match from_toml(toml::Value::Table(table)) {
        Value::Object(fields) => Ok(Fields(fields)),
        _ => Ok(Fields::default()),
    }
}

/// Turns TOML into JSON. It has dates of its own: they become text.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(key, value)| (key, from_toml(value))).collect(),
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
    }
}

/// Returns true if a page begins with the fields that Hugo takes as JSON.
pub(in crate::reader) fn has_json_front_matter(text: &str) -> bool {
    text.trim_start().starts_with('{')
        && !text.trim_start().starts_with("{{")
        && !text.trim_start().starts_with("{%")
}
