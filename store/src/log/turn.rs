//! The write lock: one writer at a time, among threads and processes, and whoever waits learns for whom.
//!
//! LMDB has a lock of its own, which waits for ever and names nobody: a load that was stopped with Ctrl-Z would hold up
//! every other writer without a word. So a writer takes LMDB's lock only when it is its turn. Turns are two locks on
//! files beside the data, which the system frees when the process that holds them ends, in whatever way:
//!
//! - `writer` is held by who writes,
//! - `writer.next` by the one who comes next, until `writer` is his. Whoever writes one batch after the other has to
//!   stand behind him, so that nobody waits for ever behind a load.
//!
//! Both files hold a line that names the process that took the lock last: its id and what it does. The line counts only
//! while the lock is held. Threads of one process take turns by a lock in memory first, since the locks of files are
//! the process's.

use std::{
    fmt,
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::log::options::LogOptions;

/// The pauses between two tries for a lock, at first and at last.
const TRY_EVERY: [Duration; 2] = [Duration::from_micros(50), Duration::from_millis(2)];
/// The longest sleep of a thread that waits for another of its process: then it looks whether it is to end.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A wait that begins so long after the last try is a new one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(1);
/// A wait longer than this is told, with the process that is waited for.
const SAY_AFTER: Duration = Duration::from_secs(1);
/// The length of the line in a file of a lock; the name is cut to fit.
const LINE_BYTES: usize = 64;

/// The process that writes to a log, or keeps others from it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Holder {
    /// Its id.
    pub pid: u32,
    /// Its work, in its own words: `morgue load`.
    pub name: String,
    /// True if it is stopped (Ctrl-Z, SIGSTOP): then it lets go of nothing. Known on Linux alone.
    pub stopped: bool,
}

impl Holder {
    /// Returns true if it is the process that asks.
    pub fn is_this_process(&self) -> bool {
        self.pid == std::process::id()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pid, name, stopped } = self;
        if self.is_this_process() {
            return f.write_str("this process itself");
        }
        write!(f, "process {pid}")?;
        if !name.is_empty() {
            write!(f, " ({name})")?;
        }
        if *stopped {
            write!(f, ", which is stopped: let it go on (kill -CONT {pid}) or end it (kill -KILL {pid})")?;
        }
        Ok(())
    }
}

/// The reason why a writer did not get a turn. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTurn {
    /// Another writer did not end in time.
    #[error(
        "the log is being written by {}, and did not become free within {} s",
        .holder.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string), .waited.as_secs()
    )]
    Held {
        /// The process that writes, if that can be told.
        holder: Option<Holder>,
        /// The time that was spent waiting.
        waited: Duration,
    },
    /// This process is about to end, and does not wait any more.
    #[error("this process is about to end, and does not wait for the log")]
    Ending,
    /// The locks cannot be used.
    #[error("the log's locks cannot be used: {0}")]
    Failed(String),
}

/// The turns of one log handle.
pub(crate) struct Turns {
    dir: PathBuf,
    /// The line that names this process in the files.
    line: [u8; LINE_BYTES],
    wait: Duration,
    next: File,
    writer: File,
    /// A writer that goes on is waited for, however long it takes; see [`LogOptions::patient`].
    patient: bool,
    taken: Mutex<bool>,
    free: Condvar,
    /// Set while somebody here wants a turn and nobody gets one.
    blocked: Mutex<Option<Blocked>>,
    /// True once nobody is to wait any more.
    ending: AtomicBool,
}

/// Turns that nobody got.
struct Blocked {
    since: Instant,
    /// The last try for one.
    seen: Instant,
}

impl Turns {
    /// Opens the locks of the log in `dir`.
    pub(crate) fn new(dir: &Path, options: &LogOptions) -> io::Result<Self> {
        Ok(Self {
            dir: dir.to_owned(),
            line: line_of(&options.name),
            wait: options.write_wait,
            patient: options.patient,
            blocked: Mutex::new(None),
            next: open(&dir.join(NEXT))?,
            writer: open(&dir.join(WRITER))?,
            taken: Mutex::new(false),
            free: Condvar::new(),
            ending: AtomicBool::new(false),
        })
    }

