//! Which segments are merged: few enough for fast searches, seldom enough for fast commits.

use tantivy::{
    index::SegmentMeta,
    indexer::{MergeCandidate, MergePolicy},
};

/// Keeps the number of segments at about [`IDLE_SEGMENTS`], each merge at least doubling what it begins with, so
/// that a document is rewritten a logarithmic number of times.
#[derive(Debug)]
pub(crate) struct FewSegments;

/// So many segments are left alone.
const IDLE_SEGMENTS: usize = 5;
/// So many of the smallest are always merged together.
const AT_LEAST: usize = 3;
/// A segment with a larger share of deleted documents is written anew.
const DELETED_SHARE: f32 = 0.25;
/// Larger segments are left alone: merging them would take minutes and win little. In documents.
const MAX_DOCUMENTS: u32 = 5_000_000;

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
                if taken >= AT_LEAST && size > sum {
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
