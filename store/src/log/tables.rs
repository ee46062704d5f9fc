//! All tables of the store, their keys, their values and what they mean. Nobody outside this crate knows LMDB.

use std::{fs, io, path::Path, sync::Arc};

use heed::{
    CommitOrAbort, Database, DatabaseOpener, Env, RoTxn, RwTxn, WithoutTls,
    byteorder::BE,
    types::{Bytes, Str, U32, U64, Unit},
};

use crate::{
    date::Timestamp,
    error::{OpenError, ReadError},
    event::Seq,
    log::{
        beside::Beside,
        blocks::Events,
        digest::Digest,
        environment::{SMALLEST_FILE, Sync, is_short, lengthen, open_env},
        record::Record,
        volume::VolumeNumber,
    },
};

/// In the table `meta`: the transaction that wrote last.
pub(crate) const STAMP: &str = "commit";

/// The version of the set of tables: 2. An older program refuses it; a log of format 1 is written anew when it is
/// opened (see [`crate::log::upgrade`]).
pub(crate) const FORMAT: u64 = 2;
/// The version of what the catalog and the list of times say and of how they say it. Where a log has an older one,
/// they are folded again when it is opened.
pub(crate) const CATALOG: u64 = 3;

/// A read transaction that may cross threads.
pub(crate) type Read = RoTxn<'static, WithoutTls>;

pub(crate) type Table<K, V> = Database<'static, K, V>;

/// The tables of one volume.
#[derive(Clone)]
pub(crate) struct Tables {
    /// The volume that they lie in.
    pub(crate) volume: VolumeNumber,
    pub(crate) env: Env<WithoutTls>,
    /// `format` → [`FORMAT`]; `catalog` → [`CATALOG`]; `json` → bytes of JSON that all payloads ever appended have together; `forget` → 1
    /// while erased bytes are still to be driven out of the file (see [`crate::keep::rewrite`]); `next_dictionary` → the
    /// lowest number that no dictionary ever had; [`STAMP`] → the transaction that wrote last.
    pub(crate) meta: Table<Str, U64<BE>>,
    /// Seq → block of records (grammars: [`crate::log::blocks::Events`], [`crate::log::record::Record`]). The log itself; all
    /// below but `dictionaries` and `sources` can be folded from it again.
    pub(crate) events: Events,
    /// Dictionary number, from 1 → zstd dictionary, which some records need.
    pub(crate) dictionaries: Table<U32<BE>, Bytes>,
    /// Dictionary number → the seqs, each a big-endian u64, of the payloads that it was learned from; sealed.
    pub(crate) samples: Table<U32<BE>, Bytes>,
    /// Name of a source → its own position, as it gave it; sealed (see [`seal`]).
    pub(crate) sources: Table<Str, Bytes>,
    /// time (milliseconds since 1970, offset by 2^63 so that it sorts), seq → nothing.
    pub(crate) times: Table<Bytes, Unit>,
    /// The state of all assets now.
    pub(crate) catalog: CatalogTables,
    /// Values that others keep beside the tables as long as they are open; not on disk.
    pub(crate) beside: Arc<Beside>,
}

/// The catalog's tables: a fold of the log. A scratch environment holds them for the log as of an older moment.
#[derive(Clone, Copy)]
pub(crate) struct CatalogTables {
    /// One letter for the kind, id → head (grammar: [`crate::catalog::Head`]). Assets of types that this version
    /// does not know are under `x`, type, a zero byte, id.
    pub(crate) heads: Table<Bytes, Bytes>,
    /// Key of an asset, a zero byte, key of one that names it → what that one says in brief (grammar:
    /// [`crate::catalog::edge`] and [`crate::catalog::edge_value`]). A merged byline names the one it went into.
    /// Beside the edges to an asset lies what they add up to (grammar: [`crate::catalog::work`]).
    pub(crate) referrers: Table<Bytes, Bytes>,
    /// The time until which a live revision is public, and its seq, as in `times` → key of its asset. What is not seen
    /// by readers, or has no such time, has no row.
    pub(crate) due: Table<Bytes, Bytes>,
    /// Key of an asset that readers would see if it were not withdrawn → nothing.
    pub(crate) hidden: Table<Bytes, Bytes>,
}

