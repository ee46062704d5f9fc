//! JSON as pages have it: what a script's author wrote by hand or let a template write.

use serde_json::Value;

/// Reads JSON; where it is none, what is meant: comments, `<!-- -->` and CDATA around it, commas too many, texts in single
/// quotes or with line breaks, escapes that JSON does not know, `NaN` and `undefined`, a `;` at its end.
pub(super) fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&mended(text)).ok())
}

/// Returns the text as strict JSON, as far as one pass over it can tell.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => string(rest, first, &mut out),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '<' if rest.starts_with("<![CDATA[") => 9,
            '<' if rest.starts_with("<!--") => 4,
            ']' if rest.starts_with("]]>") => 3,
            '-' if rest.starts_with("-->") => 3,
            ']' | '}' => {
                // A comma before the end of a list or an object.
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
                out.push(first);
                1
            }
            ';' => 1,
            c if c.is_alphabetic() || c == '_' || c == '$' => word(rest, &mut out),
            '-' if rest.starts_with("-Infinity") => {
                out.push_str("null");
                9
            }
            '0'..='9' => {
                let number = |c: char| !(c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
                let end = rest.find(number).unwrap_or(rest.len());
                out.push_str(rest.get(..end).unwrap_or(""));
                end
            }
            c => {
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(length.max(1)..).unwrap_or("");
    }
    let kept = out.trim_end().trim_end_matches(',').len();
    out.truncate(kept);
    out
}

/// Writes a word: a literal, a name without quotes, or what is no value in JSON. Returns its length.
fn word(rest: &str, out: &mut String) -> usize {
    let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$'))).unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or("");
    let is_name = rest.get(end..).is_some_and(|after| after.trim_start().starts_with(':'));
    match word {
        _ if is_name => out.push_str(&format!("\"{word}\"")),
        "true" | "false" | "null" => out.push_str(word),
        _ => out.push_str("null"),
    }
    end
}

/// Writes a text with the escapes that JSON knows. Returns the length of what was read.
fn string(rest: &str, quote: char, out: &mut String) -> usize {
    out.push('"');
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => {
                out.push('"');
                return at + 1;
            }
            '"' => out.push_str("\\\""),
            '\\' => match chars.next() {
                Some((_, c @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't'))) => out.extend(['\\', c]),
                Some((at, 'u')) if is_hex(rest.get(at + 1..at + 5)) => out.push_str("\\u"),
                Some((_, '\n')) | None => {}
                Some((_, c)) => out.push(c),
            },
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    rest.len()
}

fn is_hex(digits: Option<&str>) -> bool {
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_meant_is_read() {
        let check = |text: &str, expected: Value| assert_eq!(parse(text), Some(expected), "{text}");
        check(r#"{"a": [1, 2]}"#, json!({"a": [1, 2]}));
        check(r#"{"a": [1, 2,], "b": {"c": 1,},}"#, json!({"a": [1, 2], "b": {"c": 1}}));
        check("/* x */ {\"a\": 1 // y\n, \"b\": \"http://z//\"}", json!({"a": 1, "b": "http://z//"}));
        check(r#"{"a": "It\'s \x of \u00e9 \q"}"#, json!({"a": "It's x of é q"}));
        check("{\"a\": \"one\ntwo\tthree\u{1}\"}", json!({"a": "one\ntwo\tthree "}));
        check(
            r#"{'a': 'say "b"', c: undefined, d: NaN, e: -Infinity, f: 1e5}"#,
            json!({"a": "say \"b\"", "c": null, "d": null, "e": null, "f": 1e5}),
        );
        check("<!-- //<![CDATA[\n{\"a\": [[1]]}\n//]]> -->", json!({"a": [[1]]}));
        check("{\"a\": true};", json!({"a": true}));
        assert_eq!(parse("{\"a\""), None);
        assert_eq!(parse(""), None);
    }
}
