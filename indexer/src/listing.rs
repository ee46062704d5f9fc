//! The list of a view's generations, and removing those of the archive as it stood.

use std::{fs, io, path::Path};

use store::{Seq, Timestamp};
use views::{ARTICLES, ViewId};

use crate::{
    as_of::check_name,
    error::{IndexError, if_whole, io as io_error},
    indexes::Indexes,
    parts::BuildState,
};

/// One generation of a view, as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationStatus {
    /// `g000001`, or `@name` for the archive as it stood.
    pub name: String,
    /// The state of the generation.
    pub state: GenerationState,
    /// The number of its documents.
    pub documents: u64,
    /// On disk.
    pub bytes: u64,
    /// The last event that it has taken in.
    pub checkpoint: Seq,
    /// The time at which it was begun; `None` where that cannot be read.
    pub created: Option<Timestamp>,
    /// For the archive as it stood: of when.
    pub as_of: Option<String>,
}

/// The state of a generation: what it is kept for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GenerationState {
    /// Searches use it.
    Live,
    /// A rollback would bring it back.
    Previous,
    /// The archive as it stood.
    Past,
    /// It is being built.
    Building {
        /// The number of assets that are done.
        done: u64,
        /// The number of all.
        total: u64,
    },
    /// Its build was cut short; the next rebuild goes on with it.
    Interrupted {
        /// The number of assets that are done.
        done: u64,
        /// The number of all.
        total: u64,
    },
    /// It is out of service.
    Damaged {
        /// The damage.
        why: String,
    },
    /// Nothing needs it; the next rebuild removes it.
    Leftover,
}

impl Indexes {
    /// Returns all generations of a view, the numbered ones first.
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be read.
    pub fn list(&self, view: ViewId) -> Result<Vec<GenerationStatus>, IndexError> {
        let names = self.generations(view)?;
        // One that is removed meanwhile is not told of.
        let there = |name: &String| self.view_dir(view).join(name).exists();
        names.into_iter().filter(there).map(|name| self.generation_status(view, name)).collect()
    }

    fn generation_status(&self, view: ViewId, name: String) -> Result<GenerationStatus, IndexError> {
        let dir = self.view_dir(view).join(&name);
        let mut status = GenerationStatus {
            state: self.state_of(view, &name)?,
            documents: 0,
            bytes: bytes_in(&dir).map_err(io_error(&dir))?,
            checkpoint: Seq::ZERO,
            created: None,
            as_of: None,
            name,
        };
        let found = (|| {
            let generation = self.generation(view, &status.name)?;
            let searcher = generation.searcher()?;
            status.created = Some(generation.info().created);
            status.as_of.clone_from(&generation.info().as_of);
            status.checkpoint = searcher.checkpoint;
            status.documents = searcher.digest()?.documents;
            Ok::<_, IndexError>(())
        })();
        match found {
            Ok(()) => {}
            Err(IndexError::Damaged { why, .. }) => status.state = GenerationState::Damaged { why },
            Err(error) => status.state = GenerationState::Damaged { why: error.to_string() },
        }
        Ok(status)
    }

    fn state_of(&self, view: ViewId, name: &str) -> Result<GenerationState, IndexError> {
        let live = if_whole(self.read_live(view))?.flatten();
        if live.as_ref().is_some_and(|live| live.name == name) {
            return Ok(GenerationState::Live);
        }
        if live.is_some_and(|live| live.previous.as_deref() == Some(name)) {
            return Ok(GenerationState::Previous);
        }
        if name.starts_with('@') {
            return Ok(GenerationState::Past);
        }
        if let Some(build) = self.building(view)?.filter(|build| build.generation == name)
            && build.progress.phase.is_running()
        {
            let (done, total) = (build.progress.done, build.progress.total);
            return Ok(GenerationState::Building { done, total });
        }
        Ok(match BuildState::read(&self.view_dir(view).join(name))? {
            Some(state) => GenerationState::Interrupted { done: state.done, total: self.count_assets(view)? },
            None => GenerationState::Leftover,
        })
    }

    /// Removes the archive as it stood that was built under this name from those of these views that have it, and
    /// returns them. Who is searching it goes on until done.
    ///
    /// # Errors
    /// [`IndexError::NoGeneration`] when none of them has it; [`IndexError::Busy`] while one of them is being built:
    /// nothing was removed then.
    pub fn remove_named(&self, views: &[ViewId], name: &str) -> Result<Vec<ViewId>, IndexError> {
        check_name(name)?;
        let mut alone = Vec::with_capacity(views.len());
        let mut having = Vec::new();
        for view in views {
            alone.push(self.try_build_lock(*view)?);
            self.bring_back(*view)?;
            if self.view_dir(*view).join(format!("@{name}")).is_dir() {
                having.push(*view);
            }
        }
        if having.is_empty() {
            let view = views.first().copied().unwrap_or(ARTICLES);
            return Err(IndexError::NoGeneration { view, name: name.to_owned() });
        }
        having.iter().try_for_each(|view| self.remove(*view, &format!("@{name}")))?;
        Ok(having)
    }
}

/// Returns what all files in a directory have together; what goes meanwhile counts nothing.
pub(crate) fn bytes_in(dir: &Path) -> io::Result<u64> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let mut sum = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        sum += match entry.metadata() {
            Ok(found) if found.is_dir() => {
                bytes_in(&entry.path()).or_else(|error| if gone(&error) { Ok(0) } else { Err(error) })?
            }
            Ok(found) => found.len(),
            Err(error) if gone(&error) => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(sum)
}
