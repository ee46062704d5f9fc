//! Mustache as Elasticsearch has it (<https://mustache.github.io/mustache.5.html>): values, sections and inverted ones, and of
//! its own `toJson`, `join` and `url`. Values are escaped for the strings of JSON that they stand in. There are no partials,
//! no other delimiters, and nothing is run: of the libraries none has these three, nor a bound on what it writes.

use serde_json::Value;

/// The deepest that sections may stand in each other.
const MAX_DEPTH: usize = 16;

/// Returns what a template makes with these parameters; or why it makes nothing.
pub(super) fn render(template: &str, params: &Value, most: usize) -> Result<String, String> {
    let mut rest = template;
    let parts = parts(&mut rest, None, 0)?;
    let mut out = Output { text: String::new(), most };
    out.parts(&parts, &mut vec![params])?;
    Ok(out.text)
}

enum Part<'t> {
    Text(&'t str),
    /// The value of a name, escaped or as it is.
    Value(&'t str, bool),
    /// A section: its parts are written for each value of a name, or once if there is none.
    Section(&'t str, Vec<Part<'t>>),
    Inverted(&'t str, Vec<Part<'t>>),
    /// A value as JSON.
    Json(&'t str),
    /// The values of a list with this between them.
    Join(&'t str, &'t str),
    /// Its parts, escaped as a part of an address.
    Url(Vec<Part<'t>>),
}

/// Reads up to the end of a section, or of all.
fn parts<'t>(rest: &mut &'t str, until: Option<&str>, depth: usize) -> Result<Vec<Part<'t>>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the sections of the template are nested deeper than {MAX_DEPTH}"));
    }
    let mut found = Vec::new();
    while let Some(start) = rest.find("{{") {
        let (text, tag) = (rest.get(..start).unwrap_or_default(), rest.get(start + 2..).unwrap_or_default());
        found.push(Part::Text(text));
        // The name of three braces ends with as many.
        let (inner, end) = match tag.strip_prefix('{') {
            Some(inner) => (inner, "}}}"),
            None => (tag, "}}"),
        };
        let (name, behind) = inner.split_once(end).ok_or("a tag of the template is not closed")?;
        *rest = behind;
        let name = name.trim();
        let inside = |sign: char| name.strip_prefix(sign).map(str::trim);
        if end == "}}}" {
            found.push(Part::Value(name, false));
        } else if let Some(name) = inside('&') {
            found.push(Part::Value(name, false));
        } else if inside('!').is_some() {
            // A remark.
        } else if let Some(name) = inside('#') {
            found.push(section(name, rest, depth)?);
        } else if let Some(name) = inside('^') {
            found.push(Part::Inverted(name, parts(rest, Some(name), depth + 1)?));
        } else if let Some(name) = inside('/') {
            return match until {
                // `{{#join delimiter=';'}}` ends with its first word.
                Some(open) if open == name || open.split_whitespace().next() == Some(name) => Ok(found),
                _ => Err(format!("the template closes `{name}`, which is not open")),
            };
        } else if name.starts_with(['>', '=']) {
            return Err("templates have neither partials nor other delimiters".to_owned());
        } else {
            found.push(Part::Value(name, true));
        }
    }
    if let Some(open) = until {
        return Err(format!("the section `{open}` of the template is not closed"));
    }
    found.push(Part::Text(std::mem::take(rest)));
    Ok(found)
}

fn section<'t>(name: &'t str, rest: &mut &'t str, depth: usize) -> Result<Part<'t>, String> {
    let inner = parts(rest, Some(name), depth + 1)?;
    let text_alone = || match inner.as_slice() {
        [Part::Text(text)] => Ok(text.trim()),
        _ => Err(format!("`{name}` takes the name of a parameter")),
    };
    let (first, option) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
    Ok(match first {
        "toJson" => Part::Json(text_alone()?),
        "join" => {
            let quoted = option.trim().strip_prefix("delimiter=").map(|text| text.trim_matches(['\'', '"']));
            Part::Join(text_alone()?, quoted.unwrap_or(","))
        }
        "url" => Part::Url(inner),
        _ => Part::Section(name, inner),
    })
}

struct Output {
    text: String,
    /// The most bytes.
    most: usize,
}

impl Output {
    fn add(&mut self, text: &str) -> Result<(), String> {
        if self.text.len() + text.len() > self.most {
            return Err(format!("the template makes more than {} bytes", self.most));
        }
        self.text.push_str(text);
        Ok(())
    }

