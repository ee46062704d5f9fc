//! Long fan-outs: when one event touches very many documents (a prolific author's name), their ids go to a file,
//! and are worked through in slices between other events.
//!
//! The file is `fanout-<seq>` in the generation's directory: for each id its length (two bytes, the higher first)
//! and its bytes. Where it has come to is in the commit's payload, and the file's digest too: a file that is not
//! what was written is made again from the event.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::{AssetId, AssetRef, Digest, Seq};

/// The position of a fan-out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FanoutPosition {
    /// The event that it follows from: the file's name.
    pub(crate) seq: Seq,
    /// The first event that it stands for: it takes the place of earlier ones of the same asset that had not begun.
    pub(crate) since: Seq,
    /// The asset of these events.
    pub(crate) asset: AssetRef,
    /// Of the file.
    pub(crate) digest: Digest,
    /// The number of ids in the file.
    pub(crate) total: u64,
    /// The number of ids that are done.
    pub(crate) done: u64,
    /// The byte of the file at which the next one begins.
    pub(crate) at: u64,
}

impl FanoutPosition {
    /// Returns how many are still to be done.
    pub(crate) fn left(&self) -> u64 {
        self.total.saturating_sub(self.done)
    }
}

/// Writes the file of one fan-out.
pub(crate) struct FanoutWriter {
    path: PathBuf,
    file: BufWriter<File>,
    hasher: Sha256,
    total: u64,
}

impl FanoutWriter {
    pub(crate) fn create(dir: &Path, seq: Seq) -> io::Result<Self> {
        let path = path_of(dir, seq);
        let file = BufWriter::new(File::create(&path)?);
        Ok(Self { path, file, hasher: Sha256::new(), total: 0 })
    }

    pub(crate) fn add(&mut self, id: &AssetId) -> io::Result<()> {
        let bytes = id.as_str().as_bytes();
        let length = u16::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?.to_be_bytes();
        for part in [length.as_slice(), bytes] {
            self.hasher.update(part);
            self.file.write_all(part)?;
        }
        self.total += 1;
        Ok(())
    }

    /// Returns where it begins. The file need not be on disk: one that is not whole is made again.
    pub(crate) fn finish(mut self, seq: Seq, asset: AssetRef) -> io::Result<FanoutPosition> {
        self.file.flush()?;
        let digest = Digest::from_bytes(self.hasher.finalize().into());
        Ok(FanoutPosition { seq, since: seq, asset, digest, total: self.total, done: 0, at: 0 })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Reads the file of one fan-out on.
pub(crate) struct Fanout {
    file: BufReader<File>,
    /// The position that it has come to.
    pub(crate) position: FanoutPosition,
}

impl Fanout {
    /// Opens the file where it was left; `None` when it is not what was written.
    pub(crate) fn open(dir: &Path, position: FanoutPosition) -> io::Result<Option<Self>> {
        let mut file = match File::open(path_of(dir, position.seq)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => BufReader::with_capacity(1 << 16, file?),
        };
        let mut hasher = Sha256::new();
        loop {
            let read = file.fill_buf()?;
            if read.is_empty() {
                break;
            }
            hasher.update(read);
            let count = read.len();
            file.consume(count);
        }
        let found: [u8; 32] = hasher.finalize().into();
        if found != *position.digest.as_bytes() {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(position.at))?;
        Ok(Some(Self { file, position }))
    }

    /// Returns the next ids, `count` at most; none at the end.
    pub(crate) fn take(&mut self, count: usize) -> io::Result<Vec<AssetId>> {
        let mut ids = Vec::with_capacity(count);
        while ids.len() < count && self.position.done < self.position.total {
            let mut length = [0; 2];
            self.file.read_exact(&mut length)?;
            let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
            self.file.read_exact(&mut bytes)?;
            self.position.at += 2 + bytes.len() as u64;
            self.position.done += 1;
            let invalid = |error: Box<dyn std::error::Error + Send + Sync>| {
                io::Error::new(io::ErrorKind::InvalidData, error)
            };
            let id = String::from_utf8(bytes).map_err(|error| invalid(error.into()))?;
            ids.push(AssetId::new(id).map_err(|error| invalid(error.into()))?);
        }
        Ok(ids)
    }
}

/// Adds a fan-out to those that wait. Of one asset one may be under way and one wait: a later one renews all that an
/// earlier would have, so it takes its place.
pub(crate) fn queue(waiting: &mut Vec<FanoutPosition>, mut new: FanoutPosition) {
    let replaced = waiting.iter().position(|old| old.asset == new.asset && old.done == 0);
    if let Some(old) = replaced.map(|at| waiting.remove(at)) {
        new.since = old.since;
    }
    waiting.push(new);
}

/// Removes the files of fan-outs that no commit speaks of.
pub(crate) fn remove_others(dir: &Path, kept: &[FanoutPosition]) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(seq) = name.strip_prefix("fanout-") else { continue };
        if !kept.iter().any(|kept| kept.seq.to_string() == seq) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn path_of(dir: &Path, seq: Seq) -> PathBuf {
    dir.join(format!("fanout-{seq}"))
}

#[cfg(test)]
mod tests {
    use views::BYLINES;

    use super::*;

    #[test]
    fn later_ones_take_the_place_of_those_that_wait() {
        let fanout = |seq: u64, id: &str, done: u64| FanoutPosition {
            seq: Seq::new(seq),
            since: Seq::new(seq),
            asset: AssetRef::new(BYLINES.kind(), AssetId::new(id).unwrap()),
            digest: Digest::ZERO,
            total: 9,
            done,
            at: 0,
        };
        let mut waiting = vec![fanout(1, "b/1", 4), fanout(2, "b/2", 0)];
        for seq in 3..9 {
            queue(&mut waiting, fanout(seq, "b/1", 0));
        }
        let seqs: Vec<_> = waiting.iter().map(|one| (one.seq.get(), one.since.get())).collect();
        assert_eq!(seqs, [(1, 1), (2, 2), (8, 3)]);
    }

    #[test]
    fn a_fan_out_goes_on_where_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        let id = |n: u32| AssetId::new(format!("a/{n}")).unwrap();
        let mut writer = FanoutWriter::create(dir.path(), Seq::new(7)).unwrap();
        (0..10).for_each(|n| writer.add(&id(n)).unwrap());
        let asset = AssetRef::new(BYLINES.kind(), AssetId::new("b/1").unwrap());
        let position = writer.finish(Seq::new(7), asset).unwrap();
        let mut fanout = Fanout::open(dir.path(), position).unwrap().unwrap();
        assert_eq!(fanout.take(4).unwrap(), (0..4).map(id).collect::<Vec<_>>());
        assert_eq!(fanout.position.left(), 6);
        let mut later = Fanout::open(dir.path(), fanout.position.clone()).unwrap().unwrap();
        assert_eq!(later.take(100).unwrap(), (4..10).map(id).collect::<Vec<_>>());
        assert_eq!(later.take(100).unwrap(), []);
        // One flipped bit, and it is made again.
        let path = path_of(dir.path(), Seq::new(7));
        let mut bytes = fs::read(&path).unwrap();
        bytes[9] ^= 4;
        fs::write(&path, bytes).unwrap();
        assert!(Fanout::open(dir.path(), fanout.position).unwrap().is_none());
        remove_others(dir.path(), &[]).unwrap();
        assert!(!path.exists());
    }
}
