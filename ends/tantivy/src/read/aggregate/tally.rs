//! Counting exact values by their ordinals, so that only those that are answered are looked up in a dictionary.

use std::collections::HashMap;

use tantivy::{DocId, TantivyError, columnar::StrColumn};

use super::{Aggregator, Answer, Docs, buckets::Values};

/// Counts of a segment's documents that have each value, by the value's ordinal.
pub(super) struct Tally {
    pub(super) column: StrColumn,
    /// The last document that was counted stands beside, since one may have a value twice.
    counts: Vec<(u32, DocId)>,
}

impl Tally {
    /// Returns how many documents have each value, in the order of the values.
    pub(super) fn counts(&self) -> impl Iterator<Item = u64> + '_ {
        self.counts.iter().map(|(count, _)| u64::from(*count))
    }

    fn count_of(&self, term: &[u8]) -> Answer<u64> {
        let ord = self.column.dictionary().term_ord(term).map_err(TantivyError::from)?;
        Ok(ord.and_then(|ord| self.counts().nth(usize::try_from(ord).ok()?)).unwrap_or(0))
    }

    /// Returns the `size`th largest count; 0 where there are fewer values.
    fn large(&self, size: usize) -> u64 {
        let mut counts: Vec<u64> = self.counts().filter(|count| *count > 0).collect();
        nth_largest(&mut counts, size)
    }

    /// Hands each value that so many documents have to `each`.
    fn each_above(&self, least: u64, each: &mut dyn FnMut(&[u8], u64)) -> Answer<()> {
        let above = (0_u64..).zip(self.counts()).filter(|(_, count)| *count >= least);
        let (ords, counts): (Vec<u64>, Vec<u64>) = above.unzip();
        let mut counts = counts.into_iter();
        let dictionary = self.column.dictionary();
        dictionary
            .sorted_ords_to_term_cb(&ords, |term| each(term, counts.next().unwrap_or(0)))
            .map_err(TantivyError::from)?;
        Ok(())
    }
}

/// Returns the `size`th largest of these, counted from one; 0 where there are fewer.
fn nth_largest(counts: &mut [u64], size: usize) -> u64 {
    match size.checked_sub(1) {
        Some(at) if at < counts.len() => *counts.select_nth_unstable_by(at, |one, other| other.cmp(one)).1,
        _ => 0,
    }
}

/// A value that may be among the most frequent.
#[derive(Default)]
struct Candidate {
    count: u64,
    /// In how many segments it was counted.
    seen: u64,
}

/// Hands the `size` values that most documents have to `each`, with all that as many have as the last of them, and some others.
pub(super) fn most_frequent(tallies: &[Tally], size: usize, each: &mut dyn FnMut(&[u8], u64)) -> Answer<()> {
    // In one of the segments a value has its share at least.
    let parts = (tallies.len() as u64).max(1);
    let wanted = tallies.iter().map(|tally| tally.large(size)).max().unwrap_or(0);
    let least = wanted.div_ceil(parts).max(1);
    if let [tally] = tallies {
        return tally.each_above(least, each);
    }
    let mut found: HashMap<Vec<u8>, Candidate> = HashMap::new();
    for tally in tallies {
        tally.each_above(least, &mut |term, count| match found.get_mut(term) {
            Some(one) => *one = Candidate { count: one.count + count, seen: one.seen + 1 },
            None => drop(found.insert(term.to_vec(), Candidate { count, seen: 1 })),
        })?;
    }
    let mut counts: Vec<u64> = found.values().map(|one| one.count).collect();
    let wanted = nth_largest(&mut counts, size);
    for (term, one) in found {
        if one.count + (parts - one.seen) * (least - 1) < wanted {
            continue;
        }
        let mut count = one.count;
        if one.seen < parts {
            count = 0;
            for tally in tallies {
                count += tally.count_of(&term)?;
            }
        }
        each(&term, count);
    }
    Ok(())
}

impl Aggregator<'_> {
    /// The exact values of these documents, counted in each segment, and the number of documents that have none.
    pub(super) fn tallies(&self, field: &str, docs: &Docs) -> Answer<(Vec<Tally>, u64)> {
        let (mut tallies, mut without) = (Vec::new(), 0);
        for (place, docs) in docs {
            let column = match self.column_of(*place, field)? {
                Some((name, Values::Texts)) => self.columns(*place).texts(&name)?,
                _ => None,
            };
            let Some(column) = column else {
                without += docs.len() as u64;
                continue;
            };
            let mut counts: Vec<(u32, DocId)> = vec![(0, DocId::MAX); column.num_terms()];
            for doc in self.each(docs) {
                let mut any = false;
                for ord in column.term_ords(doc) {
                    any = true;
                    let slot = usize::try_from(ord).ok().and_then(|ord| counts.get_mut(ord));
                    if let Some((count, last)) = slot
                        && *last != doc
                    {
                        (*count, *last) = (*count + 1, doc);
                    }
                }
                without += u64::from(!any);
            }
            tallies.push(Tally { column, counts });
        }
        Ok((tallies, without))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};
    use tantivy::{
        Index, IndexWriter, TantivyDocument,
        indexer::NoMergePolicy,
        schema::{FAST, STRING, Schema},
    };

    use super::*;

    /// Counts of all documents of an index with a segment for each of these lists.
    fn tallies_of(segments: &[Vec<Vec<u8>>]) -> Vec<Tally> {
        let mut schema = Schema::builder();
        let field = schema.add_text_field("value", STRING | FAST);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).unwrap();
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for documents in segments {
            for values in documents {
                let mut document = TantivyDocument::new();
                values.iter().for_each(|value| document.add_text(field, format!("value {value:03}")));
                writer.add_document(document).unwrap();
            }
            writer.commit().unwrap();
        }
        let searcher = index.reader().unwrap().searcher();
        let readers = searcher.segment_readers().iter();
        let columns = readers
            .filter_map(|reader| Some((reader.max_doc(), reader.fast_fields().str("value").unwrap()?)));
        columns
            .map(|(docs, column)| {
                let mut counts = vec![(0, DocId::MAX); column.num_terms()];
                for doc in 0..docs {
                    for ord in column.term_ords(doc) {
                        let (count, last) = &mut counts[ord as usize];
                        if *last != doc {
                            (*count, *last) = (*count + 1, doc);
                        }
                    }
                }
                Tally { column, counts }
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]

        /// However values lie in segments, the most frequent are those of counting all, each with its whole count.
        #[test]
        fn the_most_frequent_are_those_of_counting_all(
            segments in vec(vec(vec((0_u8..40).prop_map(|value| value.min(value.wrapping_mul(7) % 40)), 0..4), 1..30), 1..6),
            size in 1_usize..12,
        ) {
            let mut naive: BTreeMap<String, u64> = BTreeMap::new();
            for values in segments.iter().flatten() {
                let distinct: std::collections::BTreeSet<_> = values.iter().collect();
                for value in distinct {
                    *naive.entry(format!("value {value:03}")).or_default() += 1;
                }
            }
            let best = |counts: Vec<(String, u64)>| {
                let mut counts = counts;
                counts.sort_by(|(one, count), (other, others)| others.cmp(count).then(one.cmp(other)));
                counts.truncate(size);
                counts
            };
            let mut found = Vec::new();
            most_frequent(&tallies_of(&segments), size, &mut |term, count| {
                found.push((String::from_utf8(term.to_vec()).unwrap(), count));
            }).unwrap();
            prop_assert_eq!(best(found), best(naive.into_iter().collect()));
        }
    }
}
