//! Damaged indexes: found by their checksums, taken out of service, and replaced.

use std::{fs, io::ErrorKind, path::PathBuf};

use store::{AssetKind, Seq};

use crate::{
    error::{IndexError, io},
    generation::Generation,
    indexes::Indexes,
    live::Live,
};

/// Says of a generation that it is damaged, and how.
const MARK: &str = "damaged";

impl Indexes {
    /// Reads the live generation of a view and compares it with its checksums. One that is damaged is taken out of
    /// service at once; the generation before it, if that is whole, goes live again until it has caught up. Returns
    /// whether a new one must be built.
    ///
    /// # Errors
    /// [`IndexError`] when nothing can be read at all.
    pub fn verify(&self, kind: AssetKind) -> Result<bool, IndexError> {
        let live = self.live_or_missing(kind)?;
        let found = match self.damage_of(kind, &live.name)? {
            Some(why) => Err(IndexError::Damaged { kind, name: live.name.clone(), why }),
            None => Generation::verify(&self.view_dir(kind).join(&live.name)),
        };
        let Err(error) = found else { return Ok(false) };
        if !error.is_damage() {
            return Err(error);
        }
        self.take_out_of_service(kind, &live.name, &error)?;
        let _alone = self.lock(kind, "build.lock")?;
        let now = self.live_or_missing(kind)?;
        if now.name != live.name {
            return self.verify_now(kind, &now);
        }
        let Some(previous) = now.previous.filter(|name| self.is_whole(kind, name)) else { return Ok(true) };
        tracing::warn!(view = kind.plural(), generation = %previous, "the generation before is live again");
        self.write_live(kind, &Live { name: previous, previous: None })?;
        Ok(false)
    }

    /// Which generation is live; a damaged file is replaced by one that names the whole generation that has come
    /// furthest. Every committed generation is exact at its own checkpoint, so each will do. The caller holds
    /// `build.lock`.
    pub(crate) fn read_live_or_mend(&self, kind: AssetKind) -> Result<Option<Live>, IndexError> {
        let error = match self.read_live(kind) {
            Err(error) if error.is_damage() => error,
            found => return found,
        };
        let mut best: Option<(Seq, String)> = None;
        for name in self.generations(kind)?.into_iter().filter(|name| !name.starts_with('@')) {
            if Generation::verify(&self.view_dir(kind).join(&name)).is_ok()
                && let Ok(checkpoint) = self.generation(kind, &name).and_then(|found| found.checkpoint())
            {
                best = best.max(Some((checkpoint, name)));
            }
        }
        let Some((_, name)) = best else { return Ok(None) };
        tracing::warn!(view = kind.plural(), %error, %name, "it is not known which generation was live; this one is");
        let live = Live { name, previous: None };
        self.write_live(kind, &live)?;
        Ok(Some(live))
    }

    /// Another generation went live meanwhile.
    fn verify_now(&self, kind: AssetKind, live: &Live) -> Result<bool, IndexError> {
        Ok(!self.is_whole(kind, &live.name))
    }

    fn is_whole(&self, kind: AssetKind, name: &str) -> bool {
        Generation::verify(&self.view_dir(kind).join(name)).is_ok()
            && self.generation(kind, name).is_ok_and(|generation| !generation.is_outdated())
    }

    /// From now on nobody opens it, in any process.
    pub(crate) fn take_out_of_service(
        &self,
        kind: AssetKind,
        name: &str,
        error: &IndexError,
    ) -> Result<(), IndexError> {
        tracing::error!(view = kind.plural(), generation = name, %error, "an index is damaged and out of service");
        let why = match error {
            IndexError::Damaged { why, .. } => why.clone(),
            error => error.to_string(),
        };
        let dir = self.view_dir(kind).join(name);
        fs::create_dir_all(&dir).map_err(io(&dir))?;
        let path = dir.join(MARK);
        match fs::write(&path, why) {
            // The disk may be full or read-only: what is damaged is still not to be searched.
            Err(error) if !path.exists() => Err(io(path)(error)),
            _ => Ok(()),
        }
    }

    /// Why a generation is out of service.
    pub(crate) fn damage_of(&self, kind: AssetKind, name: &str) -> Result<Option<String>, IndexError> {
        let path = self.view_dir(kind).join(name).join(MARK);
        match fs::read_to_string(&path) {
            Ok(why) => Ok(Some(why)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(io(path)(error)),
        }
    }
}

/// Reads a generation slowly, a file at a time, for as long as the worker lives.
#[derive(Debug, Default)]
pub(crate) struct Scrub {
    left: Vec<PathBuf>,
}

impl Scrub {
    /// Checks one more file.
    pub(crate) fn step(&mut self, generation: &Generation) -> Result<(), IndexError> {
        let there = generation.segment_files()?;
        let Some(file) = self.left.pop() else {
            self.left = there;
            return Ok(());
        };
        // What was merged away since has nothing to say any more; what is live must be whole.
        if !there.contains(&file) {
            return Ok(());
        }
        match generation.verify_file(&file) {
            Err(_) if !generation.segment_files()?.contains(&file) => Ok(()),
            found => found,
        }
    }
}
