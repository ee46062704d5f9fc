//! The policy of a route, known to the door before it is run: data beside the route, whichever surface has it.
//

use axum::{http::Method, response::Response};

use super::{access::Role, body::MAX_BODY, error::RequestError};

/// The effect of a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Reads,
    /// Something that the server keeps for the one who asked: a point in time, a scroll.
    Opens,
    /// Opens something if the address has this parameter, otherwise nothing.
    OpensWith(&'static str),
    /// Something that others see: events, indexes, sessions, what others have opened.
    Changes,
}

/// The form in which a surface tells its clients errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Face {
    /// An error in the shape that its clients read.
    pub(crate) refused: fn(RequestError) -> Response,
    /// True if who has no key is told by which schemes to send one (RFC 9110, section 11.6.1).
    pub(crate) challenges: bool,
    /// True if a browser gets errors as pages.
    pub(crate) is_page: bool,
}

/// The demands of a route on those who ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// The role that may ask; `None` is everybody, and such an answer holds nothing of the archive.
    pub(crate) role: Option<Role>,
    pub(crate) effect: Effect,
    /// The largest body that it takes, in bytes.
    pub(crate) max_body: usize,
    /// True if it is refused before anything else while the queue of searches is full.
    pub(crate) sheds: bool,
    pub(crate) face: Face,
}

impl Policy {
    /// For this role and everybody above; small bodies, never shed.
    pub(crate) const fn new(role: Option<Role>, effect: Effect, face: Face) -> Self {
        Self { role, effect, max_body: MAX_BODY, sheds: false, face }
    }
}

/// One method at one path, and its policy: a route as its surface lists it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the router has it; the matrix of roles and routes asks here")
    )]
    pub(crate) method: Method,
    /// The template of its address, by which requests are counted.
    pub(crate) path: String,
    pub(crate) policy: Policy,
}
