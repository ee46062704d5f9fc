//! The catalog: a fold of the log into each asset's head, and who names whom.
//!
//! One pure step, [`Head::after`], says how an event changes an asset. Appending, repairing, verifying and
//! looking back in time all take it, so they cannot disagree.

use heed::RoTxn;

use crate::{
    asset::{AssetId, AssetRef},
    content::Content,
    date::Timestamp,
    digest::Digest,
    encoding::{Cursor, put_text, put_varint},
    error::ReadError,
    event::{EventType, Revision, Seq},
    record::Malformed,
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

/// What of a referrer's last revision is kept with each of its edges, so that counting a prolific author's work
/// reads no payloads. Empty for what is no article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brief {
    /// The date it was published, as it was stated.
    pub published: String,
    /// The section it ran in.
    pub section: String,
}

impl Brief {
    pub(crate) fn of(content: &Content) -> Self {
        match content {
            Content::Article(article) => Self {
                published: article
                    .published
                    .as_ref()
                    .map(|date| date.as_str().to_owned())
                    .unwrap_or_default(),
                section: article.section.clone(),
            },
            Content::Image(_) | Content::Byline(_) => Self::default(),
        }
    }
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
            EventType::Unmerged => {
                if matches!(self.status, Status::Merged { .. }) {
                    self.status = Status::Published;
                }
            }
            EventType::Other(_) => self.mark = change.mark,
        }
        if self.status == Status::Erased {
            self.mark = [0; 16];
        }
        self
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.latest.get());
        put_varint(out, self.live.get());
        put_varint(out, self.revision.get());
        match self.newest_time {
            None => out.push(0),
            Some(time) => {
                put_varint(out, (time.as_millis() - Timestamp::MIN.as_millis()).cast_unsigned() + 1);
            }
        }
        match &self.status {
            Status::Published => out.push(0),
            Status::Withdrawn => out.push(1),
            Status::Erased => out.push(2),
            Status::Merged { into } => {
                out.push(3);
                put_text(out, into.as_str());
            }
        }
        out.extend(self.mark);
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
    /// What is kept with each of these references.
    pub(crate) brief: &'a Brief,
}

impl CatalogTables {
    /// The head under this key.
    pub(crate) fn head(&self, txn: &RoTxn<'_>, key: &[u8]) -> Result<Option<Head>, ReadError> {
        let Some(stored) = self.heads.get(txn, key)? else { return Ok(None) };
        Head::decode(stored).map(Some).map_err(|_| damaged(key))
    }
}

/// One edge: its key (target, a zero byte, referrer; keys of assets hold no zero byte) and the end of its value.
/// LMDB's 511 bytes may not hold two long keys: a long one ends in its digest then, and the value has the referrer
/// in full.
pub(crate) fn edge<'a>(target: &[u8], referrer: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
    let mut key = edges_to(target);
    shorten_into(&mut key, referrer);
    (key, if referrer.len() > MAX_EDGE_PART { referrer } else { &[] })
}

/// The value of an edge: published:text, section:text, the referrer in full if its key has not.
pub(crate) fn edge_value(brief: &Brief, full: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(2 + brief.published.len() + brief.section.len() + full.len());
    put_text(&mut value, &brief.published);
    put_text(&mut value, &brief.section);
    value.extend_from_slice(full);
    value
}

/// What the keys of all edges to one target begin with.
pub(crate) fn edges_to(target: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(target.len() + 64);
    shorten_into(&mut key, target);
    key.push(0);
    key
}

/// The referrer of an edge that was found under [`edges_to`] a target, and what is kept of it.
pub(crate) fn referrer_of(key: &[u8], value: &[u8], prefix: usize) -> Option<(AssetRef, Brief)> {
    let mut from = Cursor { rest: value };
    let brief = Brief { published: from.text().ok()?.to_owned(), section: from.text().ok()?.to_owned() };
    let full = if from.rest.is_empty() { key.get(prefix..)? } else { from.rest };
    Some((AssetRef::from_key(full)?, brief))
}

/// Two parts and the zero byte between them within 511 bytes.
pub(crate) const MAX_EDGE_PART: usize = 254;

pub(crate) fn shorten_into(key: &mut Vec<u8>, part: &[u8]) {
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
    use crate::asset::AssetKind;

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
            let mut stored = Vec::new();
            head.encode(&mut stored);
            prop_assert_eq!(Head::decode(&stored), Ok(head));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Head::decode(&bytes);
            let _ = referrer_of(&bytes, &bytes, bytes.len() / 2);
        }

        #[test]
        fn edges_fit_into_keys_and_come_back(
            target in 1..=400_usize, referrer in 1..=400_usize, published in "[0-9-]{0,10}", section in "\\PC{0,60}",
        ) {
            let asset = |kind, length| AssetRef::new(kind, AssetId::new("x".repeat(length)).unwrap());
            let (target, referrer) = (asset(AssetKind::Image, target), asset(AssetKind::Article, referrer));
            let (target, named_by) = (target.to_key(), referrer.to_key());
            let brief = Brief { published, section };
            let (key, full) = edge(&target, &named_by);
            let value = edge_value(&brief, full);
            prop_assert!(key.len() <= 511);
            let prefix = edges_to(&target);
            prop_assert!(key.starts_with(&prefix));
            prop_assert_eq!(referrer_of(&key, &value, prefix.len()), Some((referrer, brief)));
        }
    }
}
