//! Ids in paths. An id may hold slashes and colons, so it is everything behind the kind; a word behind it such as
//! `/history` is one only when its slash is not percent-encoded.

use store::{AssetId, AssetKind, AssetRef};

use crate::{error::SearchError, query::QueryError};

/// What stands behind the kind of a path.
#[derive(Debug, PartialEq)]
pub(crate) struct AssetPath<'a> {
    pub(crate) asset: AssetRef,
    /// `history`, `diff` …, or nothing.
    pub(crate) verb: &'a str,
}

/// Reads `rest`, which is still percent-encoded.
///
/// # Errors
/// [`SearchError::Query`] when no id can be made of it.
pub(crate) fn asset_path<'a>(
    kind: AssetKind,
    rest: &'a str,
    verbs: &[&'a str],
) -> Result<AssetPath<'a>, SearchError> {
    let verb = verbs
        .iter()
        .find(|verb| rest.strip_suffix(*verb).is_some_and(|id| id.len() > 1 && id.ends_with('/')));
    let verb = verb.copied().unwrap_or_default();
    let encoded =
        if verb.is_empty() { rest } else { rest.get(..rest.len() - verb.len() - 1).unwrap_or_default() };
    Ok(AssetPath { asset: AssetRef::new(kind, AssetId::new(decoded(encoded)?)?), verb })
}

/// Without its percent-encoding.
///
/// # Errors
/// [`SearchError::Query`] when that leaves no UTF-8.
pub(crate) fn decoded(text: &str) -> Result<String, SearchError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| QueryError::illegal("the path is no UTF-8").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_anything() {
        let check = |rest: &str, id: &str, verb: &str| {
            let path = asset_path(AssetKind::Article, rest, &["history", "diff"]).unwrap();
            assert_eq!((path.asset.id.as_str(), path.verb), (id, verb), "{rest}");
        };
        check("a/1", "a/1", "");
        check("a/1/history", "a/1", "history");
        check("a%2F1%2Fhistory", "a/1/history", "");
        check("nyt://article/0c66", "nyt://article/0c66", "");
        check("nyt%3A%2F%2Farticle%2F0c66/history", "nyt://article/0c66", "history");
        check("%e6%b8%af", "港", "");
        check("100%", "100%", "");
        check("history", "history", "");
        assert!(asset_path(AssetKind::Article, "", &[]).is_err());
        assert!(asset_path(AssetKind::Article, "%ff", &[]).is_err());
        assert!(asset_path(AssetKind::Article, "%00", &[]).is_err());
    }
}
