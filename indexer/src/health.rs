//! Damaged indexes: found by their checksums, taken out of service, and replaced.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use store::{AsOf, Seq};
use views::ViewId;

use crate::{
    error::{IndexError, if_whole, io},
    generation::{Generation, GenerationInfo},
    indexes::{Indexes, reading},
    live::Live,
    progress::Progress,
    rebuild::{RebuildOptions, Rebuilt},
};

/// Says of a generation that it is damaged, and how.
const MARK: &str = "damaged";

/// The health of a view's live generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// It is what was written.
    Whole,
    /// It was damaged; another, which is whole, is live in its place and has yet to catch up.
    Replaced {
        /// The damage that was found.
        damage: Damage,
        /// The one that is live now.
        by: String,
    },
    /// It is damaged and out of service, and a new one must be built.
    Damaged(Damage),
}

/// A generation that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The generation.
    pub generation: String,
    /// The damage that was found.
    pub why: String,
}

impl Indexes {
    /// Reads the live generation of a view and compares it with its checksums. One that is damaged is taken out of
    /// service at once; the generation before it, if that is whole, goes live again until it has caught up.
    ///
    /// # Errors
    /// [`IndexError`] when nothing can be read at all, or `stop` is set.
    pub fn verify(&self, view: ViewId, stop: &AtomicBool) -> Result<Verified, IndexError> {
        loop {
            let live = self.live_or_missing(view)?.name;
            let Err(error) = self.verify_generation(view, &live) else { return Ok(Verified::Whole) };
            let marked = match error.is_damage() {
                true => self.take_out_of_service(view, &live, &error)?,
                false => None,
            };
            let Some(why) = marked else {
                if self.live_or_missing(view)?.name == live {
                    return Err(error);
                }
                // It was replaced and removed while it was read.
                continue;
            };
            let _alone = self.lock(view, "build.lock", stop)?;
            let now = self.live_or_missing(view)?;
            let damage = Damage { generation: live.clone(), why };
            if now.name != live {
                // Another generation went live meanwhile.
                return Ok(match self.is_whole(view, &now.name) {
                    true => Verified::Replaced { damage, by: now.name },
                    false => Verified::Damaged(damage),
                });
            }
            let Some(previous) = now.previous.filter(|name| self.is_whole(view, name)) else {
                return Ok(Verified::Damaged(damage));
            };
            tracing::warn!(view = view.name(), generation = %previous, "the generation before is live again");
            self.write_live(view, &Live { name: previous.clone(), previous: None })?;
            return Ok(Verified::Replaced { damage, by: previous });
        }
    }

