//! What views share: joining other assets in, and finding who names whom.

use std::{collections::HashMap, rc::Rc};

use serde_json::{Map, Value, json};
use store::{
    AssetId, AssetKind, AssetRef, AssetState, Brief, Content, EventType, Fact, Live, Payload, ReadError, Seq,
    Snapshot, Status,
};

use super::{Change, Touch};

/// How many referrers are read at once.
const PAGE: usize = 1_000;

/// A content's fields.
pub(super) fn fields(content: &Content) -> Map<String, Value> {
    match serde_json::to_value(content) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(), // no content serialises to anything else
    }
}

/// What other assets say that are joined to documents, remembered from one document to the next: a newspaper has few
/// authors and many articles. What is remembered is what one event says, which never changes; which event it is that
/// counts, and whether readers see it, is asked of the snapshot each time.
#[derive(Debug, Default)]
pub struct Known {
    by_event: HashMap<Seq, Rc<Map<String, Value>>>,
}

/// How many events are remembered.
const KNOWN_MAX: usize = 5_000;

impl Known {
    /// The fields of an asset; `None` when readers do not see it.
    fn fields(
        &mut self,
        asset: &AssetRef,
        snapshot: &Snapshot,
    ) -> Result<Option<Rc<Map<String, Value>>>, ReadError> {
        let state = snapshot.state(asset)?.filter(is_published);
        let Some(state) = state else { return Ok(None) };
        if let Some(known) = self.by_event.get(&state.live) {
            return Ok(Some(Rc::clone(known)));
        }
        let Some(live) = snapshot.live(asset)? else { return Ok(None) };
        if self.by_event.len() >= KNOWN_MAX {
            self.by_event.clear();
        }
        let fields = Rc::new(fields(&live.content));
        self.by_event.insert(state.live, Rc::clone(&fields));
        Ok(Some(fields))
    }
}

/// The chosen fields of another asset, its id first; of one that readers do not see, or that has not arrived, the
/// id alone.
pub(super) fn joined(
    asset: &AssetRef,
    names: &[&str],
    snapshot: &Snapshot,
    known: &mut Known,
) -> Result<Value, ReadError> {
    let asset = snapshot.resolve(asset)?;
    let mut object = Map::new();
    object.insert("id".to_owned(), json!(asset.id));
    if let Some(fields) = known.fields(&asset, snapshot)? {
        for name in names {
            let Some(value) = fields.get(*name) else { continue };
            let value = match (asset.kind, *name, value.as_str()) {
                (AssetKind::Image, "photographer", Some(id)) => match AssetId::new(id) {
                    Ok(id) => photographer_of(&id, snapshot, known)?,
                    Err(_) => continue, // the log takes no other
                },
                _ => value.clone(),
            };
            object.insert((*name).to_owned(), value);
        }
    }
    Ok(Value::Object(object))
}

/// Adds the chosen fields of a content.
pub(super) fn pick(content: &Content, names: &[&str], to: &mut Map<String, Value>) {
    let mut fields = fields(content);
    for name in names {
        if let Some(value) = fields.remove(*name) {
            to.insert((*name).to_owned(), value);
        }
    }
}

/// An image's photographer, by name.
pub(super) fn photographer_of(
    id: &AssetId,
    snapshot: &Snapshot,
    known: &mut Known,
) -> Result<Value, ReadError> {
    joined(&AssetRef::new(AssetKind::Byline, id.clone()), &["name"], snapshot, known)
}

/// The live revision of an asset, or `None`.
pub(super) fn live(kind: AssetKind, id: &AssetId, snapshot: &Snapshot) -> Result<Option<Live>, ReadError> {
    snapshot.live(&AssetRef::new(kind, id.clone()))
}

/// Whether readers see an asset, without reading what it says.
pub(super) fn is_live(asset: &AssetRef, snapshot: &Snapshot) -> Result<bool, ReadError> {
    Ok(snapshot.state(asset)?.as_ref().is_some_and(is_published))
}

fn is_published(state: &AssetState) -> bool {
    state.status == Status::Published && state.live != Seq::ZERO
}

/// Hands all assets that name this one to `found`, page by page.
pub(super) fn each_referrer(
    asset: &AssetRef,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(&AssetRef) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    each_referrer_in_brief(asset, snapshot, &mut |referrer, _| found(referrer))
}

/// The same, each with what it says in brief.
pub(super) fn each_referrer_in_brief(
    asset: &AssetRef,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(&AssetRef, &Brief) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut after: Option<AssetRef> = None;
    loop {
        let page = snapshot.referrers_in_brief(asset, after.as_ref(), PAGE)?;
        page.iter().try_for_each(|(referrer, brief)| found(referrer, brief))?;
        let full = page.len() == PAGE;
        after = page.into_iter().last().map(|(referrer, _)| referrer);
        if !full {
            return Ok(());
        }
    }
}

/// The byline, the one that stands for it, and all that were merged into it, directly or not.
pub(super) fn same_person(byline: &AssetRef, snapshot: &Snapshot) -> Result<Vec<AssetRef>, ReadError> {
    let mut same = vec![byline.clone()];
    let stands_for = snapshot.resolve(byline)?;
    if stands_for != *byline {
        same.push(stands_for);
    }
    merged_into(byline, snapshot, &mut same)?;
    Ok(same)
}

/// Adds all bylines that were merged into this one, directly or not.
pub(super) fn merged_into(
    byline: &AssetRef,
    snapshot: &Snapshot,
    found: &mut Vec<AssetRef>,
) -> Result<(), ReadError> {
    let mut to_see = vec![byline.clone()];
    while let Some(byline) = to_see.pop() {
        each_referrer(&byline, snapshot, &mut |referrer| {
            if referrer.kind == AssetKind::Byline && !found.contains(referrer) {
                found.push(referrer.clone());
                to_see.push(referrer.clone());
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Hands the assets that this event's asset names, or named before it, to `found`.
pub(super) fn each_named(
    change: &Change,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(AssetRef) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut revisions = 0;
    for seq in snapshot.history_from(change.seq) {
        let event = snapshot.event(seq?)?;
        let names = match &event.payload {
            Payload::Kept { fact: Fact::Published(content), .. } => {
                revisions += 1;
                content.references()
            }
            Payload::Kept { fact: Fact::Erased(_, order), .. } => order.named.clone(),
            _ => Vec::new(),
        };
        names.into_iter().try_for_each(&mut *found)?;
        if revisions == 2 {
            break;
        }
    }
    Ok(())
}

/// For an event that may end a merge or begin another: hands every byline that this one was ever merged into to
/// `found`.
pub(super) fn each_merge_target(
    change: &Change,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(AssetRef) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    if !matches!(change.event_type, EventType::Merged | EventType::Erased(_)) {
        return Ok(());
    }
    for seq in snapshot.history_from(change.seq) {
        if let Some(Fact::Merged(merge)) = snapshot.event(seq?)?.fact() {
            found(AssetRef::new(AssetKind::Byline, merge.into.clone()))?;
        }
    }
    Ok(())
}

/// Hands the assets of a kind that name any of these to `touch`.
pub(super) fn touch_referrers(
    targets: &[AssetRef],
    kind: AssetKind,
    snapshot: &Snapshot,
    touch: Touch<'_>,
) -> Result<(), ReadError> {
    for target in targets {
        each_referrer(target, snapshot, &mut |referrer| {
            if referrer.kind == kind { touch(referrer.id.clone()) } else { Ok(()) }
        })?;
    }
    Ok(())
}
