//! Which generation of a view is live: the file `live`, replaced in one step that all processes see at their next
//! search.

use std::{fs, io::ErrorKind};

use store::{AssetKind, Seq};

use crate::{
    error::{IndexError, io},
    generation::Generation,
    indexes::Indexes,
    sealed,
};

/// Which generations of a view are live and next in line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) previous: Option<String>,
}

impl Indexes {
    pub(crate) fn live_or_missing(&self, kind: AssetKind) -> Result<Live, IndexError> {
        self.read_live(kind)?.ok_or_else(|| IndexError::NoGeneration { kind, name: "live".to_owned() })
    }

    pub(crate) fn read_live(&self, kind: AssetKind) -> Result<Option<Live>, IndexError> {
        let path = self.view_dir(kind).join("live");
        let stored = match fs::read(&path) {
            Ok(stored) => stored,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(path)(error)),
        };
        let text = sealed::unseal(&stored).and_then(|content| std::str::from_utf8(content).ok());
        let mut lines = text.unwrap_or_default().lines().map(str::to_owned);
        match lines.next().filter(|name| !name.is_empty()) {
            Some(name) => Ok(Some(Live { name, previous: lines.next().filter(|name| !name.is_empty()) })),
            None => Err(IndexError::Unreadable { path, why: "its seal does not fit".to_owned() }),
        }
    }

    /// The same; a damaged file is replaced by one that names the whole generation that has come furthest. Every
    /// committed generation is exact at its own checkpoint, so each will do. The caller holds `build.lock`.
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

    /// The one atomic step of going live. The caller holds `build.lock`.
    pub(crate) fn write_live(&self, kind: AssetKind, live: &Live) -> Result<(), IndexError> {
        let path = self.view_dir(kind).join("live");
        let text = format!("{}\n{}\n", live.name, live.previous.as_deref().unwrap_or_default());
        sealed::write(&path, text.as_bytes()).map_err(io(&path))
    }
}
