//! The parts that views share: joining other assets in, and finding who names whom.

use std::{collections::HashMap, hash::Hash, rc::Rc};

use serde_json::{Map, Value, json};
use store::{
    AsOf, AssetId, AssetKind, AssetRef, AssetState, Brief, Event, EventType, Fact, Payload, ReadError, Seq,
    Snapshot,
};

use crate::view::{Change, Touch};

/// The number of referrers that are read at once.
const PAGE: usize = 1_000;

/// The part of another asset that is joined to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Of an article's author.
    Byline,
    /// Of an article's image, its photographer joined in turn.
    Image,
    /// Of an image's photographer.
    Photographer,
}

impl Part {
    fn kind(self) -> AssetKind {
        match self {
            Self::Byline | Self::Photographer => AssetKind::Byline,
            Self::Image => AssetKind::Image,
        }
    }

    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Byline => &["name", "title", "organization", "also_known_as", "url"],
            Self::Image => &["caption", "alt", "credit", "photographer", "taken", "renditions", "rights"],
            Self::Photographer => &["name"],
        }
    }
}

/// The joined parts of other assets, remembered from one document to the next: a newspaper has few
/// authors and many articles. What is joined is remembered for as long as the snapshots are of one state of one log;
/// what one event says, which never changes, for longer.
#[derive(Debug, Default)]
pub struct Known {
    state: Option<(Seq, Option<AsOf>)>,
    joined: HashMap<(Part, AssetId), Rc<Value>>,
    by_event: HashMap<Seq, Rc<Map<String, Value>>>,
}

/// The largest number of assets, and of events, that are remembered.
const KNOWN_MAX: usize = 10_000;

impl Known {
    /// Returns the chosen fields of another asset, its id first; of one that readers do not see, or that has not
    /// arrived, the id alone.
    pub(crate) fn part(&mut self, part: Part, id: AssetId, snapshot: &Snapshot) -> Result<Value, ReadError> {
        let state = Some((snapshot.seq(), snapshot.as_of()));
        if self.state != state {
            self.joined.clear();
            self.state = state;
        }
        let key = (part, id);
        if let Some(known) = self.joined.get(&key) {
            return Ok(Value::clone(known));
        }
        let joined = Rc::new(self.join(part, &key.1, snapshot)?);
        remember(&mut self.joined, key, &joined);
        Ok(Value::clone(&joined))
    }

    fn join(&mut self, part: Part, id: &AssetId, snapshot: &Snapshot) -> Result<Value, ReadError> {
        let asset = snapshot.resolve(&AssetRef::new(part.kind(), id.clone()))?;
        let mut object = Map::new();
        object.insert("id".to_owned(), json!(asset.id));
        if let Some(fields) = self.fields(&asset, snapshot)? {
            for name in part.fields() {
                let Some(value) = fields.get(*name) else { continue };
                object.insert((*name).to_owned(), value.clone());
            }
        }
        if let Some(id) = id_at(&object, "photographer") {
            object.insert("photographer".to_owned(), self.part(Part::Photographer, id, snapshot)?);
        }
        Ok(Value::Object(object))
    }

    /// Returns the fields of an asset; `None` when readers do not see it.
    fn fields(
        &mut self,
        asset: &AssetRef,
        snapshot: &Snapshot,
    ) -> Result<Option<Rc<Map<String, Value>>>, ReadError> {
        let state = snapshot.state(asset)?.filter(AssetState::is_seen);
        let Some(state) = state else { return Ok(None) };
        if let Some(known) = self.by_event.get(&state.live) {
            return Ok(Some(Rc::clone(known)));
        }
        let Some(live) = snapshot.live_fields(asset)? else { return Ok(None) };
        let fields = Rc::new(live.fields);
        remember(&mut self.by_event, state.live, &fields);
        Ok(Some(fields))
    }
}

fn remember<K: Eq + Hash, V>(known: &mut HashMap<K, Rc<V>>, key: K, value: &Rc<V>) {
    if known.len() >= KNOWN_MAX {
        known.clear();
    }
    known.insert(key, Rc::clone(value));
}

/// Puts what other assets say in the place of the ids that name them.
pub(crate) fn join_all(
    fields: &mut Map<String, Value>,
    name: &str,
    part: Part,
    snapshot: &Snapshot,
    known: &mut Known,
) -> Result<(), ReadError> {
    let mut joined: Vec<Value> = Vec::new();
    for id in ids_at(fields, name) {
        let one = known.part(part, id, snapshot)?;
        if !joined.iter().any(|other| other.get("id") == one.get("id")) {
            joined.push(one); // two ids that were merged are one author
        }
    }
    if joined.is_empty() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), Value::Array(joined));
    }
    Ok(())
}

