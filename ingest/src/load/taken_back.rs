//! Assets that a source shows its readers no longer, and the archive's readers still see.

use store::{AssetKind, AssetRef, Fact, Log, NewEvent, Order, OrderedBy, ReadError, Snapshot, Timestamp};

use super::{subject::Subject, working::source_anew};
use crate::publicity::Hidden;

/// The number of assets that name a picture which are looked at.
const MAX_REFERRERS: usize = 1_000;

/// An asset of which a record says that readers may not see it.
pub(super) struct TakenBack {
    pub(super) asset: AssetRef,
    pub(super) why: Hidden,
    /// The time at which the record was made or changed, as far as it says.
    pub(super) time: Option<Timestamp>,
    pub(super) source: String,
    /// Came with an article: stays for as long as readers see another that names it.
    pub(super) with_article: bool,
    /// The subject by which the asset is told, if it is what the record is about.
    pub(super) subject: Option<Subject>,
}

impl TakenBack {
    /// Returns the event that withdraws it, which is called `asset` in the log, ordered by the source. `None` where
    /// readers do not see it, or see what came from elsewhere: from no load, or from another file that was newer.
    ///
    /// A record that is no newer than what it takes back was changed without saying when: it is withdrawn now. Else at the
    /// record's time, so that an older file of the same load does not bring it back.
    pub(super) fn event(&self, log: &Log, asset: &AssetRef) -> Result<Option<NewEvent>, ReadError> {
        let snapshot = log.snapshot()?;
        let Some(live) = snapshot.live(asset)? else { return Ok(None) };
        let came_from = source_anew(&live.source);
        let same_file = came_from == self.source;
        let taken_back = matches!(self.why, Hidden::Canceled(_));
        let not_older = self.time.map_or(taken_back, |time| time >= live.time);
        if !(same_file || came_from.starts_with("load:") && not_older) {
            return Ok(None);
        }
        if self.with_article && is_shown_elsewhere(&snapshot, asset, None)? {
            return Ok(None);
        }
        let newer = self.time.is_some_and(|time| time > live.time);
        let order = Order { reason: self.why.reason(), ordered_by: OrderedBy::Source, ..Order::default() };
        let fact = Fact::Withdrawn(asset.kind, order);
        let time = if same_file && !newer { None } else { self.time };
        let source = self.source.clone();
        Ok(Some(NewEvent { time, source, ..NewEvent::new(asset.id.clone(), fact) }))
    }

    /// Returns true if a load may withdraw assets of this kind: a person is more than what was said of one.
    pub(super) fn may_be(kind: AssetKind) -> bool {
        kind != AssetKind::Byline
    }
}

/// Returns true if readers see something that names an asset, other than the one that is about to be withdrawn.
pub(crate) fn is_shown_elsewhere(
    snapshot: &Snapshot,
    asset: &AssetRef,
    but: Option<&AssetRef>,
) -> Result<bool, ReadError> {
    for referrer in snapshot.referrers(asset, None, MAX_REFERRERS)? {
        if but != Some(&referrer) && snapshot.state(&referrer)?.is_some_and(|state| state.is_seen()) {
            return Ok(true);
        }
    }
    Ok(false)
}
