//! The engines that the log is held against: plain LMDB with the same bytes, SQLite with the same events as JSON.

use std::{path::Path, time::Instant};

use heed::{
    CommitOrAbort, Database, EnvOpenOptions, PutFlags,
    byteorder::BE,
    types::{Bytes, U64},
};

/// Events per second of LMDB alone, given values that are ready, a commit for each batch.
pub(crate) fn heed(dir: &Path, values: &[Vec<u8>], batch: usize) -> f64 {
    let mut options = EnvOpenOptions::new();
    options.map_size(1 << 40).max_dbs(1);
    #[expect(unsafe_code, reason = "heed's way to open an environment; nobody else has the file")]
    // SAFETY: the directory is new and ours.
    let env = unsafe { options.open(dir) }.unwrap();
    let txn = env.write_txn().unwrap();
    let made = env.create_databases_and_commit(txn, |make, txn| {
        let events: Database<'_, U64<BE>, Bytes> = make.create_database(txn, Some("events"))?;
        heed::Result::Ok(CommitOrAbort::<_, ()>::Commit(events))
    });
    let events = made.unwrap().unwrap_commit();
    let began = Instant::now();
    let mut seq = 0;
    for chunk in values.chunks(batch) {
        let mut txn = env.write_txn().unwrap();
        for value in chunk {
            seq += 1;
            events.put_with_flags(&mut txn, PutFlags::APPEND, &seq, value).unwrap();
        }
        txn.commit().unwrap();
    }
    values.len() as f64 / began.elapsed().as_secs_f64()
}

/// Events per second of SQLite, given rows that are ready, a transaction for each batch, durable at its end.
pub(crate) fn sqlite(dir: &Path, rows: &[(String, String)], batch: usize) -> f64 {
    let mut db = rusqlite::Connection::open(dir.join("events.sqlite")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch(
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, revision INTEGER, json TEXT);
         CREATE UNIQUE INDEX revisions ON events (kind, id, revision);",
    )
    .unwrap();
    let began = Instant::now();
    for chunk in rows.chunks(batch) {
        let txn = db.transaction().unwrap();
        {
            let mut insert = txn
                .prepare_cached("INSERT INTO events (kind, id, revision, json) VALUES ('article', ?1, 1, ?2)")
                .unwrap();
            for (id, json) in chunk {
                insert.execute((id, json)).unwrap();
            }
        }
        txn.commit().unwrap();
    }
    rows.len() as f64 / began.elapsed().as_secs_f64()
}
