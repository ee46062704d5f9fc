//! A view: a way to make documents out of assets, and its name.

use std::{cmp::Ordering, fmt, hash, ops::Deref};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use store::{AssetId, AssetKind, AssetRef, EventType, ReadError, Seq, Snapshot};

use crate::{document::Document, field::FieldSpec, join::Known};

/// One way to make documents out of assets: a pair of pure functions, and a table of fields.
///
/// Indexing one change, rebuilding from zero and rebuilding as of the past call these same functions, so they
/// cannot disagree.
pub trait View: Send + Sync {
    /// Returns what it is of, what of it can be searched, and by which names.
    fn table(&self) -> &'static Table;

    /// Returns what the document of an asset says, given what the asset itself says; `None` when the view shows nothing of
    /// it. It follows from the snapshot and nothing else; `known` is a cache of joined assets.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    fn denormalise(
        &self,
        asset: &AssetRef,
        fields: Map<String, Value>,
        snapshot: &Snapshot,
        known: &mut Known,
    ) -> Result<Option<Map<String, Value>>, ReadError>;

    /// Hands every asset of the view's kind whose document this event may have changed to `touch`, some perhaps
    /// more than once. The snapshot is one that has the event.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read, or what `touch` returns.
    fn touched_by(&self, change: &Change, snapshot: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError>;

    /// Returns the kind of asset that its documents are made of: each is of one asset.
    fn kind(&self) -> AssetKind {
        self.table().kind
    }

    /// Returns what of the documents can be searched.
    fn fields(&self) -> &'static [FieldSpec] {
        self.table().fields
    }

    /// Returns the names that people use for its fields.
    fn names(&self) -> &'static Names {
        &self.table().names
    }

    /// Returns the document of an asset, from what this snapshot says and nothing else; `None` when readers do not see it.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    fn document(&self, id: &AssetId, snapshot: &Snapshot) -> Result<Option<Document>, ReadError> {
        self.document_knowing(id, snapshot, &mut Known::default())
    }

    /// Like [`View::document`], with a cache of joined assets that is shared between calls.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read.
    fn document_knowing(
        &self,
        id: &AssetId,
        snapshot: &Snapshot,
        known: &mut Known,
    ) -> Result<Option<Document>, ReadError> {
        let asset = AssetRef::new(self.kind(), id.clone());
        let Some(live) = snapshot.live_fields(&asset)? else { return Ok(None) };
        let json = self.denormalise(&asset, live.fields, snapshot, known)?;
        let of = |json| Document { asset, seq: live.seq, revision: live.revision, source: live.source, json };
        Ok(json.map(of))
    }
}

/// The kind of asset that a view is of, and the fields that can be searched.
#[derive(Debug)]
pub struct Table {
    /// The kind of asset that its documents are made of.
    pub kind: AssetKind,
    /// The fields of the documents that can be searched.
    pub fields: &'static [FieldSpec],
    /// The names that people use for its fields.
    pub names: Names,
}

/// Takes one touched asset.
pub type Touch<'a> = &'a mut dyn FnMut(AssetId) -> Result<(), ReadError>;

/// A change that an event made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The event.
    pub seq: Seq,
    /// The type of the event.
    pub event_type: EventType,
    /// The asset that it is about.
    pub asset: AssetRef,
}

/// Names that people use, and the fields that they mean.
#[derive(Debug)]
pub struct Names {
    /// The dates that `from`, `to`, `sort=newest` and the facets by date look at.
    pub date: &'static str,
    /// The sections that `section` looks at.
    pub section: &'static str,
    /// The fields that `byline` looks at: names as text, ids as they are.
    pub byline: &'static [&'static str],
    /// Other names, for `name:` in query strings and for facets.
    pub others: &'static [(&'static str, &'static [&'static str])],
}

/// A view, told from others by its name: in requests and answers, and that of the directory of its indexes. Cheap to copy.
#[derive(Clone, Copy)]
pub struct ViewId {
    name: &'static str,
    view: &'static dyn View,
}

impl ViewId {
    /// Returns the id of a view of this name.
    pub const fn new(name: &'static str, view: &'static dyn View) -> Self {
        Self { name, view }
    }

    /// Returns its name, which no other view has.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Returns the view itself.
    pub const fn view(self) -> &'static dyn View {
        self.view
    }
}

impl Deref for ViewId {
    type Target = dyn View;

    fn deref(&self) -> &Self::Target {
        self.view
    }
}

impl PartialEq for ViewId {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for ViewId {}

impl PartialOrd for ViewId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ViewId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name().cmp(other.name())
    }
}

impl hash::Hash for ViewId {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for ViewId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
