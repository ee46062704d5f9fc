//! Which segments are merged: few enough for fast searches, seldom enough for fast commits.

use std::fmt;

use tantivy::{
    Index,
    index::SegmentMeta,
    indexer::{MergeCandidate, MergePolicy},
};

/// Keeps the number of an index's segments at about [`IDLE_SEGMENTS`]. A merge takes the smallest, and goes on to the
/// next larger as long as that is no more than [`GROWTH`] times as large as all before it together: what is left is so
/// much larger that many commits go by before it has to be written anew. A large merge takes its time, in which segments
/// arrive: it leaves the smallest out, and these and those are kept few by small merges beside it.
pub(super) struct FewSegments(pub(super) Index);

/// So many segments are left alone. With fewer there are more merges: 11,400 in an hour of 100 events a second beside
/// the four segments of a rebuild, 16,300 with five. With more, searches have more to look into.
const IDLE_SEGMENTS: usize = 6;
/// That hour writes each document 26 times; with 16, 40 times.
const GROWTH: u64 = 8;
/// So many of the smallest are always merged together.
const AT_LEAST: usize = 3;
/// Merging so many documents takes no longer than a few commits.
const QUICK_DOCUMENTS: u64 = 2_000;
/// From so many segments on, those in merges included, a quick merge is made beside a merge that is under way.
const HURRY_SEGMENTS: usize = 8;
/// While there are so many, merges lag behind, and the next commit waits for them.
const MOST_SEGMENTS: usize = 10;
/// A segment with a larger share of deleted documents is written anew.
const DELETED_SHARE: f32 = 0.25;
/// Larger segments are left alone: merging them would take minutes and win little. In documents.
const MAX_DOCUMENTS: u64 = 5_000_000;

/// Returns true if so many are left alone.
pub(super) fn are_left_alone(segments: &[SegmentMeta]) -> bool {
    merges(segments, segments.len()).is_empty()
}

/// Returns true if merges have so much to do that the next commit had better wait.
pub(super) fn lag_behind(segments: &[SegmentMeta]) -> bool {
    segments.iter().filter(|segment| size(segment) < MAX_DOCUMENTS).count() >= MOST_SEGMENTS
}

fn size(segment: &SegmentMeta) -> u64 {
    u64::from(segment.num_docs())
}

impl fmt::Debug for FewSegments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FewSegments")
    }
}

impl MergePolicy for FewSegments {
    /// Tantivy asks about those that are in no merge; how many there are in all, the index says.
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let committed = self.0.searchable_segment_metas().unwrap_or_default();
        let is_committed = |segment: &SegmentMeta| committed.iter().any(|other| other.id() == segment.id());
        merges(segments, if segments.iter().all(is_committed) { committed.len() } else { segments.len() })
    }
}

/// Returns what of these segments is to be merged. They are in no merge; with those that are, there are so many.
fn merges(segments: &[SegmentMeta], in_all: usize) -> Vec<MergeCandidate> {
    let mut small: Vec<&SegmentMeta> =
        segments.iter().filter(|segment| size(segment) < MAX_DOCUMENTS).collect();
    small.sort_by_key(|segment| segment.num_docs());
    let is_merging = in_all > segments.len();
    let merged = if small.len() + usize::from(is_merging) > IDLE_SEGMENTS {
        bulk(smallest(&small, AT_LEAST))
    } else if is_merging && in_all >= HURRY_SEGMENTS {
        smallest(quick(&small), 2)
    } else {
        &[]
    };
    let mut candidates = Vec::new();
    if merged.len() > 1 {
        candidates.push(MergeCandidate(merged.iter().map(|segment| segment.id()).collect()));
    }
    let worn = small.iter().filter(|segment| {
        segment.num_deleted_docs() as f32 > segment.max_doc() as f32 * DELETED_SHARE
            && merged.iter().all(|other| other.id() != segment.id())
    });
    candidates.extend(worn.map(|segment| MergeCandidate(vec![segment.id()])));
    candidates
}

/// The first of these, by size, that one merge takes; so many at least where there are so many.
fn smallest<'a, 's>(segments: &'a [&'s SegmentMeta], at_least: usize) -> &'a [&'s SegmentMeta] {
    let mut sum = 0;
    let is_enough = |(taken, segment): (usize, &&SegmentMeta)| {
        let size = size(segment);
        let is_enough = taken >= at_least && (size > sum * GROWTH || sum + size > MAX_DOCUMENTS);
        sum += size;
        is_enough
    };
    let taken = segments.iter().enumerate().position(is_enough).unwrap_or(segments.len());
    segments.get(..taken).unwrap_or(segments)
}

