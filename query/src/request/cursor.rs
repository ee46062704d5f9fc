//! Cursors: where a page of hits ends, as a text that the next page is asked with.

use std::{fmt, str::FromStr};

use serde_json::Value;

use crate::QueryError;

/// Where a page of hits ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The values that its last hit was sorted by.
    pub sort: Vec<Value>,
    /// The seq of its last hit.
    pub seq: u64,
    /// The commit of the index that it came from: scores are of a commit, and change with the next. Empty where that is not
    /// known.
    pub commit: String,
}

/// The longest text of a cursor, in bytes.
const MAX_BYTES: usize = 8_192;

impl fmt::Display for Cursor {
    /// Hexadecimal digits, which need no escaping in an address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&(&self.sort, self.seq, &self.commit)).map_err(|_| fmt::Error)?;
        json.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let refused =
            || QueryError::illegal("the cursor is none of ours: take `next` of the page before as it is");
        if text.len() > MAX_BYTES || !text.len().is_multiple_of(2) || !text.is_ascii() {
            return Err(refused());
        }
        let pairs = (0..text.len()).step_by(2).filter_map(|at| text.get(at..at + 2));
        let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
        let bytes = bytes.ok_or_else(refused)?;
        let json = crate::limits::check_body(&bytes, MAX_BYTES).map_err(|_| refused())?;
        // Cursors that were given before there were commits in them go on.
        let with_commit = serde_json::from_str::<(Vec<Value>, u64, String)>(json);
        let (sort, seq, commit) = with_commit
            .or_else(|_| serde_json::from_str(json).map(|(sort, seq)| (sort, seq, String::new())))
            .map_err(|_| refused())?;
        Ok(Self { sort, seq, commit })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cursors_come_back() {
        let cursor =
            Cursor { sort: vec![json!(1.5), json!("x")], seq: 7, commit: "g000001/9-9-0".to_owned() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let older = hex("[[1.5],7]").parse::<Cursor>().unwrap();
        assert_eq!((older.seq, older.commit.as_str()), (7, ""));
        for wrong in ["zz", "5b5d0", "5b5d", "é"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
