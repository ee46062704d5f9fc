//! The subject of a record, and how far its id can be trusted.

use sha2::{Digest, Sha256};
use store::{AssetId, AssetKind, AssetRef, Fact, Log, ReadError, Seq, Snapshot, Timestamp};

use super::identity::common_end;
use crate::{
    reader::{
        entry::{Again, Says},
        format::Format,
    },
    record::{Former, Found, Origin, Raw},
};

/// The asset that a record is about.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) id: Identity,
    /// The sign by which the newer of two contents is told.
    pub(super) order: Order,
    /// The id that it has by today's rules, where it goes on under that of an older one.
    pub(super) natural: Option<AssetId>,
    /// Of one that is called by no place, and has pictures that are: the name of its digest tells where it was met.
    pub(super) pictures: Option<String>,
}

/// The worth of an id.
#[derive(Clone)]
pub(super) enum Identity {
    /// A URI, or as good as one: the same wherever it is met.
    Global,
    /// Unique in its source, perhaps.
    Local,
    /// Made of the record's place. The name of its digest finds it again at another.
    Place {
        /// Of the record's bytes and its file's name.
        digest: String,
    },
}

/// The order of two records with one id, as their format says it.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    /// Nothing: they are two things.
    None,
    /// They are revisions, in the order in which they are met.
    Met,
    /// They are revisions where they come from two files.
    Files,
    /// They are revisions, made at this time.
    Time(Timestamp),
}

impl Subject {
    /// Returns the subjects among what a record says, each at its event's place: what it states of an article, or,
    /// where it has none, of images and bylines. An event line has none: it says itself what it is about.
    pub(super) fn all(format: Format, found: &[Found], raw: &Raw, origin: &Origin) -> Vec<Option<Self>> {
        let published = |one: &Found| match &one.event.fact {
            Fact::Published(content) if !one.mention && format.entry().says != Says::Keeper => {
                Some(content.kind())
            }
            _ => None,
        };
        let articles = found.iter().any(|one| published(one) == Some(AssetKind::Article));
        let subject = |(at, one): (usize, &Found)| {
            published(one).filter(|kind| !articles || *kind == AssetKind::Article)?;
            let id = if is_of_place(one.event.id.as_str(), origin) {
                Identity::Place { digest: digest(raw, origin, at) }
            } else if is_global(one.event.id.as_str()) {
                Identity::Global
            } else {
                Identity::Local
            };
            Some(Self { id, order: Order::of(format, one), natural: None, pictures: None })
        };
        found.iter().enumerate().map(subject).collect()
    }
}

impl Order {
    fn of(format: Format, one: &Found) -> Self {
        let revised = match &one.event.fact {
            Fact::Published(store::Content::Article(article)) => {
                article.updated.as_ref().map(|date| date.start())
            }
            _ => None,
        };
        match (revised, format.entry().again) {
            (Some(time), _) => Self::Time(time),
            (None, Again::Later) => Self::Met,
            (None, Again::LaterFile) => Self::Files,
            (None, Again::Another) => Self::None,
        }
    }
}

