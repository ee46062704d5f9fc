//! What one transaction changes of the catalog: collected first, then written in the order of the keys, so that LMDB
//! finds each page once however the assets come.

use std::collections::{BTreeMap, HashSet};

use heed::{RoTxn, RwTxn};

use crate::{
    asset::{AssetId, AssetKind, AssetRef},
    catalog::{Brief, Change, Head, Said, Status, edge, edge_value},
    error::ReadError,
    event::Seq,
    tables::CatalogTables,
    work::WorkChanges,
};

/// Changes that are not in the tables yet.
pub(crate) struct Changes {
    tables: CatalogTables,
    heads: BTreeMap<Vec<u8>, Head>,
    /// Key of an edge → its value; `None` takes the edge away.
    edges: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// Key of a row of `due` → the asset's key; `None` takes the row away.
    due: BTreeMap<[u8; 16], Option<Vec<u8>>>,
    work: WorkChanges,
}

impl Changes {
    /// None yet.
    pub(crate) fn to(tables: CatalogTables) -> Self {
        let work = WorkChanges::default();
        Self { tables, heads: BTreeMap::new(), edges: BTreeMap::new(), due: BTreeMap::new(), work }
    }

    /// The head under this key, with all changes.
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
        let old_live = before.live;
        let old_into = into_of(&before).cloned();
        let (was_seen, was_due) = (before.is_seen(), before.due_key());
        let after = before.after(change);
        let kind = change.event_type.kind();
        let Said { references, brief: said_brief, .. } = change.said;
        let (named, brief) = match old_live {
            Seq::ZERO => Default::default(),
            _ if references.is_none() && was_seen == after.is_seen() => Default::default(),
            live => named_before(live)?,
        };
        if was_seen && (references.is_some() || !after.is_seen()) {
            self.work.count(-1, kind, &named, &brief);
        }
        match references {
            Some(references) if after.is_seen() => self.work.count(1, kind, references, said_brief),
            None if after.is_seen() && !was_seen => self.work.count(1, kind, &named, &brief),
            _ => {}
        }
        if let Some(references) = references {
            let still: HashSet<_> = references.iter().collect();
            for gone in named.iter().filter(|target| !still.contains(target)) {
                self.edges.insert(edge(&gone.to_key(), key).0, None);
            }
            for target in references {
                self.add_edge(target, key, said_brief);
            }
        }
        if was_due != after.due_key() {
            self.due.extend(was_due.map(|key| (key, None)));
            self.due.extend(after.due_key().map(|due| (due, Some(key.to_vec()))));
        }
        if old_into.as_ref() != into_of(&after) {
            let target = |id: &AssetId| AssetRef::new(AssetKind::Byline, id.clone());
            if let Some(old) = &old_into {
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
        self.work.write(self.tables, txn)
    }
}

fn into_of(head: &Head) -> Option<&AssetId> {
    match &head.status {
        Status::Merged { into } => Some(into),
        _ => None,
    }
}
