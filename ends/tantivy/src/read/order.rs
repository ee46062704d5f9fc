//! Orders of several keys.
//!
//! Within a segment each document's keys become whole numbers that sort as the keys do, so most documents are turned
//! away by one comparison. The last key is always the document's seq, which no other document of the view has: the
//! order is the same whatever the segments are, and a page can begin behind the one before.

use std::cmp::Ordering;

use query::{Missing, SortMode, SortValue};
use tantivy::{
    DocId, Score,
    columnar::{Column, StrColumn},
};

use crate::segments::Segment;

/// The most keys of an order.
pub(crate) const MAX_SORT_KEYS: usize = 4;

/// One key of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) by: SortColumn,
    pub(crate) descending: bool,
    pub(crate) mode: SortMode,
    pub(crate) missing: Missing<SortValue>,
}

/// The source of a sort key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SortColumn {
    Score,
    Seq,
    Number(String),
    /// In milliseconds since 1970.
    Date(String),
    Text(String),
    /// A view that lacks the field: no document has a value.
    Nothing,
}

/// Whole numbers that sort as the keys do, the smaller the better; the seq last.
pub(super) type Rank = [u64; MAX_SORT_KEYS + 1];

#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) rank: Rank,
    pub(super) score: Score,
    pub(super) doc: DocId,
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

/// The source of a sort key in one segment.
pub(super) enum Source {
    Score,
    Seq,
    Number(Column<i64>),
    Text(Option<StrColumn>),
    Nothing,
}

impl Source {
    pub(super) fn of(by: &SortColumn, segment: &Segment) -> tantivy::Result<Self> {
        Ok(match by {
            SortColumn::Score => Self::Score,
            SortColumn::Seq => Self::Seq,
            SortColumn::Number(name) | SortColumn::Date(name) => Self::Number(segment.numbers(name)?),
            SortColumn::Text(name) => Self::Text(segment.texts(name)?),
            SortColumn::Nothing => Self::Nothing,
        })
    }

    /// The value by which documents are collapsed: as a number that only this segment knows.
    pub(super) fn group(&self, doc: DocId) -> Option<u64> {
        match self {
            Self::Number(column) => column.values_for_doc(doc).min().map(of_number),
            Self::Text(column) => column.as_ref().and_then(|column| column.term_ords(doc).min()),
            Self::Score | Self::Seq | Self::Nothing => None,
        }
    }

    /// The value again.
    pub(super) fn group_value(&self, group: Option<u64>) -> SortValue {
        let value = match (self, group) {
            (Self::Number(_), Some(number)) => Some(SortValue::Number((number ^ (1 << 63)) as i64)),
            (Self::Text(Some(column)), Some(ord)) => {
                let mut text = String::new();
                column.ord_to_str(ord, &mut text).ok().map(|_| SortValue::Text(text))
            }
            _ => None,
        };
        value.unwrap_or(SortValue::Missing)
    }
}

/// The order within one segment.
pub(super) struct Order {
    keys: Vec<Key>,
    seqs: Column<u64>,
}

struct Key {
    source: Source,
    descending: bool,
    mode: SortMode,
    missing: Missing<SortValue>,
    /// The number of the value that stands for missing ones.
    stand_in: Option<u64>,
}

impl Key {
    fn of(key: &SortKey, segment: &Segment) -> tantivy::Result<Self> {
        let source = Source::of(&key.by, segment)?;
        let (descending, missing) = (key.descending, key.missing.clone());
        let key = Self { source, descending, mode: key.mode, missing, stand_in: None };
        let stand_in = match &key.missing {
            Missing::As(value) => key.number_of(value)?,
            Missing::First | Missing::Last => None,
        };
        Ok(Self { stand_in, ..key })
    }

    /// A number that sorts as a value does that came from elsewhere; a text that this segment does not have lies
    /// between two.
    fn number_of(&self, value: &SortValue) -> tantivy::Result<Option<u64>> {
        Ok(match (value, &self.source) {
            (SortValue::Score(score), Source::Score) => Some(of_score(*score)),
            (SortValue::Number(score), Source::Score) => Some(of_score(*score as f32)),
            (SortValue::Number(number), Source::Number(_)) => Some(of_number(*number)),
            (SortValue::Number(seq), Source::Seq) => u64::try_from(*seq).ok(),
            (SortValue::Text(text), Source::Text(Some(column))) => {
                let hit = column.dictionary().term_ord_or_next(text.as_bytes())?;
                Some(match hit {
                    tantivy::columnar::TermOrdHit::Exact(ord) => of_ord(ord),
                    // Behind the last term it is the largest number of all.
                    tantivy::columnar::TermOrdHit::Next(ord) => {
                        ord.min(column.num_terms() as u64) * 4 + 2 + self.beside(value)
                    }
                })
            }
            (SortValue::Missing, _) => None,
            // The value is another segment's: here no document has any, but for what stands for it.
            (value, Source::Nothing | Source::Text(None)) => Some(1 + self.beside(value)),
            _ => None,
        })
    }

