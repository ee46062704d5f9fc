//! Values of exact fields (names, keywords) that have a word that begins so.
//!
//! The values of a segment, which never changes, are folded and sorted once ([`SegmentNames`]) and kept as long as the
//! segment is; a lookup is a search in a sorted list. Large segments are folded beforehand where somebody sees to that
//! ([`Names::fold`]): while one is new, the values are those of the segments that it was made from.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use query::{Fit, Typed, folded_words};
use store::Seq;
use tantivy::{
    InvertedIndexReader, SegmentReader, Term,
    index::SegmentId,
    schema::{Field, IndexRecordOption},
};

use crate::{index::Searcher, read::ReadFailure, segments::Segment};

/// The values of some fields, kept as they were folded.
pub struct Names {
    fields: &'static [&'static str],
    segments: Mutex<Kept>,
}

/// A value in all its spellings, and in whichever fields: a name may be a keyword, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// Its fit to what was typed.
    pub fit: Fit,
    /// The commonest first.
    pub spellings: Vec<Spelling>,
}

/// One spelling of a value, in one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// As it is written.
    pub text: String,
    /// The field that has it.
    pub field: &'static str,
    /// In about how many documents.
    pub count: u64,
}

type Kept = HashMap<SegmentId, Arc<SegmentNames>>;
/// A field with its name.
type Named = (&'static str, Field);

/// A segment of so many documents is folded while somebody waits: some milliseconds.
const SMALL: u32 = 5_000;
/// So many values of a field are kept of a segment, about 130 bytes each: those of the most documents.
const MAX_VALUES: usize = 50_000;

impl Names {
    /// Of these fields.
    pub fn new(fields: &'static [&'static str]) -> Self {
        Self { fields, segments: Mutex::default() }
    }

    /// Returns values that have what was typed, the best `count` of each segment: those that fit best first, and of those
    /// the commonest.
    ///
    /// # Errors
    /// [`ReadFailure`]: the index fails.
    pub fn find(&self, index: &Searcher, typed: &Typed, count: usize) -> Result<Vec<Name>, ReadFailure> {
        let fields = self.fields_of(index);
        let nothing_yet = locked(&self.segments).is_empty();
        self.fold_where(index, &fields, |reader| nothing_yet || reader.max_doc() <= SMALL)?;
        let segments: Vec<Arc<SegmentNames>> = locked(&self.segments).values().cloned().collect();
        let mut found: HashMap<String, Name> = HashMap::new();
        for segment in segments {
            for (fit, entry) in segment.matching(typed, count) {
                let name = found.entry(segment.folded_of(entry).to_owned()).or_default();
                name.fit = name.fit.max(fit);
                let same = |known: &&mut Spelling| known.field == entry.field && known.text == entry.text;
                match name.spellings.iter_mut().find(same) {
                    Some(known) => known.count += u64::from(entry.count),
                    None => name.spellings.push(Spelling {
                        text: entry.text.clone(),
                        field: entry.field,
                        count: u64::from(entry.count),
                    }),
                }
            }
        }
        let mut ranked: Vec<(String, Name)> = found.into_iter().collect();
        for (_, name) in &mut ranked {
            name.spellings.sort_by_key(|spelling| Reverse(spelling.count));
        }
        let most = |name: &Name| name.spellings.first().map_or(0, |spelling| spelling.count);
        ranked.sort_by_cached_key(|(key, name)| (Reverse(name.fit), Reverse(most(name)), key.clone()));
        Ok(ranked.into_iter().map(|(_, name)| name).collect())
    }

    /// Folds what is new in the index, so that nobody who types has to wait for it.
    ///
    /// # Errors
    /// [`ReadFailure`]: the index fails.
    pub fn fold(&self, index: &Searcher) -> Result<(), ReadFailure> {
        self.fold_where(index, &self.fields_of(index), |_| true)
    }

    /// Folds the segments that are not kept yet and that `wanted` says yes to. When all are kept, those that are gone are
    /// forgotten.
    fn fold_where(
        &self,
        index: &Searcher,
        fields: &[Named],
        wanted: impl Fn(&SegmentReader) -> bool,
    ) -> Result<(), ReadFailure> {
        let readers = index.searcher.segment_readers();
        for reader in readers {
            let is_kept = locked(&self.segments).contains_key(&reader.segment_id());
            if !is_kept && wanted(reader) {
                let names = SegmentNames::read(reader, fields).map_err(ReadFailure)?;
                locked(&self.segments).insert(reader.segment_id(), Arc::new(names));
            }
        }
        let mut kept = locked(&self.segments);
        let ids: HashSet<SegmentId> = readers.iter().map(SegmentReader::segment_id).collect();
        if ids.iter().all(|id| kept.contains_key(id)) {
            kept.retain(|id, _| ids.contains(id));
        }
        Ok(())
    }

    fn fields_of(&self, index: &Searcher) -> Vec<Named> {
        self.fields.iter().filter_map(|name| Some((*name, index.schema.field(name)?.keyword?))).collect()
    }
}