type Opened<'e> = (
    Database<'e, Str, U64<BE>>,
    Database<'e, U64<BE>, Bytes>,
    Database<'e, U32<BE>, Bytes>,
    Database<'e, U32<BE>, Bytes>,
    Database<'e, Str, Bytes>,
    Database<'e, Bytes, Unit>,
    CatalogParts<'e>,
);

impl Tables {
    /// Makes a volume in `dir`, which must exist, or opens what was begun there.
    pub(crate) fn create(dir: &Path, volume: VolumeNumber, sync: Sync) -> Result<Self, OpenError> {
        let failed = |error| failed(dir, error);
        let env = open_env(dir, sync).map_err(failed)?;
        let txn = env.write_txn().map_err(failed)?;
        let made = env.create_databases_and_commit(txn, |make, txn| {
            let meta: Database<'_, Str, U64<BE>> = make.create_database(txn, Some("meta"))?;
            if meta.get(txn, "format")?.is_none() {
                meta.put(txn, "format", &FORMAT)?;
                meta.put(txn, "catalog", &CATALOG)?;
            }
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit((
                meta,
                make.create_database(txn, Some("events"))?,
                make.create_database(txn, Some("dictionaries"))?,
                make.create_database(txn, Some("samples"))?,
                make.create_database(txn, Some("sources"))?,
                make.create_database(txn, Some("times"))?,
                CatalogTables::make(make, txn)?,
            )))
        });
        let opened = made.map_err(failed)?.unwrap_commit();
        Self::of(dir, volume, env, opened, FORMAT)
    }

    /// Opens the volume in `dir`, which must be complete.
    pub(crate) fn open(dir: &Path, volume: VolumeNumber) -> Result<Self, OpenError> {
        Self::open_as(dir, volume, FORMAT)
    }

    /// Opens a volume of this format.
    pub(crate) fn open_as(dir: &Path, volume: VolumeNumber, format: u64) -> Result<Self, OpenError> {
        let failed = |error| failed(dir, error);
        let bytes = match fs::metadata(dir.join("data.mdb")) {
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(OpenError::Directory { dir: dir.to_owned(), error }),
        };
        if bytes < SMALLEST_FILE {
            return Err(OpenError::Truncated { dir: dir.to_owned(), bytes });
        }
        let env = open_env(dir, Sync::Commits).map_err(failed)?;
        env.clear_stale_readers().map_err(failed)?;
        let short = is_short(&env, bytes);
        if short {
            lengthen(dir, &env).map_err(|error| OpenError::Directory { dir: dir.to_owned(), error })?;
        }
        CatalogTables::add_new(&env).map_err(failed)?;
        let txn = env.read_txn().map_err(failed)?;
        let found = env.open_databases_and_commit(txn, |open, txn| {
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit((
                open.open_database(txn, Some("meta"))?,
                open.open_database(txn, Some("events"))?,
                open.open_database(txn, Some("dictionaries"))?,
                open.open_database(txn, Some("samples"))?,
                open.open_database(txn, Some("sources"))?,
                open.open_database(txn, Some("times"))?,
                CatalogTables::NAMES.map(|name| open.open_database(txn, Some(name))),
            )))
        });
        let damaged = |_| OpenError::Truncated { dir: dir.to_owned(), bytes };
        let found = match found {
            Err(error) if short => return Err(damaged(error)),
            found => found.map_err(failed)?.unwrap_commit(),
        };
        let (
            Some(meta),
            Some(events),
            Some(dictionaries),
            Some(samples),
            Some(sources),
            Some(times),
            [Ok(Some(heads)), Ok(Some(referrers)), Ok(Some(due)), Ok(Some(hidden))],
        ) = found
        else {
            return Err(OpenError::NotALog { dir: dir.to_owned(), why: "it lacks a table" });
        };
        let opened = (meta, events, dictionaries, samples, sources, times, [heads, referrers, due, hidden]);
        let tables = Self::of(dir, volume, env, opened, format)?;
        if short && tables.walk().is_err() {
            return Err(OpenError::Truncated { dir: dir.to_owned(), bytes });
        }
        Ok(tables)
    }

    fn of(
        dir: &Path,
        volume: VolumeNumber,
        env: Env<WithoutTls>,
        opened: Opened<'static>,
        format: u64,
    ) -> Result<Self, OpenError> {
        let (meta, events, dictionaries, samples, sources, times, catalog) = opened;
        let catalog = CatalogTables::from(catalog);
        let events = Events::of(events);
        let beside = Arc::default();
        let tables =
            Self { volume, env, meta, events, dictionaries, samples, sources, times, catalog, beside };
        let txn = tables.env.read_txn().map_err(|error| failed(dir, error))?;
        for (what, known) in [("format", format), ("catalog", CATALOG)] {
            let found = tables.meta.get(&txn, what).map_err(|error| failed(dir, error))?.unwrap_or(0);
            if found > known || (what == "format" && found != format) {
                return Err(OpenError::Format { dir: dir.to_owned(), what, found, known });
            }
        }
        drop(txn);
        Ok(tables)
    }

    /// Returns the record of an event.
    pub(crate) fn record<'t>(&self, txn: &'t RoTxn<'_>, seq: Seq) -> Result<Record<'t>, ReadError> {
        Record::decode(self.events.get(txn, seq)?)
            .map_err(|found| ReadError::Damaged { seq, damage: found.into() })
    }

    /// Returns a number of the table `meta`, 0 where it is not there.
    pub(crate) fn number(&self, txn: &RoTxn<'_>, name: &str) -> Result<u64, ReadError> {
        Ok(self.meta.get(txn, name)?.unwrap_or(0))
    }

    /// Notes in the table `meta` which transaction this is. LMDB's own note of the last one lies in the file's first two
    /// pages: where a damaged file has the root of an older state, the two differ.
    pub(crate) fn stamp(&self, txn: &mut RwTxn<'_>) -> heed::Result<()> {
        let number = txn.id() as u64;
        self.meta.put(txn, STAMP, &number)
    }

    /// Returns the transaction that wrote last by its own note, and by LMDB's, if they differ. A copy by LMDB begins
    /// again at transaction 1, and a volume written anew has no stamp until its first append.
    pub(crate) fn stale(&self, txn: &RoTxn<'_>) -> heed::Result<Option<(u64, u64)>> {
        let (ours, its) = (self.meta.get(txn, STAMP)?, txn.id() as u64);
        Ok(ours.filter(|ours| *ours != its && its > 1).map(|ours| (ours, its)))
    }

    /// Reads every entry of every table, without judging records by their digests.
    fn walk(&self) -> Result<(), ReadError> {
        let txn = self.env.read_txn()?;
        for entry in self.events.range(&txn, Seq::ZERO, Seq::MAX)? {
            let (seq, stored) = entry?;
            Record::decode(stored).map_err(|found| ReadError::Damaged { seq, damage: found.into() })?;
        }
        self.dictionaries.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.samples.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.sources.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.times.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.catalog.heads.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.catalog.referrers.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.catalog.due.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        self.catalog.hidden.iter(&txn)?.try_for_each(|entry| entry.map(drop))?;
        Ok(())
    }
}

