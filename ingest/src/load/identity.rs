//! The identity of records: each is the asset that its id names, or one that is known by another.
//!
//! A record of a load is one asset, and two records are two, unless their format says which is the later revision. What
//! has no id of its own is found again by its file's place, or by its bytes: in a folder that was moved, renamed or
//! packed, in a part of it, or at another row. For that, names are kept beside the log (see [`store::Name`]):
//!
//! | name | says |
//! |---|---|
//! | `file:` digest of a file's full path | what ids of its records begin with |
//! | `stem:` digest of such a beginning | which file has it |
//! | `root:` digest of a path that was loaded | that it was |
//! | `record:` digest of a record's bytes and its file's name | the assets that it is |
//! | `pictures:` digest of such a record that has an id of its own | the beginning that its pictures' ids were made of |
//! | `held:` digest of an id that is no URI | which file it was met in |
//! | `as:` digest of an id | the asset that goes by another |
//! | `also:` digest of an id | further assets that claim it |
//! | `hints:` digest of a path | hints that mended what is in it (see [`super::remembered`]) |

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use store::{AssetId, AssetRef, Log, Name, ReadError, Snapshot};

use super::{
    met::Met,
    site_language,
    subject::{Identity, Subject, hex},
    working::{Ready, hash},
};
use crate::{link, quarantine::absolute, record::Origin};

/// The number of assets that one name may say.
const MAX_LINES: usize = 32;
/// The number of files whose beginnings are remembered until they are in the log for certain.
const MAX_FILES: usize = 64 << 10;

/// A file that is being read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct File {
    /// A digest of its full path.
    pub(super) place: String,
    /// The beginning of the ids of its records.
    pub(super) stem: String,
    /// True if the log knew it before.
    pub(super) known: bool,
    /// A digest of the path that was given, where no load before was given it.
    pub(super) new_root: Option<String>,
}

/// Gives files the beginnings of their records' ids: each its own, and the same on every load.
pub(super) struct Files<'a> {
    log: &'a Log,
    /// Digests of beginnings that were given in this load, and of the files that have them.
    given: HashMap<String, String>,
    /// The paths of this load as they are shown, with their digests where they are new.
    roots: Vec<(String, Option<String>)>,
}

impl<'a> Files<'a> {
    /// Returns the files of a load of these paths.
    pub(super) fn new(log: &'a Log, paths: &[PathBuf]) -> Result<Self, ReadError> {
        let snapshot = log.snapshot()?;
        let mut roots = Vec::new();
        for path in paths {
            let full = std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path));
            let key = digest(&[full.as_os_str().as_encoded_bytes()]);
            let is_new = snapshot.name(&format!("root:{key}"))?.is_none();
            roots.push((path.display().to_string(), is_new.then_some(key)));
        }
        Ok(Self { log, given: HashMap::new(), roots })
    }

    /// Returns the path that a file was found by, as a digest where it is new.
    fn new_root(&self, path: &str) -> Option<String> {
        let of = self.roots.iter().filter(|(root, _)| path.starts_with(root));
        of.max_by_key(|(root, _)| root.len()).and_then(|(_, new)| new.clone())
    }

    /// Gives the stem of this file its final form.
    pub(super) fn name(&mut self, origin: &mut Origin) -> Result<File, ReadError> {
        if origin.path == "-" {
            return Ok(File { stem: origin.stem.clone(), ..File::default() });
        }
        let (outer, inner) = origin.path.split_at(origin.path.find("!/").unwrap_or(origin.path.len()));
        let full = std::fs::canonicalize(outer).unwrap_or_else(|_| absolute(Path::new(outer)));
        let place = digest(&[full.as_os_str().as_encoded_bytes(), inner.as_bytes()]);
        let snapshot = self.log.snapshot()?;
        let new_root = self.new_root(&origin.path);
        if let Some(stem) = snapshot.name(&format!("file:{place}"))? {
            origin.stem = stem;
            return Ok(File { place, stem: origin.stem.clone(), known: true, new_root });
        }
        // Of a member the archive itself tells the place, of a file the folders above its stem.
        let known = if inner.is_empty() { 1 + origin.stem.matches('/').count() } else { 0 };
        let mut above = full.ancestors().skip(known).filter_map(|folder| folder.file_name());
        loop {
            let key = digest(&[origin.stem.as_bytes()]);
            let holder = match self.given.get(&key) {
                Some(holder) => Some(holder.clone()),
                None => snapshot.name(&format!("stem:{key}"))?,
            };
            if holder.is_none_or(|holder| holder == place) {
                if self.given.len() >= MAX_FILES {
                    self.given.clear();
                }
                self.given.insert(key, place.clone());
                return Ok(File { place, stem: origin.stem.clone(), known: false, new_root });
            }
            let Some(folder) = above.next() else {
                origin.stem = format!("{place}~{}", origin.stem);
                continue;
            };
            origin.stem = format!("{}~{}", folder.to_string_lossy(), origin.stem);
        }
    }
}

