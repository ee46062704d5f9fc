//! Why a request is not answered: whose fault it is, and from that the HTTP status.

use indexer::IndexError;
use query::QueryError;
use search::SearchError;
use store::{AppendError, FollowError, InvalidId, NoTurn, ReadError};

/// Why a request is not answered, by whichever surface.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The search or the document that it asks for.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The event that was sent cannot be taken.
    #[error(transparent)]
    Event(#[from] store::InvalidEvent),
    /// An event may not come from a person or a source.
    #[error(transparent)]
    NotAdmitted(#[from] ingest::append::NotAdmitted),
    /// The body is larger than is taken.
    #[error("the body has more than {0} bytes, which is all that is taken at once: send it in parts")]
    TooLarge(usize),
    /// The body did not come in time.
    #[error("the body did not come within {0} s")]
    TooSlow(u64),
    /// The body stopped coming.
    #[error("the body is not whole, and nothing more of it came within {0} s")]
    Stalled(u64),
    /// The body broke off.
    #[error("the body cannot be read: {0}")]
    Broken(String),
    /// The body is packed in a way that is not unpacked.
    #[error("a body that is packed as `{0}` is not taken: send it as it is, or packed by gzip")]
    Encoding(String),
    /// It is not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// The asker must sign in.
    #[error("{0}")]
    Unauthorised(String),
    /// The log does not take it.
    #[error(transparent)]
    Append(#[from] store::AppendError),
    /// It stands in the way of what is there.
    #[error("{0}")]
    Conflict(String),
    /// It is not at the revision that the header If-Match names.
    #[error("{0}")]
    Precondition(String),
    /// There is no such document to change.
    #[error("{0}")]
    NoDocument(String),
    /// There is no such index.
    #[error("no such index [{0}]: there are articles, images, bylines, and morgue for all of them")]
    NoIndex(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// A point in time or scroll is not open, or not any more.
    #[error(
        "no search context found for id [{0}]: it was closed, or not used for longer than it was to be kept"
    )]
    NoContext(String),
    /// A point in time or scroll was closed, because of what happened to the archive since.
    #[error("no search context found for id [{id}]: it was closed, because {why}: open another")]
    PointClosed {
        /// Its id, as it was sent.
        id: String,
        /// The event that closed it.
        why: &'static str,
    },
    /// The path is there, but not for this method.
    #[error("this cannot be done here: the header Allow says what can")]
    WrongMethod,
    /// All workers are busy and the queue is full.
    #[error("the server is busy: ask again in a second")]
    Busy,
    /// The search broke something: a mistake of ours.
    #[error("the search has failed in a way that it should not; the server's log has more")]
    Panicked,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl RequestError {
    /// Names the parameter that is to be mended, if the asker can and it is not known yet.
    #[must_use]
    pub(crate) fn at(self, pointer: &'static str) -> Self {
        match self {
            Self::Search(error) => Self::Search(error.at(pointer)),
            Self::NotFound(reason) => Self::Search(SearchError::NotThere { reason, pointer }),
            other => other,
        }
    }

    /// Returns where the mistake is: a parameter, or a JSON pointer (RFC 6901) into the body. Empty when it is nowhere.
    pub(crate) fn pointer(&self) -> &str {
        match self {
            Self::Search(SearchError::Query(error)) => &error.pointer,
            Self::Search(SearchError::NotThere { pointer, .. }) => pointer,
            _ => "",
        }
    }

    /// Returns after how many seconds to ask again; `None` where that helps nobody.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Append(AppendError::NoTurn(NoTurn::Held { .. })) => Some(10),
            Self::Append(AppendError::Clock(_)) => None,
            error => matches!(error.status(), 429 | 503).then_some(1),
        }
    }

    /// Returns the HTTP status.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Search(error) => status_of(error),
            Self::Event(_)
            | Self::NotAdmitted(_)
            | Self::Broken(_)
            | Self::Append(AppendError::Invalid(_)) => 400,
            Self::Unauthorised(_) => 401,
            Self::Forbidden(_) => 403,
            Self::NotFound(_)
            | Self::NoIndex(_)
            | Self::NoDocument(_)
            | Self::NoContext(_)
            | Self::PointClosed { .. } => 404,
            Self::WrongMethod => 405,
            Self::TooSlow(_) | Self::Stalled(_) => 408,
            Self::Conflict(_) | Self::Append(AppendError::Conflict { .. }) => 409,
            Self::Precondition(_) => 412,
            Self::TooLarge(_) => 413,
            Self::Encoding(_) => 415,
            Self::Busy => 429,
            Self::Append(AppendError::DiskFull) => 507,
            Self::Append(AppendError::NoTurn(_) | AppendError::Clock(_)) | Self::Stopping => 503,
            Self::Append(_) | Self::Panicked => 500,
        }
    }
}

/// Returns the HTTP status of a search that is not answered.
fn status_of(error: &SearchError) -> u16 {
    match error {
        SearchError::Query(_) | SearchError::TooLong | SearchError::Index(IndexError::InvalidName(_)) => 400,
        SearchError::NoSuchAsset(_)
        | SearchError::NotThere { .. }
        | SearchError::Index(IndexError::NoGeneration { .. })
        | SearchError::Log(ReadError::NoSuchEvent { .. }) => 404,
        SearchError::Index(IndexError::Busy { .. }) => 409,
        SearchError::Gone(..) => 410,
        // It comes back by itself.
        SearchError::Index(IndexError::Gone { .. } | IndexError::Damaged { .. }) => 503,
        SearchError::Index(_) | SearchError::Log(_) | SearchError::End(_) => 500,
        SearchError::NotYet { .. } => 503,
    }
}

impl From<InvalidId> for RequestError {
    fn from(error: InvalidId) -> Self {
        QueryError::illegal(error.to_string()).at("id").into()
    }
}

impl From<QueryError> for RequestError {
    fn from(error: QueryError) -> Self {
        Self::Search(error.into())
    }
}

impl From<IndexError> for RequestError {
    fn from(error: IndexError) -> Self {
        Self::Search(error.into())
    }
}

impl From<FollowError> for RequestError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Lost(lost) => Self::Conflict(format!("{lost}: read it again from event 1")),
            FollowError::Read(error) => error.into(),
        }
    }
}

impl From<ReadError> for RequestError {
    fn from(error: ReadError) -> Self {
        Self::Search(error.into())
    }
}
