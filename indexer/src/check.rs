//! The audit: is the live index what the log says? And mending just what is not.

use std::sync::atomic::{AtomicBool, Ordering};

use store::{AssetId, Seq};
use views::{Known, ViewId};

use crate::{
    error::IndexError,
    indexes::Indexes,
    progress::{Clock, Phase, Progress},
    writer::GenerationWriter,
};

/// The number of assets that are looked at from one snapshot.
const PAGE: usize = 500;

/// In what the live index differs from the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// The generation that was looked at.
    pub generation: String,
    /// At which seq it was compared.
    pub seq: Seq,
    /// The number of documents that it should have.
    pub documents: u64,
    /// Readers see these, but the index lacks them.
    pub missing: Vec<AssetId>,
    /// The index has these, but readers do not see them, or it has them twice.
    pub extra: Vec<AssetId>,
    /// The index has another content of these.
    pub stale: Vec<AssetId>,
    /// True if what differed was mended.
    pub repaired: bool,
}

impl CheckReport {
    /// Returns true if nothing differs.
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.stale.is_empty()
    }
}

impl Indexes {
    /// Compares the live index with the log, document by document; with `repair` it mends what differs. The index is
    /// caught up first and looked at as it is then: searching and indexing go on meanwhile, and what events touch that
    /// come later is not judged. Takes about as long as making all documents, and some 100 bytes of memory for each.
    ///
    /// # Errors
    /// [`IndexError`] when the log or the index cannot be read, or written with `repair`.
    pub fn check(
        &self,
        view: ViewId,
        repair: bool,
        stop: &AtomicBool,
        progress: &dyn Fn(Progress),
    ) -> Result<CheckReport, IndexError> {
        loop {
            let mut report = self.compare(view, stop, progress)?;
            if !repair || report.is_clean() || self.repair(view, &mut report, stop)? {
                return Ok(report);
            }
        }
    }

    fn compare(
        &self,
        view: ViewId,
        stop: &AtomicBool,
        progress: &dyn Fn(Progress),
    ) -> Result<CheckReport, IndexError> {
        self.catch_up(view, self.log().head()?.seq, stop, &|_| {})?;
        let (generation, searcher) = self.searcher(view)?;
        let seq = searcher.checkpoint;
        let mut found = searcher.searcher.holds()?;
        let mut report =
            CheckReport { generation: generation.name().to_owned(), seq, ..CheckReport::default() };
        let clock = Clock::new(Phase::Checking, 0, self.count_assets(view)?);
        let (mut after, mut done, mut hidden) = (None::<AssetId>, 0, Vec::new());
        let mut known = Known::default();
        loop {
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            let snapshot = self.log().snapshot()?;
            // What came since may change any document: those that it touches are left out in the end.
            let page = snapshot.assets(view.kind(), after.as_ref(), PAGE)?;
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
                if document.is_none() && held.is_some() {
                    hidden.push(id.clone());
                }
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
        for id in found.into_keys() {
            report.extra.push(AssetId::new(id).map_err(|error| IndexError::Unreadable {
                path: generation.dir().to_owned(),
                why: format!("it holds a document that no asset can have: {error}"),
            })?);
        }
        report.extra.sort_unstable();
        self.leave_out_what_moved(view, seq, &mut report, hidden)?;
        Ok(report)
    }

    /// Makes the documents that differ anew. Returns whether it did: not in a generation that took the place of the one
    /// that was looked at.
    fn repair(&self, view: ViewId, report: &mut CheckReport, stop: &AtomicBool) -> Result<bool, IndexError> {
        let _swap = self.ask_for_swap(view, stop)?;
        let _writing = self.lock(view, "write.lock", stop)?;
        let generation = self.live(view)?;
        if generation.name() != report.generation {
            return Ok(false);
        }
        let mut writer = GenerationWriter::open(generation, self.log())?;
        for ids in [&report.missing, &report.extra, &report.stale] {
            writer.renew(ids.clone(), self.log())?;
        }
        writer.commit_again()?;
        writer.close()?;
        report.repaired = true;
        Ok(true)
    }

    /// Takes out of a report what events touch that came during the check touch documents that the index had not
    /// renewed yet: not its fault. Of those it is taken at its word: `hidden` are those that it has and readers do not
    /// see.
    fn leave_out_what_moved(
        &self,
        view: ViewId,
        seq: Seq,
        report: &mut CheckReport,
        mut hidden: Vec<AssetId>,
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
                let change = views::Change { seq, event_type, asset: store::AssetRef::new(of, id) };
                view.touched_by(&change, &snapshot, &mut |id| {
                    moved.insert(id);
                    Ok(())
                })?;
            }
        }
        let leave_out = |ids: &mut Vec<AssetId>| {
            let before = ids.len();
            ids.retain(|id| !moved.contains(id));
            (before - ids.len()) as u64
        };
        report.documents += leave_out(&mut hidden);
        report.documents -= leave_out(&mut report.missing);
        leave_out(&mut report.extra);
        leave_out(&mut report.stale);
        Ok(())
    }
}
