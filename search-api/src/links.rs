//! The addresses of assets' pages, as pages, feeds and answers of the API write them.

use std::{borrow::Cow, str::Utf8Error};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use store::{AssetId, AssetKind};

use crate::door::site::PublicUrl;

/// The page of an asset.
pub(crate) fn asset(kind: AssetKind, id: &AssetId) -> String {
    under(&format!("/{}", kind.plural()), id.as_str())
}

/// The address of an asset's page for everybody, where the archive has one.
pub(crate) fn public(site: Option<&PublicUrl>, kind: AssetKind, id: &AssetId) -> Option<String> {
    Some(format!("{}{}", site?, asset(kind, id)))
}

/// The page of an asset at some moment.
pub(crate) fn asset_at(kind: AssetKind, id: &AssetId, at: &str) -> String {
    with_params(&asset(kind, id), &[("at", at.to_owned())])
}

/// Returns what a form needs to lead to the page of an asset: its path, and the id where that goes as a parameter.
pub(crate) fn form_of(kind: AssetKind, id: &AssetId) -> (String, Option<&str>) {
    let href = asset(kind, id);
    match href.split_once('?') {
        None => (href, None),
        Some((path, _)) => (path.to_owned(), Some(id.as_str())),
    }
}

/// Ids hold slashes, which stay readable. An id that a browser or a proxy would tidy up as a path (`a//b`, `a/../b`)
/// goes as a parameter.
fn under(base: &str, id: &str) -> String {
    if id.split('/').any(|part| matches!(part, "" | "." | "..")) || id.contains('\\') {
        return format!("{base}?id={}", encode(id));
    }
    let parts: Vec<String> = id.split('/').map(encode).collect();
    format!("{base}/{}", parts.join("/"))
}

pub(crate) fn with_params(base: &str, params: &[(&str, String)]) -> String {
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let sign = if base.contains('?') { '&' } else { '?' };
    if pairs.is_empty() { base.to_owned() } else { format!("{base}{sign}{}", pairs.join("&")) }
}

/// Everything but unreserved characters, and those that a path and a query may both hold as they are (RFC 3986).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b':')
    .remove(b'@')
    .remove(b',');

/// Returns a text with percent-encoding, for a part of a path or a value of a query.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Returns a text without its percent-encoding, bytes as they come; what is no encoding stays.
pub(crate) fn decode(text: &str) -> Result<String, Utf8Error> {
    percent_decode_str(text).decode_utf8().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_look_like_paths_are_not_tidied_up() {
        let check = |id: &str, expected: &str| {
            assert_eq!(asset(AssetKind::Article, &AssetId::new(id).unwrap()), expected, "{id}");
        };
        check("a/1912-04-16-titanic", "/articles/a/1912-04-16-titanic");
        check("nyt://article/1", "/articles?id=nyt:%2F%2Farticle%2F1");
        check("a/../b", "/articles?id=a%2F..%2Fb");
        check("a?b#c%", "/articles/a%3Fb%23c%25");
        check("né", "/articles/n%C3%A9");
    }
}
