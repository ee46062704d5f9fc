//! Who may do what: three roles by keys, and without keys only this machine may write.
//!
//! A key comes as `Authorization: Bearer KEY`, or in the ways that clients of Elasticsearch have: `ApiKey KEY`, `ApiKey`
//! with base64 of `id:KEY`, `Basic` with the key as password. Only SHA-256 digests of keys are kept, and they are
//! compared in the same time whatever they are. No key is ever logged.

use std::{fmt, net::SocketAddr, str::FromStr};

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Response},
};
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{problem::Problem, route::find, routes::ROUTES, state::ApiState};
use crate::{error::SearchError, es};

/// What a key allows. Each allows what those before it do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Searching and reading.
    Read,
    /// Appending events.
    Write,
    /// Rebuilding.
    Admin,
}

impl Role {
    /// As it is written in files of keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            _ => Err(InvalidKey("the role must be read, write or admin")),
        }
    }
}

/// A line that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key is a line `ROLE SHA256`, such as the one that `morgue key` prints: {0}")]
pub struct InvalidKey(&'static str);

/// The keys of a server.
#[derive(Clone, Default)]
pub struct Access {
    keys: Vec<(Role, [u8; 32])>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({} keys)", self.keys.len())
    }
}

impl Access {
    /// Reads lines of `ROLE SHA256`; empty ones and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// [`InvalidKey`] for the first line that is none.
    pub fn parse(lines: &str) -> Result<Self, InvalidKey> {
        let mut access = Self::default();
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (role, digest) =
                line.split_once(char::is_whitespace).ok_or(InvalidKey("it has two words"))?;
            let digest = digest.split_whitespace().next().unwrap_or_default();
            let bytes = from_hex(digest).ok_or(InvalidKey("the digest must have 64 hexadecimal digits"))?;
            access.keys.push((role.parse()?, bytes));
        }
        Ok(access)
    }

    /// The line of a key.
    pub fn line(role: Role, key: &str) -> String {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{} {hex}", role.name())
    }

    /// Whether there are keys at all.
    pub fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The role of a key.
    fn role_of(&self, key: &str) -> Option<Role> {
        let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
        let mut found = None;
        for (role, own) in &self.keys {
            if own.ct_eq(&digest).into() {
                found = found.max(Some(*role));
            }
        }
        found
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// The role that a request needs; `None` for what everybody may ask.
pub(super) fn required(method: &Method, path: &str) -> Option<Role> {
    if let Some(route) = find(&ROUTES, method, path) {
        return route.role;
    }
    // The buttons of the machine room.
    if path.starts_with("/status/") {
        return Some(Role::Admin);
    }
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Some(Role::Read);
    }
    Some(if es::asks(method, path) { Role::Read } else { Role::Write })
}

/// Lets a request through or refuses it.
pub(super) async fn check<F: Future<Output = Response>>(
    state: &ApiState,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let path = request.uri().path();
    let elastic = path.starts_with("/es/") || path == "/es";
    let allowed = match required(request.method(), path) {
        None => Ok(()),
        Some(needed) => allows(&state.access, needed, &request),
    };
    match allowed {
        Ok(()) => next(request).await,
        Err(error) if elastic => es::refused(error),
        Err(error) => Problem(error).into_response(),
    }
}

/// Whether who asks may do what needs this role.
///
/// # Errors
/// [`SearchError`]: why not, and what to do.
pub(crate) fn allows(access: &Access, needed: Role, request: &Request) -> Result<(), SearchError> {
    match needed {
        _ if access.has_keys() => by_key(access, needed, request.headers()),
        Role::Read => Ok(()),
        _ => from_here(request),
    }
}

fn by_key(access: &Access, needed: Role, headers: &HeaderMap) -> Result<(), SearchError> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(given) = given else {
        return Err(SearchError::Unauthorised(
            "a key is needed: send it as `Authorization: Bearer KEY`".to_owned(),
        ));
    };
    let role = keys_in(given).iter().filter_map(|key| access.role_of(key)).max();
    match role {
        None => Err(SearchError::Unauthorised("the key is not known here".to_owned())),
        Some(role) if role < needed => {
            Err(SearchError::Forbidden(format!("this needs a key of the role {}", needed.name())))
        }
        Some(_) => Ok(()),
    }
}