    /// Returns until when a writer waits that comes now.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.wait
    }

    /// Waits until it is this thread's turn; it lasts as long as what is returned.
    ///
    /// # Errors
    /// [`NoTurn`] when it is not by then.
    pub(crate) fn take(&self, until: Instant) -> Result<Turn<'_>, NoTurn> {
        let mut waiting = Waiting { turns: self, until, pause: TRY_EVERY[0], said: false };
        let mut taken = self.lock();
        while *taken {
            let limit = waiting.time_left()?.min(LOOK_EVERY);
            taken = self.free.wait_timeout(taken, limit).unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken = true;
        drop(taken);
        let turn = Turn(self);
        waiting.lock_and_sign(&self.next)?;
        let locked = waiting.lock_and_sign(&self.writer);
        let freed = self.next.unlock();
        locked?;
        freed.map_err(|error| failed(&error))?;
        *self.blocked() = None;
        Ok(turn)
    }

    /// Waits for a lock of another file on the same terms.
    pub(crate) fn wait_for(&self, file: &File) -> Result<(), NoTurn> {
        let mut waiting = Waiting { turns: self, until: self.until(), pause: TRY_EVERY[0], said: false };
        waiting.lock(file)
    }

    /// Refuses whoever waits, and whoever comes later and would have to wait.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Release);
        self.free.notify_all();
    }

    /// Returns the process that writes now, or that keeps others from writing.
    pub(crate) fn holder(&self) -> io::Result<Option<Holder>> {
        for name in [WRITER, NEXT] {
            let mut file = open(&self.dir.join(name))?; // the lock of an open file is free for who holds it
            match file.try_lock_shared() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return holder_in(&mut file).map(Some),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Returns when a turn that was tried for in vain must be given up, by when the first one was. So a crowd that waits
    /// is refused together, and whoever comes then at once, until one gets a turn.
    fn given_up_at(&self, now: Instant) -> Instant {
        let mut blocked = self.blocked();
        let known =
            blocked.take().filter(|known| now.saturating_duration_since(known.seen) < FORGOTTEN_AFTER);
        let since = known.map_or(now, |known| known.since);
        *blocked = Some(Blocked { since, seen: now });
        since + self.wait
    }

    fn blocked(&self) -> MutexGuard<'_, Option<Blocked>> {
        self.blocked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file that is locked by who writes.
pub(crate) const WRITER: &str = "writer";
/// The file that is locked by who comes next.
pub(crate) const NEXT: &str = "writer.next";

fn open(path: &Path) -> io::Result<File> {
    File::options().create(true).read(true).write(true).truncate(false).open(path)
}

/// A turn; it lasts as long as this lives.
pub(crate) struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.writer.unlock() {
            tracing::error!(%error, "the log's write lock cannot be freed; it is when this process ends");
        }
        *self.0.lock() = false;
        self.0.free.notify_one();
    }
}

/// A thread that waits for its turn.
struct Waiting<'a> {
    turns: &'a Turns,
    until: Instant,
    pause: Duration,
    said: bool,
}

impl Waiting<'_> {
    /// Takes the lock of a file, and writes into it who has it. That is for people: where it cannot be written, as on a
    /// full disk, the lock is none the worse.
    fn lock_and_sign(&mut self, file: &File) -> Result<(), NoTurn> {
        self.lock(file)?;
        if let Err(error) = sign(file, &self.turns.line) {
            tracing::debug!(%error, "who writes to the log cannot be written down");
        }
        Ok(())
    }

    fn lock(&mut self, file: &File) -> Result<(), NoTurn> {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => {
                    let left = self.time_left()?;
                    std::thread::sleep(self.pause.min(left));
                    self.pause = (self.pause * 2).min(TRY_EVERY[1]);
                }
                Err(TryLockError::Error(error)) => return Err(failed(&error)),
            }
        }
    }

    /// Returns how long to wait on; says for whom, once.
    fn time_left(&mut self) -> Result<Duration, NoTurn> {
        if self.turns.ending.load(Ordering::Acquire) {
            return Err(NoTurn::Ending);
        }
        let now = Instant::now();
        let until = self.until.min(self.turns.given_up_at(now));
        let left = until.saturating_duration_since(now);
        let holder = || {
            self.turns.holder().unwrap_or_else(|error| {
                tracing::debug!(%error, "who writes to the log cannot be told");
                None
            })
        };
        if !self.said && self.turns.wait.saturating_sub(left) >= SAY_AFTER {
            self.said = true;
            if let Some(holder) = holder() {
                tracing::warn!("waiting to write to the log: it is being written by {holder}");
            }
        }
        if left.is_zero() {
            let holder = holder();
            if self.turns.patient && holder.as_ref().is_none_or(|holder| !holder.stopped) {
                return Ok(LOOK_EVERY);
            }
            return Err(NoTurn::Held { holder, waited: self.turns.wait });
        }
        Ok(left)
    }
}

fn failed(error: &io::Error) -> NoTurn {
    NoTurn::Failed(error.to_string())
}

