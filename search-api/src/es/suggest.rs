//! `suggest`: words of the index that are almost the ones that were typed (`term`), and such a text as a whole
//! (`phrase`).

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::{
    error::SearchError,
    execute::{AsWhat, near_terms, target_of},
    query::{QueryError, Reader},
    search::{IndexName, Pinned, Search},
};

/// The most words of a text that are looked at.
const MAX_WORDS: usize = 32;

/// On this thread.
pub(super) fn answer(
    search: &Search,
    suggest: &Value,
    indices: &[IndexName],
    typed_keys: bool,
) -> Result<Value, SearchError> {
    let mut answers = Map::new();
    for one in read(suggest)? {
        let kind = if one.whole { "phrase" } else { "term" };
        let name = if typed_keys { format!("{kind}#{}", one.name) } else { one.name.clone() };
        answers.insert(name, one.answer(search, indices)?);
    }
    Ok(Value::Object(answers))
}

struct Wanted {
    name: String,
    text: String,
    field: String,
    size: usize,
    mode: Mode,
    by_frequency: bool,
    whole: bool,
}

/// For which words others are suggested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Those that no document has.
    Missing,
    /// All; only words that are in more documents.
    Popular,
    /// All.
    Always,
}

/// The most suggestions for one word.
const MAX_OPTIONS: usize = 20;

fn read(suggest: &Value) -> Result<Vec<Wanted>, QueryError> {
    let mut object = Reader::new(suggest.clone(), "/suggest")?;
    let common = object.text("text")?;
    let mut all = Vec::new();
    while let Some((name, value)) = object.take_any() {
        let mut one = Reader::new(value, &object.pointer_to(&name))?;
        let text = one.text("text")?.or_else(|| common.clone());
        let (kind, body) =
            one.take_any().ok_or_else(|| QueryError::new("a suggester is expected here").at("/suggest"))?;
        if !matches!(kind.as_str(), "term" | "phrase") {
            let kind: String = kind.chars().take(80).collect();
            return Err(QueryError::new(format!(
                "the suggester `{kind}` is not supported: use term or phrase"
            ))
            .at("/suggest"));
        }
        let mut how = Reader::new(body, &one.pointer_to(&kind))?;
        let text = how
            .text("text")?
            .or(text)
            .ok_or_else(|| QueryError::new("`text` is missing").at(how.pointer()))?;
        crate::query::limits::check_text(&text)?;
        all.push(Wanted {
            name,
            text,
            field: how.need_text("field")?,
            size: match how.count("size")?.unwrap_or(5) {
                size if size <= MAX_OPTIONS => size,
                size => {
                    let text = format!("`size` is {size}: at most {MAX_OPTIONS} suggestions are given");
                    return Err(QueryError::illegal(text).at(how.pointer_to("size")));
                }
            },
            mode: match how.text("suggest_mode")?.as_deref() {
                None | Some("missing") => Mode::Missing,
                Some("popular") => Mode::Popular,
                Some("always") => Mode::Always,
                Some(_) => {
                    let error = QueryError::illegal("`suggest_mode` must be missing, popular or always");
                    return Err(error.at(how.pointer_to("suggest_mode")));
                }
            },
            by_frequency: match how.text("sort")?.as_deref() {
                None | Some("score") => false,
                Some("frequency") => true,
                Some(_) => {
                    return Err(
                        QueryError::illegal("`sort` must be score or frequency").at(how.pointer_to("sort"))
                    );
                }
            },
            whole: kind == "phrase",
        });
        how.end()?;
        one.end()?;
        if all.len() > 10 {
            return Err(QueryError::illegal("at most 10 suggestions are given at once").at("/suggest"));
        }
    }
    Ok(all)
}

impl Wanted {
    fn answer(&self, search: &Search, indices: &[IndexName]) -> Result<Value, SearchError> {
        let budget = search.budget();
        let mut known = false;
        let mut entries: Vec<(usize, usize, String, HashMap<String, u64>)> = Vec::new();
        for Pinned { generation, index, .. } in search.pin(indices)? {
            let Some(target) = target_of(generation.schema(), &self.field) else { continue };
            let AsWhat::Text(_, within) = target.as_what else { continue };
            known = true;
            // Words as they are written: a stem is no suggestion.
            let words = indexer::Analyser::Exact.terms(indexer::Language::Other, &self.text);
            for (at, word) in words.into_iter().take(MAX_WORDS).enumerate() {
                let near = near_terms(&index.searcher, within.field, &word.text, &budget)
                    .map_err(SearchError::Tantivy)?;
                if entries.len() <= at {
                    entries.push((word.start, word.end, word.text.clone(), HashMap::new()));
                }
                if let Some((.., counts)) = entries.get_mut(at) {
                    for (term, count) in near {
                        *counts.entry(term).or_default() += count;
                    }
                }
            }
        }
        if !known {
            return Err(QueryError::illegal(format!("there is no text field `{}`", self.field))
                .at("/suggest")
                .into());
        }
        let mut answers = Vec::new();
        let mut corrected = self.text.clone();
        for (start, end, word, counts) in entries.iter().rev() {
            let own = counts.get(word).copied();
            let mut options: Vec<(&String, u64)> =
                counts.iter().filter(|(term, _)| *term != word).map(|(term, count)| (term, *count)).collect();
            let likeness = |term: &str| if self.by_frequency { 0.0 } else { similarity(word, term) };
            options.sort_by(|one, other| {
                let alike = likeness(other.0).total_cmp(&likeness(one.0));
                alike.then(other.1.cmp(&one.1)).then_with(|| one.0.cmp(other.0))
            });
            match (self.mode, own) {
                (Mode::Missing, Some(_)) => options.clear(),
                (Mode::Popular, Some(own)) => options.retain(|(_, count)| *count > own),
                _ => {}
            }
            if let Some((best, _)) = options.first() {
                corrected.replace_range(*start..*end, best);
            }
            let options: Vec<Value> = options
                .iter()
                .take(self.size)
                .map(|(term, count)| json!({"text": term, "score": similarity(word, term), "freq": count}))
                .collect();
            answers.push(json!({"text": word, "offset": start, "length": end - start, "options": options}));
        }
        answers.reverse();
        if self.whole {
            let options = if corrected == self.text {
                Vec::new()
            } else {
                vec![json!({"text": corrected, "score": 1.0})]
            };
            return Ok(
                json!([{"text": self.text, "offset": 0, "length": self.text.len(), "options": options}]),
            );
        }
        Ok(Value::Array(answers))
    }
}

/// From 0 to 1: the share of characters that are the same.
fn similarity(word: &str, term: &str) -> f64 {
    let edits = crate::query::Near::new(word, 2, 0, true).distance(term).unwrap_or(2);
    1.0 - f64::from(edits) / word.chars().count().max(1) as f64
}
