//! Why a search is not answered.

use indexer::{
    IndexError,
    end::{AskError, ReadFailure},
};
use query::QueryError;
use store::{AssetRef, Gone, ReadError, Seq};

/// Why a search is not answered, or a document not given.
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
    /// There is no such thing to search.
    #[error("{reason}")]
    NotThere {
        /// The thing that is not there, and what to do.
        reason: String,
        /// The parameter that names it; empty where none does.
        pointer: &'static str,
    },
    /// It takes too long.
    #[error(
        "the search takes too much of the machine and was given up: narrow it by dates or more words, or write out \
         more of its patterns"
    )]
    TooLong,
    /// The index has not yet taken in what was just written.
    #[error("event {wanted} is not all in the index yet, which has come to {reached}: ask again")]
    NotYet {
        /// The seq that was asked for.
        wanted: Seq,
        /// The seq that the index has reached.
        reached: Seq,
    },
    /// The index fails.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The log fails.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The index fails while it is read.
    #[error(transparent)]
    End(#[from] ReadFailure),
}

impl From<AskError> for SearchError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Query(error) => Self::Query(error),
            AskError::Failed(error) => Self::End(error),
        }
    }
}

impl SearchError {
    /// Names the parameter that is to be mended, if the asker can and it is not known yet.
    #[must_use]
    pub fn at(self, pointer: &'static str) -> Self {
        match self {
            Self::Query(error) => Self::Query(error.at(pointer)),
            Self::NotThere { reason, pointer: "" } => Self::NotThere { reason, pointer },
            other => other,
        }
    }
}

/// Returns what is said of an asset that is gone, to anybody.
fn gone_text(asset: &AssetRef, gone: &Gone) -> String {
    let (what, since) = (if gone.erased { "erased" } else { "withdrawn" }, gone.since);
    match gone.notice.as_str() {
        "" => format!("{asset} was {what} on {since}"),
        notice => format!("{asset} was {what} on {since}: {notice}"),
    }
}
