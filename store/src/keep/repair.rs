//! Folding the live catalog again from the log.

use heed::PutFlags;

use crate::{
    catalog::fold::Fold,
    error::{AppendError, ReadError, damaged},
    event::Seq,
    keep::verify::{Progress, Stage},
    log::{
        handle::Log,
        head::head_in,
        record::Record,
        scratch::Scratch,
        tables::{CATALOG, time_key},
    },
};

/// The result of a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Repaired {
    /// Events that were folded.
    pub events: u64,
    /// Assets in the catalog.
    pub assets: u64,
    /// References in the catalog.
    pub references: u64,
}

/// The number of events that are folded before the next read transaction.
const CHUNK: u64 = 5_000;

impl Log {
    /// Folds the catalog again if a program wrote it that says it in another way.
    ///
    /// # Errors
    /// As [`Self::repair_catalog`].
    pub(crate) fn renew_catalog(&self) -> Result<(), AppendError> {
        let outdated = || -> Result<bool, ReadError> {
            let (tables, txn) = self.read()?;
            Ok(tables.number(&txn, "catalog")? < CATALOG)
        };
        if outdated()? {
            let _guard = self.volumes().lock()?;
            // Another process may have been at it.
            if outdated()? {
                tracing::info!(dir = %self.dir().display(), "the catalog is of an older version: it is folded again");
                self.repair_catalog(&mut |_| {})?;
            }
        }
        Ok(())
    }

    /// Folds the catalog and the list of times again and puts them in the place of those that are there. Readers go
    /// on; writers wait only while the tables are replaced.
    ///
    /// # Errors
    /// [`AppendError::Read`] when an event that is needed is damaged: nothing is changed then. [`AppendError`]
    /// when it cannot be written.
    pub fn repair_catalog(&self, progress: &mut dyn FnMut(Progress)) -> Result<Repaired, AppendError> {
        let failed =
            |error| ReadError::Scratch { as_of: "now".to_owned(), error: std::sync::Arc::new(error) };
        let scratch = Scratch::new(self.dir()).map_err(failed)?;
        let mut fold = Fold::new(self, scratch.tables);
        let mut last = Seq::ZERO;
        loop {
            let (tables, txn) = self.read()?;
            let head = head_in(&tables, &txn)?.seq;
            let mut to = scratch.env.write_txn()?;
            let end = Seq::new(last.get().saturating_add(CHUNK)).min(head);
            while last < end {
                last = last.next();
                fold.event_at(&tables, &txn, &to, last)?;
            }
            fold.write(&mut to)?;
            to.commit()?;
            progress(Progress { stage: Stage::Events, done: last.get(), of: head.get() });
            if last >= head {
                break;
            }
        }
        self.write(|tables, mut txn| {
            let head = head_in(tables, &txn)?.seq;
            let mut to = scratch.env.write_txn()?;
            while last < head {
                last = last.next();
                fold.event_at(tables, &txn, &to, last)?;
            }
            fold.write(&mut to)?;
            to.commit()?;
            let folded = scratch.env.read_txn()?;
            let (assets, references) =
                (scratch.tables.heads.len(&folded)?, scratch.tables.referrers.len(&folded)?);
            progress(Progress { stage: Stage::Catalog, done: 0, of: assets });
            for (from, into) in [
                (scratch.tables.heads, tables.catalog.heads),
                (scratch.tables.referrers, tables.catalog.referrers),
                (scratch.tables.due, tables.catalog.due),
                (scratch.tables.hidden, tables.catalog.hidden),
            ] {
                into.clear(&mut txn)?;
                for entry in from.iter(&folded)? {
                    let (key, value) = entry?;
                    into.put_with_flags(&mut txn, PutFlags::APPEND, key, value)?;
                }
            }
            let mut times = Vec::new();
            for entry in tables.events.range(&txn, Seq::ZERO, head)? {
                let (seq, stored) = entry?;
                let record = Record::decode(stored).map_err(|found| damaged(seq, found))?;
                times.push(time_key(record.happened().as_millis(), seq.get()));
            }
            times.sort_unstable();
            tables.times.clear(&mut txn)?;
            for time in times {
                tables.times.put_with_flags(&mut txn, PutFlags::APPEND, &time, &())?;
            }
            tables.meta.put(&mut txn, "catalog", &CATALOG)?;
            txn.commit()?;
            progress(Progress { stage: Stage::Catalog, done: assets, of: assets });
            Ok(Repaired { events: last.get(), assets, references })
        })
    }
}
