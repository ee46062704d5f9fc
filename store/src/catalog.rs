//! The catalog: a fold of the log into each asset's head, and who names whom.
//!
//! One pure step, [`Head::after`], says how an event changes an asset. Appending, repairing, verifying and
//! looking back in time all take it, so they cannot disagree.

pub(crate) mod asof;
pub(crate) mod changes;
pub(crate) mod expiry;
pub(crate) mod fold;
pub(crate) mod names;
pub(crate) mod past;
pub(crate) mod reader;
pub(crate) mod snapshot;
pub(crate) mod work;

use heed::RoTxn;

use crate::{
    asset::{AssetId, AssetRef},
    content::Content,
    date::Timestamp,
    error::ReadError,
    event::{EventType, Fact, OrderedBy, Revision, Seq, Visibility},
    log::{
        digest::Digest,
        encoding::{Cursor, put_text, put_varint},
        record::Malformed,
        tables::{CatalogTables, time_key},
    },
};

/// The status of an asset, by which readers see it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// They do, if it has a public revision.
    Published,
    /// Not until it is restored or, if its source withdrew it, has a new public revision.
    Withdrawn {
        /// A person's withdrawal is ended by a person only.
        by: OrderedBy,
    },
    /// Never again: its payloads are gone.
    Erased,
    /// It is the same as another byline, which stands for both.
    Merged {
        /// The one that stands for both.
        into: AssetId,
    },
}

/// The part of a referrer's last revision that is kept with each of its edges, so that counting a prolific author's work
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

/// The state of an asset now. Stored as
///
/// ```text
/// head   = latest:varint, live:varint, live_revision:varint, until:time, published:varint, revision:varint,
///          newest_time:time, status:u8, [into:text if status = 3], mark:16 bytes
/// time   = milliseconds since the earliest that there is, and 1, as varint; 0: none
/// status = 0 published | 1 withdrawn by a person | 2 erased | 3 merged | 4 withdrawn by the source
/// ```
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    /// Its last event of any sort.
    pub(crate) latest: Seq,
    /// The event of its last public revision; 0 when it has none.
    pub(crate) live: Seq,
    /// The number of that revision.
    pub(crate) live_revision: Revision,
    /// The time from which on readers may not see that revision any more.
    pub(crate) until: Option<Timestamp>,
    /// The event of its last revision, public or not; 0 when it has none.
    pub(crate) published: Seq,
    /// The count of its revisions.
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
        live_revision: Revision::new(0),
        until: None,
        published: Seq::ZERO,
        revision: Revision::new(0),
        newest_time: None,
        status: Status::Published,
        mark: [0; 16],
    };

    /// Returns the asset after one more event.
    pub(crate) fn after(mut self, change: &Change<'_>) -> Self {
        self.latest = change.seq;
        self.newest_time = self.newest_time.max(change.time);
        let said = change.said;
        match change.event_type {
            EventType::Published(_) => self.publish(change.seq, said),
            EventType::Withdrawn(_) => match self.status {
                Status::Published => self.status = Status::Withdrawn { by: said.ordered_by },
                Status::Withdrawn { by: OrderedBy::Source } => {
                    self.status = Status::Withdrawn { by: said.ordered_by };
                }
                Status::Withdrawn { by: OrderedBy::Person } | Status::Erased | Status::Merged { .. } => {}
            },
            EventType::Restored(_) => {
                if matches!(self.status, Status::Withdrawn { .. }) {
                    self.status = Status::Published;
                    self.until = None; // or it would be due again at once
                }
            }
            EventType::Erased(_) => self.status = Status::Erased,
            EventType::Merged => {
                if let (Some(into), false) = (&said.into, self.status == Status::Erased) {
                    self.status = Status::Merged { into: into.clone() };
                }
            }
            EventType::Unmerged => {
                if matches!(self.status, Status::Merged { .. }) {
                    self.status = Status::Published;
                }
            }
            EventType::Other(_) => self.mark = said.mark,
        }
        if self.status == Status::Erased {
            self.forget(said.never_public);
        }
        self
    }

    fn publish(&mut self, seq: Seq, said: &Statement) {
        self.published = seq;
        self.revision = self.revision.next();
        self.mark = said.mark;
        if said.gone {
            self.status = Status::Erased;
        } else if said.visibility.is_public() {
            self.live = seq;
            self.live_revision = self.revision;
            self.until = said.visibility.until();
            match self.status {
                Status::Withdrawn { by: OrderedBy::Source } => self.status = Status::Published,
                Status::Withdrawn { .. } if said.ends_any_withdrawal => self.status = Status::Published,
                _ => {}
            }
        }
    }

    /// Leaves of an erased asset what can be told of it without its payloads. Which of its revisions was public cannot:
    /// the last stands for them.
    fn forget(&mut self, never_public: bool) {
        self.mark = [0; 16];
        self.until = None;
        (self.live, self.live_revision) = match never_public {
            true => (Seq::ZERO, Revision::new(0)),
            false => (self.published, self.revision),
        };
    }

    /// Returns true if readers see the asset.
    pub(crate) fn is_seen(&self) -> bool {
        self.status == Status::Published && self.live != Seq::ZERO
    }

    /// Returns true if readers would see the asset if it were not withdrawn.
    pub(crate) fn is_hidden(&self) -> bool {
        matches!(self.status, Status::Withdrawn { .. }) && self.live != Seq::ZERO
    }

    /// Returns the key under which the asset is due to be withdrawn, in the table `due`; `None` where it is not.
    pub(crate) fn due_key(&self) -> Option<[u8; 16]> {
        let until = self.until.filter(|_| self.is_seen())?;
        Some(time_key(until.as_millis(), self.live.get()))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_varint(out, self.latest.get());
        put_varint(out, self.live.get());
        put_varint(out, self.live_revision.get());
        put_time(out, self.until);
        put_varint(out, self.published.get());
        put_varint(out, self.revision.get());
        put_time(out, self.newest_time);
        match &self.status {
            Status::Published => out.push(0),
            Status::Withdrawn { by: OrderedBy::Person } => out.push(1),
            Status::Withdrawn { by: OrderedBy::Source } => out.push(4),
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
        let live_revision = Revision::new(from.varint()?);
        let until = time_from(&mut from)?;
        let published = Seq::new(from.varint()?);
        let revision = Revision::new(from.varint()?);
        let newest_time = time_from(&mut from)?;
        let status = match from.byte()? {
            0 => Status::Published,
            1 => Status::Withdrawn { by: OrderedBy::Person },
            4 => Status::Withdrawn { by: OrderedBy::Source },
            2 => Status::Erased,
            3 => Status::Merged { into: AssetId::new(from.text()?).map_err(|_| Malformed::Text)? },
            other => return Err(Malformed::Encoding(other)),
        };
        let mark = from.array()?;
        Ok(Self { latest, live, live_revision, until, published, revision, newest_time, status, mark })
    }
}