/// The first of these that are quickly merged.
fn quick<'a, 's>(segments: &'a [&'s SegmentMeta]) -> &'a [&'s SegmentMeta] {
    segments.get(..within(segments, QUICK_DOCUMENTS)).unwrap_or(segments)
}

/// Of a merge that is not quick, those that are most of it, two at least.
fn bulk<'a, 's>(segments: &'a [&'s SegmentMeta]) -> &'a [&'s SegmentMeta] {
    let sum: u64 = segments.iter().map(|segment| size(segment)).sum();
    if sum <= QUICK_DOCUMENTS {
        return segments;
    }
    let left_out = within(segments, sum / GROWTH).min(segments.len().saturating_sub(2));
    segments.get(left_out..).unwrap_or(segments)
}

/// Returns how many of the first have no more documents than this together.
fn within(segments: &[&SegmentMeta], documents: u64) -> usize {
    let mut sum = 0;
    let is_beyond = |segment: &&SegmentMeta| {
        sum += size(segment);
        sum > documents
    };
    segments.iter().position(is_beyond).unwrap_or(segments.len())
}

#[cfg(test)]
mod tests {
    use tantivy::{Index, schema::Schema};

    use super::*;

    /// An hour of small commits beside a rebuilt index, with merges that take their time, three at once: few segments,
    /// and each document is written anew few times.
    #[test]
    fn an_hour_of_small_commits_leaves_few_segments() {
        for (start, per_millisecond) in [(40, 15), (80, 8)] {
            let (most, times) = hour(&|documents| start + documents / per_millisecond);
            assert!(most <= MOST_SEGMENTS, "{most} segments");
            assert!(times <= 40, "each document was written anew {times} times");
        }
    }

    /// The most segments there were, and how often each document was written anew, when merges of so many documents take
    /// so many milliseconds.
    fn hour(duration: &dyn Fn(u64) -> u64) -> (usize, u64) {
        let index = Index::create_in_ram(Schema::builder().build());
        let segment =
            |documents: u32| index.new_segment_meta(tantivy::index::SegmentId::generate_random(), documents);
        let mut segments: Vec<SegmentMeta> = (0..4).map(|_| segment(25_000)).collect();
        // Merges that were begun, and when the first three of them are ready, in milliseconds.
        let mut under_way: Vec<(Vec<SegmentMeta>, Option<u64>)> = Vec::new();
        let (mut rewritten, mut published, mut most, mut next_commit) = (0_u64, 0_u64, 0, 0);
        for now in 0..3_600_000_u64 {
            for (merged, ready) in under_way.iter_mut().take(3).filter(|(_, ready)| ready.is_none()) {
                let documents: u64 = merged.iter().map(|segment| u64::from(segment.num_docs())).sum();
                *ready = Some(now + duration(documents));
            }
            let mut changed = false;
            while let Some(at) =
                under_way.iter().position(|(_, ready)| ready.is_some_and(|ready| ready <= now))
            {
                let (merged, _) = under_way.remove(at);
                segments.retain(|segment| merged.iter().all(|other| other.id() != segment.id()));
                let documents = merged.iter().map(SegmentMeta::num_docs).sum();
                rewritten += u64::from(documents);
                segments.push(segment(documents));
                changed = true;
            }
            if now >= next_commit && !(lag_behind(&segments) && now < next_commit + 1_000) {
                let documents = now / 10 - published;
                published += documents;
                segments.extend((documents > 0).then(|| segment(documents as u32)));
                next_commit = now + 100;
                changed = true;
            }
            if changed {
                let is_free = |segment: &&SegmentMeta| {
                    under_way.iter().all(|(merged, _)| merged.iter().all(|other| other.id() != segment.id()))
                };
                let free: Vec<SegmentMeta> = segments.iter().filter(is_free).cloned().collect();
                for MergeCandidate(merged) in merges(&free, segments.len()) {
                    let merged =
                        free.iter().filter(|segment| merged.contains(&segment.id())).cloned().collect();
                    under_way.push((merged, None));
                }
            }
            most = most.max(segments.len());
        }
        (most, rewritten / published)
    }
}