/// The decision on the event of a subject.
pub(super) enum Verdict {
    /// It is about this asset.
    Is(AssetId),
    /// Another record of this load has the id. If both say the same it is that one.
    Claimed,
    /// Its row belongs to a record that may come later in the file.
    Held,
}

/// Resolves the subjects of a load, in the order of its files.
pub(super) struct Identities {
    met: Met,
    /// The hashes of the assets that were met in the file that is being read.
    met_here: HashSet<u64>,
    file: File,
    /// True if the file's own names are told.
    told: bool,
    /// To be stored with the next batch.
    names: BTreeMap<String, String>,
}

impl Identities {
    pub(super) fn new() -> Self {
        Self {
            met: Met::default(),
            met_here: HashSet::new(),
            file: File::default(),
            told: false,
            names: BTreeMap::new(),
        }
    }

    /// Begins another file.
    pub(super) fn begin(&mut self, file: File) {
        self.file = file;
        self.told = false;
        self.met_here.clear();
    }

    /// Returns the names to be stored.
    pub(super) fn take_names(&mut self) -> Vec<Name> {
        std::mem::take(&mut self.names).into_iter().map(|(key, value)| Name { key, value }).collect()
    }

    /// Decides which asset a subject is. `again` says that it was held and its file is at its end.
    pub(super) fn resolve(
        &mut self,
        snapshot: &Snapshot,
        asset: &AssetRef,
        subject: &Subject,
        again: bool,
    ) -> Result<Verdict, ReadError> {
        let met = |id: &AssetId| self.met.contains(hash(&AssetRef::new(asset.kind, id.clone())));
        match &subject.id {
            Identity::Place { digest } => {
                let known: Vec<AssetId> = self.lines(snapshot, &format!("record:{digest}"), asset)?;
                let mut free: Vec<AssetId> = known.into_iter().filter(|id| !met(id)).collect();
                if free.contains(&asset.id) {
                    return Ok(Verdict::Is(asset.id.clone()));
                }
                let is_row = asset.id.as_str().contains('#');
                let is_new = self.file.new_root.is_some();
                free.retain(|id| is_moved(id.as_str(), asset.id.as_str(), &self.file.stem, is_new));
                if let Some(id) = free.into_iter().max_by_key(|id| common_end(id.as_str(), asset.id.as_str()))
                {
                    return Ok(Verdict::Is(id));
                }
                let exists = snapshot.state(asset)?.is_some();
                if !again && is_row && self.file.known && exists {
                    return Ok(Verdict::Held);
                }
                // The asset that stood here when the file was read last.
                let other = self.lines(snapshot, &format!("as:{}", key_of(asset)), asset)?.into_iter().next();
                Ok(match other.filter(|id| (is_row || !exists) && !met(id)) {
                    Some(other) => Verdict::Is(other),
                    None if met(&asset.id) => Verdict::Claimed,
                    None => Verdict::Is(asset.id.clone()),
                })
            }
            _ if met(&asset.id) => Ok(Verdict::Claimed),
            _ => Ok(Verdict::Is(asset.id.clone())),
        }
    }

