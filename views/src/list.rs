//! The list of all views. A view is one file of this crate that implements [`View`](crate::View), and one line in
//! [`VIEWS`].

use std::{fmt, str::FromStr};

use store::AssetKind;

use crate::{articles, bylines, images, view::ViewId};

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
        names[at] = views[at].name();
        at += 1;
    }
    names
}

impl ViewId {
    /// Returns the view that shows assets of a kind by themselves.
    pub const fn of_kind(kind: AssetKind) -> Self {
        match kind {
            AssetKind::Article => ARTICLES,
            AssetKind::Image => IMAGES,
            AssetKind::Byline => BYLINES,
        }
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
