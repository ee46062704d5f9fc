//! The catalog as of an older moment, for snapshots of the past.
//!
//! The state of one asset then is found by walking its history. Its referrers then are in no table, so the first question of
//! that sort folds the events up to then into a catalog of its own, which takes some 10 µs an event. That catalog is
//! kept beside the tables that it was folded from, for all snapshots of the moment, and brought forward when the log
//! has taken more that belongs to it. It goes when an erasure replaces the volume.
//!
//! An asset that is withdrawn today is withdrawn at every older moment, too, for whoever may not see all.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use heed::RoTxn;

use crate::{
    asset::AssetRef,
    catalog::{Head, Status, changes::Changes, damaged, fold::Fold, reader::Reader, snapshot::Snapshot},
    error::ReadError,
    event::{OrderedBy, Seq},
    log::{
        handle::Log,
        scratch::Scratch,
        stored::earlier,
        tables::{CatalogTables, Read},
    },
    moment::AsOf,
};

/// The number of catalogs of older moments that are kept.
const KEPT: usize = 4;
/// The number of events that are looked at before the next read transaction.
const CHUNK: u64 = 5_000;

/// The moment that a snapshot of the past is of, and its catalog.
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

    /// Returns what the log said of an asset then, given the snapshot that this is of.
    pub(crate) fn head(&self, snapshot: &Snapshot, key: &[u8]) -> Result<Option<Head>, ReadError> {
        match self.folded.get() {
            Some(folded) => folded.scratch.tables.head(&folded.txn, key),
            None => {
                let head = self.walk(snapshot, key)?;
                let Snapshot { tables, txn, reader, .. } = snapshot;
                match head {
                    Some(head) if !reader.sees_all() && tables.catalog.hidden.get(txn, key)?.is_some() => {
                        Ok(Some(hidden(head)))
                    }
                    head => Ok(head),
                }
            }
        }
    }

    /// Returns the whole catalog as of then.
    pub(crate) fn catalog(&self, snapshot: &Snapshot) -> Result<(&RoTxn<'_>, &CatalogTables), ReadError> {
        let folded = match self.folded.get() {
            Some(folded) => folded,
            None => {
                let moment = (self.as_of, self.within, snapshot.reader);
                let scratch = snapshot.tables.beside.get::<Pasts>().catalog(snapshot, moment)?;
                let txn = scratch.env.clone().static_read_txn()?;
                self.folded.get_or_init(|| Folded { txn, scratch })
            }
        };
        Ok((&folded.txn, &folded.scratch.tables))
    }

    /// Finds a head by as many reads as the asset has events.
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

/// Returns what an asset that is withdrawn today was then.
fn hidden(head: Head) -> Head {
    match head.is_seen() {
        true => Head { status: Status::Withdrawn { by: OrderedBy::Person }, ..head },
        false => head,
    }
}

/// The catalogs of older moments that are kept beside the tables of one volume, the one asked for last at the end.
#[derive(Default)]
pub(crate) struct Pasts {
    kept: Mutex<Vec<Arc<KeptCatalog>>>,
}

struct KeptCatalog {
    moment: Moment,
    /// Locked by who brings it forward; nobody folds the same twice.
    catalog: Mutex<Option<Catalog>>,
}

/// A moment, the event of the log up to which it is known (`None` is its last), and the reader who asks.
type Moment = (AsOf, Option<Seq>, Reader);

struct Catalog {
    scratch: Arc<Scratch>,
    /// The last event of the log that was looked at.
    upto: Seq,
    /// The assets that are withdrawn today and were not then, with their heads of then.
    hidden: BTreeMap<AssetRef, Head>,
}

impl Pasts {
    /// Returns the catalog as of this moment for this snapshot.
    fn catalog(&self, snapshot: &Snapshot, moment: Moment) -> Result<Arc<Scratch>, ReadError> {
        let (Snapshot { log, seq, .. }, (as_of, ..)) = (snapshot, moment);
        let kept = self.of(moment);
        let mut shared = kept.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        let mut begun = match shared.take() {
            Some(catalog) if catalog.upto <= *seq => catalog,
            // A later snapshot has brought it forward: it stays with that.
            Some(ahead) => {
                *shared = Some(ahead);
                let mut own = Catalog::new(log, as_of)?;
                own.forward(snapshot, as_of)?;
                return Ok(own.scratch);
            }
            None => Catalog::new(log, as_of)?,
        };
        begun.forward(snapshot, as_of)?;
        Ok(Arc::clone(&shared.insert(begun).scratch))
    }

