//! Logs of format 1, in which every record was a row of its own: written anew in today's format when they are opened.

use std::{fs, path::Path};

use crate::{
    error::{AppendError, OpenError, ReadError},
    event::Seq,
    log::{
        blocks::Filling,
        copy::{copy_table, new_volume},
        tables::Tables,
        volume::VolumeNumber,
        volumes::{Volumes, sync_dir, write_current},
    },
};

/// The format that is written anew.
pub(crate) const OLD_FORMAT: u64 = 1;
/// The number of records that are written in one transaction of the new volume.
const CHUNK: usize = 20_000;

/// Writes the volume `old` of format 1 anew and switches to it, unless another process has done so. The catalog is
/// left to be folded again. Programs of before refuse the new volume in so many words; who was reading the old one
/// finishes with what he had. Called by [`Volumes`] while it opens the log.
pub(crate) fn upgrade(volumes: &Volumes, dir: &Path, old: VolumeNumber) -> Result<(), OpenError> {
    let failed = |error: AppendError| OpenError::Upgrade { dir: dir.to_owned(), error: Box::new(error) };
    let guard = volumes.lock().map_err(|error| failed(error.into()))?;
    let turn = volumes.turns().take(volumes.turns().until()).map_err(|error| failed(error.into()))?;
    if volumes.named()? != Some(old) {
        return Ok(());
    }
    tracing::info!(dir = %dir.display(), "the log is of format {OLD_FORMAT}: it is written anew in today's");
    let from = Tables::open_as(&volumes.path(old), old, OLD_FORMAT)?;
    let moved = (|| {
        let txn = from.env.write_txn()?; // nobody writes meanwhile
        new_volume(volumes, old.next(), |new| copy(&from, &txn, new))?;
        write_current(dir, old.next())?;
        fs::remove_dir_all(volumes.path(old)).and_then(|()| sync_dir(dir))?;
        Ok::<_, AppendError>(())
    })();
    drop((turn, guard));
    moved.map_err(failed)
}

