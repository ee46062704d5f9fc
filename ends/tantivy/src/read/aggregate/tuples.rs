//! Buckets of several fields at once: documents by the combinations of their values.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
};

use query::{
    Aggregation, AggregationResult, Bucket, BucketKey, BucketOrder, Composite, DateFormat, MultiTerms,
    OrderBy, QueryError, Scalar, Source, parse_bound,
};
use tantivy::{
    DocId, TantivyError,
    columnar::{Column, StrColumn},
};

use super::{
    Aggregator, Answer, Docs, Place,
    buckets::{Values, put},
    order::Candidate,
};

/// A value of one of the fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Missing,
    Number(i64),
    Text(String),
}

/// The values of a field that are combined with those of others.
struct Of<'a> {
    source: &'a Source,
    values: Option<Values>,
    /// The value of documents that have none; without, they are left out unless the source says otherwise.
    missing: Option<Part>,
}

/// The values of a field in one segment.
enum Column1 {
    Numbers(Column<i64>),
    Texts(StrColumn),
    Nothing,
}

/// Documents with the same combination.
#[derive(Default)]
struct Group {
    count: u64,
    docs: Docs,
}

/// A document has at most so many combinations: more are not looked at.
const MAX_EACH: usize = 1_000;

impl Aggregator<'_> {
    pub(super) fn composite(
        &self,
        wanted: &Composite,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<AggregationResult> {
        let mut of = Vec::with_capacity(wanted.sources.len());
        for source in &wanted.sources {
            let values = self.values_of(&source.field)?;
            if source.intervals.is_some() && values == Some(Values::Texts) {
                let why = format!("`{}` holds neither numbers nor dates", source.field);
                return Err(QueryError::illegal(why).into());
            }
            of.push(Of { source, values, missing: source.missing_first.map(|_| Part::Missing) });
        }
        let after = match &wanted.after {
            None => None,
            Some(values) => Some(self.after(&of, values)?),
        };
        let in_order = |one: &[Part], other: &[Part]| compared(&wanted.sources, one, other);
        let is_wanted =
            |key: &[Part]| after.as_deref().is_none_or(|after| in_order(key, after) == Ordering::Greater);
        let groups = self.groups(&of, docs, !nested.is_empty(), &is_wanted)?;
        let mut groups: Vec<(Vec<Part>, Group)> = groups.into_iter().collect();
        groups.sort_by(|(one, _), (other, _)| in_order(one, other));
        groups.truncate(wanted.size);
        let mut buckets: Vec<Bucket> = Vec::with_capacity(groups.len());
        for (key, group) in groups {
            let parts = key.into_iter().zip(&wanted.sources);
            let key = parts.map(|(part, source)| (source.name.clone(), shown(part, source))).collect();
            buckets.push(self.counted_bucket(BucketKey::Several(key), group.count, nested, &group.docs)?);
        }
        Ok(AggregationResult::Composite(buckets))
    }

    pub(super) fn multi_terms(
        &self,
        wanted: &MultiTerms,
        nested: &[Aggregation],
        docs: &Docs,
    ) -> Answer<AggregationResult> {
        let source = |(field, _): &(String, Option<String>)| Source {
            name: String::new(),
            field: field.clone(),
            intervals: None,
            descending: false,
            missing_first: None,
            format: None,
        };
        let sources: Vec<Source> = wanted.fields.iter().map(source).collect();
        let mut of = Vec::with_capacity(sources.len());
        for (source, (field, missing)) in sources.iter().zip(&wanted.fields) {
            let values = self.values_of(field)?;
            let missing = match (values, missing) {
                (_, None) => None,
                (Some(Values::Numbers | Values::Dates), Some(text)) => {
                    self.number_for(field, Some(text))?.map(Part::Number)
                }
                (_, Some(text)) => Some(Part::Text(text.clone())),
            };
            of.push(Of { source, values, missing });
        }
        let by_metric = wanted.order.iter().any(BucketOrder::is_by_metric);
        let groups = self.groups(&of, docs, !nested.is_empty() || by_metric, &|_| true)?;
        let total: u64 = groups.values().map(|group| group.count).sum();
        let enough = groups.into_iter().filter(|(_, group)| group.count >= wanted.min_count);
        let candidates = enough
            .map(|(key, Group { count, docs })| Candidate { key, count, docs })
            .collect::<Vec<Candidate<Vec<Part>>>>();
        let usual = [BucketOrder { by: OrderBy::Count, descending: true }];
        let order = if wanted.order.is_empty() { &usual[..] } else { &wanted.order };
        let mut chosen = self.ordered(candidates, order, nested)?;
        chosen.truncate(wanted.size);
        let shown_count: u64 = chosen.iter().map(|one| one.count).sum();
        let mut buckets = Vec::with_capacity(chosen.len());
        for one in chosen {
            let parts = one.key.into_iter().zip(&of);
            let key = parts.map(|(part, of)| {
                let is_date = of.values == Some(Values::Dates);
                let value = match part {
                    Part::Number(millis) if is_date => Some(Scalar::Text(DateFormat::shown(millis, None))),
                    part => shown(part, of.source),
                };
                (String::new(), value)
            });
            let key = BucketKey::Several(key.collect());
            buckets.push(self.counted_bucket(key, one.count, nested, &one.docs)?);
        }
        Ok(AggregationResult::Values { buckets, others: total.saturating_sub(shown_count) })
    }

    /// The key that a page comes behind.
    fn after(&self, of: &[Of<'_>], values: &[Option<Scalar>]) -> Answer<Vec<Part>> {
        let mut key = Vec::with_capacity(of.len());
        for (of, value) in of.iter().zip(values) {
            key.push(match (value, of.values) {
                (None, _) => Part::Missing,
                (Some(Scalar::Text(text)), Some(Values::Dates)) => {
                    let format = of.source.format.as_ref().map(|(_, written)| written.as_str());
                    let read = parse_bound(text, format, None, self.now);
                    let why = |error: query::DateError| QueryError::illegal(error.to_string()).at("after");
                    Part::Number(read.map_err(why)?.0)
                }
                (Some(value), Some(Values::Numbers | Values::Dates)) => {
                    let number = value.to_string().parse::<f64>();
                    let why = |_| {
                        QueryError::illegal(format!(
                            "`{value}` is no number, as `{}` has them",
                            of.source.field
                        ))
                    };
                    Part::Number(number.map_err(why)? as i64)
                }
                (Some(value), _) => Part::Text(value.to_string()),
            });
        }
        Ok(key)
    }

    /// Parts documents by the combinations of their values that are wanted.
    fn groups(
        &self,
        of: &[Of<'_>],
        docs: &Docs,
        wants_docs: bool,
        is_wanted: &dyn Fn(&[Part]) -> bool,
    ) -> Answer<BTreeMap<Vec<Part>, Group>> {
        let mut all: BTreeMap<Vec<Part>, Group> = BTreeMap::new();
        for (place, docs) in docs {
            let mut columns = Vec::with_capacity(of.len());
            for of in of {
                columns.push(self.column1(*place, &of.source.field)?);
            }
            // Within a segment values are numbers, of its dictionaries or their own: -1 stands for what is missing.
            let mut here: HashMap<Vec<Option<i64>>, (u64, Vec<DocId>)> = HashMap::new();
            let mut of_doc: Vec<Vec<Option<i64>>> = Vec::new();
            for doc in self.each(docs) {
                of_doc.clear();
                of_doc.push(Vec::with_capacity(of.len()));
                for (of, column) in of.iter().zip(&columns) {
                    let mut values = column.values(doc, of.source);
                    if values.is_empty() && of.missing.is_some() {
                        values.push(None);
                    }
                    of_doc = of_doc
                        .iter()
                        .flat_map(|start| {
                            values.iter().map(move |value| [start.as_slice(), &[*value]].concat())
                        })
                        .take(MAX_EACH)
                        .collect();
                }
                for key in of_doc.drain(..) {
                    let (count, list) = here.entry(key).or_default();
                    *count += 1;
                    if wants_docs {
                        list.push(doc);
                    }
                }
            }
            for (key, (count, list)) in here {
                if self.over(1) {
                    break;
                }
                let mut named = Vec::with_capacity(key.len());
                for ((value, column), of) in key.into_iter().zip(&columns).zip(of) {
                    named.push(match value {
                        None => of.missing.clone().unwrap_or(Part::Missing),
                        Some(value) => column.named(value)?,
                    });
                }
                if !is_wanted(&named) {
                    continue;
                }
                let group = all.entry(named).or_default();
                group.count += count;
                list.into_iter().for_each(|doc| put(&mut group.docs, *place, doc));
            }
        }
        Ok(all)
    }

    fn column1(&self, place: Place, field: &str) -> Answer<Column1> {
        let segment = self.columns(place);
        Ok(match self.column_of(place, field)? {
            None => Column1::Nothing,
            Some((name, Values::Texts)) => segment.texts(&name)?.map_or(Column1::Nothing, Column1::Texts),
            Some((name, _)) => Column1::Numbers(segment.numbers(&name)?),
        })
    }
}

impl Column1 {
    /// The values of a document, each once.
    fn values(&self, doc: DocId, source: &Source) -> Vec<Option<i64>> {
        let mut values: Vec<Option<i64>> = match self {
            Self::Nothing => Vec::new(),
            Self::Numbers(column) => {
                column.values_for_doc(doc).map(|value| Some(source.key_of(value))).collect()
            }
            Self::Texts(column) => column.term_ords(doc).map(|ord| i64::try_from(ord).ok()).collect(),
        };
        values.sort_unstable();
        values.dedup();
        values
    }

    fn named(&self, value: i64) -> Answer<Part> {
        let Self::Texts(column) = self else { return Ok(Part::Number(value)) };
        let mut text = String::new();
        let ord = u64::try_from(value).unwrap_or(u64::MAX);
        column.ord_to_str(ord, &mut text).map_err(TantivyError::from)?;
        Ok(Part::Text(text))
    }
}

/// Which of two keys comes first.
fn compared(sources: &[Source], one: &[Part], other: &[Part]) -> Ordering {
    for (source, (one, other)) in sources.iter().zip(one.iter().zip(other)) {
        let missing_first = source.missing_first.unwrap_or(!source.descending);
        let order = match (one, other) {
            (Part::Missing, Part::Missing) => Ordering::Equal,
            (Part::Missing, _) if missing_first => Ordering::Less,
            (Part::Missing, _) => Ordering::Greater,
            (_, Part::Missing) if missing_first => Ordering::Greater,
            (_, Part::Missing) => Ordering::Less,
            (one, other) if source.descending => other.cmp(one),
            (one, other) => one.cmp(other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn shown(part: Part, source: &Source) -> Option<Scalar> {
    match (part, &source.format) {
        (Part::Missing, _) => None,
        (Part::Text(text), _) => Some(Scalar::Text(text)),
        (Part::Number(millis), Some((format, _))) => {
            Some(Scalar::Text(DateFormat::shown(millis, Some(format))))
        }
        (Part::Number(number), None) => Some(Scalar::from(number)),
    }
}