    fn of(&self, moment: Moment) -> Arc<KeptCatalog> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let one = match kept.iter().position(|one| one.moment == moment) {
            Some(at) => kept.remove(at),
            None => Arc::new(KeptCatalog { moment, catalog: Mutex::new(None) }),
        };
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&one));
        one
    }
}

impl Snapshot {
    /// Returns the assets that readers would see today if they were not withdrawn.
    fn hidden(&self) -> Result<BTreeSet<AssetRef>, ReadError> {
        let mut found = BTreeSet::new();
        for row in self.tables.catalog.hidden.iter(&self.txn)? {
            let (key, _) = row?;
            found.insert(AssetRef::from_key(key).ok_or_else(|| damaged(key))?);
        }
        Ok(found)
    }
}

impl Catalog {
    fn new(log: &Log, as_of: AsOf) -> Result<Self, ReadError> {
        let failed = |error| ReadError::Scratch { as_of: as_of.to_string(), error: Arc::new(error) };
        Ok(Self {
            scratch: Arc::new(Scratch::new(log.dir()).map_err(failed)?),
            upto: Seq::ZERO,
            hidden: BTreeMap::new(),
        })
    }

    /// Takes in what a snapshot's log has, and hides what is withdrawn in it.
    fn forward(&mut self, snapshot: &Snapshot, as_of: AsOf) -> Result<(), ReadError> {
        let today = match snapshot.reader.sees_all() {
            true => BTreeSet::new(),
            false => snapshot.hidden()?,
        };
        if self.upto < snapshot.seq || self.hidden.keys().any(|asset| !today.contains(asset)) {
            self.show_hidden(snapshot)?;
            self.take_in(&snapshot.log, as_of, snapshot.seq)?;
        }
        self.hide(snapshot, &today)
    }

    /// Gives back what was hidden.
    fn show_hidden(&mut self, snapshot: &Snapshot) -> Result<(), ReadError> {
        let hidden = std::mem::take(&mut self.hidden);
        self.overlay(snapshot, hidden.into_iter().map(|(asset, then)| (asset, Some(then))))
    }

    /// Hides these assets where they are seen.
    fn hide(&mut self, snapshot: &Snapshot, today: &BTreeSet<AssetRef>) -> Result<(), ReadError> {
        let new: Vec<_> = today.iter().filter(|asset| !self.hidden.contains_key(asset)).cloned().collect();
        self.overlay(snapshot, new.into_iter().map(|asset| (asset, None)))
    }

    /// Puts the given heads in the place of those that are there, or hides the asset where none is given.
    fn overlay(
        &mut self,
        snapshot: &Snapshot,
        assets: impl Iterator<Item = (AssetRef, Option<Head>)>,
    ) -> Result<(), ReadError> {
        let mut assets = assets.peekable();
        if assets.peek().is_none() {
            return Ok(());
        }
        let Scratch { env, tables: into, .. } = &*self.scratch;
        let mut to = env.write_txn()?;
        let mut changes = Changes::to(*into);
        for (asset, then) in assets {
            let Some(before) = changes.head(&to, &asset.to_key())? else { continue };
            let after = match then {
                Some(then) => then,
                None if before.is_seen() => {
                    self.hidden.insert(asset.clone(), before.clone());
                    hidden(before.clone())
                }
                None => continue,
            };
            let named = |live| snapshot.log.named_at(&snapshot.tables, &snapshot.txn, live);
            changes.overlay(&asset, (&before, after), named)?;
        }
        changes.write(&mut to)?;
        Ok(to.commit()?)
    }

    /// Takes in what the log has up to this event.
    fn take_in(&mut self, log: &Log, as_of: AsOf, upto: Seq) -> Result<(), ReadError> {
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
