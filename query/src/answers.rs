//! Answers to searches, as plain data: each surface writes them in a form of its own.

mod aggregations;
mod figures;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use store::{AssetId, AssetKind, Revision, Seq};

pub use self::aggregations::{
    AggregationAnswer, AggregationResult, Bound, Bucket, BucketKey, Figure, TopHits,
};
pub(crate) use self::figures::nearest_of;
pub use self::figures::{Share, Spread, ranks_of, shares_of};
use crate::{Cursor, IndexName, SortValue};

/// The answer to a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResponse {
    /// The number of documents that match, as far as they were counted.
    pub total: u64,
    /// True if more match than `total` says.
    pub at_least: bool,
    /// The page.
    pub hits: Vec<Hit>,
    /// The best score of all that match; none when scores were not needed.
    pub max_score: Option<f32>,
    /// Results of aggregations over the documents that match, in the order in which they were asked.
    pub aggregations: Vec<AggregationAnswer>,
    /// The beginning of the next page; none when this is the last.
    pub next: Option<Cursor>,
    /// True if the index has moved on since the page before, whose commit is not kept any more: hits whose scores have
    /// changed may be missing here, or be here once more.
    pub moved: bool,
    /// Notes for the one who typed the query: a word before a colon that names no field.
    pub notes: Vec<String>,
    /// The generation that answered.
    pub generation: String,
    /// The last event that it has taken in.
    pub checkpoint: Seq,
    /// The state of its index: another as soon as anything in it has changed.
    pub state: String,
    /// The time that it took, in milliseconds.
    pub took_ms: u64,
    /// True if it was given up before everything was looked at, because it takes too much of the machine: then more
    /// may match than `total` and `aggregations` say, and better hits may be missing.
    pub timed_out: bool,
}

/// One document that was found, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The index that it was found in.
    pub index: IndexName,
    /// Article, image or byline.
    pub kind: AssetKind,
    /// Its id.
    pub id: AssetId,
    /// The event that published the revision that it shows.
    pub seq: Seq,
    /// The number of that revision.
    pub revision: Revision,
    /// The source that it came from; empty if that is not known.
    pub source: String,
    /// Its score: the higher the better; 0 when another order was asked for.
    pub score: f32,
    /// The document that the view makes of it.
    pub document: Map<String, Value>,
    /// By field, the parts of its text where the query's words are; HTML but for which everything is escaped.
    pub highlights: BTreeMap<String, Vec<String>>,
    /// The values that it was sorted by.
    pub sort: Vec<SortValue>,
    /// The parts of its score, if they were asked for.
    pub explanation: Option<Explanation>,
    /// The value that it stands for, when hits are collapsed.
    pub group: Option<SortValue>,
    /// The names of the queries that it matches, of those that have one.
    pub matched: Vec<String>,
}

impl SearchResponse {
    /// Returns where the page begins that comes behind one of its hits.
    pub fn cursor(&self, hit: &Hit) -> Cursor {
        Cursor::behind(hit.sort.clone(), hit.seq.get(), commit_of(&self.generation, &self.state))
    }
}

/// Returns the name of a generation's commit whose index has this state.
pub fn commit_of(generation: &str, state: &str) -> String {
    format!("{generation}/{state}")
}

/// A score and the numbers that it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The number.
    pub value: f32,
    /// Its meaning, for people.
    pub description: String,
    /// The numbers that it was made from.
    pub details: Vec<Explanation>,
}
