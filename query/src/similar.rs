//! Assets like another one: the search that the API and the pages share.

use store::AssetRef;
use views::ViewId;

use crate::{Example, Like, Minimum, Query, SearchRequest};

impl SearchRequest {
    /// Returns the assets of the same kind that have most of the words that tell this one from others.
    pub fn similar_to(asset: &AssetRef, size: usize) -> Self {
        let like = Like {
            min_term_freq: 1,
            doc_freq: 2..=u64::MAX,
            need: Minimum::percent(20),
            ..Like::new(vec![Example::Asset { kind: None, id: asset.id.to_string() }])
        };
        Self { query: Query::Like(like), size, count_all: false, ..Self::new(ViewId::of_kind(asset.kind)) }
    }
}
