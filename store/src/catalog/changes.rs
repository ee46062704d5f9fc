//! The changes of one transaction to the catalog: collected first, then written in the order of the keys, so that LMDB
//! finds each page once however the assets come.

use std::collections::{BTreeMap, HashSet};

use heed::{RoTxn, RwTxn};

use crate::{
    asset::{AssetId, AssetKind, AssetRef},
    catalog::{Brief, Change, Head, Status, edge, edge_value, work::WorkChanges},
    error::ReadError,
    event::Seq,
    log::tables::CatalogTables,
};

/// Changes that are not in the tables yet.
pub(crate) struct Changes {
    tables: CatalogTables,
    heads: BTreeMap<Vec<u8>, Head>,
    /// Key of an edge → its value; `None` takes the edge away.
    edges: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Key of a row of `due` → the asset's key; `None` takes the row away.
    due: BTreeMap<[u8; 16], Option<Vec<u8>>>,
    /// Key of an asset → whether it has a row in `hidden`.
    hidden: BTreeMap<Vec<u8>, bool>,
    work: WorkChanges,
}

impl Changes {
    /// Returns no changes yet.
    pub(crate) fn to(tables: CatalogTables) -> Self {
        Self {
            tables,
            heads: BTreeMap::new(),
            edges: BTreeMap::new(),
            due: BTreeMap::new(),
            hidden: BTreeMap::new(),
            work: WorkChanges::default(),
        }
    }

    /// Returns the head under this key, with all changes.
    pub(crate) fn head(&self, txn: &RoTxn<'_>, key: &[u8]) -> Result<Option<Head>, ReadError> {
        match self.heads.get(key) {
            Some(head) => Ok(Some(head.clone())),
            None => self.tables.head(txn, key),
        }
    }

    /// Takes one event in, given its asset's head. `named_before` tells what the asset's revision of that seq named, and
    /// what it said in brief.
    pub(crate) fn take(
        &mut self,
        key: &[u8],
        head: Option<Head>,
        change: &Change<'_>,
        named_before: impl FnOnce(Seq) -> Result<(Vec<AssetRef>, Brief), ReadError>,
    ) -> Result<(), ReadError> {
        let before = head.unwrap_or(Head::NONE);
        let after = before.clone().after(change);
        let said = change.said.references.as_deref().map(|named| (named, &change.said.brief));
        self.turn(key, change.event_type.kind(), (&before, after), said, named_before)
    }

    /// Gives an asset another status, as no event does: a look back shows nothing that is hidden today.
    pub(crate) fn overlay(
        &mut self,
        asset: &AssetRef,
        (before, after): (&Head, Head),
        named_before: impl FnOnce(Seq) -> Result<(Vec<AssetRef>, Brief), ReadError>,
    ) -> Result<(), ReadError> {
        self.turn(&asset.to_key(), Some(asset.kind), (before, after), None, named_before)
    }

    /// Turns one head into another, with all that follows from it. `said` is what the asset names from now on, with what
    /// is kept of it in brief; `None` leaves what it named.
    fn turn(
        &mut self,
        key: &[u8],
        kind: Option<AssetKind>,
        (before, after): (&Head, Head),
        said: Option<(&[AssetRef], &Brief)>,
        named_before: impl FnOnce(Seq) -> Result<(Vec<AssetRef>, Brief), ReadError>,
    ) -> Result<(), ReadError> {
        let (was_seen, is_seen) = (before.is_seen(), after.is_seen());
        let (named, brief) = match before.live {
            Seq::ZERO => Default::default(),
            _ if said.is_none() && was_seen == is_seen => Default::default(),
            live => named_before(live)?,
        };
        if was_seen && (said.is_some() || !is_seen) {
            self.work.count(-1, kind, &named, &brief);
        }
        match said {
            Some((references, brief)) if is_seen => self.work.count(1, kind, references, brief),
            None if is_seen && !was_seen => self.work.count(1, kind, &named, &brief),
            _ => {}
        }
        if let Some((references, brief)) = said {
            let still: HashSet<_> = references.iter().collect();
            for gone in named.iter().filter(|target| !still.contains(target)) {
                self.edges.insert(edge(&gone.to_key(), key).0, None);
            }
            for target in references {
                self.add_edge(target, key, brief);
            }
        }
        if before.due_key() != after.due_key() {
            self.due.extend(before.due_key().map(|due| (due, None)));
            self.due.extend(after.due_key().map(|due| (due, Some(key.to_vec()))));
        }
        if before.is_hidden() != after.is_hidden() {
            self.hidden.insert(key.to_vec(), after.is_hidden());
        }
        if into_of(before) != into_of(&after) {
            let target = |id: &AssetId| AssetRef::new(AssetKind::Byline, id.clone());
            if let Some(old) = into_of(before) {
                self.edges.insert(edge(&target(old).to_key(), key).0, None);
            }
            if let Some(new) = into_of(&after) {
                self.add_edge(&target(new), key, &Brief::default());
            }
        }
        self.heads.insert(key.to_vec(), after);
        Ok(())
    }

    fn add_edge(&mut self, target: &AssetRef, key: &[u8], brief: &Brief) {
        let (edge, full) = edge(&target.to_key(), key);
        self.edges.insert(edge, Some(edge_value(brief, full)));
    }

    /// Writes them.
    pub(crate) fn write(&mut self, txn: &mut RwTxn<'_>) -> Result<(), ReadError> {
        let mut value = Vec::new();
        for (key, head) in std::mem::take(&mut self.heads) {
            value.clear();
            head.encode(&mut value);
            self.tables.heads.put(txn, &key, &value)?;
        }
        for (key, value) in std::mem::take(&mut self.edges) {
            match value {
                Some(value) => self.tables.referrers.put(txn, &key, &value)?,
                None => _ = self.tables.referrers.delete(txn, &key)?,
            }
        }
        for (key, asset) in std::mem::take(&mut self.due) {
            match asset {
                Some(asset) => self.tables.due.put(txn, &key, &asset)?,
                None => _ = self.tables.due.delete(txn, &key)?,
            }
        }
        for (asset, is_hidden) in std::mem::take(&mut self.hidden) {
            match is_hidden {
                true => self.tables.hidden.put(txn, &asset, &[])?,
                false => _ = self.tables.hidden.delete(txn, &asset)?,
            }
        }
        self.work.write(self.tables, txn)
    }
}

fn into_of(head: &Head) -> Option<&AssetId> {
    match &head.status {
        Status::Merged { into } => Some(into),
        _ => None,
    }
}
