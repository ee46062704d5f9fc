//! The positions to which sources were read, in their own form.

use std::collections::BTreeMap;

use crate::{
    error::ReadError,
    log::{handle::Log, tables::unseal},
};

/// The beginning of the names of rows that are no source's position.
pub(crate) const NAMES: &str = "name:";

impl Log {
    /// Returns how far each source has been read, in its own words.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails, or a position is damaged.
    pub fn source_positions(&self) -> Result<BTreeMap<String, String>, ReadError> {
        let (tables, txn) = self.read()?;
        let mut found = BTreeMap::new();
        for entry in tables.sources.iter(&txn)? {
            let (source, sealed) = entry?;
            if is_name(source) {
                continue;
            }
            found.insert(source.to_owned(), position(source, sealed)?);
        }
        Ok(found)
    }

    /// Returns how far this source has been read.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails, or a position is damaged.
    pub fn source_position(&self, source: &str) -> Result<Option<String>, ReadError> {
        let (tables, txn) = self.read()?;
        tables.sources.get(&txn, source)?.map(|sealed| position(source, sealed)).transpose()
    }
}

/// Returns true if the row of this key is a name and no position.
pub(crate) fn is_name(row: &str) -> bool {
    row.starts_with(NAMES)
}

/// Returns a source's position, if its seal is whole.
pub(crate) fn position(source: &str, sealed: &[u8]) -> Result<String, ReadError> {
    let position = unseal(source.as_bytes(), sealed).and_then(|value| std::str::from_utf8(value).ok());
    position.map(str::to_owned).ok_or_else(|| ReadError::Source(source.to_owned()))
}
