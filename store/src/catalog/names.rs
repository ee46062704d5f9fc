//! Names: what sources called their records, and which assets these are. A source that is read again, from another
//! place or in another order, finds its assets by them.
//!
//! They lie beside the positions of sources, and like them they are no part of the log: who loses them has the same
//! events, and may get an asset twice when a moved archive is loaded again. Rows that name nothing but erased assets
//! go with what was erased.

use heed::RoTxn;

use crate::{
    asset::{AssetId, AssetKind, AssetRef},
    catalog::{Status, snapshot::Snapshot},
    error::ReadError,
    log::{
        batch::Name,
        sources::{NAMES, is_name, position},
        tables::{Tables, seal},
    },
};

impl Snapshot {
    /// Returns what a source stored under this name with [`Batch::names`](crate::Batch::names).
    ///
    /// # Errors
    /// [`ReadError`]: damaged, or the disk fails.
    pub fn name(&self, key: &str) -> Result<Option<String>, ReadError> {
        let row = format!("{NAMES}{key}");
        self.tables.sources.get(&self.txn, &row)?.map(|sealed| position(&row, sealed)).transpose()
    }
}

/// Returns the key and the sealed value of a name's row.
pub(crate) fn row(name: &Name) -> (String, Vec<u8>) {
    let key = format!("{NAMES}{}", name.key);
    let sealed = seal(key.as_bytes(), name.value.as_bytes());
    (key, sealed)
}

/// Returns true if a row may stay in the file when erased bytes are driven out of it: it is no name, or one of its
/// lines is not that of an erased asset. A name is made of a digest of the record, which could be guessed.
pub(crate) fn may_stay(
    tables: &Tables,
    txn: &RoTxn<'_>,
    row: &str,
    sealed: &[u8],
) -> Result<bool, ReadError> {
    if !is_name(row) {
        return Ok(true);
    }
    for line in position(row, sealed)?.lines() {
        let erased = match asset_of(line) {
            Some(asset) => {
                let head = tables.catalog.head(txn, &asset.to_key())?;
                head.is_some_and(|head| head.status == Status::Erased)
            }
            None => false,
        };
        if !erased {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the asset that a line names: its kind, a space, its id.
fn asset_of(line: &str) -> Option<AssetRef> {
    let (kind, id) = line.split_once(' ')?;
    let kind = AssetKind::ALL.into_iter().find(|known| known.name() == kind)?;
    Some(AssetRef::new(kind, AssetId::new(id).ok()?))
}
