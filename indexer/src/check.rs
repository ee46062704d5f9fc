//! The audit: is the live index what the log says? And mending just what is not.

use std::{collections::HashMap, sync::atomic::AtomicBool};

use store::{AssetId, AssetKind, Seq};

use crate::{
    error::IndexError,
    generation::{IndexSearcher, failed},
    indexes::Indexes,
    progress::{Clock, Phase, Progress},
    views::Known,
    writer::GenerationWriter,
};

/// How many assets are looked at from one snapshot.
const PAGE: usize = 500;

/// In what the live index differs from the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// The generation that was looked at.
    pub generation: String,
    /// At which seq it was compared.
    pub seq: Seq,
    /// How many documents it should have.
    pub documents: u64,
    /// Readers see these, but the index lacks them.
    pub missing: Vec<AssetId>,
    /// The index has these, but readers do not see them, or it has them twice.
    pub extra: Vec<AssetId>,
    /// The index has another content of these.
    pub stale: Vec<AssetId>,
    /// Whether what differed was mended.
    pub repaired: bool,
}

impl CheckReport {
    /// Whether nothing differs.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.stale.is_empty()
    }
}

impl Indexes {
    /// Compares the live index with the log, document by document; with `repair` it mends what differs. The index
    /// is caught up first and held there meanwhile: searches go on, new events wait. Takes about as long as making
    /// all documents, and some 100 bytes of memory for each.
    ///
    /// # Errors
    /// [`IndexError`] when the log or the index cannot be read, or written with `repair`.
    pub fn check(
        &self,
        kind: AssetKind,
        repair: bool,
        stop: &AtomicBool,
        progress: &dyn Fn(Progress),
    ) -> Result<CheckReport, IndexError> {
        let _swap = self.ask_for_swap(kind)?;
        let _writing = self.lock(kind, "write.lock")?;
        let generation = self.live(kind)?;
        let mut writer = GenerationWriter::open(generation.clone(), self.log())?;
        let head = self.log().head()?.seq;
        while writer.checkpoint() < head {
            writer.step_to(self.log(), head)?;
        }
        let seq = writer.checkpoint();
        let mut found = holdings(&*generation.searcher()?).map_err(failed(generation.dir()))?;
        let mut report =
            CheckReport { generation: generation.name().to_owned(), seq, ..CheckReport::default() };
        let clock = Clock::new(Phase::Checking, 0, self.count_assets(kind)?);
        let (mut after, mut done) = (None::<AssetId>, 0);
        let mut known = Known::default();
        loop {
            if stop.load(std::sync::atomic::Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            let snapshot = self.log().snapshot()?;
            // What came since the index was caught up may change any document: those are made as of then.
            let page = snapshot.assets(kind, after.as_ref(), PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            done += page.len() as u64;
            for (id, _) in page {
                let document = generation.view().document_knowing(&id, &snapshot, &mut known)?;
                let (held, twice) = match found.remove(id.as_str()) {
                    Some(held) => (Some(held.digest), held.count > 1),
                    None => (None, false),
                };
                report.documents += u64::from(document.is_some());
                match (document, held) {
                    _ if twice => report.extra.push(id),
                    (Some(_), None) => report.missing.push(id),
                    (None, Some(_)) => report.extra.push(id),
                    (Some(document), Some(held)) if document.digest() != held => report.stale.push(id),
                    _ => {}
                }
            }
            progress(clock.progress(done));
        }
        let unknown = found.into_keys().filter_map(|id| AssetId::new(id).ok());
        report.extra.extend(unknown);
        report.extra.sort_unstable();
        self.leave_out_what_moved(kind, seq, &mut report)?;
        if repair && !report.is_clean() {
            for ids in [&report.missing, &report.extra, &report.stale] {
                writer.renew(ids.clone(), self.log())?;
            }
            writer.commit_again()?;
            report.repaired = true;
        }
        writer.close()?;
        Ok(report)
    }

    /// Events that came during the check touch documents that the index has not renewed yet: not its fault.
    fn leave_out_what_moved(
        &self,
        kind: AssetKind,
        seq: Seq,
        report: &mut CheckReport,
    ) -> Result<(), IndexError> {
        let snapshot = self.log().snapshot()?;
        let mut moved = std::collections::HashSet::new();
        let mut at = seq;
        loop {
            let page = snapshot.changes(at.next(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for (seq, event_type, id) in page {
                at = seq;
                let Some(of) = event_type.kind() else { continue };
                let change = crate::views::Change { seq, event_type, asset: store::AssetRef::new(of, id) };
                crate::views::view_of(kind).touched_by(&change, &snapshot, &mut |id| {
                    moved.insert(id);
                    Ok(())
                })?;
            }
        }
        for ids in [&mut report.missing, &mut report.extra, &mut report.stale] {
            ids.retain(|id| !moved.contains(id));
        }
        Ok(())
    }
}

/// What the index says of one asset.
struct Held {
    digest: [u64; 2],
    count: u32,
}

/// All ids of an index with their digests.
fn holdings(searcher: &IndexSearcher) -> tantivy::Result<HashMap<String, Held>> {
    let mut found = HashMap::new();
    for segment in searcher.searcher.segment_readers() {
        let columns = segment.fast_fields();
        let (high, low) = (columns.u64("_digest_0")?, columns.u64("_digest_1")?);
        let Some(ids) = columns.str("_id")? else { continue };
        let mut id = String::new();
        for doc in segment.doc_ids_alive() {
            let Some(ord) = ids.term_ords(doc).next() else { continue };
            id.clear();
            ids.ord_to_str(ord, &mut id)?;
            let digest = [high.first(doc).unwrap_or_default(), low.first(doc).unwrap_or_default()];
            found.entry(id.clone()).or_insert(Held { digest, count: 0 }).count += 1;
        }
    }
    Ok(found)
}
