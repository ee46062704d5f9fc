//! The bell: wakes who follows the log, in this process and in others, when something was committed.
//!
//! Each commit writes a byte to the file `bell` beside the data; followers watch that file through the operating
//! system. Nothing is read from it, so it may be lost or late: a follower looks at the log itself, and looks
//! again every second.

use std::{
    fs::{self, File},
    io::{Seek, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use notify::{RecursiveMode, Watcher};

/// The longest time that a follower sleeps before it looks by itself.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

pub(crate) struct Bell {
    path: PathBuf,
    file: Mutex<File>,
    rung: Arc<Rung>,
    /// Watches the file for other processes' commits; made when somebody first waits.
    watcher: OnceLock<Option<notify::RecommendedWatcher>>,
}

/// Counts what was heard.
#[derive(Default)]
struct Rung {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Rung {
    fn ring(&self) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.changed.notify_all();
    }
}

impl Bell {
    pub(crate) fn new(dir: &Path) -> std::io::Result<Self> {
        let path = dir.join("bell");
        let file = fs::OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
        Ok(Self { path, file: Mutex::new(file), rung: Arc::default(), watcher: OnceLock::new() })
    }

    /// Tells everybody that there is something new.
    pub(crate) fn ring(&self) {
        self.rung.ring();
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.rewind().and_then(|()| file.write_all(b"!")).is_err() {
            tracing::debug!(path = %self.path.display(), "the bell cannot be rung; followers look every second");
        }
    }

    /// Returns what to hand to [`Self::wait`]: take it before looking at the log, so that nothing rings in between.
    pub(crate) fn listen(&self) -> Heard {
        self.watcher.get_or_init(|| {
            let rung = Arc::clone(&self.rung);
            let watcher = notify::recommended_watcher(move |_| rung.ring()).and_then(|mut watcher| {
                watcher.watch(&self.path, RecursiveMode::NonRecursive).map(|()| watcher)
            });
            watcher
                .inspect_err(|error| tracing::debug!(%error, "other processes are not heard; followers look every second"))
                .ok()
        });
        Heard(*self.rung.count.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sleeps until it rings, or `limit` or a second has passed.
    pub(crate) fn wait(&self, heard: Heard, limit: Duration) {
        let count = self.rung.count.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = |count: &mut u64| *count == heard.0;
        drop(self.rung.changed.wait_timeout_while(count, limit.min(LOOK_ANYWAY), quiet));
    }
}

/// The count of rings at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard(u64);
