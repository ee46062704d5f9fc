//! An LMDB environment and its two files: how they are opened, and what LMDB does not look at by itself.

use std::{
    fs::{self, OpenOptions},
    io,
    path::Path,
};

use heed::{Env, EnvFlags, EnvOpenOptions, WithoutTls};

/// 1 TiB of address space: only what is used takes disk, and no process ever has to grow it under another.
const MAP_BYTES: usize = 1 << 40;
const MAX_READERS: u32 = 1_024;

/// The commits at which LMDB waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// At each commit: an acknowledged event is on disk.
    Commits,
    /// Never: for what is thrown away after a crash. Whoever needs it on disk syncs it himself.
    Never,
}

/// Opens the environment in `dir`, or makes one there.
#[expect(
    unsafe_code,
    reason = "LMDB maps a file; that nothing else writes to it is for us to keep, see below"
)]
pub(crate) fn open_env(dir: &Path, sync: Sync) -> heed::Result<Env<WithoutTls>> {
    make_lock_file(dir).map_err(heed::Error::Io)?;
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(MAP_BYTES).max_dbs(16).max_readers(MAX_READERS);
    if sync == Sync::Never {
        // SAFETY: a crash may damage what lies there, which nobody reads after a crash.
        unsafe { options.flags(EnvFlags::NO_SYNC) };
    }
    // SAFETY: the map is only sound while nobody changes the file but through LMDB. The directory is ours alone:
    // every process that touches it comes through here, with LMDB's own lock file and without flags that weaken
    // it (no WRITEMAP, no NO_LOCK). Only a file that ends early is made longer, see [`lengthen`]. heed refuses to open one environment twice in a process.
    unsafe { options.open(dir) }
}

/// Room for more than [`MAX_READERS`] slots of 64 bytes and the header before them.
const LOCK_FILE_BYTES: usize = 80 << 10;

/// Makes the lock file. LMDB makes it by giving it a length, and then writes to it through memory. On a full disk there
/// is no block for that, and the process dies of it (SIGBUS). So the file is made beforehand, of blocks that are there;
/// by a link, since another process may be making it too.
fn make_lock_file(dir: &Path) -> io::Result<()> {
    let lock = dir.join("lock.mdb");
    if lock.exists() {
        return Ok(());
    }
    let new = dir.join(format!("lock.new-{}", std::process::id()));
    fs::write(&new, vec![0; LOCK_FILE_BYTES])?;
    let linked = fs::hard_link(&new, &lock);
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            tracing::debug!(%error, "no link can be made here: LMDB makes its lock file itself");
        }
        _ => {}
    }
    Ok(())
}

/// Two pages: less is no LMDB file, and LMDB would begin a new one in its place without a word.
pub(crate) const SMALLEST_FILE: u64 = 8_192;

/// Returns true if the file ends before the last page that LMDB counts.
pub(crate) fn is_short(env: &Env<WithoutTls>, bytes: u64) -> bool {
    bytes < end_of_pages(env)
}

fn end_of_pages(env: &Env<WithoutTls>) -> u64 {
    let page = u64::from(env.unnamed_database_stat().page_size);
    (env.info().last_page_number as u64 + 1).saturating_mul(page)
}

/// Lengthens the data file to all of its pages. LMDB does not write pages that a transaction took and gave back, so a
/// sound file may end early; a file that lost its tail does too, and reading behind a file's end kills the process.
/// With zeros there, what was lost is an error like any other.
pub(crate) fn lengthen(dir: &Path, env: &Env<WithoutTls>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(dir.join("data.mdb"))?;
    let end = end_of_pages(env);
    if file.metadata()?.len() < end { file.set_len(end) } else { Ok(()) }
}
