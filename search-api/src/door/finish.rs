//! Headers that every answer of the API carries, and ways to make it smaller or unnecessary.

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use store::Digest;

use crate::door::{compress, policy::Policy, rules::Door};

/// Smaller answers gain nothing by being packed.
const MIN_PACKED: u64 = 1_024;

/// Packs an answer for who takes it, and says what browsers and proxies may do with it.
pub(super) async fn finish<F: Future<Output = Response>>(
    door: &Door,
    policy: &Policy,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let packs = compress::is_taken(request.headers());
    let mut response = next(request).await;
    let headers = response.headers_mut();
    // Keys differ in what they may see, and what was withdrawn must not be kept by anybody.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if door.access.has_keys() && policy.role.is_some() {
        make_private(headers);
    }
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
    let is_text =
        headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).is_some_and(is_text);
    let is_large = response.body().size_hint().exact().is_some_and(|bytes| bytes >= MIN_PACKED);
    if !(is_text && is_large) || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    if packs {
        return compress::compressed(response).await;
    }
    compress::vary(response.headers_mut());
    response
}

/// Says that an answer is for the one who asked: no cache between may give it to another, nor may the browser once the key
/// or the session is another.
fn make_private(headers: &mut HeaderMap) {
    let said = headers.get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or("no-store");
    if said.contains("no-store") {
        return;
    }
    let rest = said.split(',').map(str::trim).filter(|word| !matches!(*word, "public" | "private"));
    let said = std::iter::once("private").chain(rest).collect::<Vec<_>>().join(", ");
    let said = HeaderValue::from_str(&said).unwrap_or(HeaderValue::from_static("no-store"));
    headers.insert(header::CACHE_CONTROL, said);
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie"));
}

/// Pictures are no text, whatever they are written in: they are large, and come in parts.
fn is_text(media: &str) -> bool {
    let name = media.split(';').next().unwrap_or_default().trim();
    if name.starts_with("image/") {
        return false;
    }
    name.starts_with("text/")
        || ["json", "xml", "javascript", "openmetrics-text"].iter().any(|end| name.ends_with(end))
}

/// Returns what an answer is made from, as an ETag (RFC 9110, section 8.8.3): a weak one, since the same may be packed
/// or not.
pub(crate) fn etag(parts: &[&str]) -> HeaderValue {
    let mut bytes: Vec<&[u8]> = Vec::with_capacity(parts.len() * 2);
    for part in parts {
        bytes.extend([part.as_bytes(), &[0]]);
    }
    let digest: String = Digest::of(&bytes).to_string().chars().take(24).collect();
    HeaderValue::from_str(&format!("W/\"{digest}\"")).unwrap_or(HeaderValue::from_static("W/\"0\""))
}

/// Returns true if who asks has just this already.
pub(crate) fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str().map(bare) else { return false };
    tags_in(asked).any(|known| bare(known) == tag)
}

/// Returns true if who asks has whatever there is, `*`: to him nothing is new but that there is nothing.
pub(crate) fn is_anything_known(asked: &HeaderMap) -> bool {
    tags_in(asked).any(|known| known.trim() == "*")
}

fn tags_in(asked: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(','))
}

/// `304`, with what the answer would have said of itself.
pub(crate) fn not_modified(tag: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    tagged(response.headers_mut(), tag);
    response
}

/// Says what an answer was made from, and that it may be kept if it is asked for again each time.
pub(crate) fn tagged(headers: &mut HeaderMap, tag: HeaderValue) {
    headers.insert(header::ETAG, tag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    let vary = HeaderValue::from_static("accept, authorization");
    headers.append(HeaderName::from_static("vary"), vary);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_by_any_who_has_it() {
        let tag = etag(&["a", "b"]);
        assert_ne!(tag, etag(&["ab", ""]));
        let check = |value: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(is_known(&headers, &tag), expected, "{value}");
        };
        let tag = tag.to_str().unwrap();
        check(tag, true);
        check(&format!("\"x\", {tag}"), true);
        check(tag.trim_start_matches("W/"), true);
        check("*", false);
        check("\"x\"", false);
        assert!(!is_known(&HeaderMap::new(), &etag(&["a", "b"])));
        let any = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            is_anything_known(&headers)
        };
        assert!(any("*") && any("\"x\", *") && !any("\"*x\""));
    }

    #[test]
    fn text_is_packed() {
        for media in [
            "application/json",
            "text/csv; charset=utf-8",
            "application/atom+xml",
            "application/problem+json",
        ] {
            assert!(is_text(media), "{media}");
        }
        assert!(!is_text("image/png") && !is_text("image/svg+xml"));
    }
}