    /// 0, 1 or 2: how a value that this segment does not have sorts beside what stands for missing ones, which it may
    /// not have either.
    fn beside(&self, value: &SortValue) -> u64 {
        match &self.missing {
            Missing::As(stand_in) => match value.against(stand_in) {
                Ordering::Less => 0,
                Ordering::Equal => 1,
                Ordering::Greater => 2,
            },
            Missing::First | Missing::Last => 1,
        }
    }

    /// The smaller the better.
    fn directed(&self, value: Option<u64>) -> u64 {
        match value.or(self.stand_in) {
            None if self.missing == Missing::First => 0,
            None => u64::MAX,
            Some(value) if self.descending => (!value).clamp(1, u64::MAX - 1),
            Some(value) => value.clamp(1, u64::MAX - 1),
        }
    }
}

impl Order {
    pub(super) fn of(sort: &[SortKey], segment: &Segment) -> tantivy::Result<Self> {
        let keys = sort.iter().map(|key| Key::of(key, segment)).collect::<tantivy::Result<_>>()?;
        Ok(Self { keys, seqs: segment.seqs()?.clone() })
    }

    pub(super) fn seq(&self, doc: DocId) -> u64 {
        self.seqs.first(doc).unwrap_or(0)
    }

    /// All numbers of a document, the first of which is known.
    pub(super) fn rank(&self, first: u64, doc: DocId, score: Score) -> Rank {
        let mut rank: Rank = [0; MAX_SORT_KEYS + 1];
        for (at, place) in rank.iter_mut().enumerate().take(self.keys.len() + 1) {
            *place = if at == 0 { first } else { self.rank_at(at, doc, score) };
        }
        rank
    }

    /// The number of one key of a document; past the keys, its seq.
    pub(super) fn rank_at(&self, at: usize, doc: DocId, score: Score) -> u64 {
        let Some(key) = self.keys.get(at) else {
            return self.seq(doc);
        };
        key.directed(match &key.source {
            Source::Score => Some(of_score(score)),
            Source::Seq => Some(self.seq(doc)),
            Source::Number(column) => key.mode.of_numbers(column.values_for_doc(doc)).map(of_number),
            Source::Text(column) => {
                column.as_ref().and_then(|column| key.mode.of_texts(column.term_ords(doc))).map(of_ord)
            }
            Source::Nothing => None,
        })
    }

    /// The rank of values that came from elsewhere.
    pub(super) fn rank_of(&self, values: &[SortValue], seq: u64) -> tantivy::Result<Rank> {
        let mut rank: Rank = [0; MAX_SORT_KEYS + 1];
        for ((place, value), key) in rank.iter_mut().zip(values).zip(&self.keys) {
            *place = key.directed(key.number_of(value)?);
        }
        if let Some(place) = rank.get_mut(self.keys.len()) {
            *place = seq;
        }
        Ok(rank)
    }

    /// The values of the keys of a document.
    pub(super) fn values(&self, doc: DocId, score: Score) -> Vec<SortValue> {
        let value = |key: &Key| match &key.source {
            Source::Score => Some(SortValue::Score(score)),
            Source::Seq => Some(SortValue::Number(i64::try_from(self.seq(doc)).unwrap_or(i64::MAX))),
            Source::Number(column) => key.mode.of_numbers(column.values_for_doc(doc)).map(SortValue::Number),
            Source::Text(column) => column.as_ref().and_then(|column| {
                let ord = key.mode.of_texts(column.term_ords(doc))?;
                let mut text = String::new();
                column.ord_to_str(ord, &mut text).ok()?.then_some(SortValue::Text(text))
            }),
            Source::Nothing => None,
        };
        let stand_in = |key: &Key| match &key.missing {
            Missing::As(stand_in) => stand_in.clone(),
            Missing::First | Missing::Last => SortValue::Missing,
        };
        self.keys.iter().map(|key| value(key).unwrap_or_else(|| stand_in(key))).collect()
    }
}

/// Scores are never negative, so their bits sort as they do.
fn of_score(score: f32) -> u64 {
    u64::from(score.max(0.0).to_bits())
}

/// Leaves room between two for texts that a segment does not have.
fn of_ord(ord: u64) -> u64 {
    ord * 4 + 5
}

fn of_number(number: i64) -> u64 {
    (number as u64) ^ (1 << 63)
}
