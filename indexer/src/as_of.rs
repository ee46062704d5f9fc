//! Building the archive as it stood, beside the live generation.

use std::sync::{Mutex, PoisonError, atomic::AtomicBool};

use store::{AsOf, AssetKind};

use crate::{
    error::IndexError,
    generation::failed,
    indexes::Indexes,
    rebuild::{Progress, RebuildOptions, Rebuilt},
};

impl Indexes {
    /// Builds the archive as it stood, searchable beside the live one as `name`. One of this name that is there
    /// is replaced.
    ///
    /// # Errors
    /// [`IndexError`]; what there was of this name is gone then.
    pub fn build_as_of(
        &self,
        kind: AssetKind,
        as_of: &AsOf,
        name: &str,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Rebuilt, IndexError> {
        let _alone = self.lock(kind, "build.lock")?;
        let name = format!("@{name}");
        self.remove(kind, &name)?;
        let past = Mutex::new(Some(self.log().snapshot_as_of(*as_of)?));
        let seq = self.log().head()?.seq;
        let open = || {
            let taken = past.lock().unwrap_or_else(PoisonError::into_inner).take();
            taken.map_or_else(|| Ok(self.log().snapshot_as_of(*as_of)?), Ok)
        };
        let options = RebuildOptions { threads: 1, ..RebuildOptions::default() };
        let text = Some(as_of.to_string());
        if let Err(error) = self.build(kind, &name, text, seq, &options, stop, progress, &open) {
            self.remove(kind, &name)?;
            return Err(error);
        }
        let searcher = self.generation(kind, &name)?.searcher()?;
        let digest = searcher.digest().map_err(failed(&self.view_dir(kind)))?;
        Ok(Rebuilt { generation: name, checkpoint: searcher.checkpoint, digest })
    }

    /// Builds everything of a view again, so that nothing is left in any of its indexes of what the log does not
    /// hold any more: the live generation, and the archive as it stood under each name. There is none to go back
    /// to afterwards.
    ///
    /// # Errors
    /// [`IndexError`]; what was not reached yet is as it was.
    pub fn purge(
        &self,
        kind: AssetKind,
        stop: &AtomicBool,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<(), IndexError> {
        let options = RebuildOptions { keep_previous: false, ..RebuildOptions::default() };
        self.rebuild(kind, &options, stop, progress)?;
        for name in self.generations(kind)? {
            let Some(name) = name.strip_prefix('@') else { continue };
            let as_of = self.named(kind, name)?.info().as_of.as_ref().and_then(|as_of| as_of.parse().ok());
            match as_of {
                Some(as_of) => drop(self.build_as_of(kind, &as_of, name, stop, progress)?),
                None => self.remove(kind, &format!("@{name}"))?,
            }
        }
        Ok(())
    }
}