fn failed(dir: &Path, error: heed::Error) -> OpenError {
    match error {
        heed::Error::EnvAlreadyOpened => OpenError::AlreadyOpen { dir: dir.to_owned() },
        error => OpenError::Lmdb { dir: dir.to_owned(), error },
    }
}

/// In the order of [`CatalogTables::NAMES`].
type CatalogParts<'e> = [Database<'e, Bytes, Bytes>; 4];

impl CatalogTables {
    const NAMES: [&str; 4] = ["heads", "referrers", "due", "hidden"];
    /// The tables that a volume of before catalog 3 lacks.
    const NEW: [&str; 2] = ["due", "hidden"];

    fn make<'e>(
        make: &DatabaseOpener<'e, WithoutTls>,
        txn: &mut RwTxn<'e>,
    ) -> heed::Result<CatalogParts<'e>> {
        let [heads, referrers, due, hidden] = Self::NAMES.map(|name| make.create_database(txn, Some(name)));
        Ok([heads?, referrers?, due?, hidden?])
    }

    /// Gives a volume that a program of before catalog 3 made the tables that it lacks, empty: the catalog is folded
    /// again in any case.
    fn add_new(env: &Env<WithoutTls>) -> heed::Result<()> {
        let txn = env.read_txn()?;
        let found = env.open_databases_and_commit(txn, |open, txn| {
            let find = |name| open.open_database::<Bytes, Bytes>(txn, Some(name));
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit((find("heads")?, find("hidden")?)))
        })?;
        if let (Some(_), None) = found.unwrap_commit() {
            let txn = env.write_txn()?;
            env.create_databases_and_commit(txn, |make, txn| {
                for name in Self::NEW {
                    make.create_database::<Bytes, Bytes>(txn, Some(name))?;
                }
                heed::Result::Ok(CommitOrAbort::<(), ()>::Commit(()))
            })?;
        }
        Ok(())
    }

    /// Returns a catalog of its own in an environment of its own, for a log as of an older seq or a date.
    pub(crate) fn scratch(dir: &Path) -> heed::Result<(Env<WithoutTls>, Self)> {
        let env = open_env(dir, Sync::Never)?;
        let txn = env.write_txn()?;
        let made = env.create_databases_and_commit(txn, |make, txn| {
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit(Self::make(make, txn)?))
        })?;
        let tables = Self::from(made.unwrap_commit());
        Ok((env, tables))
    }
}