    /// Returns true if an id that is no URI is known from another file.
    pub(super) fn is_held_elsewhere(
        &self,
        snapshot: &Snapshot,
        asset: &AssetRef,
        subject: &Subject,
    ) -> Result<bool, ReadError> {
        if !matches!(subject.id, Identity::Local) {
            return Ok(false);
        }
        let holder = self.name(snapshot, &format!("held:{}", key_of(asset)))?;
        Ok(holder.is_some_and(|holder| holder != self.file.place))
    }

    /// Returns the id that a local one has beside one of another file.
    pub(super) fn beside(&self, id: &AssetId) -> Option<AssetId> {
        link::asset_id(format!("{}#{id}", self.file.stem)).ok()
    }

    /// Returns the further asset that claims an id and was not met yet: the one that says the same, or else any.
    pub(super) fn further(
        &self,
        snapshot: &Snapshot,
        asset: &AssetRef,
        event: &Ready,
    ) -> Result<AssetId, ReadError> {
        if let Some(same) = self.same_further(snapshot, asset, event)? {
            return Ok(same);
        }
        let mut known = self.lines(snapshot, &format!("also:{}", key_of(asset)), asset)?;
        known.retain(|id| !self.met.contains(hash(&AssetRef::new(asset.kind, id.clone()))));
        let own = || own_of(asset, &event.prepared.fingerprint());
        Ok(known.into_iter().next().unwrap_or_else(own))
    }

