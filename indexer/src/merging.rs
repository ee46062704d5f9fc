//! Which segments are merged: few enough for fast searches, seldom enough for fast commits.

use tantivy::{
    index::SegmentMeta,
    indexer::{MergeCandidate, MergePolicy},
};

/// Keeps the number of segments at about [`IDLE_SEGMENTS`]. A merge takes the smallest, and goes on to the next larger as
/// long as that is no more than [`GROWTH`] times as large as all before it together: what is left is so much larger
/// that many commits go by before it has to be written anew.
#[derive(Debug)]
pub(crate) struct FewSegments;

/// So many segments are left alone. With fewer, documents are written anew more often: an hour of 100 events a second
/// beside the four segments of a rebuild, in commits of ten, writes each 19 times with six, 32 times with five, 179
/// times with four. With more, searches have more to look into.
const IDLE_SEGMENTS: usize = 6;
/// With 1, that hour writes each document 182 times; with 2, 43 times; with 8, 24 times.
const GROWTH: u64 = 4;
/// While there are so many, merges lag behind, and the next commit waits for them.
const MOST_SEGMENTS: usize = 10;
/// So many of the smallest are always merged together.
const AT_LEAST: usize = 3;
/// A segment with a larger share of deleted documents is written anew.
const DELETED_SHARE: f32 = 0.25;
/// Larger segments are left alone: merging them would take minutes and win little. In documents.
const MAX_DOCUMENTS: u32 = 5_000_000;

impl FewSegments {
    /// Whether so many are left alone.
    pub(crate) fn are_left_alone(segments: &[SegmentMeta]) -> bool {
        FewSegments.compute_merge_candidates(segments).is_empty()
    }

    /// Whether merges have so much to do that the next commit had better wait.
    pub(crate) fn lag_behind(segments: &[SegmentMeta]) -> bool {
        segments.iter().filter(|segment| segment.num_docs() < MAX_DOCUMENTS).count() >= MOST_SEGMENTS
    }
}

impl MergePolicy for FewSegments {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let mut small: Vec<&SegmentMeta> =
            segments.iter().filter(|segment| segment.num_docs() < MAX_DOCUMENTS).collect();
        small.sort_by_key(|segment| segment.num_docs());
        let mut taken = 0;
        if small.len() > IDLE_SEGMENTS {
            let mut sum = 0;
            for segment in &small {
                let size = u64::from(segment.num_docs());
                let is_enough = size > sum * GROWTH || sum + size > u64::from(MAX_DOCUMENTS);
                if taken >= AT_LEAST && is_enough {
                    break;
                }
                sum += size;
                taken += 1;
            }
        }
        let (merged, rest) = small.split_at(taken);
        let mut candidates = Vec::new();
        if !merged.is_empty() {
            candidates.push(MergeCandidate(merged.iter().map(|segment| segment.id()).collect()));
        }
        let worn = |segment: &&&SegmentMeta| {
            segment.num_deleted_docs() as f32 > segment.max_doc() as f32 * DELETED_SHARE
        };
        candidates.extend(rest.iter().filter(worn).map(|segment| MergeCandidate(vec![segment.id()])));
        candidates
    }
}

#[cfg(test)]
mod tests {
    use tantivy::{Index, schema::Schema};

    use super::*;

    /// Small commits beside a rebuilt index: few segments, and each document is written anew few times.
    #[test]
    fn small_commits_are_merged_seldom_into_few_segments() {
        let index = Index::create_in_ram(Schema::builder().build());
        let segment =
            |documents: u32| index.new_segment_meta(tantivy::index::SegmentId::generate_random(), documents);
        let mut segments: Vec<SegmentMeta> = (0..4).map(|_| segment(25_000)).collect();
        let (commits, of_each) = (9_000, 10);
        let mut rewritten = 0_u64;
        for _ in 0..commits {
            segments.push(segment(of_each));
            for MergeCandidate(merged) in FewSegments.compute_merge_candidates(&segments) {
                let (gone, rest): (Vec<_>, Vec<_>) =
                    segments.into_iter().partition(|segment| merged.contains(&segment.id()));
                let documents = gone.iter().map(SegmentMeta::num_docs).sum();
                rewritten += u64::from(documents);
                segments = rest;
                segments.push(segment(documents));
            }
            assert!(segments.len() <= IDLE_SEGMENTS && !FewSegments::lag_behind(&segments));
        }
        let times = rewritten / u64::from(commits * of_each);
        assert!(times <= 30, "each document was written anew {times} times");
    }
}
