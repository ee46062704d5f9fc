//! Queries that change scores, and those whose words are taken from examples.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use store::AssetKind;

use super::{FieldBoost, Minimum, Query, Scalar};

/// Documents like these.
#[derive(Debug, Clone, PartialEq)]
pub struct Like {
    /// The fields that words are taken from and looked for in; none stands for those of running text.
    pub fields: Vec<FieldBoost>,
    /// Examples to be like.
    pub like: Vec<Example>,
    /// Examples not to be like: their words are not looked for.
    pub unlike: Vec<Example>,
    /// True if the examples may be hits themselves.
    pub with_examples: bool,
    /// At most so many words are looked for.
    pub max_terms: usize,
    /// A word must be so often in what is given.
    pub min_term_freq: usize,
    /// A word must be in so many documents.
    pub doc_freq: RangeInclusive<u64>,
    /// A word must have so many letters.
    pub length: RangeInclusive<usize>,
    /// Words that are not looked for.
    pub stop_words: Vec<String>,
    /// The more a word tells, the more it counts: the most telling so many times as much as usual.
    pub boost_terms: Option<f32>,
    /// True if fields that are no texts are passed over instead of refused.
    pub only_texts: bool,
    /// The number of words that must match.
    pub need: Minimum,
}

impl Like {
    /// Returns what is like these, with Elasticsearch's bounds.
    pub fn new(like: Vec<Example>) -> Self {
        Self {
            fields: Vec::new(),
            like,
            unlike: Vec::new(),
            with_examples: false,
            max_terms: 25,
            min_term_freq: 2,
            doc_freq: 5..=u64::MAX,
            // A single letter tells nothing.
            length: 2..=usize::MAX,
            stop_words: Vec::new(),
            boost_terms: None,
            only_texts: false,
            need: Minimum::percent(30),
        }
    }
}

/// A source of words.
#[derive(Debug, Clone, PartialEq)]
pub enum Example {
    /// A text, for all fields.
    Text(String),
    /// An asset's document, by its id.
    Asset {
        /// Its kind; without, that of the view.
        kind: Option<AssetKind>,
        /// Its id.
        id: String,
    },
    /// A document that is nowhere else.
    Document(Map<String, Value>),
}

/// Scores changed by functions.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// The query that must match.
    pub query: Box<Query>,
    /// The functions that change the score.
    pub functions: Vec<ScoreFunction>,
    /// The way in which several functions come together.
    pub score_mode: Mode,
    /// The way in which they and the query's score come together.
    pub boost_mode: Mode,
    /// The functions' value is at most this.
    pub max_boost: f32,
    /// Documents of a lower score are left out.
    pub min_score: Option<f32>,
}

/// One function of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreFunction {
    /// It counts for documents that match this.
    pub filter: Option<Query>,
    /// The number that it is multiplied with.
    pub weight: f32,
    /// The value that it looks at; nothing for a mere weight.
    pub kind: FunctionKind,
}

/// The value that a score function looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum FunctionKind {
    /// Nothing: the weight alone.
    Weight,
    /// The nearer the better.
    Decay {
        /// A field of dates or numbers.
        field: String,
        /// The best value.
        origin: Scalar,
        /// At this distance from `offset` the value is `decay`.
        scale: Scalar,
        /// Up to here the value is 1.
        offset: Option<Scalar>,
        /// The value at `scale`.
        decay: f64,
        /// Its shape.
        curve: Curve,
    },
    /// The number in a field.
    FieldValue {
        /// The field.
        field: String,
        /// The number is multiplied with this.
        factor: f64,
        /// A function that makes large numbers smaller.
        modifier: Modifier,
        /// For documents that have none.
        missing: Option<f64>,
    },
}

/// The shape of a decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// One half at `scale`, a third at twice of it, as `distance_feature` has it; of several values the nearest counts.
    Reciprocal,
    /// As the normal distribution.
    Gauss,
    /// As a half-life.
    Exp,
    /// As a straight line.
    Linear,
}

/// A function that makes large numbers smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// As they are.
    None,
    /// log10(x)
    Log,
    /// log10(1 + x)
    Log1p,
    /// log10(2 + x)
    Log2p,
    /// ln(x)
    Ln,
    /// ln(1 + x)
    Ln1p,
    /// ln(2 + x)
    Ln2p,
    /// √x
    Sqrt,
    /// x²
    Square,
    /// 1 / x
    Reciprocal,
}

/// A way in which several scores come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Multiplied.
    Multiply,
    /// Added.
    Sum,
    /// Their mean.
    Avg,
    /// The first that counts.
    First,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The functions' value alone.
    Replace,
}