/// States the ids that pictures had where a record is known from another folder: theirs are made of the folder's name, as
/// its own is, or as its file's place is.
pub(super) fn know_pictures(
    log: &Log,
    (raw, origin): (&Raw, &Origin),
    found: &mut [Found],
    subjects: &mut [Option<Subject>],
) -> Result<(), ReadError> {
    let root = format!("{PICTURE}{}/", root_of(&origin.stem));
    let mut pictures: Vec<AssetId> = found.iter().flat_map(pictures_of).collect();
    pictures.retain(|id| id.as_str().starts_with(&root));
    pictures.sort();
    pictures.dedup();
    let subject = subjects.iter_mut().enumerate().find_map(|(at, one)| Some((at, one.as_mut()?)));
    let Some((at, subject)) = subject.filter(|_| !pictures.is_empty()) else { return Ok(()) };
    let Some(asset) = found.get(at).and_then(|one| one.event.asset()) else { return Ok(()) };
    let (now, name) = match &subject.id {
        Identity::Place { digest } => (asset.id.as_str(), format!("record:{digest}")),
        Identity::Local | Identity::Global => {
            let digest = digest(raw, origin, at);
            let name = format!("pictures:{digest}");
            subject.pictures = Some(digest);
            (origin.stem.as_str(), name)
        }
    };
    let snapshot = log.snapshot()?;
    let lines = snapshot.name(&name)?.unwrap_or_default();
    // Of records the kind stands before the id.
    let is_record = subject.pictures.is_none();
    let known =
        lines.lines().map(|line| line.split_once(' ').filter(|_| is_record).map_or(line, |(_, id)| id));
    // Of several that say the same, the one that lies most alike.
    let Some(known) = known.filter(|known| *known != now).max_by_key(|known| common_end(known, now)) else {
        return Ok(());
    };
    let mut formers = Vec::new();
    for picture in pictures.iter().filter(|picture| **picture != asset.id) {
        for then in moved(now, known, picture.as_str()) {
            formers.extend(Former::new(AssetKind::Image, picture, AssetId::new(then).ok()));
        }
    }
    // The same bytes refer to the same pictures, also to those that are not there.
    if let Some(one) = found.get(at) {
        let id = if is_record { AssetId::new(known).ok() } else { Some(asset.id.clone()) };
        let then = id
            .map(|id| references_of(&snapshot, &AssetRef::new(asset.kind, id)))
            .transpose()?
            .unwrap_or_default();
        let now = match &one.event.fact {
            Fact::Published(content) => content.references(),
            _ => Vec::new(),
        };
        if now.len() == then.len() {
            let pairs = now
                .iter()
                .zip(then)
                .filter(|(now, then)| now.kind == AssetKind::Image && now.kind == then.kind);
            let same = pairs.filter_map(|(now, then)| Former::new(AssetKind::Image, &now.id, Some(then.id)));
            formers.extend(same.map(|former| Former { is_certain: true, ..former }));
        }
    }
    formers.retain(|former| pictures.contains(&former.asset.id));
    found.iter_mut().for_each(|one| one.former.extend(formers.iter().cloned()));
    Ok(())
}

/// Returns what the revision refers to that the log has of an asset.
fn references_of(snapshot: &Snapshot, asset: &AssetRef) -> Result<Vec<AssetRef>, ReadError> {
    let Some(state) = snapshot.state(asset)?.filter(|state| state.published != Seq::ZERO) else {
        return Ok(Vec::new());
    };
    Ok(match snapshot.event(state.published)?.fact() {
        Some(Fact::Published(content)) => content.references(),
        _ => Vec::new(),
    })
}

/// Begins the id of a picture that lies in a folder.
const PICTURE: &str = "image:";

/// Returns the pictures that a record is about or refers to.
fn pictures_of(one: &Found) -> Vec<AssetId> {
    let own = one.event.asset();
    let named = match &one.event.fact {
        Fact::Published(content) => content.references(),
        _ => Vec::new(),
    };
    own.into_iter()
        .chain(named)
        .filter(|asset| asset.kind == AssetKind::Image)
        .map(|asset| asset.id)
        .collect()
}

/// Returns the ids that a picture may have had where its article, which is called `now`, was known as `then`.
fn moved(now: &str, then: &str, picture: &str) -> Vec<String> {
    let common: usize = now
        .split('/')
        .rev()
        .zip(then.split('/').rev())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len() + 1)
        .sum();
    let above = |id: &str| id.get(..id.len().saturating_sub(common)).unwrap_or_default().to_owned();
    let swapped = |now: &str, then: &str| {
        let below = picture.strip_prefix(PICTURE)?.strip_prefix(now)?.trim_start_matches('/');
        Some(if then.is_empty() { format!("{PICTURE}{below}") } else { format!("{PICTURE}{then}/{below}") })
    };
    [swapped(&above(now), &above(then)), swapped(root_of(now), root_of(then))].into_iter().flatten().collect()
}

