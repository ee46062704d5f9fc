//! Our own JSON Lines: one event a line, as `morgue log export` writes them.

use serde::Deserialize;
use store::{Content, Fact, InvalidEvent, NewEvent, Timestamp};

use super::{
    common::Reader,
    entry::{Again, Entry, RecordShape, Says, Stage},
};
use crate::{
    cut::{Cutter, Lines},
    publicity::Publicity,
    record::{Found, Origin, Raw, Reason, in_words, time_of},
};

pub(super) const ENTRY: Entry = Entry {
    name: "jsonl",
    called: "events of Morgue's own",
    told: &[(Stage::Json, |head| {
        is_event(head.text.lines().next().unwrap_or_default()) || matches!(head.ending, "jsonl" | "ndjson")
    })],
    says: Says::Keeper,
    record: RecordShape::Opaque,
    again: Again::Another,
    reader: |_| Box::new(JsonLines),
    #[cfg(test)]
    sample: "{\"type\":\"article.published\",\"id\":\"a\",\"time\":\"1931\",\"data\":{\"headline\":\"H\"}}\n{\"x\":1}",
};

/// Returns true if a line looks like an event.
pub(super) fn is_event(line: &str) -> bool {
    line.starts_with('{')
        && line.contains("\"type\"")
        && (line.contains("\"data\"") || line.contains(".published") || line.contains(".withdrawn"))
}

pub(crate) struct JsonLines;

impl Reader for JsonLines {
    fn cutter(&self, _: &[u8]) -> Box<dyn Cutter> {
        Box::<Lines>::default()
    }

    fn read(&self, raw: &Raw, _: &Origin) -> Result<Vec<Found>, Reason> {
        let line = std::str::from_utf8(&raw.bytes).map_err(|error| Reason::Syntax {
            why: "this is not UTF-8, which JSON must be: convert the file, with iconv for instance"
                .to_owned(),
            line: 1,
            column: error.valid_up_to() as u64 + 1,
        })?;
        let line = line.trim_start_matches('\u{feff}');
        let mut event = match NewEvent::from_json(line) {
            Ok(event) => event,
            Err(invalid) => return Err(broken_json(line).unwrap_or_else(|| placed(invalid))),
        };
        if event.time.is_none() {
            event.time = time_elsewhere(line, &event);
        }
        Ok(Publicity::stated(&event.visibility).on(vec![Found::stated(event)]))
    }
}

/// Returns what breaks the JSON itself, with its column; `None` when that is whole.
fn broken_json(line: &str) -> Option<Reason> {
    let error = serde_json::from_str::<serde::de::IgnoredAny>(line).err()?;
    Some(Reason::json(&error))
}

/// Returns what makes it no event, with the column where that is told.
fn placed(invalid: InvalidEvent) -> Reason {
    let text = invalid.to_string();
    match text.rsplit_once(" at line 1 column ").map(|(why, column)| (why, column.parse())) {
        Some((why, Ok(column))) => {
            let told = why.strip_prefix("not an event: ").unwrap_or(why);
            let words = in_words(told);
            let why = if words == told { why.to_owned() } else { format!("the JSON is broken: {words}") };
            Reason::Syntax { why, line: 1, column }
        }
        _ => Reason::Invalid(invalid),
    }
}

/// Returns the time of an event that states none. An exported one happened when that log took it; any other happened
/// when its article was revised or published.
fn time_elsewhere(line: &str, event: &NewEvent) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Exported {
        recorded: Option<Timestamp>,
    }
    let exported =
        line.contains("\"recorded\"").then(|| serde_json::from_str::<Exported>(line).ok()).flatten();
    if let Some(Exported { recorded: Some(recorded) }) = exported {
        return Some(recorded);
    }
    match &event.fact {
        Fact::Published(Content::Article(article)) => {
            time_of(article.updated.as_ref(), article.published.as_ref())
        }
        _ => None,
    }
}
