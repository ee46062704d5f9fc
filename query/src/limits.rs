//! The bounds of what is asked, checked on the bytes before anything is parsed.

use super::QueryError;

/// The deepest that queries and JSON may be nested.
pub const MAX_DEPTH: usize = 32;
/// The longest query string in bytes.
pub const MAX_QUERY_STRING: usize = 2 << 10;
/// The largest search body in bytes.
pub const MAX_BODY: usize = 64 << 10;
/// The most clauses of a query, those of query strings included.
pub const MAX_CLAUSES: usize = 256;
/// The most values of a `terms` or `ids` query.
pub const MAX_VALUES: usize = 4_096;
/// `from` and `size` together.
pub const MAX_WINDOW: usize = 10_000;
/// The most bytes of text in one answer: of what is given of its documents, and of their fragments.
pub const MAX_PAGE_BYTES: usize = 16 << 20;
/// The most buckets of all aggregations of a search together.
pub const MAX_BUCKETS: usize = 65_536;
/// The largest whole number that every JSON parser reads as it is (RFC 8259, section 6).
pub const MAX_WHOLE: u64 = (1 << 53) - 1;
/// The most that a score is multiplied with, by one query or field.
pub const MAX_BOOST: f32 = 1e6;
/// The longest pattern of a wildcard or regular expression in bytes.
pub const MAX_PATTERN: usize = 200;
/// The most words of a text that is looked for.
pub const MAX_WORDS: usize = 256;

/// Checks length and depth of a JSON body.
///
/// # Errors
/// [`QueryError`] when it is too long, too deep, or no UTF-8.
pub fn check_body(body: &[u8], max_bytes: usize) -> Result<&str, QueryError> {
    if body.len() > max_bytes {
        return Err(QueryError::illegal(format!(
            "the body has {} bytes: at most {max_bytes} are taken",
            body.len()
        )));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| QueryError::new(format!("the body is no UTF-8 at byte {}", error.valid_up_to())))?;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(QueryError::illegal(format!("the body is nested deeper than {MAX_DEPTH}")));
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(text)
}

/// Checks the length of a query string.
///
/// # Errors
/// [`QueryError`] when it is too long.
pub fn check_text(text: &str) -> Result<(), QueryError> {
    if text.len() > MAX_QUERY_STRING {
        return Err(QueryError::illegal(format!(
            "the query has {} bytes: at most {MAX_QUERY_STRING} are taken",
            text.len()
        )));
    }
    Ok(())
}

/// Counts the clauses of one request.
#[derive(Debug, Default)]
pub struct Clauses(usize);

impl Clauses {
    /// Counts one more.
    ///
    /// # Errors
    /// [`QueryError`] when there are too many.
    pub fn one(&mut self) -> Result<(), QueryError> {
        self.0 += 1;
        if self.0 > MAX_CLAUSES {
            return Err(QueryError {
                es_type: "too_many_clauses",
                ..QueryError::illegal(format!("the query has more than {MAX_CLAUSES} clauses"))
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_bounded_before_they_are_parsed() {
        assert!(check_body(b"{\"a\":[1,2]}", MAX_BODY).is_ok());
        assert!(check_body("[".repeat(32).as_bytes(), MAX_BODY).is_ok());
        assert!(check_body("[".repeat(33).as_bytes(), MAX_BODY).is_err());
        assert!(check_body(format!("\"{}\"", "[".repeat(99)).as_bytes(), MAX_BODY).is_ok());
        assert!(check_body(&[b' '; MAX_BODY + 1], MAX_BODY).is_err());
        assert!(check_body(&[b'"', 0xff], MAX_BODY).is_err());
    }
}
