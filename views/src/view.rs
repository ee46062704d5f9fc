//! Views: the ways to make documents out of assets. A view is one file of this crate that implements [`View`], and
//! one line in [`VIEWS`].

use std::{cmp::Ordering, fmt, hash, ops::Deref, str::FromStr};

use serde::{Serialize, Serializer};
use store::{AssetId, AssetKind, AssetRef, EventType, ReadError, Seq, Snapshot};

use crate::{articles, bylines, document::Document, field::FieldSpec, images, join::Known};

/// One way to make documents out of assets: a pair of pure functions, and a table of fields.
///
/// Indexing one change, rebuilding from zero and rebuilding as of the past call these same functions, so they
/// cannot disagree.
pub trait View: Send + Sync {
    /// The kind of asset that its documents are made of: each is of one asset.
    fn kind(&self) -> AssetKind;

    /// Returns what of the documents can be searched.
    fn fields(&self) -> &'static [FieldSpec];

    /// The names that people use for its fields.
    fn names(&self) -> &'static Names;

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

/// Names that people use, and the fields that they mean.
#[derive(Debug)]
pub struct Names {
    /// The dates that `from`, `to`, `sort=newest` and the facets by date look at.
    pub date: &'static str,
    /// The sections that `section` looks at.
    pub section: &'static str,
    /// What `byline` looks at: names as text, ids as they are.
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

/// Each article with the names of its authors, and with its images.
pub const ARTICLES: ViewId = ViewId::new("articles", &articles::Articles);
/// Each image with its photographer, and with the articles that used it.
pub const IMAGES: ViewId = ViewId::new("images", &images::Images);
/// Each person or organisation with what it made.
pub const BYLINES: ViewId = ViewId::new("bylines", &bylines::Bylines);

/// All views, in the order in which they are shown.
pub const VIEWS: [ViewId; 3] = [ARTICLES, IMAGES, BYLINES];

/// The names of [`VIEWS`].
pub const VIEW_NAMES: [&str; VIEWS.len()] = names_of(VIEWS);

#[expect(clippy::indexing_slicing, reason = "it counts to the length of both; iterators are not const")]
const fn names_of<const N: usize>(views: [ViewId; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = views[at].name;
        at += 1;
    }
    names
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

    /// Returns the view that shows assets of a kind by themselves.
    pub const fn of_kind(kind: AssetKind) -> Self {
        match kind {
            AssetKind::Article => ARTICLES,
            AssetKind::Image => IMAGES,
            AssetKind::Byline => BYLINES,
        }
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

impl FromStr for ViewId {
    type Err = UnknownView;

    /// Takes the name of one of [`VIEWS`], and that of the kind of asset that it shows by itself.
    fn from_str(text: &str) -> Result<Self, UnknownView> {
        let named = VIEWS.into_iter().find(|view| view.name() == text);
        let of_kind = || text.parse().ok().map(Self::of_kind);
        named.or_else(of_kind).ok_or_else(|| UnknownView(text.chars().take(80).collect()))
    }
}

/// A word that names no view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownView(String);

impl fmt::Display for UnknownView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no view: there are {}", self.0, VIEW_NAMES.join(", "))
    }
}

impl std::error::Error for UnknownView {}