fn line_of(name: &str) -> [u8; LINE_BYTES] {
    let text = format!("{} {}", std::process::id(), name.replace(char::is_control, " "));
    let mut line = [b' '; LINE_BYTES];
    line.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    line[LINE_BYTES - 1] = b'\n';
    line
}

/// Writes who has the lock into its file, unless it says so already, as it mostly does.
fn sign(mut file: &File, line: &[u8; LINE_BYTES]) -> io::Result<()> {
    let mut found = Vec::with_capacity(LINE_BYTES);
    file.rewind()?;
    file.take(LINE_BYTES as u64).read_to_end(&mut found)?;
    if found == line {
        return Ok(());
    }
    file.rewind()?;
    file.write_all(line)
}

fn holder_in(file: &mut File) -> io::Result<Holder> {
    let mut line = Vec::with_capacity(LINE_BYTES);
    file.take(LINE_BYTES as u64).read_to_end(&mut line)?;
    let line = String::from_utf8_lossy(&line);
    let (pid, name) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let pid = pid.parse().map_err(|_| io::Error::other("the line of the lock names no process"))?;
    Ok(Holder { pid, name: name.to_owned(), stopped: is_stopped(pid) })
}

/// Reads the state of a process, the third field of /proc/PID/stat (proc_pid_stat(5)).
fn is_stopped(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, Some('T' | 't'))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        thread,
    };

    use super::*;

    fn turns(dir: &Path, write_wait: Duration) -> Turns {
        Turns::new(dir, &LogOptions { name: "a test".to_owned(), write_wait, ..LogOptions::default() })
            .unwrap()
    }

    /// Returns what came of waiting for a turn on a thread beside: one that waits for ever fails the test.
    fn tried(turns: &Arc<Turns>) -> Result<(), NoTurn> {
        let (tell, told) = mpsc::channel();
        let turns = Arc::clone(turns);
        thread::spawn(move || tell.send(turns.take(turns.until()).map(drop)));
        told.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    #[test]
    fn threads_of_one_process_take_turns_and_learn_for_whom_they_wait() {
        let dir = tempfile::tempdir().unwrap();
        let turns = Arc::new(turns(dir.path(), Duration::from_millis(20)));
        assert_eq!(turns.holder().unwrap(), None);
        let turn = turns.take(turns.until()).unwrap();
        let holder = Holder { pid: std::process::id(), name: "a test".to_owned(), stopped: false };
        assert_eq!(turns.holder().unwrap().as_ref(), Some(&holder));
        assert_eq!(tried(&turns), Err(NoTurn::Held { holder: Some(holder), waited: turns.wait }));
        drop(turn);
        assert_eq!(turns.take(turns.until()).map(drop), Ok(()));
        assert_eq!(turns.holder().unwrap(), None);
    }

    /// A story: a hundred clients want to write while another process does not let go. None of them waits longer than the
    /// first, however few are let in at a time.
    #[test]
    fn a_crowd_that_waits_is_refused_together() {
        let dir = tempfile::tempdir().unwrap();
        let [other, turns] = [0, 1].map(|_| Arc::new(turns(dir.path(), Duration::from_secs(1))));
        let turn = other.take(other.until()).unwrap();
        let began = Instant::now();
        for _ in 0..100 {
            assert!(matches!(tried(&turns), Err(NoTurn::Held { .. })));
        }
        assert!(began.elapsed() < 50 * turns.wait, "each of them has waited for itself");
        drop(turn);
        drop(turns.take(turns.until()).unwrap());
    }

    /// A story: a load writes one batch after the other, without a pause. Whoever has one event to append is not kept
    /// waiting until the load ends.
    #[test]
    fn nobody_waits_behind_a_load_until_its_end() {
        const TURNS: usize = 20;
        let dir = tempfile::tempdir().unwrap();
        let [load, other] = [0, 1].map(|_| turns(dir.path(), Duration::from_secs(60)));
        let (batches, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    let _turn = load.take(load.until()).unwrap();
                    batches.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(5)); // the work of a batch
                }
            });
            for _ in 0..TURNS {
                drop(other.take(other.until()).unwrap());
            }
            done.store(true, Ordering::Release);
        });
        let batches = batches.load(Ordering::Relaxed);
        assert!(batches < TURNS * 5, "{batches} batches before {TURNS} turns of the other");
    }

    #[test]
    fn whoever_is_stopped_is_known_by_the_state_of_his_process() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        assert!(!is_stopped(child.id()));
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
        while !is_stopped(child.id()) {
            thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!is_stopped(child.id()));
    }
}