fn put_time(out: &mut Vec<u8>, time: Option<Timestamp>) {
    match time {
        None => out.push(0),
        Some(time) => put_varint(out, (time.as_millis() - Timestamp::MIN.as_millis()).cast_unsigned() + 1),
    }
}

fn time_from(from: &mut Cursor<'_>) -> Result<Option<Timestamp>, Malformed> {
    match from.varint()? {
        0 => Ok(None),
        offset => {
            let millis = (offset - 1).cast_signed().checked_add(Timestamp::MIN.as_millis());
            millis.and_then(Timestamp::from_millis).map(Some).ok_or(Malformed::Number)
        }
    }
}

/// Returns the mark of a payload's data and of its visibility.
pub(crate) fn mark_of(visibility: &Visibility, data: &[u8]) -> ContentMark {
    let digest = Digest::of(&[&visibility.tag(), data]);
    let mut mark = [0; 16];
    mark.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    mark
}

/// Returns the key under which an event's asset has its head.
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
    pub(crate) said: &'a Statement,
}

/// The part of an event's payload that the catalog takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statement {
    /// Its payload was erased: what it says is not known any more.
    pub(crate) gone: bool,
    /// Of a published event or one of an unknown type: what it says, and whether it is public.
    pub(crate) mark: ContentMark,
    /// The mark that the same content would have if it were public without an end.
    pub(crate) public_mark: ContentMark,
    /// Of a published event.
    pub(crate) visibility: Visibility,
    /// Of a published event: programs of before schema 2 took any withdrawal to be ended by it.
    pub(crate) ends_any_withdrawal: bool,
    /// Of a withdrawal. Programs of before schema 2 did not say: then it was the source's if a load brought it.
    pub(crate) ordered_by: OrderedBy,
    /// Of an erasure: the asset never had a public revision.
    pub(crate) never_public: bool,
    /// The target of a merge.
    pub(crate) into: Option<AssetId>,
    /// The assets that this one names from now on for readers; `None` leaves those it named.
    pub(crate) references: Option<Vec<AssetRef>>,
    /// The brief that is kept with each of these references.
    pub(crate) brief: Brief,
}

