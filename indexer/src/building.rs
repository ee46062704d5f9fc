//! The build of a view that is under way, or was the last: noted beside its generations, so that every process can tell.
//!
//! The note is `indexes/<view>/building`, JSON, replaced a few times a second. Who builds holds `build.lock`; a note
//! of a running build whose lock is free was left by a process that was killed.

use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use store::Timestamp;
use views::ViewId;

use crate::{
    error::{IndexError, io},
    indexes::Indexes,
    parts::BuildState,
    progress::{Phase, Progress},
};

/// The shortest time between two notes.
const NOTE_EVERY: Duration = Duration::from_millis(200);
/// The number of tries for a lock that may be held for a moment only, and the time between them.
const TRIES: u32 = 10;
const TRY_AFTER: Duration = Duration::from_millis(20);

/// The build of a view that is under way, or the last one, whichever process it was in. Its JSON has the fields of
/// [`Progress`] beside its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuildStatus {
    /// Of which view.
    pub view: ViewId,
    /// The generation: `g000002`, or `@name` for the archive as it stood; empty while it waits.
    pub generation: String,
    /// The time at which this run began; one that goes on with an earlier one says so in [`Progress::resumed`].
    pub started: Timestamp,
    /// Its progress; of one that was cut short, the part that is kept for the next one to go on with.
    #[serde(flatten)]
    pub progress: Progress,
    /// The error that it failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The part that is read of a [`BuildStatus`] beside the generations of its view, which the directory tells.
#[derive(Deserialize)]
struct Note {
    generation: String,
    started: Timestamp,
    #[serde(flatten)]
    progress: Progress,
    #[serde(default)]
    failure: Option<String>,
}

impl Indexes {
    /// Returns what is being built of a view, in this process or another, or what was built last; `None` when nothing
    /// ever was.
    ///
    /// # Errors
    /// [`IndexError`] when the directory cannot be read.
    pub fn building(&self, view: ViewId) -> Result<Option<BuildStatus>, IndexError> {
        loop {
            let Some(mut status) = self.read_note(view)? else { return Ok(None) };
            if !status.progress.phase.is_running() || !self.is_build_lock_free(view)? {
                return self.with_what_is_kept(status).map(Some);
            }
            // It may have ended between the two looks.
            if self.read_note(view)?.as_ref() == Some(&status) {
                status.progress.phase = Phase::Interrupted;
                return self.with_what_is_kept(status).map(Some);
            }
        }
    }

    /// Tells of a build that was cut short what it has kept: it is not as far as it had come, but as far as what it has
    /// kept.
    fn with_what_is_kept(&self, mut status: BuildStatus) -> Result<BuildStatus, IndexError> {
        let progress = &mut status.progress;
        if matches!(progress.phase, Phase::Stopped | Phase::Interrupted) {
            let kept = BuildState::read(&self.view_dir(status.view).join(&status.generation))?;
            progress.done = kept.as_ref().map_or(0, |kept| kept.done);
            progress.total = kept.map_or(progress.total, |kept| kept.total).max(progress.done);
        }
        Ok(status)
    }

    /// Returns the lock of who builds, or [`IndexError::Busy`].
    pub(crate) fn try_build_lock(&self, view: ViewId) -> Result<File, IndexError> {
        for _ in 0..TRIES {
            if let Some(lock) = self.try_lock(view, "build.lock")? {
                return Ok(lock);
            }
            std::thread::sleep(TRY_AFTER);
        }
        let running = self.read_note(view)?.filter(|note| note.progress.phase.is_running());
        Err(IndexError::Busy { view, generation: running.map(|note| note.generation) })
    }

    fn is_build_lock_free(&self, view: ViewId) -> Result<bool, IndexError> {
        let path = self.view_dir(view).join("build.lock");
        let file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            file => file.map_err(io(&path))?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(io(path)(error)),
        }
    }

    /// Returns the note of the last build; `None` where there is none, or it is of another version: it informs, and
    /// nothing is decided by it.
    fn read_note(&self, view: ViewId) -> Result<Option<BuildStatus>, IndexError> {
        let path = self.note_path(view);
        match fs::read(&path) {
            Ok(json) => Ok(serde_json::from_slice(&json).ok().map(|note: Note| {
                let Note { generation, started, progress, failure } = note;
                BuildStatus { view, generation, started, progress, failure }
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(path)(error)),
        }
    }

    fn note_path(&self, view: ViewId) -> PathBuf {
        self.view_dir(view).join("building")
    }
}

/// Writes the note of one build. Its holder holds `build.lock`.
pub(crate) struct BuildNote {
    path: PathBuf,
    status: Mutex<(BuildStatus, Instant)>,
}

impl BuildNote {
    /// Begins the note of a build that waits for its turn, or begins now.
    pub(crate) fn begin(indexes: &Indexes, view: ViewId, generation: &str, phase: Phase) -> Self {
        let progress = Progress { phase, ..Progress::default() };
        let generation = generation.to_owned();
        let status = BuildStatus { view, generation, started: Timestamp::now(), progress, failure: None };
        let note = Self { path: indexes.note_path(view), status: Mutex::new((status, Instant::now())) };
        note.change(true, |_| {});
        note
    }

    pub(crate) fn progress(&self, progress: Progress) {
        self.change(false, |status| status.progress = progress);
    }

    /// Notes the end of the build.
    pub(crate) fn end<T>(&self, ended: &Result<T, IndexError>) {
        self.change(true, |status| {
            status.progress.phase = match ended {
                Ok(_) => Phase::Done,
                Err(IndexError::Stopped) => Phase::Stopped,
                Err(_) => Phase::Failed,
            };
            status.failure = match ended {
                Ok(_) | Err(IndexError::Stopped) => None,
                Err(error) => Some(error.to_string()),
            };
        });
    }

    fn change(&self, at_once: bool, change: impl FnOnce(&mut BuildStatus)) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, written) = &mut *status;
        let before = status.progress.phase;
        change(status);
        if at_once || status.progress.phase != before || written.elapsed() >= NOTE_EVERY {
            *written = Instant::now();
            // A build is not the worse for nobody hearing of it.
            if let Err(error) = self.write(status) {
                tracing::debug!(path = %self.path.display(), %error, "a build's progress cannot be noted");
            }
        }
    }

    fn write(&self, status: &BuildStatus) -> io::Result<()> {
        let next = self.path.with_extension("next");
        fs::write(&next, serde_json::to_vec(status)?)?;
        fs::rename(&next, &self.path)
    }
}
