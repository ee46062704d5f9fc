//! Hits as CSV (RFC 4180): a line for each, with the evidence first and then all fields of the view.

use query::Hit;
use serde_json::Value;
use views::{ViewId, values_at};

/// The table, with a header. Values of a list are parted by `; `.
pub(crate) fn csv(view: ViewId, hits: &[Hit]) -> Vec<u8> {
    let fields = view.fields();
    let evidence = ["id", "seq", "revision", "event_source", "score"];
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and all records are as long as the first.
    let _ = writer.write_record(evidence.into_iter().chain(fields.iter().map(|field| field.name)));
    let mut table = writer.into_inner().unwrap_or_default();
    table.extend(rows(view, hits));
    table
}

/// The lines of the table alone, behind others.
pub(crate) fn rows(view: ViewId, hits: &[Hit]) -> Vec<u8> {
    let fields = view.fields();
    let mut writer = csv::Writer::from_writer(Vec::new());
    for hit in hits {
        let score = if hit.score > 0.0 { hit.score.to_string() } else { String::new() };
        let evidence = [
            inert(hit.id.as_str()),
            hit.seq.to_string(),
            hit.revision.to_string(),
            inert(&hit.source),
            score,
        ];
        let values = fields.iter().map(|field| {
            let mut values = Vec::new();
            values_at(&hit.document, field.name, &mut values);
            inert(&values.into_iter().map(plain).collect::<Vec<_>>().join("; "))
        });
        let _ = writer.write_record(evidence.into_iter().chain(values));
    }
    writer.into_inner().unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A text that no spreadsheet takes for a formula: those begin with one of these characters
/// (<https://owasp.org/www-community/attacks/CSV_Injection>), and an apostrophe before them makes them text.
fn inert(text: &str) -> String {
    let first = text.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_formula() {
        for text in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "＝1", "\u{feff}=1"]
        {
            assert!(inert(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(inert("1912-04-16"), "1912-04-16");
        assert_eq!(inert("a = b"), "a = b");
    }
}