/// What of an `Authorization` header may be the key.
fn keys_in(header: &str) -> Vec<String> {
    let Some((scheme, rest)) = header.split_once(' ') else { return Vec::new() };
    let rest = rest.trim();
    let mut keys = Vec::new();
    if !scheme.eq_ignore_ascii_case("basic") {
        keys.push(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("bearer")
        && let Some(pair) = from_base64(rest).and_then(|bytes| String::from_utf8(bytes).ok())
    {
        keys.extend(pair.split_once(':').map(|(_, key)| key.to_owned()));
    }
    keys
}

/// Standard base64 (RFC 4648), with or without padding; `None` for what is none.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&base64::alphabet::STANDARD, config).decode(text).ok()
}

/// Without keys: a write must come from this machine, and not from a page of another site that a browser here shows.
fn from_here(request: &Request) -> Result<(), SearchError> {
    let refused = |text: &str| Err(SearchError::Forbidden(text.to_owned()));
    let header = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let forwarded =
        request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    if !peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) || forwarded {
        return refused("this server has no keys, so it takes writes only from the machine that it runs on");
    }
    let host = header(header::HOST).or_else(|| request.uri().host()).unwrap_or("localhost");
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let literal = name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    if name != "localhost" && !literal {
        return refused("without keys, writes must name this server by its address or as localhost");
    }
    if let Some(origin) = header(header::ORIGIN)
        && origin.split_once("://").map(|(_, rest)| rest) != Some(host)
    {
        return refused("without keys, pages of other sites cannot write");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_needs_its_role() {
        let check = |method: Method, path: &str, role: Option<Role>| {
            assert_eq!(required(&method, path), role, "{method} {path}");
        };
        check(Method::GET, "/healthz", None);
        check(Method::GET, "/readyz", None);
        for path in [
            "/api/v1/search",
            "/api/v1/events",
            "/api/v1/articles/a/1",
            "/es/",
            "/es/_search",
            "/metrics",
            "/",
        ] {
            check(Method::GET, path, Some(Role::Read));
            check(Method::HEAD, path, Some(Role::Read));
        }
        for path in
            ["/es/_search", "/es/articles/_search", "/es/_msearch", "/es/_count", "/es/_mget", "/es/_analyze"]
        {
            check(Method::POST, path, Some(Role::Read));
        }
        for path in
            ["/es/_bulk", "/es/articles/_doc", "/es/articles/_doc/_search", "/es/articles/_update/a/_search"]
        {
            check(Method::POST, path, Some(Role::Write));
            check(Method::PUT, path, Some(Role::Write));
            check(Method::DELETE, path, Some(Role::Write));
        }
        check(Method::POST, "/api/v1/events", Some(Role::Write));
    }

    #[test]
    fn keys_come_in_several_ways() {
        let access = Access::parse(&format!(
            "# ours\n{}\n\n{} laptop\n",
            Access::line(Role::Read, "r"),
            Access::line(Role::Write, "w")
        ))
        .unwrap();
        assert_eq!(access.role_of("w"), Some(Role::Write));
        assert_eq!(access.role_of("x"), None);
        for given in ["Bearer w", "bearer w", "ApiKey w", "ApiKey aWQ6dw==", "Basic dXNlcjp3"] {
            assert_eq!(
                keys_in(given).iter().find_map(|key| access.role_of(key)),
                Some(Role::Write),
                "{given}"
            );
        }
        for given in ["Basic w", "w", "Bearer", "Basic ???", ""] {
            assert_eq!(keys_in(given).iter().find_map(|key| access.role_of(key)), None, "{given}");
        }
        assert!(Access::parse("owner 00").is_err());
        assert!(Access::parse("read 00").is_err());
        assert_eq!(format!("{access:?}"), "Access(2 keys)");
    }
}