/// Returns the name of the folder that an id begins with.
fn root_of(id: &str) -> &str {
    id.split('/').next().unwrap_or_default()
}

/// Gives an event, and what it refers to, the ids that they had before today's rules, where the log has them. Returns the
/// id of today where the event's own was changed.
pub(crate) fn with_former(snapshot: &Snapshot, one: &mut Found) -> Result<Option<AssetId>, ReadError> {
    let mut natural = None;
    for Former { asset, id, is_certain } in std::mem::take(&mut one.former) {
        let former = AssetRef::new(asset.kind, id);
        if snapshot.state(&asset)?.is_some() || !is_certain && snapshot.state(&former)?.is_none() {
            continue;
        }
        if one.event.asset().as_ref() == Some(&asset) {
            natural = Some(std::mem::replace(&mut one.event.id, former.id));
        } else if let Fact::Published(content) = &mut one.event.fact {
            rename(content, &asset, &former.id);
        }
    }
    Ok(natural)
}

/// Renames what a content refers to.
fn rename(content: &mut store::Content, asset: &AssetRef, id: &AssetId) {
    let change = |kind: AssetKind, ids: &mut [AssetId]| {
        ids.iter_mut()
            .filter(|one| kind == asset.kind && **one == asset.id)
            .for_each(|one| one.clone_from(id));
    };
    match content {
        store::Content::Article(article) => {
            change(AssetKind::Byline, &mut article.bylines);
            change(AssetKind::Image, &mut article.images);
        }
        store::Content::Image(image) => {
            if let Some(photographer) = &mut image.photographer {
                change(AssetKind::Byline, std::slice::from_mut(photographer));
            }
        }
        store::Content::Byline(_) => {}
    }
}

/// Returns true if an id was made of where the record lies.
fn is_of_place(id: &str, origin: &Origin) -> bool {
    let stem = origin.stem.rsplit_once('.').map_or(origin.stem.as_str(), |(stem, _)| stem);
    let root = stem.split_once('/').map(|(root, _)| format!("{PICTURE}{root}/"));
    !stem.is_empty() && (id.starts_with(stem) || root.is_some_and(|root| id.starts_with(&root)))
}

/// Returns true if an id is a URI (RFC 3986, section 3) with a scheme that is not ours, or a UUID or digest.
fn is_global(id: &str) -> bool {
    let scheme = id.split_once(':').map(|(scheme, _)| scheme).filter(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    });
    scheme.is_some_and(|scheme| !matches!(scheme, "byline" | "image" | "article"))
        || id.bytes().filter(u8::is_ascii_hexdigit).count() >= 32
            && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn digest(raw: &Raw, origin: &Origin, at: usize) -> String {
    let name = origin.stem.rsplit('/').next().unwrap_or_default();
    let head = format!("{name}\n{at}\n");
    hex(Sha256::new().chain_update(head).chain_update(&raw.bytes).finalize().get(..16).unwrap_or_default())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_move_with_their_articles() {
        let check = |now: &str, then: &str, picture: &str, expected: &[&str]| {
            assert_eq!(moved(now, then, picture), expected, "{now} {then} {picture}");
        };
        check("b/posts/x", "a/posts/x", "image:b/img/1.png", &["image:a/img/1.png", "image:a/img/1.png"]);
        check("posts/x", "a/posts/x", "image:posts/1.png", &["image:a/posts/1.png", "image:a/1.png"]);
        check(
            "a/posts/x",
            "posts/x",
            "image:a/posts/1.png",
            &["image:posts/1.png", "image:posts/posts/1.png"],
        );
        check("b/x", "a/y", "image:c/1.png", &[]);
    }
}
