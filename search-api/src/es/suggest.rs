//! `suggest`: words of the index that are almost the ones that were typed (`term`), and such a text as a whole
//! (`phrase`).

mod completion;

use std::cmp::Reverse;

use query::{Fields, IndexName, QueryError};
use search::{NearWord, Nearest};
use serde_json::{Map, Value, json};

use self::completion::Completion;
use views::{Analyser, Language};

use crate::door::error::RequestError;
use search::{Inquiry, nearest as nearest_in};

/// The most words of a text that are looked at.
const MAX_WORDS: usize = 32;

/// On this thread.
pub(super) fn answer(
    inquiry: &Inquiry<'_>,
    suggest: &Value,
    indices: &[IndexName],
    typed_keys: bool,
) -> Result<Value, RequestError> {
    let mut answers = Map::new();
    let (words, completions) = read(suggest)?;
    for one in completions {
        let name = if typed_keys { format!("completion#{}", one.name) } else { one.name.clone() };
        answers.insert(name, one.answer(inquiry, indices)?);
    }
    for one in words {
        let kind = if one.whole { "phrase" } else { "term" };
        let name = if typed_keys { format!("{kind}#{}", one.name) } else { one.name.clone() };
        answers.insert(name, one.answer(inquiry, indices)?);
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
    /// The number of characters at the start of a word that are not doubted.
    exact_start: usize,
    /// At most so many edits are between a word and what is suggested.
    most_edits: usize,
    /// Shorter words are left as they are, in characters.
    shortest: usize,
    whole: bool,
}

/// For which words others are suggested.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Words that no document has.
    Missing,
    /// All; only words that are in more documents.
    Popular,
    /// All.
    Always,
}

/// The most suggesters of one request.
const MAX_SUGGESTERS: usize = 10;
/// The most suggestions for one word.
const MAX_OPTIONS: usize = 20;

fn read(suggest: &Value) -> Result<(Vec<Wanted>, Vec<Completion>), QueryError> {
    let mut object = Fields::new(suggest.clone(), "/suggest")?;
    let common = object.text("text")?;
    let (mut all, mut completions) = (Vec::new(), Vec::new());
    while let Some((name, value)) = object.take_any() {
        let mut one = Fields::new(value, &object.pointer_to(&name))?;
        if all.len() + completions.len() >= MAX_SUGGESTERS {
            let why = format!("at most {MAX_SUGGESTERS} suggestions are given at once");
            return Err(QueryError::illegal(why).at("/suggest"));
        }
        if one.has("completion") {
            completions.push(Completion::read(name, &mut one, common.as_deref())?);
            one.end()?;
            continue;
        }
        let text = one.text("text")?.or_else(|| common.clone());
        let (kind, body) =
            one.take_any().ok_or_else(|| QueryError::new("a suggester is expected here").at("/suggest"))?;
        if !matches!(kind.as_str(), "term" | "phrase") {
            let kind: String = kind.chars().take(80).collect();
            return Err(QueryError::new(format!(
                "the suggester `{kind}` is not supported: use term, phrase or completion"
            ))
            .at("/suggest"));
        }
        let mut how = Fields::new(body, &one.pointer_to(&kind))?;
        let text = how
            .text("text")?
            .or(text)
            .ok_or_else(|| QueryError::new("`text` is missing").at(how.pointer()))?;
        query::limits::check_text(&text)?;
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
            mode: mode(&mut how)?,
            by_frequency: match how.text("sort")?.as_deref() {
                None | Some("score") => false,
                Some("frequency") => true,
                Some(_) => {
                    return Err(
                        QueryError::illegal("`sort` must be score or frequency").at(how.pointer_to("sort"))
                    );
                }
            },
            exact_start: how.count("prefix_length")?.unwrap_or(EXACT_START),
            most_edits: match how.count("max_edits")?.unwrap_or(2) {
                edits @ 1..=2 => edits,
                edits => {
                    let error = QueryError::illegal(format!("`max_edits` must be 1 or 2, not {edits}"));
                    return Err(error.at(how.pointer_to("max_edits")));
                }
            },
            shortest: how.count("min_word_length")?.unwrap_or(USUAL_SHORTEST),
            whole: kind == "phrase",
        });
        // Bounds of the work of Lucene's, and other measures of nearness than edits.
        how.pass_over(&[
            "shard_size",
            "max_inspections",
            "min_doc_freq",
            "max_term_freq",
            "string_distance",
            "accuracy",
        ]);
        how.pass_over(&["analyzer", "lowercase_terms"]);
        how.end()?;
        one.end()?;
    }
    Ok((all, completions))
}

