//! The catalog: a fold of the log into each asset's head, and who names whom.
//!
//! One pure step, [`Head::after`], says how an event changes an asset. Appending, repairing, verifying and
//! looking back in time all take it, so they cannot disagree.

use std::collections::HashSet;

use heed::{RoTxn, RwTxn};

use crate::{
    asset::{AssetId, AssetKind, AssetRef},
    date::Timestamp,
    digest::Digest,
    error::ReadError,
    event::{EventType, Revision, Seq},
    record::{Cursor, Malformed, put_text, put_varint},
    tables::CatalogTables,
};

/// Whether readers see an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// They do, if it has a revision.
    Published,
    /// Not until it is published again.
    Withdrawn,
    /// Never again: its payloads are gone.
    Erased,
    /// It is the same as another byline, which stands for both.
    Merged {
        /// The one that stands for both.
        into: AssetId,
    },
}

/// Sixteen bytes of a content's SHA-256: enough to tell whether a publish says anything new. Unsalted, so an
/// erasure takes it.
pub(crate) type ContentMark = [u8; 16];

/// What the log says of an asset now. Stored as
///
/// ```text
/// head = latest:varint, live:varint, revision:varint, newest_time:zigzag+1 as varint (0: none stated),
///        status:u8, [into:text if status = 3], mark:16 bytes
/// ```
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    /// Its last event of any sort.
    pub(crate) latest: Seq,
    /// Its last published event; 0 when there is none.
    pub(crate) live: Seq,
    pub(crate) revision: Revision,
    /// The latest time that any of its events stated.
    pub(crate) newest_time: Option<Timestamp>,
    pub(crate) status: Status,
    /// The mark of the last event that carried content.
    pub(crate) mark: ContentMark,
}

impl Head {
    pub(crate) const NONE: Self = Self {
        latest: Seq::ZERO,
        live: Seq::ZERO,
        revision: Revision::new(0),
        newest_time: None,
        status: Status::Published,
        mark: [0; 16],
    };

    /// The asset after one more event.
    pub(crate) fn after(mut self, change: &Change<'_>) -> Self {
        self.latest = change.seq;
        self.newest_time = self.newest_time.max(change.time);
        match change.event_type {
            EventType::Published(_) => {
                self.live = change.seq;
                self.revision = self.revision.next();
                self.mark = change.mark;
                if change.gone {
                    self.status = Status::Erased;
                } else if self.status == Status::Withdrawn {
                    self.status = Status::Published;
                }
            }
            EventType::Withdrawn(_) if self.status == Status::Published => self.status = Status::Withdrawn,
            EventType::Withdrawn(_) => {}
            EventType::Erased(_) => self.status = Status::Erased,
            EventType::Merged => {
                if let (Some(into), false) = (change.into, self.status == Status::Erased) {
                    self.status = Status::Merged { into: into.clone() };
                }
            }
            EventType::Other(_) => self.mark = change.mark,
        }
        if self.status == Status::Erased {
            self.mark = [0; 16];
        }
        self
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(40);
        put_varint(&mut out, self.latest.get());
        put_varint(&mut out, self.live.get());
        put_varint(&mut out, self.revision.get());
        match self.newest_time {
            None => out.push(0),
            Some(time) => {
                put_varint(&mut out, (time.as_millis() - Timestamp::MIN.as_millis()).cast_unsigned() + 1);
            }
        }
        match &self.status {
            Status::Published => out.push(0),
            Status::Withdrawn => out.push(1),
            Status::Erased => out.push(2),
            Status::Merged { into } => {
                out.push(3);
                put_text(&mut out, into.as_str());
            }
        }
        out.extend(self.mark);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Cursor { rest: bytes };
        let latest = Seq::new(from.varint()?);
        let live = Seq::new(from.varint()?);
        let revision = Revision::new(from.varint()?);
        let newest_time = match from.varint()? {
            0 => None,
            offset => {
                let millis = (offset - 1).cast_signed().checked_add(Timestamp::MIN.as_millis());
                Some(millis.and_then(Timestamp::from_millis).ok_or(Malformed::Number)?)
            }
        };
        let status = match from.byte()? {
            0 => Status::Published,
            1 => Status::Withdrawn,
            2 => Status::Erased,
            3 => Status::Merged { into: AssetId::new(from.text()?).map_err(|_| Malformed::Text)? },
            other => return Err(Malformed::Encoding(other)),
        };
        Ok(Self { latest, live, revision, newest_time, status, mark: from.array()? })
    }
}

/// The mark of a payload's JSON.
pub(crate) fn mark_of(payload: &[u8]) -> ContentMark {
    let digest = Digest::of(&[payload]);
    let mut mark = [0; 16];
    mark.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    mark
}

/// The key under which an event's asset has its head.
pub(crate) fn head_key(event_type: &EventType, id: &AssetId) -> Vec<u8> {
    match event_type.kind() {
        Some(kind) => AssetRef::new(kind, id.clone()).to_key(),
        None => [b"x", event_type.name().as_bytes(), b"\0", id.as_str().as_bytes()].concat(),
    }
}

/// One event as the catalog takes it.
pub(crate) struct Change<'a> {
    pub(crate) seq: Seq,
    pub(crate) event_type: &'a EventType,
    pub(crate) time: Option<Timestamp>,
    pub(crate) mark: ContentMark,
    /// Its payload was erased: what it says is not known any more.
    pub(crate) gone: bool,
    /// The target of a merge.
    pub(crate) into: Option<&'a AssetId>,
    /// What the asset names from now on; `None` leaves what it named.
    pub(crate) references: Option<&'a [AssetRef]>,
}

