//! The address of the archive, and its name.

use std::{fmt, str::FromStr};

use axum::http::{HeaderMap, Uri, header};

/// The address by which readers know a server: scheme, name and port, as browsers write an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// It is no address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address of a site: write scheme and name, and nothing behind them, as in https://archive.example.org"
)]
pub struct InvalidUrl(String);

impl PublicUrl {
    /// As browsers write it: `https://archive.example.org`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The name or the address, without the port.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or(self.0.as_str(), |(_, authority)| authority);
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => authority,
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let refused = || InvalidUrl(text.chars().take(80).collect());
        let uri: Uri = text.parse().map_err(|_| refused())?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(refused());
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() || authority.as_str().contains('@') {
            return Err(refused());
        }
        Ok(Self(origin_of(scheme, authority.as_str())))
    }
}

/// An origin as browsers write it: in small letters, without the port that the scheme has anyway.
fn origin_of(scheme: &str, authority: &str) -> String {
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(usual).unwrap_or(authority);
    format!("{scheme}://{}", authority.to_ascii_lowercase())
}

/// The beginning of addresses, and the name of the archive.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) title: String,
    pub(crate) public_url: Option<PublicUrl>,
}

impl Default for Site {
    fn default() -> Self {
        Self { title: "The Morgue".to_owned(), public_url: None }
    }
}

impl Site {
    /// Returns what addresses begin with: as configured, otherwise as the request has it.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> String {
        if let Some(public) = &self.public_url {
            return public.to_string();
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let fits = |host: &&str| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        };
        format!("http://{}", host.filter(fits).unwrap_or("localhost"))
    }

    /// Returns true if pages of this origin are our own: those at the public address, or, where none was given, at the host
    /// that the request names.
    pub(super) fn is_own(&self, origin: &str, host: Option<&str>) -> bool {
        match (&self.public_url, host) {
            (Some(public), _) => origin == public.as_str(),
            (None, Some(host)) => origin == origin_of("http", host),
            (None, None) => false,
        }
    }

    /// The name in the public address.
    pub(super) fn host(&self) -> Option<&str> {
        self.public_url.as_ref().map(PublicUrl::host)
    }

    /// Returns true if browsers reach us over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(PublicUrl::is_secure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let url = text.parse::<PublicUrl>().ok();
            assert_eq!(url.as_ref().map(|url| (url.as_str(), url.host())), expected, "{text}");
        };
        check("https://archive.example.org", Some(("https://archive.example.org", "archive.example.org")));
        check(
            "https://Archive.example.org:443/",
            Some(("https://archive.example.org", "archive.example.org")),
        );
        check(
            "http://archive.example.org:8080",
            Some(("http://archive.example.org:8080", "archive.example.org")),
        );
        check("http://[::1]:80", Some(("http://[::1]", "[::1]")));
        check("http://[::1]:7700", Some(("http://[::1]:7700", "[::1]")));
        for refused in [
            "archive.example.org",
            "https://a@b.example",
            "https://a.example/x",
            "ftp://a.example",
            "https://a.example/?x",
            "",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn an_origin_is_our_own_by_the_public_address_or_the_host() {
        let check = |public: Option<&str>, origin: &str, host: Option<&str>, expected: bool| {
            let site = Site { public_url: public.map(|url| url.parse().unwrap()), ..Site::default() };
            assert_eq!(site.is_own(origin, host), expected, "{public:?} {origin} {host:?}");
        };
        let public = Some("https://archive.example.org");
        check(None, "http://localhost:7700", Some("localhost:7700"), true);
        check(None, "http://localhost", Some("LOCALHOST:80"), true);
        check(None, "https://localhost:7700", Some("localhost:7700"), false);
        check(None, "http://localhost:7701", Some("localhost:7700"), false);
        check(None, "http://localhost:7700.evil.example", Some("localhost:7700"), false);
        check(None, "null", Some("null"), false);
        check(None, "http://localhost", None, false);
        check(public, "https://archive.example.org", Some("127.0.0.1:7700"), true);
        check(public, "http://archive.example.org", Some("archive.example.org"), false);
        check(public, "http://127.0.0.1:7700", Some("127.0.0.1:7700"), false);
        check(public, "https://archive.example.org:8443", Some("archive.example.org"), false);
    }
}
