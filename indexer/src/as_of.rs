//! Building the archive as it stood, beside the live generation.

use std::{
    fs::{self, File},
    sync::atomic::AtomicBool,
};

use store::{AsOf, Seq};
use views::ViewId;

use crate::{
    building::BuildNote,
    error::{IndexError, io},
    generation::Generation,
    indexes::{Indexes, is_name, new_info},
    parts::{Build, BuildState},
    progress::{Phase, Progress},
    rebuild::{RebuildOptions, Rebuilt, threads},
};

/// Refuses what cannot be the name of the archive as it stood.
///
/// # Errors
/// [`IndexError::InvalidName`]
pub fn check_name(name: &str) -> Result<(), IndexError> {
    match name.starts_with(['@', '~']) || !is_name(name) {
        true => Err(IndexError::InvalidName(name.chars().take(80).collect())),
        false => Ok(()),
    }
}

impl Indexes {
    /// Builds the archive as it stood, searchable beside the live one as `name`. One of this name that is there
    /// goes on serving until the new one takes its place. Of the options, only threads and memory say anything here.
    ///
    /// # Errors
    /// [`IndexError`]; what there was of this name is still there then.
    pub fn build_as_of(
        &self,
        view: ViewId,
        as_of: &AsOf,
        name: &str,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Rebuilt, IndexError> {
        check_name(name)?;
        let lock = self.lock(view, "build.lock", stop)?;
        self.build_as_of_holding(&lock, view, (as_of, name), options, stop, progress)
    }

    /// Builds the view as of a moment for a caller that holds `build.lock`, under a name that has been checked.
    pub(crate) fn build_as_of_holding(
        &self,
        _lock: &File,
        view: ViewId,
        (as_of, name): (&AsOf, &str),
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Rebuilt, IndexError> {
        let (new, old, name) = (format!("~new-{name}"), format!("~old-{name}"), format!("@{name}"));
        self.bring_back(view)?;
        self.remove(view, &new)?;
        let note = BuildNote::begin(self, view, &name, Phase::Documents);
        let progress = &|made: Progress| {
            note.progress(made);
            progress(made);
        };
        let built = self.build_past(view, as_of, &new, options, stop, progress).and_then(|()| {
            // What was taken from readers while it was built.
            let _following = self.lock(view, "takedown.lock", stop)?;
            self.follow_takedowns_in(view, &new, self.log().head()?.seq, stop)?;
            self.remove(view, &old)?;
            let dir = |name: &str| self.view_dir(view).join(name);
            if dir(&name).exists() {
                fs::rename(dir(&name), dir(&old)).map_err(io(dir(&name)))?;
            }
            fs::rename(dir(&new), dir(&name)).map_err(io(dir(&new)))?;
            self.remove(view, &old)?;
            let searcher = self.generation(view, &name)?.searcher()?;
            let digest = searcher.digest()?;
            Ok(Rebuilt { generation: name, checkpoint: searcher.checkpoint, digest })
        });
        note.end(&built);
        if built.is_err() {
            self.remove(view, &new)?;
        }
        built
    }

    /// Gives a name its generation back, where a process was killed between two renames.
    pub(crate) fn bring_back(&self, view: ViewId) -> Result<(), IndexError> {
        for old in self.generation_dirs(view)? {
            let Some(name) = old.strip_prefix("~old-") else { continue };
            let (old, now) = (self.view_dir(view).join(&old), self.view_dir(view).join(format!("@{name}")));
            if !now.exists() {
                fs::rename(&old, &now).map_err(io(&old))?;
            }
        }
        Ok(())
    }

    fn build_past(
        &self,
        view: ViewId,
        as_of: &AsOf,
        name: &str,
        options: &RebuildOptions,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(), IndexError> {
        let since = self.log().head()?.seq;
        let open = || Ok(self.log().snapshot_as_of_within(*as_of, since)?);
        let state = BuildState::at(open()?.seq(), None, Seq::ZERO);
        let total = self.count_assets(view)?;
        let dir = self.view_dir(view).join(name);
        drop(Generation::create(&dir, view, &new_info(view, since, Some(as_of.to_string())))?);
        let generation = self.generation(view, name)?;
        Build {
            generation: &generation,
            threads: threads(options.threads),
            memory: options.memory,
            total,
            stop,
            progress,
            open: &open,
            keep_after: None,
        }
        .run(state)
    }
}