impl From<CatalogParts<'static>> for CatalogTables {
    fn from([heads, referrers, due, hidden]: CatalogParts<'static>) -> Self {
        Self { heads, referrers, due, hidden }
    }
}

/// Returns the key of `times`.
pub(crate) fn time_key(millis: i64, seq: u64) -> [u8; 16] {
    let sortable = millis.cast_unsigned() ^ (1 << 63);
    (u128::from(sortable) << 64 | u128::from(seq)).to_be_bytes()
}

/// Returns the time and the seq, or what else stands in its place, of a key that [`time_key`] made.
///
/// # Errors
/// [`ReadError::Catalog`] if the key is damaged.
pub(crate) fn time_and_seq(key: &[u8]) -> Result<(Timestamp, u64), ReadError> {
    let halves = match key.as_chunks::<8>() {
        ([time, seq], []) => Some((u64::from_be_bytes(*time), u64::from_be_bytes(*seq))),
        _ => None,
    };
    halves
        .and_then(|(time, seq)| Some((Timestamp::from_millis((time ^ (1 << 63)).cast_signed())?, seq)))
        .ok_or_else(|| ReadError::Catalog("the times of events".to_owned()))
}

const SEAL_BYTES: usize = 8;

/// Returns a value with the first bytes of its digest behind it, for tables that neither the chain nor the fold proves.
pub(crate) fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    [value, seal_of(key, value).as_slice()].concat()
}

/// Returns the value, if its seal is whole.
pub(crate) fn unseal<'v>(key: &[u8], sealed: &'v [u8]) -> Option<&'v [u8]> {
    let (value, seal) = sealed.split_at_checked(sealed.len().checked_sub(SEAL_BYTES)?)?;
    (seal_of(key, value) == seal).then_some(value)
}

fn seal_of(key: &[u8], value: &[u8]) -> [u8; SEAL_BYTES] {
    let mut seal = [0; SEAL_BYTES];
    let digest = Digest::of(&[&(key.len() as u64).to_be_bytes(), key, value]);
    seal.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    seal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Log;

    #[test]
    fn a_log_of_a_newer_version_is_refused_in_so_many_words() {
        for (number, ours) in [("format", FORMAT), ("catalog", CATALOG)] {
            let dir = tempfile::tempdir().unwrap();
            let log = Log::open(dir.path()).unwrap();
            let (tables, txn) = log.read().unwrap();
            drop(txn);
            let mut txn = tables.env.write_txn().unwrap();
            tables.meta.put(&mut txn, number, &(ours + 1)).unwrap();
            txn.commit().unwrap();
            drop((tables, log));
            let error = Log::open(dir.path()).unwrap_err();
            let OpenError::Format { what, found, known, .. } = error else { panic!("{error}") };
            assert_eq!((what, found, known), (number, ours + 1, ours));
            assert!(error.to_string().ends_with("use a newer morgue"), "{error}");
        }
    }

    #[test]
    fn seals_hold() {
        let sealed = seal(b"key", b"value");
        assert_eq!(unseal(b"key", &sealed), Some(b"value".as_slice()));
        assert_eq!(unseal(b"yek", &sealed), None);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(unseal(b"key", &damaged), None);
            assert_eq!(unseal(b"key", &sealed[..at]), None);
        }
    }

    #[test]
    fn times_sort_as_they_come() {
        let times = [i64::MIN, -1, 0, 1, i64::MAX];
        let keys: Vec<_> = times.iter().flat_map(|time| [time_key(*time, 1), time_key(*time, 256)]).collect();
        assert!(keys.is_sorted());
    }
}
