//! Checks against pages of other sites, names that lead here by a trick, and proxies.
//!
//! A browser sends what it remembers of us, and what its machine may do, whoever made the request. So whatever changes
//! something must come from our own pages, or from those of a site that was named; and while everybody may read, the
//! name by which we are asked must be one of ours (<https://fetch.spec.whatwg.org/#origin-header>,
//! <https://www.w3.org/TR/fetch-metadata/>).

use std::net::IpAddr;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, header},
};

use crate::door::{cors::Origins, error::RequestError, policy::Effect, site::Site};

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Refuses a request that leaves something behind, if a page of another site has made it.
///
/// # Errors
/// [`RequestError::Forbidden`]
pub(super) fn check_origin(
    request: &Request,
    effect: Effect,
    site: &Site,
    named: &Origins,
) -> Result<(), RequestError> {
    let query = request.uri().query().unwrap_or_default();
    let opens = match effect {
        Effect::Reads => return Ok(()),
        Effect::OpensWith(name) if !has_param(query, name) => return Ok(()),
        Effect::Opens | Effect::OpensWith(_) => true,
        Effect::Changes => false,
    };
    let headers = request.headers();
    // Neither pictures nor frames nor styles ask for anything that stays: they are the way to make a page of ours ask.
    let destination = one(headers, &DESTINATION)?;
    if !matches!(destination, None | Some("empty" | "document")) {
        return refused(
            "this keeps or changes something, and is no picture, frame, style or script to be loaded",
        );
    }
    match one(headers, &header::ORIGIN)? {
        Some(origin) if site.is_own(origin, host_of(request)) || named.has(origin) => Ok(()),
        Some(_) if opens && named.has_any() => Ok(()),
        Some(origin) => {
            let origin: String = origin.chars().take(80).collect();
            refused(&format!(
                "this came from a page of {origin}, and pages of other sites change nothing here: if it is a name of this \
                 server, say so with --public-url; if it may write, name it with --cors-origin"
            ))
        }
        None => match one(headers, &SITE)? {
            None | Some("none" | "same-origin") => Ok(()),
            Some(_) => refused("this came from a page of another site, and those change nothing here"),
        },
    }
}

/// Refuses to be asked by a name that is not ours: a page whose own name was made to lead here would read us as itself.
///
/// # Errors
/// [`RequestError::Forbidden`]
pub(super) fn check_host(request: &Request, site: &Site, names: &[String]) -> Result<(), RequestError> {
    // No browser leaves it out.
    let Some(host) = host_of(request) else {
        return match request.headers().contains_key(header::HOST) {
            true => refused("the header Host cannot be read, or there are several"),
            false => Ok(()),
        };
    };
    let (name, literal) = name_of(host);
    let is_ours = literal
        || name.eq_ignore_ascii_case("localhost")
        || names.iter().any(|own| own.eq_ignore_ascii_case(name))
        || site.host().is_some_and(|own| own.eq_ignore_ascii_case(name));
    if is_ours {
        return Ok(());
    }
    let name: String = name.chars().take(80).collect();
    refused(&format!(
        "this server has no keys, so it is asked by its address, as localhost, or by a name that it was started with: \
         `{name}` needs --host {name}"
    ))
}

/// Returns the host, with its port, that a request names: that of its target, if it has one, otherwise the header's (RFC
/// 9112, section 3.2). `None` when there is none or more than one.
pub(super) fn host_of(request: &Request) -> Option<&str> {
    match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => one(request.headers(), &header::HOST).ok().flatten(),
    }
}

/// Returns the name in a host, without the port, and true if it is the literal of an address.
fn name_of(host: &str) -> (&str, bool) {
    if let Some((inner, rest)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let is_port = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_number);
        return (host, is_port && inner.parse::<std::net::Ipv6Addr>().is_ok());
    }
    let name = host.rsplit_once(':').filter(|(_, port)| is_number(port)).map_or(host, |(name, _)| name);
    (name, name.parse::<IpAddr>().is_ok())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Headers that proxies and the networks before them add. A request that has one was sent by somebody behind them.
const OF_PROXIES: [&str; 11] = [
    "client-ip",
    "fastly-client-ip",
    "forwarded",
    "forwarded-for",
    "max-forwards",
    "proxy-connection",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
];

/// The beginnings of the names of others.
const OF_PROXIES_BEGIN: [&str; 10] = [
    "cdn-",
    "cf-",
    "cloudfront-",
    "fly-",
    "x-amzn-",
    "x-appengine-",
    "x-azure-",
    "x-envoy-",
    "x-forwarded",
    "x-original-",
];

/// Returns true if something between has sent this on.
pub(super) fn is_proxied(headers: &HeaderMap) -> bool {
    headers.keys().map(HeaderName::as_str).any(|name| {
        OF_PROXIES.contains(&name) || OF_PROXIES_BEGIN.iter().any(|begin| name.starts_with(begin))
    })
}

/// Returns true for what a script or a part of a page asks, and false for addresses that somebody opens, and for programs.
pub(super) fn is_asked_by_script(headers: &HeaderMap) -> bool {
    headers.get(MODE).is_some_and(|mode| mode != "navigate")
}

/// Returns true if a page of another site leads here: a browser leaves our cookie out then.
pub(crate) fn is_led_here(headers: &HeaderMap) -> bool {
    headers.get(SITE).is_some_and(|site| site == "cross-site" || site == "same-site")
        && headers.get(MODE).is_some_and(|mode| mode == "navigate")
}

/// Returns the one value of a header.
///
/// # Errors
/// [`RequestError::Forbidden`] for several, and for what is no text.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, RequestError> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => refused(&format!("the header {name} cannot be read, or there are several")).map(|()| None),
    }
}

fn has_param(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| {
        let given = pair.split('=').next().unwrap_or(pair);
        // A name that is encoded is one all the same.
        super::path::decoded(given).map_or(true, |given| given == name)
    })
}

fn refused(why: &str) -> Result<(), RequestError> {
    Err(RequestError::Forbidden(why.to_owned()))
}
