//! Pages of other sites: which of them a browser lets read what this server answers (the Fetch standard,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>), and with a key change it. None, unless they are named.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The sites whose pages may read, and, if they are named, with a key write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(Which);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Which {
    #[default]
    None,
    Any,
    These(Vec<HeaderValue>),
}

/// A text that is no origin, or may not be one here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// It is none.
    #[error("`{0}` is no origin: write scheme, name and port as browsers do, such as https://example.org")]
    NotOne(String),
    /// With keys, `*` would let any page that somebody opens use the key that his browser has.
    #[error("`*` is not taken where there are keys: name the sites whose pages may read")]
    AnyWithKeys,
}

impl Origins {
    /// Of a list of origins, or `*` alone for all.
    ///
    /// # Errors
    /// [`InvalidOrigin`] for the first that cannot be one.
    pub fn parse<T: AsRef<str>>(list: &[T], has_keys: bool) -> Result<Self, InvalidOrigin> {
        if list.is_empty() {
            return Ok(Self::default());
        }
        if list.iter().any(|one| one.as_ref() == "*") {
            return if has_keys { Err(InvalidOrigin::AnyWithKeys) } else { Ok(Self(Which::Any)) };
        }
        let origins: Result<Vec<HeaderValue>, InvalidOrigin> =
            list.iter().map(|one| origin(one.as_ref())).collect();
        Ok(Self(Which::These(origins?)))
    }

    /// Returns true if this origin was named: its pages may do here what their readers' keys allow.
    pub(super) fn has(&self, origin: &str) -> bool {
        matches!(&self.0, Which::These(origins) if origins.iter().any(|own| own == origin))
    }

    /// Returns true if pages of all sites may read.
    pub(super) fn has_any(&self) -> bool {
        self.0 == Which::Any
    }

    /// Returns what answers browsers that ask, and marks what those pages may read; `None` when there are none.
    pub(crate) fn layer(&self) -> Option<CorsLayer> {
        let origins = match &self.0 {
            Which::None => return None,
            Which::Any => AllowOrigin::any(),
            Which::These(origins) => AllowOrigin::list(origins.clone()),
        };
        let layer = CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers([
                header::ACCEPT,
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                HeaderName::from_static("last-event-id"),
            ])
            .expose_headers([
                header::ETAG,
                header::LINK,
                header::RETRY_AFTER,
                HeaderName::from_static("x-elastic-product"),
                HeaderName::from_static("x-total-count"),
            ])
            .max_age(Duration::from_secs(3_600));
        Some(layer)
    }
}

/// An origin as browsers send it: nothing but scheme, name in small letters, and port.
fn origin(text: &str) -> Result<HeaderValue, InvalidOrigin> {
    let refused = || InvalidOrigin::NotOne(text.chars().take(80).collect());
    let uri: Uri = text.parse().map_err(|_| refused())?;
    let (Some("http" | "https"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(refused());
    };
    let same = format!("{}://{}", uri.scheme_str().unwrap_or_default(), authority.as_str().to_lowercase());
    if same != text || authority.as_str().contains('@') {
        return Err(refused());
    }
    HeaderValue::from_str(text).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        for text in ["https://example.org", "http://localhost:3000", "http://[::1]:8080"] {
            assert!(Origins::parse(&[text], true).is_ok(), "{text}");
        }
        for text in [
            "example.org",
            "https://example.org/",
            "https://Example.org",
            "https://a@b.org",
            "ftp://a.org",
            "null",
            "",
        ] {
            assert!(matches!(Origins::parse(&[text], false), Err(InvalidOrigin::NotOne(_))), "{text}");
        }
        assert_eq!(Origins::parse(&["*"], true), Err(InvalidOrigin::AnyWithKeys));
        assert!(Origins::parse(&["*"], false).is_ok_and(|origins| origins.layer().is_some()));
        assert!(Origins::parse::<&str>(&[], false).is_ok_and(|origins| origins.layer().is_none()));
    }
}
