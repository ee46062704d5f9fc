//! The catalog as of an older moment, for snapshots of the past.
//!
//! What one asset was then is found by walking its history. Who named it then is in no table, so the first question of
//! that sort folds the events up to then into a catalog of its own, which takes some 10 µs an event. That catalog is
//! kept beside the tables that it was folded from, for all snapshots of the moment, and brought forward when the log
//! has taken more that belongs to it. It goes when an erasure replaces the volume.

use std::{
    cell::OnceCell,
    sync::{Arc, Mutex, PoisonError},
};

use heed::RoTxn;

use crate::{
    asof::AsOf,
    catalog::Head,
    error::ReadError,
    event::Seq,
    fold::Fold,
    log::Log,
    scratch::Scratch,
    snapshot::{Snapshot, earlier},
    tables::{CatalogTables, Read},
};

/// So many catalogs of older moments are kept.
const KEPT: usize = 4;
/// So many events are looked at before the next read transaction.
const CHUNK: u64 = 5_000;

/// What makes a snapshot one of the past.
pub(crate) struct Past {
    pub(crate) as_of: AsOf,
    /// The last event that is looked at, where that is not the last of the log.
    within: Option<Seq>,
    folded: OnceCell<Folded>,
}

/// A catalog as of then, at rest for one snapshot.
struct Folded {
    /// Dropped before the environment that it reads.
    txn: Read,
    scratch: Arc<Scratch>,
}

impl Past {
    pub(crate) fn new(as_of: AsOf, within: Option<Seq>) -> Self {
        Self { as_of, within, folded: OnceCell::new() }
    }

    /// What the log said of an asset then, given the snapshot that this is of.
    pub(crate) fn head(&self, snapshot: &Snapshot, key: &[u8]) -> Result<Option<Head>, ReadError> {
        match self.folded.get() {
            Some(folded) => folded.scratch.tables.head(&folded.txn, key),
            None => self.walk(snapshot, key),
        }
    }

    /// The whole catalog as of then.
    pub(crate) fn catalog(&self, snapshot: &Snapshot) -> Result<(&RoTxn<'_>, &CatalogTables), ReadError> {
        let folded = match self.folded.get() {
            Some(folded) => folded,
            None => {
                let scratch = snapshot.tables.pasts.catalog(snapshot, (self.as_of, self.within))?;
                let txn = scratch.env.clone().static_read_txn()?;
                self.folded.get_or_init(|| Folded { txn, scratch })
            }
        };
        Ok((&folded.txn, &folded.scratch.tables))
    }

    /// As many reads as the asset has events.
    fn walk(&self, snapshot: &Snapshot, key: &[u8]) -> Result<Option<Head>, ReadError> {
        let Snapshot { log, tables, txn, seq: last, .. } = snapshot;
        let mut seqs = Vec::new();
        let mut seq = tables.catalog.head(txn, key)?.map_or(Seq::ZERO, |head| head.latest);
        while seq != Seq::ZERO {
            let record = tables.record(txn, seq)?;
            if seq <= *last && self.as_of.takes(seq, record.happened()) {
                seqs.push(seq);
            }
            seq = earlier(seq, record.prev)?;
        }
        let fold = Fold::new(log, tables.catalog);
        let mut head = None;
        for seq in seqs.into_iter().rev() {
            let record = tables.record(txn, seq)?;
            head = Some(fold.head_after(tables, txn, head, seq, &record)?);
        }
        Ok(head)
    }
}

/// The catalogs of older moments that are kept beside the tables of one volume, the one asked for last at the end.
#[derive(Default)]
pub(crate) struct Pasts {
    kept: Mutex<Vec<Arc<Kept>>>,
}

struct Kept {
    moment: Moment,
    /// Locked by who brings it forward; nobody folds the same twice.
    catalog: Mutex<Option<Catalog>>,
}

/// When, and up to which event of the log; `None` is its last.
type Moment = (AsOf, Option<Seq>);

struct Catalog {
    scratch: Arc<Scratch>,
    /// The last event of the log that was looked at.
    upto: Seq,
}

impl Pasts {
    /// The catalog as of this moment for this snapshot.
    fn catalog(&self, snapshot: &Snapshot, moment: Moment) -> Result<Arc<Scratch>, ReadError> {
        let (Snapshot { log, seq, .. }, (as_of, _)) = (snapshot, moment);
        let kept = self.of(moment);
        let mut shared = kept.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        let mut begun = match shared.take() {
            Some(catalog) if catalog.upto <= *seq => catalog,
            // A later snapshot has brought it forward: it stays with that.
            Some(ahead) => {
                *shared = Some(ahead);
                let mut own = Catalog::new(log, as_of)?;
                own.forward(log, as_of, *seq)?;
                return Ok(own.scratch);
            }
            None => Catalog::new(log, as_of)?,
        };
        begun.forward(log, as_of, *seq)?;
        Ok(Arc::clone(&shared.insert(begun).scratch))
    }

    fn of(&self, moment: Moment) -> Arc<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = match kept.iter().position(|one| one.moment == moment) {
            Some(at) => kept.remove(at),
            None => Arc::new(Kept { moment, catalog: Mutex::new(None) }),
        };
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&one));
        one
    }
}

impl Catalog {
    fn new(log: &Log, as_of: AsOf) -> Result<Self, ReadError> {
        let failed = |error| ReadError::Scratch { as_of: as_of.to_string(), error: Arc::new(error) };
        Ok(Self { scratch: Arc::new(Scratch::new(log.dir()).map_err(failed)?), upto: Seq::ZERO })
    }

    /// Takes in what the log has up to this event.
    fn forward(&mut self, log: &Log, as_of: AsOf, upto: Seq) -> Result<(), ReadError> {
        let Scratch { env, tables: into, .. } = &*self.scratch;
        let mut fold = Fold::new(log, *into);
        while self.upto < upto {
            let last = upto.min(Seq::new(self.upto.get() + CHUNK));
            let (tables, txn) = log.read()?;
            let mut to = env.write_txn()?;
            let mut seq = self.upto.next();
            while seq <= last {
                if as_of.takes(seq, tables.record(&txn, seq)?.happened()) {
                    fold.event_at(&tables, &txn, &to, seq)?;
                }
                seq = seq.next();
            }
            fold.write(&mut to)?;
            to.commit()?;
            self.upto = last;
        }
        Ok(())
    }
}
