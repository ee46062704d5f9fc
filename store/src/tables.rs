//! All tables of the store, their keys, their values and what they mean. Nobody outside this crate knows LMDB.

use std::path::Path;

use heed::{
    CommitOrAbort, Database, DatabaseOpener, Env, EnvOpenOptions, RoTxn, RwTxn, WithoutTls,
    byteorder::BE,
    types::{Bytes, Str, U32, U64, Unit},
};

use crate::error::OpenError;

/// The version of the set of tables. A later program reads this and older ones; an older program refuses.
pub(crate) const FORMAT: u64 = 1;
/// 1 TiB of address space: only what is used takes disk, and no process ever has to grow it under another.
const MAP_BYTES: usize = 1 << 40;
const MAX_READERS: u32 = 1_024;

/// A read transaction that may cross threads.
pub(crate) type Read = RoTxn<'static, WithoutTls>;

type Table<K, V> = Database<'static, K, V>;

/// The tables.
#[derive(Clone)]
pub(crate) struct Tables {
    pub(crate) env: Env<WithoutTls>,
    /// `format` → [`FORMAT`]; `json` → bytes of JSON that all payloads have together.
    pub(crate) meta: Table<Str, U64<BE>>,
    /// seq → record (grammar: [`crate::record::Record`]). The log itself; all below but `dictionaries` and
    /// `sources` can be folded from it again.
    pub(crate) events: Table<U64<BE>, Bytes>,
    /// Dictionary number, from 1 → zstd dictionary, which some records need.
    pub(crate) dictionaries: Table<U32<BE>, Bytes>,
    /// Dictionary number → the seqs, each a big-endian u64, of the payloads that it was learned from.
    pub(crate) samples: Table<U32<BE>, Bytes>,
    /// Name of a source → its own position, as it gave it.
    pub(crate) sources: Table<Str, Str>,
    /// time (milliseconds since 1970, offset by 2^63 so that it sorts), seq → nothing.
    pub(crate) times: Table<Bytes, Unit>,
    /// What the log says now.
    pub(crate) catalog: CatalogTables,
}

/// The catalog's tables: a fold of the log. A scratch environment holds them for the log as of an older seq.
#[derive(Clone, Copy)]
pub(crate) struct CatalogTables {
    /// One letter for the kind, id → head (grammar: [`crate::catalog::Head`]). Assets of types that this version
    /// does not know are under `x`, type, a zero byte, id.
    pub(crate) heads: Table<Bytes, Bytes>,
    /// Key of an asset, a zero byte, key of one that names it → nothing (grammar: [`crate::catalog::edge`]). A
    /// merged byline names the one it went into.
    pub(crate) referrers: Table<Bytes, Bytes>,
}

impl Tables {
    /// Opens the environment in `dir`, which must exist, and makes the tables that are not there yet.
    pub(crate) fn open(dir: &Path) -> Result<Self, OpenError> {
        let env = open_env(dir).map_err(|error| match error {
            heed::Error::EnvAlreadyOpened => OpenError::AlreadyOpen { dir: dir.to_owned() },
            error => OpenError::Lmdb { dir: dir.to_owned(), error },
        })?;
        let failed = |error| OpenError::Lmdb { dir: dir.to_owned(), error };
        env.clear_stale_readers().map_err(failed)?;
        let txn = env.write_txn().map_err(failed)?;
        let made = env.create_databases_and_commit(txn, |make, txn| {
            let meta: Database<'_, Str, U64<BE>> = make.create_database(txn, Some("meta"))?;
            match meta.get(txn, "format")? {
                Some(FORMAT) => {}
                Some(newer) => return Ok(CommitOrAbort::Abort(newer)),
                None => meta.put(txn, "format", &FORMAT)?,
            }
            heed::Result::Ok(CommitOrAbort::Commit((
                meta,
                make.create_database(txn, Some("events"))?,
                make.create_database(txn, Some("dictionaries"))?,
                make.create_database(txn, Some("samples"))?,
                make.create_database(txn, Some("sources"))?,
                make.create_database(txn, Some("times"))?,
                CatalogTables::make(make, txn)?,
            )))
        });
        let (meta, events, dictionaries, samples, sources, times, catalog) = match made.map_err(failed)? {
            CommitOrAbort::Commit(tables) => tables,
            CommitOrAbort::Abort(found) => {
                return Err(OpenError::Format { dir: dir.to_owned(), found, known: FORMAT });
            }
        };
        let catalog = CatalogTables::from(catalog);
        Ok(Self { env, meta, events, dictionaries, samples, sources, times, catalog })
    }
}

type CatalogPair<'e> = (Database<'e, Bytes, Bytes>, Database<'e, Bytes, Bytes>);

impl CatalogTables {
    fn make<'e>(make: &DatabaseOpener<'e, WithoutTls>, txn: &mut RwTxn<'e>) -> heed::Result<CatalogPair<'e>> {
        Ok((make.create_database(txn, Some("heads"))?, make.create_database(txn, Some("referrers"))?))
    }

    /// A catalog of its own in an environment of its own, for a log as of an older seq or a date.
    pub(crate) fn scratch(dir: &Path) -> heed::Result<(Env<WithoutTls>, Self)> {
        let env = open_env(dir)?;
        let txn = env.write_txn()?;
        let made = env.create_databases_and_commit(txn, |make, txn| {
            heed::Result::Ok(CommitOrAbort::<_, ()>::Commit(Self::make(make, txn)?))
        })?;
        let tables = Self::from(made.unwrap_commit());
        Ok((env, tables))
    }
}

impl From<CatalogPair<'static>> for CatalogTables {
    fn from((heads, referrers): CatalogPair<'static>) -> Self {
        Self { heads, referrers }
    }
}

#[expect(
    unsafe_code,
    reason = "LMDB maps a file; that nothing else writes to it is for us to keep, see below"
)]
fn open_env(dir: &Path) -> heed::Result<Env<WithoutTls>> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(MAP_BYTES).max_dbs(16).max_readers(MAX_READERS);
    // SAFETY: the map is only sound while nobody changes the file but through LMDB. The directory is ours alone:
    // every process that touches it comes through here, with LMDB's own lock file and without flags that weaken
    // it (no WRITEMAP, no NO_LOCK). heed refuses to open one environment twice in a process.
    unsafe { options.open(dir) }
}

/// The key of `times`.
pub(crate) fn time_key(millis: i64, seq: u64) -> [u8; 16] {
    let sortable = millis.cast_unsigned() ^ (1 << 63);
    (u128::from(sortable) << 64 | u128::from(seq)).to_be_bytes()
}
