//! Making a new volume, and copying tables into it.

use std::{fs, io, path::Path};

use heed::{BytesDecode, BytesEncode, Database, PutFlags, RoTxn};

use crate::{
    error::{AppendError, OpenError, ReadError},
    log::{
        environment::Sync,
        tables::Tables,
        volume::VolumeNumber,
        volumes::{Volumes, sync_dir},
    },
};

/// The number of bytes that are written in one transaction of the new volume.
pub(crate) const CHUNK_BYTES: usize = 32 << 20;

/// Makes a volume, lets it be filled, and returns when it is on disk; nothing is left of it if that fails.
pub(crate) fn new_volume(
    volumes: &Volumes,
    volume: VolumeNumber,
    fill: impl FnOnce(&Tables) -> Result<(), AppendError>,
) -> Result<(), AppendError> {
    let path = volumes.path(volume);
    let written = (|| {
        remove_if_there(&path)?;
        fs::create_dir(&path)?;
        let new = Tables::create(&path, volume, Sync::Never).map_err(without_context)?;
        fill(&new)?;
        new.env.force_sync()?;
        new.env.try_clone_inner_file()?.sync_all()?;
        drop(new);
        Ok(sync_dir(&path)?)
    })();
    if written.is_err()
        && let Err(error) = remove_if_there(&path)
    {
        tracing::warn!(%error, path = %path.display(), "a half written volume is left behind");
    }
    written
}

/// Copies a table in the order of its keys, in transactions of bounded size.
pub(crate) fn copy_table<K, V>(
    from: Database<'static, K, V>,
    txn: &RoTxn<'_>,
    new: &Tables,
    into: Database<'static, K, V>,
) -> Result<(), AppendError>
where
    K: for<'a> BytesDecode<'a> + for<'a> BytesEncode<'a>,
    V: for<'a> BytesDecode<'a> + for<'a> BytesEncode<'a>,
{
    let from = from.remap_types::<heed::types::Bytes, heed::types::Bytes>();
    let into = into.remap_types::<heed::types::Bytes, heed::types::Bytes>();
    let mut rows = from.iter(txn)?.peekable();
    while rows.peek().is_some() {
        let mut to = new.env.write_txn()?;
        let mut bytes = 0;
        while bytes < CHUNK_BYTES {
            let Some(row) = rows.next() else { break };
            let (key, value) = row?;
            bytes += key.len() + value.len() + 16;
            into.put_with_flags(&mut to, PutFlags::APPEND, key, value)?;
        }
        to.commit()?;
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Takes the directory out of an error: that of a new volume says nothing to the reader of a message.
fn without_context(error: OpenError) -> AppendError {
    match error {
        OpenError::Lmdb { error, .. } => error.into(),
        OpenError::Directory { error, .. } => error.into(),
        error => ReadError::from(error).into(),
    }
}
