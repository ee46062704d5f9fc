//! Sessions of those who have signed in with a browser: a random token in a cookie stands for a key, until its owner signs
//! out, or it was not used for half a day, or is a week old, or the server ends.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::door::{
    access::hex_of,
    shares::{Client, Shares},
    site::Site,
};

/// The longest time that one may go unused.
const MAX_IDLE: Duration = Duration::from_secs(12 * 3_600);
/// The longest time that one may last.
const MAX_AGE: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The largest number of sessions by one key, and by all.
const EACH: usize = 100;
const ALL: usize = 1_000;

/// All sessions, by the digests of their tokens: what is in memory lets nobody in.
pub(crate) struct Sessions(Mutex<Shares<[u8; 32], Session>>);

struct Session {
    /// The digest of the key.
    key: [u8; 32],
    began: Instant,
    used: Instant,
}

impl Session {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.used) > MAX_IDLE
            || now.saturating_duration_since(self.began) > MAX_AGE
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(Shares::new(EACH, ALL)))
    }
}

impl Sessions {
    /// Begins one for the key of this digest; its token.
    ///
    /// # Errors
    /// The system's, when it gives no random bytes.
    pub(crate) fn begin(&self, key: [u8; 32], now: Instant) -> Result<String, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let token = hex_of(&bytes);
        let session = Session { key, began: now, used: now };
        self.lasting(now).admit(digest(&token), Client::Key(key), session);
        Ok(token)
    }

    /// The digest of the key that this token stands for; it is used now.
    pub(super) fn key(&self, token: &str, now: Instant) -> Option<[u8; 32]> {
        let mut sessions = self.lasting(now);
        let session = sessions.get_mut(&digest(token))?;
        session.used = now;
        Some(session.key)
    }

    /// Ends it: its token stands for nothing any more.
    pub(crate) fn end(&self, token: &str) {
        self.lasting(Instant::now()).remove(&digest(token));
    }

    fn lasting(&self, now: Instant) -> MutexGuard<'_, Shares<[u8; 32], Session>> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, session| !session.is_over(now));
        sessions
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The name of the cookie. Browsers take one that begins with `__Host-` only over TLS and from this very name (RFC 6265bis,
/// section 4.1.3), so that no neighbour can put his own in its place.
const fn name(site_is_secure: bool) -> &'static str {
    if site_is_secure { "__Host-morgue" } else { "morgue" }
}

/// The token that a request's cookie holds.
pub(crate) fn token<'a>(headers: &'a HeaderMap, site: &Site) -> Option<&'a str> {
    let name = name(site.is_secure());
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(other, _)| *other == name).map(|(_, token)| token)
}

/// The cookie that holds this token until the browser is closed, or, without one, takes it away.
pub(crate) fn cookie(token: Option<&str>, site: &Site) -> Option<HeaderValue> {
    let secure = if site.is_secure() { "; Secure" } else { "" };
    let (token, ends) = token.map_or(("", "; Max-Age=0"), |token| (token, ""));
    let name = name(site.is_secure());
    HeaderValue::from_str(&format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{ends}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> [u8; 32] {
        [number; 32]
    }

    #[test]
    fn a_session_ends_by_itself_or_when_it_is_told() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let later = |hours: u64| now + Duration::from_secs(hours * 3_600);
        let token = sessions.begin(key(1), now).unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(sessions.key(&token, later(11)), Some(key(1)));
        assert_eq!(sessions.key(&token, later(22)), Some(key(1)), "it was used");
        assert_eq!(sessions.key(&token, later(35)), None, "it was not used for too long");
        let token = sessions.begin(key(1), now).unwrap();
        for hours in (0..168).step_by(8) {
            assert!(sessions.key(&token, later(hours)).is_some(), "{hours}");
        }
        assert_eq!(sessions.key(&token, later(169)), None, "it is too old, however often it was used");
        let token = sessions.begin(key(1), now).unwrap();
        sessions.end(&token);
        assert_eq!(sessions.key(&token, now), None);
        assert_eq!(sessions.key("", now), None);
    }

    #[test]
    fn sessions_are_bounded_for_each_key_and_in_all() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let first = sessions.begin(key(0), now).unwrap();
        let other = sessions.begin(key(1), now).unwrap();
        for _ in 0..EACH {
            sessions.begin(key(0), now).unwrap();
        }
        assert_eq!(sessions.key(&first, now), None, "the oldest of that key has given way");
        assert!(sessions.key(&other, now).is_some(), "and nobody else's");
        for number in 2..40 {
            (0..EACH).for_each(|_| drop(sessions.begin(key(number), now).unwrap()));
        }
        assert!(sessions.key(&other, now).is_some(), "who has one only keeps it");
        assert_eq!(sessions.0.lock().unwrap().len(), ALL);
    }

    #[test]
    fn the_cookie_is_of_this_site_alone() {
        let site =
            |url: Option<&str>| Site { public_url: url.map(|url| url.parse().unwrap()), ..Site::default() };
        let check = |url: Option<&str>, token: Option<&str>, expected: &str| {
            assert_eq!(cookie(token, &site(url)).unwrap(), expected);
        };
        check(None, Some("ab"), "morgue=ab; Path=/; HttpOnly; SameSite=Strict");
        check(None, None, "morgue=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
        let secure = Some("https://archive.example");
        check(secure, Some("ab"), "__Host-morgue=ab; Path=/; HttpOnly; SameSite=Strict; Secure");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "theme=dark; morgue=ab".parse().unwrap());
        headers.append(header::COOKIE, "__Host-morgue=cd".parse().unwrap());
        assert_eq!(super::token(&headers, &site(None)), Some("ab"));
        assert_eq!(super::token(&headers, &site(secure)), Some("cd"));
        assert_eq!(super::token(&HeaderMap::new(), &site(None)), None);
    }
}
