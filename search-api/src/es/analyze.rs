//! `_analyze`: how a text is cut into terms.

use std::ops::Range;

use axum::{Json, body::Bytes, response::IntoResponse};
use query::{Fields, QueryError};
use serde_json::{Map, Value, json};
use views::{Analyser, EXACT, Language, Term, ViewId};

use super::{answer::Answer, body, error::invalid, params::Taker, suggest::units};

/// The longest text that is analysed for show, in bytes.
const MAX_ANALYSED: usize = 16 << 10;
/// The most texts.
const MAX_TEXTS: usize = 1_000;
/// The number of places between the texts of one field.
const GAP: usize = 100;

/// `_analyze`, `{index}/_analyze`
pub(super) async fn analyze(mut taker: Taker, body: Bytes) -> Answer {
    let views = taker.views()?;
    taker.end()?;
    let mut object = Fields::new(body::json(&body)?, "")?;
    let texts = object.texts("text")?;
    let (field, name) = (object.text("field")?, object.text("analyzer")?);
    let explain = object.flag("explain")?.unwrap_or(false);
    let attributes = object.texts("attributes")?;
    object.end()?;
    if texts.is_empty() {
        return Err(invalid("text is missing").into());
    }
    if texts.len() > MAX_TEXTS || texts.iter().any(|text| text.len() > MAX_ANALYSED) {
        let why = format!("at most {MAX_TEXTS} texts of {MAX_ANALYSED} bytes are analysed");
        return Err(QueryError::illegal(why).at("/text").into());
    }
    let rules = match (&field, &name) {
        (Some(field), None) => of_field(field, &views),
        (_, name) => named(name.as_deref().unwrap_or("standard"))?,
    };
    let mut tokens = tokens_of(&texts, rules);
    let answer = match explain {
        false => json!({"tokens": tokens}),
        true => {
            tokens.iter_mut().for_each(|token| explained(token, &attributes));
            let name = name.unwrap_or_else(|| rules.name().to_owned());
            json!({"detail": {"custom_analyzer": false, "analyzer": {"name": name, "tokens": tokens}}})
        }
    };
    Ok(Json(answer).into_response())
}

/// By which rules a text is cut.
#[derive(Clone, Copy)]
enum Rules {
    /// Ours, in a language.
    Ours(Analyser, Language),
    /// Words of letters alone, lowered.
    Letters,
    /// Words parted by white space.
    Space,
    /// The whole as one.
    Whole,
}

impl Rules {
    const fn name(self) -> &'static str {
        match self {
            Self::Ours(analyser, _) => analyser.name(),
            Self::Letters => "simple",
            Self::Space => "whitespace",
            Self::Whole => "keyword",
        }
    }
}

/// Returns the rules of a field, in the language that a text is shown in. What is no text is one word; what no view has
/// is cut as a text is that nothing is said of.
fn of_field(field: &str, views: &[ViewId]) -> Rules {
    let specs = views.iter().flat_map(|view| view.view().fields());
    let Some(found) = specs.into_iter().find(|spec| spec.is_named(field)) else {
        return Rules::Ours(Analyser::Exact, Language::Other);
    };
    match found.analyser().filter(|_| !field.ends_with(".keyword")) {
        Some(_) if field.ends_with(EXACT) => Rules::Ours(Analyser::Exact, Language::Other),
        Some(analyser) => Rules::Ours(analyser, Language::English),
        None => Rules::Whole,
    }
}

/// Languages by Elasticsearch's names of their analysers.
const LANGUAGES: [(&str, Language); 9] = [
    ("english", Language::English),
    ("french", Language::French),
    ("german", Language::German),
    ("spanish", Language::Spanish),
    ("italian", Language::Italian),
    ("portuguese", Language::Portuguese),
    ("dutch", Language::Dutch),
    ("russian", Language::Russian),
    ("turkish", Language::Turkish),
];

