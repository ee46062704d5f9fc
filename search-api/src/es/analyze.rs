//! `_analyze`: how a text is cut into terms.

use axum::{Json, body::Bytes, response::IntoResponse};
use query::{Fields, QueryError};
use serde_json::{Map, Value, json};
use views::{Analyser, EXACT, FieldSpec, Language, Term, ViewId};

use super::{Answer, body, error::invalid, params::Taker, suggest::units};

/// The longest text that is analysed for show, in bytes.
const MAX_ANALYSED: usize = 16 << 10;
/// The most texts.
const MAX_TEXTS: usize = 1_000;
/// So many places lie between the texts of one field.
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
    let (analyser, language) = match (&field, &name) {
        (Some(field), None) => of_field(field, &views)?,
        (_, name) => named(name.as_deref().unwrap_or("standard"))?,
    };
    let mut tokens = tokens_of(&texts, analyser, language);
    let answer = match explain {
        false => json!({"tokens": tokens}),
        true => {
            tokens.iter_mut().for_each(|token| explained(token, &attributes));
            let name = name.unwrap_or_else(|| analyser.name().to_owned());
            json!({"detail": {"custom_analyzer": false, "analyzer": {"name": name, "tokens": tokens}}})
        }
    };
    Ok(Json(answer).into_response())
}

/// The analyser of a field, and the language that a text is shown in.
fn of_field(field: &str, views: &[ViewId]) -> Result<(Analyser, Language), QueryError> {
    let specs = views.iter().flat_map(|view| view.view().fields());
    let found = specs.into_iter().find(|spec| spec.is_named(field) && !field.ends_with(".keyword"));
    match found.and_then(FieldSpec::analyser) {
        Some(_) if field.ends_with(EXACT) => Ok((Analyser::Exact, Language::Other)),
        Some(analyser) => Ok((analyser, Language::English)),
        None => Err(QueryError::illegal(format!("there is no text field `{field}`")).at("/field")),
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

fn named(name: &str) -> Result<(Analyser, Language), QueryError> {
    match name {
        "standard" | "simple" | "default" => return Ok((Analyser::Exact, Language::Other)),
        name if name == Analyser::Exact.name() => return Ok((Analyser::Exact, Language::Other)),
        name if name == Analyser::Text.name() => return Ok((Analyser::Text, Language::English)),
        _ => {}
    }
    match LANGUAGES.iter().find(|(known, _)| *known == name) {
        Some((_, language)) => Ok((Analyser::Text, *language)),
        None => {
            let name: String = name.chars().take(80).collect();
            Err(QueryError::illegal(format!("failed to find global analyzer [{name}]")).at("/analyzer"))
        }
    }
}

/// The tokens of several texts of one field: their places and offsets go on from one to the next.
fn tokens_of(texts: &[String], analyser: Analyser, language: Language) -> Vec<Map<String, Value>> {
    let mut tokens = Vec::new();
    let (mut place, mut offset) = (0, 0);
    for text in texts {
        let mut behind = place;
        for term in analyser.terms(language, text) {
            let [start, end] = [term.start, term.end].map(|at| offset + units(text.get(..at)));
            behind = place + term.position + 1;
            let token = json!({
                "token": term.stem(), "start_offset": start, "end_offset": end, "type": type_of(&term),
                "position": place + term.position,
            });
            tokens.extend(token.as_object().cloned());
        }
        place = behind + GAP;
        offset += units(Some(text)) + 1;
    }
    tokens
}

/// The sort of a token, by the names of Lucene's tokenizers.
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