impl Searcher {
    /// Returns true if `is_it` says yes to the seq of any document that has this exact value in a field, of `most` at most.
    ///
    /// # Errors
    /// The error of `is_it`, or [`ReadFailure`] if the index fails.
    pub fn any_seq_of<E: From<ReadFailure>>(
        &self,
        field: &str,
        value: &str,
        most: usize,
        mut is_it: impl FnMut(Seq) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let Some(keyword) = self.schema.field(field).and_then(|field| field.keyword) else {
            return Ok(false);
        };
        let term = Term::from_field_text(keyword, value);
        let mut looked_at = 0;
        for reader in self.searcher.segment_readers() {
            for seq in
                seqs_of(&term, reader, &self.segments.get(reader), most - looked_at).map_err(ReadFailure)?
            {
                looked_at += 1;
                if is_it(Seq::new(seq))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The seqs of the first documents of a segment that have a term and are not deleted.
fn seqs_of(
    term: &Term,
    reader: &SegmentReader,
    segment: &Segment,
    count: usize,
) -> tantivy::Result<Vec<u64>> {
    let inverted = reader.inverted_index(term.field())?;
    let Some(mut postings) = inverted.read_block_postings(term, IndexRecordOption::Basic)? else {
        return Ok(Vec::new());
    };
    let seqs = segment.seqs()?;
    let mut found = Vec::new();
    while !postings.docs().is_empty() && found.len() < count {
        let alive = postings.docs().iter().filter(|doc| !reader.is_deleted(**doc));
        found.extend(alive.filter_map(|doc| seqs.first(*doc)).take(count - found.len()));
        postings.advance();
    }
    Ok(found)
}

fn locked(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The exact values of a segment, to be found by the beginning of any of their words.
struct SegmentNames {
    entries: Vec<Entry>,
    /// The folded words of all entries, each entry's with spaces between and a line feed behind.
    folded: String,
    /// The byte of `folded` at which each word begins, and its name's number, in the order of the words.
    words: Vec<(u32, u32)>,
}

struct Entry {
    text: String,
    field: &'static str,
    /// In how many documents of the segment, those that were deleted among them.
    count: u32,
    folded: std::ops::Range<usize>,
}

/// In how many documents a value must be, so that no more than `most` are.
fn least_count(inverted: &InvertedIndexReader, most: usize) -> tantivy::Result<u32> {
    if inverted.terms().num_terms() <= most {
        return Ok(0);
    }
    let mut with: BTreeMap<u32, usize> = BTreeMap::new();
    let mut terms = inverted.terms().stream()?;
    while terms.advance() {
        *with.entry(terms.value().doc_freq).or_default() += 1;
    }
    let mut values = 0;
    let too_many = with.into_iter().rev().find(|(_, here)| {
        values += here;
        values > most
    });
    Ok(too_many.map_or(0, |(count, _)| count + 1))
}

impl SegmentNames {
    fn read(reader: &SegmentReader, fields: &[Named]) -> tantivy::Result<Self> {
        let (mut entries, mut all, mut words) = (Vec::new(), String::new(), Vec::new());
        for (name, field) in fields {
            let inverted = reader.inverted_index(*field)?;
            let least = least_count(&inverted, MAX_VALUES)?;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() {
                if terms.value().doc_freq < least {
                    continue;
                }
                let Ok(text) = std::str::from_utf8(terms.key()) else { continue };
                let start = all.len();
                for (number, word) in folded_words(text).iter().enumerate() {
                    if number > 0 {
                        all.push(' ');
                    }
                    words.push((all.len() as u32, entries.len() as u32));
                    all.push_str(word);
                }
                let folded = start..all.len();
                all.push('\n');
                let count = terms.value().doc_freq;
                entries.push(Entry { text: text.to_owned(), field: name, count, folded });
            }
        }
        let tail = |at: u32| all.as_bytes().get(at as usize..).unwrap_or_default();
        words.sort_unstable_by(|(one, _), (other, _)| tail(*one).cmp(tail(*other)));
        Ok(Self { entries, folded: all, words })
    }

    fn folded_of(&self, entry: &Entry) -> &str {
        self.folded.get(entry.folded.clone()).unwrap_or_default()
    }

    /// The best `count` entries that have what was typed.
    fn matching(&self, typed: &Typed, count: usize) -> Vec<(Fit, &Entry)> {
        let Some(last) = typed.words().last() else { return Vec::new() };
        let tail = |at: u32| self.folded.as_bytes().get(at as usize..).unwrap_or_default();
        let first = self.words.partition_point(|(at, _)| tail(*at) < last.as_bytes());
        let begins = self.words.iter().skip(first);
        let begins = begins.take_while(|(at, _)| tail(*at).starts_with(last.as_bytes()));
        let mut found: Vec<(Fit, u32, u32)> = Vec::new();
        for (_, number) in begins {
            let Some(entry) = self.entries.get(*number as usize) else { continue };
            let folded = self.folded_of(entry);
            if typed.words().len() == 1 || typed.is_in(&folded.split(' ').collect::<Vec<_>>()) {
                found.push((typed.fit(folded), entry.count, *number));
            }
        }
        let order = |(fit, count, number): &(Fit, u32, u32)| (Reverse(*fit), Reverse(*count), *number);
        if found.len() > count {
            found.select_nth_unstable_by_key(count, order);
            found.truncate(count);
        }
        found.sort_unstable_by_key(order);
        found.dedup_by_key(|(.., number)| *number);
        found
            .into_iter()
            .filter_map(|(fit, _, number)| Some((fit, self.entries.get(number as usize)?)))
            .collect()
    }
}