fn copy(from: &Tables, txn: &heed::RoTxn<'_>, new: &Tables) -> Result<(), AppendError> {
    let mut to = new.env.write_txn()?;
    for entry in from.meta.iter(txn)? {
        let (name, number) = entry?;
        if name != "format" {
            new.meta.put(&mut to, name, &number)?;
        }
    }
    new.meta.put(&mut to, "catalog", &0)?;
    to.commit()?;
    copy_table(from.dictionaries, txn, new, new.dictionaries)?;
    copy_table(from.samples, txn, new, new.samples)?;
    copy_table(from.sources, txn, new, new.sources)?;
    let mut filling = Filling::anew(new.events);
    let mut rows = from.events.raw().iter(txn)?.peekable();
    while rows.peek().is_some() {
        let mut to = new.env.write_txn()?;
        for row in rows.by_ref().take(CHUNK) {
            let (seq, record) = row.map_err(ReadError::from)?;
            filling.push(&mut to, Seq::new(seq), record)?;
        }
        filling.flush(&mut to)?;
        to.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use heed::{
        Database,
        byteorder::BE,
        types::{Bytes, U64},
    };

    use crate::{
        Article, AssetId, AssetKind, AssetRef, Batch, Fact, Log, NewEvent, Order, SourcePosition, event::Seq,
        log::tables::CATALOG,
    };

    fn article(number: usize, text: &str) -> NewEvent {
        let id = AssetId::new(format!("a/{number}")).unwrap();
        let body = format!("{text} {number}, {:x}. ", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(12);
        let bylines = vec![AssetId::new(format!("b/{}", number % 7)).unwrap()];
        NewEvent::published(id, Article { body, bylines, ..Article::default() })
    }

    /// Enough of everything: dictionaries, erased payloads, an article larger than a block, a source's position.
    fn filled(log: &Log) {
        for chunk in 0..6 {
            let events = (chunk * 500..(chunk + 1) * 500).map(|n| log.prepare(&article(n, "Fog")).unwrap());
            log.append(Batch { events: events.collect(), ..Batch::default() }).unwrap();
        }
        let body = (0..90_000).map(|n: u32| format!("{:x} ", n.wrapping_mul(0x9e37_79b9))).collect();
        let long =
            NewEvent::published(AssetId::new("a/long").unwrap(), Article { body, ..Article::default() });
        let position = Some(SourcePosition { source: "load".into(), position: "the end".into() });
        log.append(Batch { events: vec![log.prepare(&long).unwrap()], position, ..Batch::default() })
            .unwrap();
        log.append_one(&article(3, "Rain")).unwrap();
        let erased = Fact::Erased(AssetKind::Article, Order::default());
        log.append_one(&NewEvent::new(AssetId::new("a/4").unwrap(), erased)).unwrap();
    }

    fn export(log: &Log) -> String {
        let mut out = Vec::new();
        log.export(Seq::new(1), &mut out, &mut |_| {}).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The log as the first version laid it out: a row for each record, and edges that say nothing in brief.
    fn make_old(log: &Log) {
        let (tables, txn) = log.read().unwrap();
        let records = tables.events.range(&txn, Seq::ZERO, Seq::MAX).unwrap();
        let records: Vec<(u64, Vec<u8>)> =
            records.map(|entry| entry.map(|(seq, record)| (seq.get(), record.to_vec())).unwrap()).collect();
        let rows: Database<'static, U64<BE>, Bytes> = tables.events.raw();
        let edges: Vec<Vec<u8>> =
            tables.catalog.referrers.iter(&txn).unwrap().map(|entry| entry.unwrap().0.to_vec()).collect();
        drop(txn);
        let mut txn = tables.env.write_txn().unwrap();
        rows.clear(&mut txn).unwrap();
        for (seq, record) in records {
            rows.put(&mut txn, &seq, &record).unwrap();
        }
        for edge in edges {
            tables.catalog.referrers.put(&mut txn, &edge, b"").unwrap();
        }
        tables.meta.put(&mut txn, "format", &1).unwrap();
        tables.meta.delete(&mut txn, "catalog").unwrap();
        txn.commit().unwrap();
    }

    #[test]
    fn a_log_of_the_first_format_is_written_anew_when_it_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path()).unwrap();
        filled(&log);
        let (head, before) = (log.head().unwrap(), export(&log));
        make_old(&log);
        drop(log);

        let log = Log::open(dir.path()).unwrap();

        assert_eq!(export(&log), before);
        let report = log.verify(Some(&head), &mut |_| {}).unwrap();
        assert_eq!((report.problems, report.erased), (vec![], 1));
        assert_eq!(log.source_position("load").unwrap().as_deref(), Some("the end"));
        let byline = AssetRef::new(AssetKind::Byline, AssetId::new("b/3").unwrap());
        assert_eq!(log.snapshot().unwrap().referrers(&byline, None, 1_000).unwrap().len(), 429);
        log.append_one(&article(5, "Rain")).unwrap();
        assert_eq!(log.verify(Some(&head), &mut |_| {}).unwrap().problems, vec![]);
    }

    #[test]
    fn a_catalog_of_an_older_version_is_folded_again_when_it_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let log = Log::open(dir.path()).unwrap();
        filled(&log);
        let (tables, txn) = log.read().unwrap();
        drop(txn);
        let mut txn = tables.env.write_txn().unwrap();
        tables.catalog.referrers.clear(&mut txn).unwrap();
        tables.catalog.heads.clear(&mut txn).unwrap();
        tables.meta.put(&mut txn, "catalog", &(CATALOG - 1)).unwrap();
        txn.commit().unwrap();
        drop((tables, log));
        let log = Log::open(dir.path()).unwrap();
        assert_eq!(log.verify(None, &mut |_| {}).unwrap().problems, vec![]);
    }
}