/// Returns the id that a field holds; the log takes no other.
pub(crate) fn id_at(fields: &Map<String, Value>, name: &str) -> Option<AssetId> {
    AssetId::new(fields.get(name)?.as_str()?).ok()
}

/// Returns the ids that a field lists.
fn ids_at(fields: &Map<String, Value>, name: &str) -> Vec<AssetId> {
    strings_at(fields, name).filter_map(|id| AssetId::new(id).ok()).collect()
}

/// Returns the texts that a field lists.
pub(crate) fn strings_at<'a>(fields: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    fields.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Returns true if readers see an asset, without reading what it says.
pub(super) fn is_live(asset: &AssetRef, snapshot: &Snapshot) -> Result<bool, ReadError> {
    Ok(snapshot.state(asset)?.as_ref().is_some_and(AssetState::is_seen))
}

/// Hands the assets of a kind that name this one to `found`, page by page, each with what it says in brief.
pub(crate) fn each_referrer(
    asset: &AssetRef,
    kind: AssetKind,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(AssetRef, Brief) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut after: Option<AssetRef> = None;
    loop {
        let page = snapshot.referrers_of_kind(asset, kind, after.as_ref(), PAGE)?;
        let full = page.len() == PAGE;
        after = page.last().map(|(referrer, _)| referrer.clone());
        page.into_iter().try_for_each(|(referrer, brief)| found(referrer, brief))?;
        if !full {
            return Ok(());
        }
    }
}

/// Returns the byline, the one that stands for it, and all that were merged into it, directly or not.
pub(crate) fn same_person(byline: &AssetRef, snapshot: &Snapshot) -> Result<Vec<AssetRef>, ReadError> {
    let mut same = vec![byline.clone()];
    let stands_for = snapshot.resolve(byline)?;
    if stands_for != *byline {
        same.push(stands_for);
    }
    merged_into(byline, snapshot, &mut same)?;
    Ok(same)
}

/// Adds all bylines that were merged into this one, directly or not.
pub(crate) fn merged_into(
    byline: &AssetRef,
    snapshot: &Snapshot,
    found: &mut Vec<AssetRef>,
) -> Result<(), ReadError> {
    let mut to_see = vec![byline.clone()];
    while let Some(byline) = to_see.pop() {
        each_referrer(&byline, AssetKind::Byline, snapshot, &mut |referrer, _| {
            if !found.contains(&referrer) {
                found.push(referrer.clone());
                to_see.push(referrer);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Returns the events about a change's asset from it back, of those that the snapshot has.
fn history_of(change: &Change, snapshot: &Snapshot) -> impl Iterator<Item = Result<Event, ReadError>> {
    snapshot.history_from(change.seq).filter_map(|seq| match seq.and_then(|seq| snapshot.event(seq)) {
        Err(ReadError::NotYet { .. }) => None,
        event => Some(event),
    })
}

/// Hands the assets that this event's asset names, or named before it, to `found`.
pub(crate) fn each_named(
    change: &Change,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(AssetRef) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut revisions = 0;
    for event in history_of(change, snapshot) {
        let event = event?;
        let names = match &event.payload {
            Payload::Kept { fact: Fact::Published(content), visibility, .. } if visibility.is_public() => {
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
pub(crate) fn each_merge_target(
    change: &Change,
    snapshot: &Snapshot,
    found: &mut dyn FnMut(AssetRef) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    if !matches!(change.event_type, EventType::Merged | EventType::Unmerged | EventType::Erased(_)) {
        return Ok(());
    }
    for event in history_of(change, snapshot) {
        if let Some(Fact::Merged(merge)) = event?.fact() {
            found(AssetRef::new(AssetKind::Byline, merge.into.clone()))?;
        }
    }
    Ok(())
}

/// Hands the assets of a kind that name any of these to `touch`.
pub(crate) fn touch_referrers(
    targets: &[AssetRef],
    kind: AssetKind,
    snapshot: &Snapshot,
    touch: Touch<'_>,
) -> Result<(), ReadError> {
    for target in targets {
        each_referrer(target, kind, snapshot, &mut |referrer, _| touch(referrer.id))?;
    }
    Ok(())
}
