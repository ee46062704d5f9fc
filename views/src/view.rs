//! Views: the ways to make documents out of assets. A view is one file of this crate that implements [`View`], and
//! one line in [`VIEWS`].

use store::{AssetId, AssetKind, AssetRef, EventType, ReadError, Seq, Snapshot};

use crate::{articles, bylines, document::Document, field::FieldSpec, images, join::Known};

/// One way to make documents out of assets: a pair of pure functions, and a table of fields.
///
/// Indexing one change, rebuilding from zero and rebuilding as of the past call these same functions, so they
/// cannot disagree.
pub trait View: Send + Sync {
    /// The kind of asset that it has a document of; its plural is the view's name.
    fn kind(&self) -> AssetKind;

    /// What of the documents can be searched.
    fn fields(&self) -> &'static [FieldSpec];

    /// The document of an asset, from what this snapshot says and nothing else; `None` when readers do not see it.
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
    ) -> Result<Option<Document>, ReadError>;

    /// Hands every asset of the view's kind whose document this event may have changed to `touch`, some perhaps
    /// more than once. The snapshot is one that has the event.
    ///
    /// # Errors
    /// [`ReadError`] when the log cannot be read, or what `touch` returns.
    fn touched_by(&self, change: &Change, snapshot: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError>;
}

/// Takes one touched asset.
pub type Touch<'a> = &'a mut dyn FnMut(AssetId) -> Result<(), ReadError>;

/// What an event changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The event.
    pub seq: Seq,
    /// What sort of fact it states.
    pub event_type: EventType,
    /// The asset that it is about.
    pub asset: AssetRef,
}

/// All views, in the order in which they are shown.
pub static VIEWS: [&dyn View; 3] = [&articles::Articles, &images::Images, &bylines::Bylines];

/// The view of a kind of asset.
pub fn view_of(kind: AssetKind) -> &'static dyn View {
    match kind {
        AssetKind::Article => &articles::Articles,
        AssetKind::Image => &images::Images,
        AssetKind::Byline => &bylines::Bylines,
    }
}