impl Statement {
    /// Returns the parts of a payload of this schema: its fact, visibility and source, and the bytes of its data.
    pub(crate) fn of(
        schema: u64,
        (fact, visibility, source): (&Fact, &Visibility, &str),
        data: &[u8],
    ) -> Self {
        let mark = mark_of(visibility, data);
        let public = Visibility::PUBLIC;
        let mut said = Self {
            mark,
            public_mark: if *visibility == public { mark } else { mark_of(&public, data) },
            visibility: visibility.clone(),
            ends_any_withdrawal: schema < 2,
            ..Self::default()
        };
        match fact {
            Fact::Published(content) if visibility.is_public() => {
                said.references = Some(content.references());
                said.brief = Brief::of(content);
            }
            Fact::Published(_) | Fact::Restored(..) | Fact::Unmerged(_) | Fact::Other(..) => {}
            Fact::Withdrawn(_, order) => {
                let by_a_load = schema < 2 && source.starts_with("load:");
                said.ordered_by = if by_a_load { OrderedBy::Source } else { order.ordered_by };
            }
            Fact::Erased(_, order) => {
                said.references = Some(Vec::new());
                said.never_public = order.never_public;
            }
            Fact::Merged(merge) => said.into = Some(merge.into.clone()),
        }
        said
    }

    /// Returns the error of a payload that is erased.
    pub(crate) fn gone() -> Self {
        Self { gone: true, references: Some(Vec::new()), ..Self::default() }
    }
}

impl CatalogTables {
    /// Returns the head under this key.
    pub(crate) fn head(&self, txn: &RoTxn<'_>, key: &[u8]) -> Result<Option<Head>, ReadError> {
        let Some(stored) = self.heads.get(txn, key)? else { return Ok(None) };
        Head::decode(stored).map(Some).map_err(|_| damaged(key))
    }
}

/// Returns one edge: its key (target, a zero byte, referrer; keys of assets hold no zero byte) and the end of its
/// value. LMDB's 511 bytes may not hold two long keys: a long one ends in its digest then, and the value has the
/// referrer in full.
pub(crate) fn edge<'a>(target: &[u8], referrer: &'a [u8]) -> (Vec<u8>, &'a [u8]) {
    let mut key = edges_to(target);
    shorten_into(&mut key, referrer);
    (key, if referrer.len() > MAX_EDGE_PART { referrer } else { &[] })
}

/// Returns the value of an edge: published:text, section:text, the referrer in full if its key has not.
pub(crate) fn edge_value(brief: &Brief, full: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(2 + brief.published.len() + brief.section.len() + full.len());
    put_text(&mut value, &brief.published);
    put_text(&mut value, &brief.section);
    value.extend_from_slice(full);
    value
}

/// Returns what the keys of all edges to one target begin with.
pub(crate) fn edges_to(target: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(target.len() + 64);
    shorten_into(&mut key, target);
    key.push(0);
    key
}

/// Returns the referrer of an edge that was found under [`edges_to`] a target, and what is kept of it.
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
            Just(Status::Withdrawn { by: OrderedBy::Person }),
            Just(Status::Withdrawn { by: OrderedBy::Source }),
            Just(Status::Erased),
            "\\PC{1,80}".prop_map(|into| Status::Merged { into: AssetId::new(into).unwrap() }),
        ];
        let times = proptest::array::uniform2(proptest::option::of(time));
        (any::<[u64; 5]>(), times, status, any::<[u8; 16]>()).prop_map(
            |([latest, live, live_revision, published, revision], [time, until], status, mark)| Head {
                latest: Seq::new(latest),
                live: Seq::new(live),
                live_revision: Revision::new(live_revision),
                until: until.and_then(Timestamp::from_millis),
                published: Seq::new(published),
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
