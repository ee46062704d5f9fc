//! The asker of a request: found out once, at the door, and handed on with the request.

use std::{net::SocketAddr, time::Instant};

use axum::extract::{ConnectInfo, OriginalUri, Request};
use store::{Reader, Timestamp};

use crate::door::{
    access::{Key, Role, keys_in},
    error::RequestError,
    rules::Door,
    sessions,
    shares::Client,
    strangers,
};

/// The one who asks. It comes as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    standing: Standing,
    /// For whom the server keeps what this one opens.
    pub(crate) client: Client,
}

/// The role of an asker, and if it is not the highest, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// There are keys, and this is one.
    Key(Role),
    /// There are keys, and none was sent.
    NoKey,
    /// There are keys, and the one that was sent is none of them.
    Unknown,
    /// The key that was sent was good until a moment that is past.
    Expired,
    /// The key that was sent is good for other addresses.
    Outside,
    /// The session that a cookie stood for is over.
    Over,
    /// There are no keys, and this machine asks.
    Here,
    /// There are no keys, and another machine asks.
    Elsewhere,
}

impl Asker {
    pub(super) fn of(door: &Door, request: &Request) -> Self {
        let headers = request.headers();
        // Below a surface of its own, the address has lost its beginning.
        let whole = request.extensions().get::<OriginalUri>().map_or(request.uri(), |OriginalUri(uri)| uri);
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let by_key = |key: Option<Key>, without: Standing| match key {
            Some(key) => {
                let standing = match () {
                    () if key.is_over(Timestamp::now()) => Standing::Expired,
                    () if !key.is_for(whole.path()) => Standing::Outside,
                    () => Standing::Key(key.role),
                };
                Self { standing, client: Client::Key(key.digest) }
            }
            None => Self { standing: without, client: Client::at(peer) },
        };
        if !door.access.has_keys() {
            let here = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
            let standing = match here && !strangers::is_proxied(headers) {
                true => Standing::Here,
                false => Standing::Elsewhere,
            };
            return Self { standing, client: Client::at(peer) };
        }
        if let Some(given) = headers.get(axum::http::header::AUTHORIZATION) {
            let keys = given.to_str().map(keys_in).unwrap_or_default();
            let known = keys.iter().filter_map(|key| door.access.key(key));
            return by_key(known.max_by_key(|key| key.role), Standing::Unknown);
        }
        match sessions::token(headers, &door.site) {
            Some(token) => {
                // A key that was struck from the file ends its sessions, too.
                let digest = door.sessions.key(token, Instant::now());
                by_key(digest.and_then(|digest| door.access.key_of(&digest)), Standing::Over)
            }
            None => by_key(None, Standing::NoKey),
        }
    }

    /// The role; `None` for who has not said who he is although he would have to.
    pub(crate) fn role(&self) -> Option<Role> {
        match self.standing {
            Standing::Key(role) => Some(role),
            Standing::Here => Some(Role::Admin),
            Standing::Elsewhere => Some(Role::Read),
            Standing::NoKey | Standing::Unknown | Standing::Expired | Standing::Outside | Standing::Over => {
                None
            }
        }
    }

    /// Returns what this one may see: those who keep the archive see all.
    pub(crate) fn reader(&self) -> Reader {
        match self.standing {
            Standing::Key(role) if role >= Role::Write => Reader::KEEPER,
            // Without keys everybody on this machine would be one, pages of browsers among them.
            _ => Reader::PUBLIC,
        }
    }

    /// Returns what this one may see of the log's events: without keys whoever may append them, too, so that a copy can
    /// be made.
    pub(crate) fn reader_of_events(&self) -> Reader {
        match self.standing {
            Standing::Here => Reader::KEEPER,
            _ => self.reader(),
        }
    }

    /// The name of the role: whoever has another may see another answer.
    pub(crate) fn role_name(&self) -> &'static str {
        self.role().map_or("", Role::name)
    }

    /// Lets pass who has this role or one above.
    ///
    /// # Errors
    /// [`RequestError::Unauthorised`] and [`RequestError::Forbidden`]: why not, and what to do.
    pub(crate) fn needs(&self, needed: Role) -> Result<(), RequestError> {
        let unknown = |text: &str| Err(RequestError::Unauthorised(text.to_owned()));
        match self.standing {
            _ if self.role().is_some_and(|role| role >= needed) => Ok(()),
            Standing::NoKey => unknown(
                "a key is needed: send it as `Authorization: Bearer KEY`, or sign in with it at /sign-in",
            ),
            Standing::Unknown => unknown("the key is not known here"),
            Standing::Expired => unknown("the key was good until a day that is past: ask for another"),
            Standing::Over => unknown("the session is over: sign in again"),
            Standing::Outside => {
                Err(RequestError::Forbidden("the key is good for other addresses than this one".to_owned()))
            }
            Standing::Key(_) | Standing::Here => {
                Err(RequestError::Forbidden(format!("this needs a key of the role {}", needed.name())))
            }
            Standing::Elsewhere => Err(RequestError::Forbidden(
                "this server has no keys, so it takes orders only from the machine that it runs on, and nothing that a \
                 proxy has sent on"
                    .to_owned(),
            )),
        }
    }
}
