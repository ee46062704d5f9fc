//! Queries that change scores, and those whose words are taken from examples.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use store::AssetKind;

use super::{FieldBoost, Minimum, Query, Scalar};

/// Documents like these.
#[derive(Debug, Clone, PartialEq)]
pub struct Like {
    /// Where words are taken from and looked for; none stands for the fields of running text.
    pub fields: Vec<FieldBoost>,
    /// What to be like.
    pub like: Vec<Example>,
    /// What not to be like: their words are not looked for.
    pub unlike: Vec<Example>,
    /// Whether the examples may be hits themselves.
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
    /// Whether fields that are no texts are passed over instead of refused.
    pub only_texts: bool,
    /// How many of the words must match.
    pub need: Minimum,
}

impl Like {
    /// Like these, with Elasticsearch's bounds.
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

/// Where words are taken from.
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
    /// What matches.
    pub query: Box<Query>,
    /// What changes the score.
    pub functions: Vec<ScoreFunction>,
    /// How several functions come together.
    pub score_mode: Mode,
    /// How they and the query's score come together.
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
    /// What it is multiplied with.
    pub weight: f32,
    /// What it looks at; nothing for a mere weight.
    pub kind: FunctionKind,
}

/// What a score function looks at.
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
        /// How it falls.
        curve: Curve,
    },
    /// The number in a field.
    FieldValue {
        /// The field.
        field: String,
        /// The number is multiplied with this.
        factor: f64,
        /// How large numbers are made smaller.
        modifier: Modifier,
        /// For documents that have none.
        missing: Option<f64>,
    },
}

/// How a decay falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// As the normal distribution.
    Gauss,
    /// As a half-life.
    Exp,
    /// As a straight line.
    Linear,
}

/// How large numbers are made smaller.
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

/// How several scores come together.
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