    /// Writes parts, given the values that names are looked for in, the innermost last.
    fn parts(&mut self, parts: &[Part<'_>], within: &mut Vec<&Value>) -> Result<(), String> {
        for part in parts {
            match part {
                Part::Text(text) => self.add(text)?,
                Part::Value(name, escaped) => {
                    let text = find(within, name).map(plain).unwrap_or_default();
                    let text = if *escaped { in_string(&text) } else { text };
                    self.add(&text)?;
                }
                Part::Json(name) => self.add(&find(within, name).unwrap_or(&Value::Null).to_string())?,
                Part::Join(name, between) => {
                    let list = find(within, name).map_or_else(Vec::new, listed);
                    let texts: Vec<String> = list.into_iter().map(plain).collect();
                    self.add(&in_string(&texts.join(between)))?;
                }
                Part::Url(inner) => {
                    let mut one = Self { text: String::new(), most: self.most };
                    one.parts(inner, within)?;
                    self.add(&crate::links::encode(&one.text))?;
                }
                Part::Inverted(name, inner) => {
                    if !find(within, name).is_some_and(is_there) {
                        self.parts(inner, within)?;
                    }
                }
                Part::Section(name, inner) => {
                    let found = find(within, name).filter(|value| is_there(value));
                    for value in found.map_or_else(Vec::new, listed) {
                        within.push(value);
                        self.parts(inner, within)?;
                        within.pop();
                    }
                }
            }
        }
        Ok(())
    }
}

/// Returns the value of a name with points, looked for from the innermost on; a point alone is the innermost itself.
fn find<'v>(within: &[&'v Value], name: &str) -> Option<&'v Value> {
    if name == "." {
        return within.last().copied();
    }
    let mut steps = name.split('.');
    let first = steps.next()?;
    let start = within.iter().rev().find_map(|value| value.get(first))?;
    steps.try_fold(start, |value, step| match step.parse::<usize>() {
        Ok(at) if value.is_array() => value.get(at),
        _ => value.get(step),
    })
}

fn is_there(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Returns a text as it stands in a string of JSON.
#[expect(clippy::expect_used, reason = "JSON has a string between two quotes")]
fn in_string(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let inside = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.expect("a string of JSON is quoted").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_are_filled() {
        let params = json!({
            "word": "say \"fog\"", "size": 5, "tags": ["a", "b"], "no": [], "off": false, "on": true,
            "user": {"name": "Q", "ids": [7, 8]}, "list": [{"n": 1}, {"n": 2}],
        });
        let check = |template: &str, expected: &str| {
            assert_eq!(render(template, &params, 1_000).as_deref(), Ok(expected), "{template}");
        };
        check(r#"{"query": "{{word}}", "size": {{size}}}"#, r#"{"query": "say \"fog\"", "size": 5}"#);
        check("{{{word}}} {{& word }}", r#"say "fog" say "fog""#);
        check("{{#toJson}}tags{{/toJson}} {{#toJson}}user.name{{/toJson}}", r#"["a","b"] "Q""#);
        check("{{#join}}tags{{/join}} {{#join delimiter='; '}}tags{{/join}}", "a,b a; b");
        check("{{#url}}{{word}}&{{/url}}", "say%20%5C%22fog%5C%22%26");
        check(
            "{{#on}}yes{{/on}}{{^on}}no{{/on}}{{#off}}yes{{/off}}{{^off}}no{{/off}}{{^none}}!{{/none}}",
            "yesno!",
        );
        check("{{#list}}{{n}},{{/list}}{{^no}}none{{/no}}{{#tags}}<{{.}}>{{/tags}}", "1,2,none<a><b>");
        check("{{#user}}{{name}} {{size}}{{/user}} {{user.ids.1}}{{! a remark }}{{none}}", "Q 5 8");
        check("{{#size}}\"size\": {{size}}{{/size}}", "\"size\": 5");
    }

    #[test]
    fn what_cannot_be_filled_says_why() {
        let check = |template: &str, word: &str| {
            let params = json!({"tags": ["a", "b", "c"]});
            let why = render(template, &params, 8).unwrap_err();
            assert!(why.contains(word), "{why}");
        };
        check("{{a", "not closed");
        check("{{#a}}x", "not closed");
        check("{{#a}}x{{/b}}", "not open");
        check("{{> part}}", "partials");
        check("{{#toJson}}{{a}}{{/toJson}}", "takes the name");
        check("{{#tags}}....{{/tags}}", "more than 8 bytes");
        check(&format!("{}x{}", "{{#a}}".repeat(20), "{{/a}}".repeat(20)), "nested deeper");
    }
}
