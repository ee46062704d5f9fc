//! Why a search is not answered: whose fault it is, and from that the HTTP status.

use indexer::IndexError;
use query::QueryError;
use store::{AppendError, AssetRef, Gone, InvalidId, ReadError, Seq};

/// Why a search is not answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The question is wrong: the asker's to mend.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// There is no such asset, or readers do not see it.
    #[error("there is no {0}")]
    NoSuchAsset(AssetRef),
    /// Readers saw it once, and do not any more.
    #[error("{}", gone_text(.0, .1))]
    Gone(AssetRef, Box<Gone>),
    /// What was sent cannot be taken.
    #[error(transparent)]
    Event(#[from] store::InvalidEvent),
    /// What was sent is larger than is taken.
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
    /// It is not allowed.
    #[error("{0}")]
    Forbidden(String),
    /// Who asks must say who he is.
    #[error("{0}")]
    Unauthorised(String),
    /// The log does not take it.
    #[error(transparent)]
    Append(#[from] store::AppendError),
    /// It stands in the way of what is there.
    #[error("{0}")]
    Conflict(String),
    /// There is no such document to change.
    #[error("{0}")]
    NoDocument(String),
    /// There is no such index.
    #[error("no such index [{0}]: there are articles, images, bylines, and morgue for all of them")]
    NoIndex(String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// There is no such thing as a parameter names.
    #[error("{reason}")]
    NotThere {
        /// What is not there, and what to do.
        reason: String,
        /// The parameter.
        pointer: &'static str,
    },
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
        /// What happened.
        why: &'static str,
    },
    /// The path is there, but not for this method.
    #[error("this cannot be done here: the header Allow says what can")]
    WrongMethod,
    /// It takes too long.
    #[error(
        "the search takes too much of the machine and was given up: narrow it by dates or more words, or write out \
         more of its patterns"
    )]
    TooLong,
    /// What was just written is not in the index yet.
    #[error("event {wanted} is not all in the index yet, which has come to {reached}: ask again")]
    NotYet {
        /// What was asked for.
        wanted: Seq,
        /// How far it is.
        reached: Seq,
    },
    /// All workers are busy and the queue is full.
    #[error("the server is busy: ask again in a second")]
    Busy,
    /// The search broke something: a mistake of ours.
    #[error("the search has failed in a way that it should not; the server's log has more")]
    Panicked,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The log fails.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Tantivy fails.
    #[error("the index fails: {0}; `morgue rebuild` makes a new one from the log")]
    Tantivy(tantivy::TantivyError),
}

impl SearchError {
    /// The same, of the parameter that is to be mended, if the asker can and it is not known yet.
    #[must_use]
    pub fn at(self, pointer: &'static str) -> Self {
        match self {
            Self::Query(error) => Self::Query(error.at(pointer)),
            Self::NotFound(reason) => Self::NotThere { reason, pointer },
            other => other,
        }
    }

    /// Where the mistake is: a parameter, or a JSON pointer (RFC 6901) into the body. Empty when it is nowhere.
    pub fn pointer(&self) -> &str {
        match self {
            Self::Query(error) => &error.pointer,
            Self::NotThere { pointer, .. } => pointer,
            _ => "",
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Query(_) | Self::Event(_) | Self::TooLong | Self::Broken(_) => 400,
            Self::Append(AppendError::Invalid(_)) => 400,
            Self::Append(AppendError::Conflict { .. }) => 409,
            Self::Append(AppendError::DiskFull) => 507,
            Self::Append(_) => 500,
            Self::TooLarge(_) => 413,
            Self::TooSlow(_) | Self::Stalled(_) => 408,
            Self::Forbidden(_) => 403,
            Self::Unauthorised(_) => 401,
            Self::NoSuchAsset(_)
            | Self::NotFound(_)
            | Self::NotThere { .. }
            | Self::NoIndex(_)
            | Self::NoDocument(_)
            | Self::NoContext(_)
            | Self::PointClosed { .. } => 404,
            Self::Gone(..) => 410,
            Self::WrongMethod => 405,
            Self::Conflict(_) => 409,
            Self::Index(IndexError::InvalidName(_)) => 400,
            Self::Index(IndexError::NoGeneration { .. }) => 404,
            Self::Index(IndexError::Busy { .. }) => 409,
            Self::Log(ReadError::NoSuchEvent { .. }) => 404,
            Self::Busy => 429,
            Self::NotYet { .. } | Self::Stopping => 503,
            Self::Index(_) | Self::Log(_) | Self::Tantivy(_) | Self::Panicked => 500,
        }
    }
}

/// What is said of an asset that is gone, to anybody.
fn gone_text(asset: &AssetRef, gone: &Gone) -> String {
    let (what, since) = (if gone.erased { "erased" } else { "withdrawn" }, gone.since);
    match gone.notice.as_str() {
        "" => format!("{asset} was {what} on {since}"),
        notice => format!("{asset} was {what} on {since}: {notice}"),
    }
}

impl From<InvalidId> for SearchError {
    fn from(error: InvalidId) -> Self {
        Self::Query(QueryError::illegal(error.to_string()).at("id"))
    }
}
