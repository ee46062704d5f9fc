//! Ids in paths. An id may hold slashes and colons, so it is everything between the words of its route; a word behind
//! it such as `/history` is one only when its slash is not percent-encoded.

use query::QueryError;
use store::{AssetId, AssetKind, AssetRef};

use crate::{door::error::RequestError, links::decode};

/// The asset of an id that is still percent-encoded.
///
/// # Errors
/// A [`query::QueryError`] when no id can be made of it.
pub(crate) fn asset_of(kind: AssetKind, encoded: &str) -> Result<AssetRef, RequestError> {
    Ok(AssetRef::new(kind, AssetId::new(decoded(encoded)?)?))
}

/// Without its percent-encoding.
///
/// # Errors
/// A [`query::QueryError`] when that leaves no UTF-8.
pub(crate) fn decoded(text: &str) -> Result<String, RequestError> {
    decode(text).map_err(|_| QueryError::illegal("the path is no UTF-8").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_anything() {
        let check = |encoded: &str, id: &str| {
            assert_eq!(asset_of(AssetKind::Article, encoded).unwrap().id.as_str(), id, "{encoded}");
        };
        check("a/1", "a/1");
        check("a%2F1%2Fhistory", "a/1/history");
        check("nyt://article/0c66", "nyt://article/0c66");
        check("nyt%3A%2F%2Farticle%2F0c66", "nyt://article/0c66");
        check("%e6%b8%af", "港");
        check("100%", "100%");
        check("%+1", "%+1");
        assert!(asset_of(AssetKind::Article, "").is_err());
        assert!(asset_of(AssetKind::Article, "%ff").is_err());
        assert!(asset_of(AssetKind::Article, "%00").is_err());
    }
}
