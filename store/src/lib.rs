//! The log, and what it says now: the source of truth of an archive.
//!
//! An archive is a sequence of [`Event`]s about articles, images and bylines. [`Log`] keeps them in LMDB, gapless,
//! ordered, chained by digests, and folds them into a catalog in the same transaction. A [`Snapshot`] is both as
//! of one [`Seq`].
//!
//! What is *not* here: formats of archives (crate `ingest`), documents and search (crate `indexer`), HTTP. Nobody
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

mod append;
mod asof;
mod asset;
mod backup;
mod bell;
mod blocks;
mod catalog;
mod changes;
mod clock;
mod compress;
mod content;
mod date;
mod differences;
mod digest;
mod encoding;
mod environment;
mod error;
mod event;
mod expiry;
mod export;
mod fold;
mod follow;
mod import;
mod log;
mod names;
mod note;
mod past;
mod queue;
mod reader;
mod record;
mod repair;
mod rewrite;
mod schema;
mod scratch;
mod snapshot;
mod stored;
mod tables;
mod train;
mod turn;
mod upgrade;
mod validate;
mod verify;
mod volume;
mod work;
mod writer;

pub use append::{Appended, Batch, Name, Outcome, Prepared, Refusal, SourcePosition};
pub use asof::{AsOf, InvalidAsOf};
pub use asset::{AssetId, AssetKind, AssetRef, InvalidId, MAX_ID_BYTES, UnknownKind};
pub use backup::BackupError;
pub use catalog::{Brief, Status};
pub use clock::{Clock, ClockError, ClockHand};
pub use compress::Undecodable;
pub use content::{Article, Byline, Content, Correction, Image, Keyword, Rendition};
pub use date::{ArchiveDate, InvalidDate, Precision, Timestamp};
pub use differences::{Change, Differences, FieldChange, Paragraph, Piece};
pub use digest::{Digest, InvalidHex, Salt};
pub use error::{AppendError, Damage, OpenError, ReadError};
pub use event::{
    Event, EventType, Fact, InvalidEvent, Merge, NewEvent, Order, OrderedBy, Payload, Revision, Seq,
    Visibility,
};
pub use expiry::Expiries;
pub use export::{ExportError, Exported};
pub use follow::{FollowError, LostTail};
pub use import::{ImportError, Imported};
pub use log::{Log, LogHead, LogOptions, LogSizes};
pub use note::InvalidNote;
pub use reader::{Gone, Reader, Shown};
pub use record::Malformed;
pub use repair::Repaired;
pub use rewrite::Compacted;
pub use schema::{event_types, schema};
pub use snapshot::{AssetState, Live, LiveFields, Snapshot};
pub use turn::{Holder, NoTurn};
pub use validate::{MAX_LIST, MAX_PAYLOAD_BYTES, MAX_REFERENCES, MAX_SHORT_TEXT_BYTES};
pub use verify::{MAX_PROBLEMS, Problem, Progress, Stage, VerifyReport};
pub use work::Work;