fn mode(how: &mut Fields) -> Result<Mode, QueryError> {
    match how.text("suggest_mode")?.as_deref() {
        None | Some("missing") => Ok(Mode::Missing),
        Some("popular") => Ok(Mode::Popular),
        Some("always") => Ok(Mode::Always),
        Some(_) => {
            let error = QueryError::illegal("`suggest_mode` must be missing, popular or always");
            Err(error.at(how.pointer_to("suggest_mode")))
        }
    }
}

impl Wanted {
    fn answer(&self, inquiry: &Inquiry<'_>, indices: &[IndexName]) -> Result<Value, RequestError> {
        let budget = inquiry.budget();
        let views = inquiry.engine().pin(indices)?;
        let nearest = |word: &str| {
            let nearest = nearest_in(&views, Some(&self.field), word, self.exact_start, &budget)?;
            nearest.ok_or_else(|| {
                let error = QueryError::illegal(format!("there is no text field `{}`", self.field));
                RequestError::from(error.at("/suggest"))
            })
        };
        nearest("")?; // the field is looked at even if the text has no words
        let mut answers = Vec::new();
        let mut corrected = String::new();
        let mut at = 0;
        // Words as they are written: a stem is no suggestion.
        let words = Analyser::Exact.terms(Language::Other, &self.text);
        for word in words.into_iter().take(MAX_WORDS) {
            let Nearest { known, words: mut options } = nearest(&word.text)?;
            let own = options.iter().find(|near| near.edits == 0).map(|near| near.count);
            let long = word.text.chars().count() >= self.shortest;
            options.retain(|near| near.edits > 0 && long && usize::from(near.edits) <= self.most_edits);
            match (self.mode, own) {
                (Mode::Missing, _) if known => options.clear(),
                (Mode::Popular, Some(own)) => options.retain(|near| near.count > own),
                _ => {}
            }
            if self.by_frequency {
                options.sort_by_key(|near| Reverse(near.count));
            }
            let typed = self.text.get(word.start..word.end).unwrap_or_default();
            corrected.push_str(self.text.get(at..word.start).unwrap_or_default());
            corrected.push_str(options.first().map_or(typed, |best| &best.word));
            at = word.end;
            let score =
                |near: &NearWord| 1.0 - f64::from(near.edits) / word.text.chars().count().max(1) as f64;
            let shown =
                |near: &NearWord| json!({"text": near.word, "score": score(near), "freq": near.count});
            let options: Vec<Value> = options.iter().take(self.size).map(shown).collect();
            let (offset, length) = (units(self.text.get(..word.start)), units(Some(typed)));
            answers.push(json!({"text": typed, "offset": offset, "length": length, "options": options}));
        }
        corrected.push_str(self.text.get(at..).unwrap_or_default());
        if self.whole {
            let options = if corrected == self.text {
                Vec::new()
            } else {
                vec![json!({"text": corrected, "score": 1.0})]
            };
            let length = units(Some(&self.text));
            return Ok(json!([{"text": self.text, "offset": 0, "length": length, "options": options}]));
        }
        Ok(Value::Array(answers))
    }
}

/// The number of characters at the start of a word that are not doubted, unless it is said.
const EXACT_START: usize = 1;
/// Shorter words have no suggestions, unless it is said, in characters.
const USUAL_SHORTEST: usize = 4;

/// Returns how long a text is as Elasticsearch counts offsets: in units of UTF-16.
pub(super) fn units(text: Option<&str>) -> usize {
    text.unwrap_or_default().encode_utf16().count()
}