    /// Reads the generation before the live one, and the archive as it stood under each name, as [`Self::verify`]
    /// reads the live one. Those that are damaged are taken out of service; [`Self::mend`] builds them again.
    ///
    /// # Errors
    /// [`IndexError`] when nothing can be read at all, or `stop` is set.
    pub fn verify_others(&self, view: ViewId, stop: &AtomicBool) -> Result<Vec<Damage>, IndexError> {
        let mut found = Vec::new();
        for generation in self.others(view)? {
            if stop.load(Ordering::Acquire) {
                return Err(IndexError::Stopped);
            }
            match self.verify_generation(view, &generation) {
                Err(IndexError::NoGeneration { .. }) | Ok(()) => {}
                Err(error) if error.is_damage() => {
                    let why = self.take_out_of_service(view, &generation, &error)?;
                    found.extend(why.map(|why| Damage { generation, why }));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Builds the archive as it stood again under each name whose index is out of service, from what it says it is
    /// as of; a damaged one that was kept for going back is given up. Returns what was built.
    ///
    /// # Errors
    /// [`IndexError`]; what was not reached yet is still out of service.
    pub fn mend(
        &self,
        view: ViewId,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<Rebuilt>, IndexError> {
        let lock = self.lock(view, "build.lock", stop)?;
        let mut built = Vec::new();
        for generation in self.to_mend(view)? {
            let live = self.live_or_missing(view)?;
            if live.previous.as_ref() == Some(&generation) {
                self.write_live(view, &Live { name: live.name, previous: None })?;
                self.remove(view, &generation)?;
            } else if let (Some(name), Some(as_of)) =
                (generation.strip_prefix('@'), self.as_of_what(view, &generation)?)
            {
                let options = RebuildOptions::default();
                let moment = (&as_of, name);
                built.push(self.build_as_of_holding(&lock, view, moment, &options, stop, progress)?);
            }
        }
        Ok(built)
    }

    /// Returns the generations beside the live one that are out of service and can be mended.
    pub(crate) fn to_mend(&self, view: ViewId) -> Result<Vec<String>, IndexError> {
        let mut found = Vec::new();
        for generation in self.others(view)? {
            let can_be = !generation.starts_with('@') || self.as_of_what(view, &generation)?.is_some();
            if self.damage_of(view, &generation)?.is_some() && can_be {
                found.push(generation);
            }
        }
        Ok(found)
    }

    /// Returns as of when a generation is the archive; `None` when its file is damaged, or does not say so.
    ///
    /// # Errors
    /// [`IndexError::Io`] when the file cannot be read.
    pub(crate) fn as_of_what(&self, view: ViewId, generation: &str) -> Result<Option<AsOf>, IndexError> {
        let info = if_whole(GenerationInfo::read(&self.view_dir(view).join(generation)))?;
        Ok(info.and_then(|info| info.as_of?.parse().ok()))
    }

    /// Returns what can be searched or gone back to, beside the live generation.
    pub(crate) fn others(&self, view: ViewId) -> Result<Vec<String>, IndexError> {
        let previous = self.live_or_missing(view)?.previous;
        let mut others = self.generations(view)?;
        others.retain(|name| name.starts_with('@') || Some(name) == previous.as_ref());
        Ok(others)
    }

    /// Reads a generation; fails when it is damaged, or known to be.
    pub(crate) fn verify_generation(&self, view: ViewId, name: &str) -> Result<(), IndexError> {
        let dir = self.view_dir(view).join(name);
        reading(&dir, || {
            if let Some(why) = self.damage_of(view, name)? {
                return Err(IndexError::Damaged { view, name: name.to_owned(), why });
            }
            if !dir.is_dir() {
                return Err(IndexError::NoGeneration { view, name: name.trim_start_matches('@').to_owned() });
            }
            Generation::verify(&dir, view)
        })
    }

    /// Returns the generation that is live; a damaged file is replaced by one that names the whole generation that has
    /// come furthest. Every committed generation is exact at its own checkpoint, so each will do. The caller holds
    /// `build.lock`.
    pub(crate) fn read_live_or_mend(&self, view: ViewId) -> Result<Option<Live>, IndexError> {
        let error = match self.read_live(view) {
            Err(error) if error.is_damage() => error,
            found => return found,
        };
        let mut best: Option<(Seq, String)> = None;
        for name in self.generations(view)?.into_iter().filter(|name| !name.starts_with('@')) {
            let checkpoint = Generation::verify(&self.view_dir(view).join(&name), view)
                .and_then(|()| self.generation(view, &name)?.checkpoint());
            best = best.max(if_whole(checkpoint)?.map(|checkpoint| (checkpoint, name)));
        }
        let Some((_, name)) = best else { return Ok(None) };
        tracing::warn!(view = view.name(), %error, %name, "it is not known which generation was live; this one is");
        let live = Live { name, previous: None };
        self.write_live(view, &live)?;
        Ok(Some(live))
    }

    fn is_whole(&self, view: ViewId, name: &str) -> bool {
        self.verify_generation(view, name).is_ok()
            && self.generation(view, name).is_ok_and(|generation| !generation.is_outdated())
    }

    /// Takes a generation out of service, so that nobody opens it any more, in any process. Returns why; `None` when
    /// there is no such generation any more.
    pub(crate) fn take_out_of_service(
        &self,
        view: ViewId,
        name: &str,
        error: &IndexError,
    ) -> Result<Option<String>, IndexError> {
        let dir = self.view_dir(view).join(name);
        match mark(&dir, error) {
            Err(_) if !dir.is_dir() => Ok(None),
            marked => {
                tracing::error!(view = view.name(), generation = name, %error, "an index is damaged and out of service");
                marked.map(Some)
            }
        }
    }

    /// Returns why a generation is out of service.
    pub(crate) fn damage_of(&self, view: ViewId, name: &str) -> Result<Option<String>, IndexError> {
        let path = self.view_dir(view).join(name).join(MARK);
        match fs::read_to_string(&path) {
            Ok(why) => Ok(Some(why)),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(io(path)(error)),
        }
    }
}

/// Writes into a generation's directory why it is out of service, and returns it.
pub(crate) fn mark(dir: &Path, error: &IndexError) -> Result<String, IndexError> {
    let why = match error {
        IndexError::Damaged { why, .. } => why.clone(),
        IndexError::Unreadable { path, why } => format!("{}: {why}", path.display()),
        IndexError::End(error) => error.cause(),
        error => error.to_string(),
    };
    let path = dir.join(MARK);
    match fs::write(&path, &why) {
        // The disk may be full or read-only: what is damaged is still not to be searched.
        Err(error) if !path.exists() => Err(io(path)(error)),
        _ => Ok(why),
    }
}

/// Reads all generations of a view slowly, a file at a time, for as long as the worker lives.
#[derive(Debug, Default)]
pub(crate) struct Scrub {
    /// Of which generation, and which file.
    left: Vec<(String, PathBuf)>,
}

impl Scrub {
    /// Checks one more file; takes its generation out of service when it is damaged.
    pub(crate) fn step(&mut self, indexes: &Indexes, view: ViewId) -> Result<(), IndexError> {
        if self.left.is_empty() {
            let mut names = indexes.others(view)?;
            names.push(indexes.live_or_missing(view)?.name);
            for name in names {
                let files = reading(&indexes.view_dir(view).join(&name), || {
                    indexes.generation(view, &name)?.segment_files()
                });
                match files {
                    Ok(files) => self.left.extend(files.into_iter().map(|file| (name.clone(), file))),
                    // There is nothing to look at.
                    Err(IndexError::Damaged { .. } | IndexError::NoGeneration { .. }) => {}
                    Err(error) if error.is_damage() => {
                        drop(indexes.take_out_of_service(view, &name, &error)?);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        let Some((name, file)) = self.left.pop() else { return Ok(()) };
        // It was removed or taken out of service meanwhile.
        let Some(generation) = if_whole(indexes.generation(view, &name))? else { return Ok(()) };
        match generation.verify_file(&file) {
            // It was removed or replaced meanwhile.
            Err(_) if !generation.is_current() => Ok(()),
            Err(error) if error.is_damage() => indexes.take_out_of_service(view, &name, &error).map(drop),
            found => found,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use store::{Article, AsOf, AssetId, Log, NewEvent};
    use views::ARTICLES;

    use super::*;

    /// Generations go, and others take their places, while their files are read: nothing of that is damage, nobody is
    /// told so, and every build ends well.
    #[test]
    fn what_goes_while_it_is_read_is_not_damaged() {
        const VIEW: ViewId = ARTICLES;
        let home = tempfile::tempdir().unwrap();
        let log = Log::open(home.path().join("log")).unwrap();
        for n in 0..20 {
            let id = AssetId::new(format!("a/{n}")).unwrap();
            log.append_one(&NewEvent::published(id, Article::default())).unwrap();
        }
        let indexes = Indexes::open(log, home.path().join("indexes")).unwrap();
        let never = AtomicBool::new(false);
        let (done, looks) = (AtomicBool::new(false), AtomicU64::new(0));
        let again = || looks.fetch_add(1, Ordering::Relaxed) == 0 || !done.load(Ordering::Acquire);
        std::thread::scope(|scope| {
            let ends = Ends(&done);
            scope.spawn(|| {
                while again() {
                    assert_eq!(indexes.verify_others(VIEW, &never).unwrap(), []);
                }
            });
            scope.spawn(|| {
                while again() {
                    assert_eq!(indexes.verify(VIEW, &never).unwrap(), Verified::Whole);
                }
            });
            scope.spawn(|| {
                let mut scrub = Scrub::default();
                while again() {
                    scrub.step(&indexes, VIEW).unwrap();
                }
            });
            for round in 0..30 {
                let options = RebuildOptions { keep_previous: round % 3 != 0, ..RebuildOptions::default() };
                indexes.rebuild(VIEW, &options, &never, &|_| {}).unwrap();
                let as_of = AsOf::Seq(Seq::new(10));
                indexes.build_as_of(VIEW, &as_of, "then", &options, &never, &|_| {}).unwrap();
                if round % 5 == 0 {
                    indexes.remove_named(&[VIEW], "then").unwrap();
                }
            }
            drop(ends);
        });
        for name in indexes.generation_dirs(VIEW).unwrap() {
            assert_eq!(indexes.damage_of(VIEW, &name).unwrap(), None, "{name}");
        }
    }

    /// Ends the others also where a check fails.
    struct Ends<'a>(&'a AtomicBool);

    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
}
