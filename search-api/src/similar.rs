//! What is like an asset: the search that the API and the pages share.

use store::AssetRef;

use crate::{
    query::{Like, Need, Query},
    request::SearchRequest,
};

impl SearchRequest {
    /// The assets of the same kind that have most of the words that tell this one from others.
    pub fn similar_to(asset: &AssetRef, size: usize) -> Self {
        let like = Like {
            fields: Vec::new(),
            texts: Vec::new(),
            ids: vec![asset.id.to_string()],
            max_terms: 25,
            min_term_freq: 1,
            min_doc_freq: 2,
            need: Need::Minimum("20%".to_owned()),
        };
        Self { query: Query::Like(like), size, count_all: false, ..Self::new(asset.kind) }
    }
}
