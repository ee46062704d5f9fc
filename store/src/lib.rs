//! The log, and what it says now: the source of truth of an archive.
//!
//! An archive is a sequence of [`Event`]s about articles, images and bylines. [`Log`] keeps them in LMDB, gapless,
//! ordered, chained by digests, and folds them into a catalog in the same transaction. A [`Snapshot`] is both as
//! of one [`Seq`].
//!
//! Not here: formats of archives (crate `ingest`), documents and search (crate `indexer`), HTTP. Nobody
//! outside this crate knows LMDB.
//!
//! ```
//! use store::{Article, AssetId, AssetKind, AssetRef, Log, NewEvent, Outcome, Seq};
//!
//! let dir = tempfile::tempdir()?;
//! let log = Log::open(dir.path())?;
//! let id = AssetId::new("a/1")?;
//! let article = Article { headline: "The cable is laid".into(), ..Article::default() };
//! assert_eq!(log.append_one(&NewEvent::published(id.clone(), article.clone()))?, Outcome::Appended(Seq::new(1)));
//! // The same once more says nothing new.
//! assert_eq!(log.append_one(&NewEvent::published(id.clone(), article))?, Outcome::Unchanged(Seq::new(1)));
//!
//! let snapshot = log.snapshot()?;
//! let live = snapshot.live(&AssetRef::new(AssetKind::Article, id))?.expect("it was published");
//! assert_eq!(live.seq, Seq::new(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod asset;
mod catalog;
mod content;
mod date;
mod differences;
mod error;
mod event;
mod follow;
mod keep;
mod log;
mod moment;
mod open;
mod patch;
mod schema;
mod stamp;
mod validate;

pub use asset::{AssetId, AssetKind, AssetRef, InvalidId, MAX_ID_BYTES, UnknownKind};
pub use catalog::expiry::Expiries;
pub use catalog::reader::{Gone, Reader, Shown};
pub use catalog::snapshot::{AssetState, Live, LiveFields, Snapshot};
pub use catalog::work::Work;
pub use catalog::{Brief, Status};
pub use content::{Article, Byline, Content, Correction, Image, Keyword, Rendition};
pub use date::{ArchiveDate, InvalidDate, Precision, Timestamp};
pub use differences::{Change, Differences, FieldChange, Paragraph, Piece};
pub use error::{AppendError, Damage, OpenError, ReadError};
pub use event::{
    Event, EventType, Fact, InvalidEvent, Merge, NewEvent, Order, OrderedBy, Payload, Revision, Seq,
    Visibility,
};
pub use follow::{FollowError, Follower, LostTail};
pub use keep::backup::BackupError;
pub use keep::export::{ExportError, Exported};
pub use keep::import::{ImportError, Imported};
pub use keep::repair::Repaired;
pub use keep::rewrite::Compacted;
pub use keep::verify::{Problem, Progress, Stage, VerifyReport};
pub use log::batch::Appended;
pub use log::batch::Batch;
pub use log::batch::Name;
pub use log::batch::Outcome;
pub use log::batch::Prepared;
pub use log::batch::Refusal;
pub use log::batch::SourcePosition;
pub use log::clock::{Clock, ClockError, ClockHand};
pub use log::compress::Undecodable;
pub use log::digest::{Digest, InvalidHex, Salt};
pub use log::handle::Log;
pub use log::handle::LogSizes;
pub use log::head::LogHead;
pub use log::note::InvalidNote;
pub use log::options::LogOptions;
pub use log::record::Malformed;
pub use log::turn::{Holder, NoTurn};
pub use moment::AsOf;
pub use moment::InvalidAsOf;
pub use schema::{event_types, schema};
pub use stamp::{Stamp, Unchanged};
pub use validate::{MAX_LIST, MAX_REFERENCES};