fn named(name: &str) -> Result<Rules, QueryError> {
    match name {
        "standard" | "default" => return Ok(Rules::Ours(Analyser::Exact, Language::Other)),
        "simple" => return Ok(Rules::Letters),
        "whitespace" => return Ok(Rules::Space),
        "keyword" => return Ok(Rules::Whole),
        name if name == Analyser::Exact.name() => return Ok(Rules::Ours(Analyser::Exact, Language::Other)),
        name if name == Analyser::Text.name() => return Ok(Rules::Ours(Analyser::Text, Language::English)),
        _ => {}
    }
    match LANGUAGES.iter().find(|(known, _)| *known == name) {
        Some((_, language)) => Ok(Rules::Ours(Analyser::Text, *language)),
        None => {
            let name: String = name.chars().take(80).collect();
            Err(QueryError::illegal(format!("failed to find global analyzer [{name}]")).at("/analyzer"))
        }
    }
}

/// Returns the tokens of several texts of one field: their places and offsets go on from one to the next.
fn tokens_of(texts: &[String], rules: Rules) -> Vec<Map<String, Value>> {
    let mut tokens = Vec::new();
    let (mut place, mut offset) = (0, 0);
    for text in texts {
        let mut behind = place;
        for (number, (token, range, kind)) in words_of(text, rules).into_iter().enumerate() {
            let [start, end] = [range.start, range.end].map(|at| offset + units(text.get(..at)));
            behind = place + number + 1;
            let token = json!({
                "token": token, "start_offset": start, "end_offset": end, "type": kind, "position": place + number,
            });
            tokens.extend(token.as_object().cloned());
        }
        place = behind + GAP;
        offset += units(Some(text)) + 1;
    }
    tokens
}

/// Returns the words of a text, each with its place in bytes and its sort.
fn words_of(text: &str, rules: Rules) -> Vec<(String, Range<usize>, &'static str)> {
    let runs = |inside: fn(char) -> bool| {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, c) in text.char_indices().filter(|(_, c)| inside(*c)) {
            match runs.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end = at + c.len_utf8(),
                None => runs.push(at..at + c.len_utf8()),
            }
        }
        runs
    };
    let written = |range: Range<usize>| {
        let word = text.get(range.clone()).unwrap_or_default();
        let word = if matches!(rules, Rules::Letters) { word.to_lowercase() } else { word.to_owned() };
        (word, range, "word")
    };
    match rules {
        Rules::Ours(analyser, language) => {
            let terms = analyser.terms(language, text).into_iter();
            terms.map(|term| (term.stem().to_owned(), term.start..term.end, type_of(&term))).collect()
        }
        Rules::Letters => runs(char::is_alphabetic).into_iter().map(written).collect(),
        Rules::Space => runs(|c| !c.is_whitespace()).into_iter().map(written).collect(),
        Rules::Whole if text.is_empty() => Vec::new(),
        Rules::Whole => vec![written(0..text.len())],
    }
}

/// Returns the sort of a token, by the names of Lucene's tokenizers.
fn type_of(term: &Term) -> &'static str {
    let word = term.written();
    match (term.is_lone, term.is_pair) {
        (true, _) => "<SINGLE>",
        (_, true) => "<DOUBLE>",
        _ if word.chars().all(char::is_numeric) => "<NUM>",
        _ => "<ALPHANUM>",
    }
}

/// Adds what `explain` tells of a token, as far as it is asked for.
fn explained(token: &mut Map<String, Value>, attributes: &[String]) {
    let text = token.get("token").and_then(Value::as_str).unwrap_or_default();
    let bytes: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let all = [
        ("bytes", json!(format!("[{}]", bytes.join(" ")))),
        ("positionLength", json!(1)),
        ("termFrequency", json!(1)),
    ];
    let is_wanted = |name: &str| {
        attributes.is_empty() || attributes.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
    };
    token.extend(
        all.into_iter().filter(|(name, _)| is_wanted(name)).map(|(name, value)| (name.to_owned(), value)),
    );
}