    /// Returns the further asset that says the same, of an id that several records have: whichever of them comes first
    /// this time. The language of the site, which is a guess, tells no two apart.
    pub(super) fn same_further(
        &self,
        snapshot: &Snapshot,
        asset: &AssetRef,
        event: &Ready,
    ) -> Result<Option<AssetId>, ReadError> {
        let known = self.lines(snapshot, &format!("also:{}", key_of(asset)), asset)?;
        let own = own_of(asset, &event.prepared.fingerprint());
        if known.contains(&own) {
            return Ok(Some(own));
        }
        let Some(guessed) = &event.of_site else { return Ok(None) };
        for id in known {
            if site_language::is_head(snapshot, &AssetRef::new(asset.kind, id.clone()), guessed)? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Returns true if the id was met in the file that is being read.
    pub(super) fn was_met_here(&self, asset: &AssetRef) -> bool {
        self.met_here.contains(&hash(asset))
    }

    /// Notes that a subject, which its source calls `called`, is this asset.
    pub(super) fn note(
        &mut self,
        snapshot: &Snapshot,
        called: &AssetRef,
        asset: &AssetRef,
        subject: &Subject,
    ) -> Result<(), ReadError> {
        self.met.insert(hash(asset));
        self.met_here.insert(hash(asset));
        let here = self.file.place.clone();
        if let Some(digest) = &subject.pictures {
            let key = format!("pictures:{digest}");
            // Where it was met first: that is what its pictures are called by.
            if self.name(snapshot, &key)?.is_none() {
                self.names.insert(key, self.file.stem.clone());
            }
        }
        match &subject.id {
            Identity::Place { digest } => {
                self.add_line(snapshot, format!("record:{digest}"), asset)?;
                if let Some(root) = &self.file.new_root {
                    self.names.insert(format!("root:{root}"), "loaded".to_owned());
                }
                if !std::mem::replace(&mut self.told, true) && !here.is_empty() {
                    self.names
                        .insert(format!("stem:{}", self::digest(&[self.file.stem.as_bytes()])), here.clone());
                    self.names.insert(format!("file:{here}"), self.file.stem.clone());
                }
                let key = format!("as:{}", key_of(called));
                let stood = self.name(snapshot, &key)?;
                if called != asset || stood.is_some() {
                    self.names.insert(key, asset.to_string());
                }
            }
            Identity::Local if called == asset && !here.is_empty() => {
                let key = format!("held:{}", key_of(asset));
                if self.name(snapshot, &key)?.is_none() {
                    self.names.insert(key, here);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Notes that a further asset claims an id.
    pub(super) fn note_further(
        &mut self,
        snapshot: &Snapshot,
        called: &AssetRef,
        asset: &AssetRef,
    ) -> Result<(), ReadError> {
        self.add_line(snapshot, format!("also:{}", key_of(called)), asset)
    }

    fn name(&self, snapshot: &Snapshot, key: &str) -> Result<Option<String>, ReadError> {
        match self.names.get(key) {
            Some(value) => Ok(Some(value.clone())),
            None => snapshot.name(key),
        }
    }

    /// Returns the assets of this kind that a name says.
    fn lines(&self, snapshot: &Snapshot, key: &str, asset: &AssetRef) -> Result<Vec<AssetId>, ReadError> {
        let value = self.name(snapshot, key)?.unwrap_or_default();
        let id = |line: &str| {
            let (kind, id) = line.split_once(' ')?;
            AssetId::new(id).ok().filter(|_| kind == asset.kind.name())
        };
        Ok(value.lines().filter_map(id).collect())
    }

    fn add_line(&mut self, snapshot: &Snapshot, key: String, asset: &AssetRef) -> Result<(), ReadError> {
        let line = asset.to_string();
        let mut value = self.name(snapshot, &key)?.unwrap_or_default();
        if !value.lines().any(|known| known == line) && value.lines().count() < MAX_LINES {
            if !value.is_empty() {
                value.push('\n');
            }
            value.push_str(&line);
            self.names.insert(key, value);
        }
        Ok(())
    }
}

/// Returns true if an asset may be the same record at another place: another row of its file, or a file of the same
/// name in another folder that was loaded; in one of the same name only if the path is `new` that it was found by, and
/// its folders are the same.
fn is_moved(known: &str, now: &str, stem: &str, new: bool) -> bool {
    let parted = |id: &'_ str| id.split_once('/').map(|(root, below)| (root.to_owned(), format!("/{below}")));
    match (known.split_once('#'), now.split_once('#')) {
        (Some((file, _)), Some((here, _))) if file == here => true,
        _ => match (parted(known), parted(now)) {
            (Some((root, below)), Some((here, below_here))) if root == here => {
                new && known != now && (below.ends_with(&below_here) || below_here.ends_with(&below))
            }
            _ => !known.starts_with(stem),
        },
    }
}

/// Returns how many characters two ids have in common at their ends.
pub(super) fn common_end(a: &str, b: &str) -> usize {
    a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).count()
}

/// Returns the id of a further record that claims an id, made of what it says.
#[expect(
    clippy::expect_used,
    reason = "an id and hexadecimal digits: not empty, and nothing that an id may not have"
)]
fn own_of(asset: &AssetRef, fingerprint: &str) -> AssetId {
    link::asset_id(format!("{}~{fingerprint}", asset.id)).expect("an id and a digest are an id")
}

fn key_of(asset: &AssetRef) -> String {
    digest(&[asset.kind.name().as_bytes(), asset.id.as_str().as_bytes()])
}

pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    hex(digest.finalize().get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_known_again_where_its_folders_are_the_same() {
        let check = |known: &str, now: &str, new: bool, expected: bool| {
            let stem = now.split('#').next().unwrap();
            assert_eq!(is_moved(known, now, stem, new), expected, "{known} {now} {new}");
        };
        check("a/x/1", "b/x/1", false, true);
        check("a/x/1#7", "a/x/1#8", false, true);
        // Packed, in an archive that is called as the folder was.
        check("a/x/1", "a/a/x/1", true, true);
        check("a/a/x/1#2", "a/x/1#2", true, true);
        // Two of one folder are two.
        check("a/x/1", "a/y/x/1", false, false);
        check("a/x/1", "a/y/1", true, false);
        check("a/x/1", "a/x/1", true, false);
    }
}
