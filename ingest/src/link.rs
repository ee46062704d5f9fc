//! Links made absolute, as RFC 3986 (section 5) says, and paths of files that are no text.

use std::{borrow::Cow, ffi::OsStr};

use sha2::{Digest, Sha256};
use store::{AssetId, InvalidId, MAX_ID_BYTES};

/// The length of the beginning that is left of an id that is too long, in bytes.
const KEPT: usize = 360;

/// Returns the id that a source gives. One that is longer than an id may be is cut, and a digest of the whole stands
/// for its end.
pub(crate) fn asset_id<'t>(text: impl Into<Cow<'t, str>>) -> Result<AssetId, InvalidId> {
    let text = text.into();
    if text.len() <= MAX_ID_BYTES {
        return AssetId::new(text);
    }
    let end = (0..=KEPT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let digest = Sha256::digest(text.as_bytes());
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    AssetId::new(format!("{}~{digest}", text.get(..end).unwrap_or("")))
}

/// Returns what a reference means, seen from a base. Without a base that is absolute it stays as it is.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let reference = reference.trim();
    let Some((scheme, after)) = scheme_of(base) else { return reference.to_owned() };
    if scheme_of(reference).is_some() {
        return reference.to_owned();
    }
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let after = after.split('#').next().unwrap_or(after);
    let (authority, rest) = match after.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            after.split_at(end + 2)
        }
        None => ("", after),
    };
    let path = rest.split('?').next().unwrap_or(rest);
    let target = if reference.is_empty() {
        rest.to_owned()
    } else if reference.starts_with('#') {
        format!("{rest}{reference}")
    } else if reference.starts_with('?') {
        format!("{path}{reference}")
    } else if reference.starts_with('/') {
        without_dots(reference)
    } else {
        let folder = path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or("/");
        without_dots(&format!("{folder}{reference}"))
    };
    format!("{scheme}:{authority}{target}")
}

/// Returns true if a reference says itself where it leads.
pub(crate) fn is_absolute(reference: &str) -> bool {
    scheme_of(reference).is_some()
}

/// Returns a path without `.` and `..`; those that lead above the root are dropped.
pub(crate) fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(usize::from(path.starts_with('/'))) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    let is_folder = path.ends_with("/.") || path.ends_with("/..");
    let end = if is_folder && !parts.is_empty() { "/" } else { "" };
    format!("{root}{}{end}{query}", parts.join("/"))
}

/// Parts a URI at its scheme.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then_some((scheme, rest))
}

/// Returns the name of a file as text; bytes that are none are written as in a link: two names never become one.
pub(crate) fn name_of(bytes: &[u8]) -> String {
    let mut name = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        name.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| name.push_str(&format!("%{byte:02X}")));
    }
    name
}

/// Like [`name_of`], of a name that the system gave.
pub(crate) fn name_of_os(name: &OsStr) -> String {
    name_of(name.as_encoded_bytes())
}

/// Returns the id of a picture: its link, or its place on this site.
pub(crate) fn picture_of(site: &str, href: &str) -> Option<AssetId> {
    let href = href.trim();
    if href.is_empty() {
        return None;
    }
    if href.contains("://") {
        return asset_id(href).ok();
    }
    asset_id(format!("image:{site}/{}", href.trim_start_matches(['/', '.']))).ok()
}

/// Returns the id of a picture that a page shows by a link: what is relative is so to the page's folder.
pub(crate) fn picture_beside(stem: &str, href: &str) -> Option<AssetId> {
    let href = href.trim();
    let site = stem.split('/').next().unwrap_or("");
    match stem.rsplit_once('/') {
        Some((folder, _)) if !href.starts_with('/') && !href.is_empty() && !is_absolute(href) => {
            asset_id(format!("image:{}", without_dots(&format!("{folder}/{href}")))).ok()
        }
        _ => picture_of(site, href),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 3986, section 5.4, and what feeds and pages have.
    #[test]
    fn references_are_resolved() {
        let check = |reference: &str, expected: &str| {
            assert_eq!(resolve("http://a/b/c/d;p?q", reference), expected, "{reference}");
        };
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../../g", "http://a/g"),
            ("g/../h", "http://a/b/c/h"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
        ] {
            check(reference, expected);
        }
        assert_eq!(resolve("https://q.example", "one.html"), "https://q.example/one.html");
        assert_eq!(resolve("", "one.html"), "one.html");
        assert_eq!(resolve("/rel", "../é ü.html"), "../é ü.html");
        assert_eq!(resolve("urn:x:y", "z"), "urn:/z");
    }

    #[test]
    fn an_id_that_is_too_long_is_cut_and_stays_apart() {
        let long = |end: &str| format!("https://q.example/{}{end}", "é".repeat(220));
        let (one, two) = (asset_id(long("1")).unwrap(), asset_id(long("2")).unwrap());
        assert_ne!(one, two);
        assert_eq!(one, asset_id(long("1")).unwrap());
        assert!(
            one.as_str().len() <= MAX_ID_BYTES
                && long("1").starts_with(one.as_str().split('~').next().unwrap())
        );
        assert_eq!(asset_id("a/1").unwrap().as_str(), "a/1");
        assert!(asset_id("").is_err() && asset_id("a\u{0}b").is_err());
    }

    #[test]
    fn names_that_are_no_text_stay_apart() {
        assert_eq!(name_of(b"gr\xfc\xdfe"), "gr%FC%DFe");
        assert_eq!(name_of("grüße".as_bytes()), "grüße");
    }
}
