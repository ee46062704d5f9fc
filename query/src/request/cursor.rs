//! The beginning of a page: behind a hit of the page before.

use std::{fmt, str::FromStr};

use crate::{QueryError, Scalar, SortValue, limits::check_body};

/// A hit that a page comes behind. Its text is hexadecimal JSON, for clients to hand back as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// The values that the hit was sorted by, as they are answered; `None` where it has none.
    pub values: Vec<Option<Scalar>>,
    /// The hit's seq: of hits with the same values, the one of the lower seq comes first.
    pub seq: u64,
    /// The commit of the index that the hit was found in: scores are of a commit, and change with the next. Empty where
    /// that is not known.
    pub commit: String,
}

/// The longest text of a cursor, in bytes.
const MAX_TEXT: usize = 8_192;

impl Cursor {
    /// Returns the cursor behind these values and this seq, of whichever commit.
    pub fn new(values: Vec<Option<Scalar>>, seq: u64) -> Self {
        Self { values, seq, commit: String::new() }
    }

    /// Returns the cursor of a hit that was sorted by these values, and found in this commit.
    pub fn behind(values: Vec<SortValue>, seq: u64, commit: String) -> Self {
        Self { values: values.into_iter().map(SortValue::into_scalar).collect(), seq, commit }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&(&self.values, self.seq, &self.commit)).map_err(|_| fmt::Error)?;
        json.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Cursor {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let refused =
            || QueryError::illegal("the cursor is none of ours: take `next` of the page before as it is");
        if text.len() > MAX_TEXT || !text.len().is_multiple_of(2) || !text.is_ascii() {
            return Err(refused());
        }
        let pairs = (0..text.len()).step_by(2).filter_map(|at| text.get(at..at + 2));
        let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair, 16).ok()).collect();
        let bytes = bytes.ok_or_else(refused)?;
        let json = check_body(&bytes, MAX_TEXT).map_err(|_| refused())?;
        // Cursors that were given before there were commits in them go on.
        let older = || serde_json::from_str(json).map(|(values, seq)| (values, seq, String::new()));
        let (values, seq, commit) = serde_json::from_str(json).or_else(|_| older()).map_err(|_| refused())?;
        Ok(Self { values, seq, commit })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Number;

    use super::*;

    #[test]
    fn cursors_come_back() {
        let number = Number::from_f64(1.5).map(Scalar::Number);
        let older = Cursor::new(vec![number, None, Some(Scalar::from("x"))], 7);
        assert_eq!("5b5b312e352c6e756c6c2c2278225d2c375d".parse::<Cursor>().unwrap(), older);
        let cursor = Cursor { commit: "g000001/9-9-0".to_owned(), ..older };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for wrong in ["", "zz", "5b", "5b5d", "+1", "5b5b5b5d5d2c375d"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