impl CatalogTables {
    /// The head under this key.
    pub(crate) fn head(&self, txn: &RoTxn<'_>, key: &[u8]) -> Result<Option<Head>, ReadError> {
        let Some(stored) = self.heads.get(txn, key)? else { return Ok(None) };
        Head::decode(stored).map(Some).map_err(|_| damaged(key))
    }

    /// Takes one event in. `named_before` tells what the asset's revision of that seq named.
    pub(crate) fn apply(
        &self,
        txn: &mut RwTxn<'_>,
        key: &[u8],
        head: Option<Head>,
        change: &Change<'_>,
        named_before: impl FnOnce(&RoTxn<'_>, Seq) -> Result<Vec<AssetRef>, ReadError>,
    ) -> Result<(), ReadError> {
        let before = head.unwrap_or(Head::NONE);
        let old_live = before.live;
        let old_into = match &before.status {
            Status::Merged { into } => Some(into.clone()),
            _ => None,
        };
        let after = before.after(change);
        if let Some(references) = change.references {
            let old = if old_live == Seq::ZERO { Vec::new() } else { named_before(txn, old_live)? };
            let (is_old, is_new): (HashSet<_>, HashSet<_>) =
                (old.iter().collect(), references.iter().collect());
            for gone in old.iter().filter(|target| !is_new.contains(target)) {
                self.referrers.delete(txn, &edge(&gone.to_key(), key).0)?;
            }
            for new in references.iter().filter(|target| !is_old.contains(target)) {
                let (edge, full) = edge(&new.to_key(), key);
                self.referrers.put(txn, &edge, full)?;
            }
        }
        let new_into = match &after.status {
            Status::Merged { into } => Some(into),
            _ => None,
        };
        if old_into.as_ref() != new_into {
            let target = |id: &AssetId| AssetRef::new(AssetKind::Byline, id.clone()).to_key();
            if let Some(old) = &old_into {
                self.referrers.delete(txn, &edge(&target(old), key).0)?;
            }
            if let Some(new) = new_into {
                let (edge, full) = edge(&target(new), key);
                self.referrers.put(txn, &edge, full)?;
            }
        }
        self.heads.put(txn, key, &after.encode())?;
        Ok(())
    }
}

/// One edge: its key (target, a zero byte, referrer; keys of assets hold no zero byte) and its value. LMDB's 511
/// bytes may not hold two long keys: a long one ends in its digest then, and the value has the referrer in full.
pub(crate) fn edge<'a>(target: &[u8], referrer: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
    let mut key = edges_to(target);
    shorten_into(&mut key, referrer);
    (key, if referrer.len() > MAX_EDGE_PART { referrer } else { &[] })
}

/// What the keys of all edges to one target begin with.
pub(crate) fn edges_to(target: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(target.len() + 64);
    shorten_into(&mut key, target);
    key.push(0);
    key
}

/// The referrer of an edge that was found under [`edges_to`] a target.
pub(crate) fn referrer_of(key: &[u8], value: &[u8], prefix: usize) -> Option<AssetRef> {
    AssetRef::from_key(if value.is_empty() { key.get(prefix..)? } else { value })
}

/// Two parts and the zero byte between them within 511 bytes.
const MAX_EDGE_PART: usize = 254;

fn shorten_into(key: &mut Vec<u8>, part: &[u8]) {
    match part.split_at_checked(MAX_EDGE_PART - 32) {
        Some((start, _)) if part.len() > MAX_EDGE_PART => {
            key.extend_from_slice(start);
            key.extend(Digest::of(&[part]).as_bytes());
        }
        _ => key.extend_from_slice(part),
    }
}

pub(crate) fn damaged(key: &[u8]) -> ReadError {
    ReadError::Catalog(String::from_utf8_lossy(key).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_head() -> impl Strategy<Value = Head> {
        let time = Timestamp::MIN.as_millis()..=Timestamp::MAX.as_millis();
        let status = prop_oneof![
            Just(Status::Published),
            Just(Status::Withdrawn),
            Just(Status::Erased),
            "\\PC{1,80}".prop_map(|into| Status::Merged { into: AssetId::new(into).unwrap() }),
        ];
        (any::<[u64; 3]>(), proptest::option::of(time), status, any::<[u8; 16]>()).prop_map(
            |([latest, live, revision], time, status, mark)| Head {
                latest: Seq::new(latest),
                live: Seq::new(live),
                revision: Revision::new(revision),
                newest_time: time.and_then(Timestamp::from_millis),
                status,
                mark,
            },
        )
    }

    proptest! {
        #[test]
        fn heads_come_back(head in any_head()) {
            prop_assert_eq!(Head::decode(&head.encode()), Ok(head));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Head::decode(&bytes);
            let _ = referrer_of(&bytes, &[], bytes.len() / 2);
        }

        #[test]
        fn edges_fit_into_keys_and_come_back(target in 1..=400_usize, referrer in 1..=400_usize) {
            let asset = |kind, length| AssetRef::new(kind, AssetId::new("x".repeat(length)).unwrap());
            let (target, referrer) = (asset(AssetKind::Image, target), asset(AssetKind::Article, referrer));
            let (target, named_by) = (target.to_key(), referrer.to_key());
            let (key, value) = edge(&target, &named_by);
            prop_assert!(key.len() <= 511);
            let prefix = edges_to(&target);
            prop_assert!(key.starts_with(&prefix));
            prop_assert_eq!(referrer_of(&key, value, prefix.len()), Some(referrer));
        }
    }
}
