//! The disk is full: the append is refused in so many words, nothing that was acknowledged is lost, reading goes on, and
//! the same process goes on appending when there is room.

use std::{fs, path::Path, process::Command};

use store::{AppendError, Log};

use crate::{
    Form, plan,
    strace::{self, Call},
};

const EVENTS: u64 = 60;
const WRITES: [&str; 5] = ["pwrite64", "pwritev", "writev", "fdatasync", "fsync"];

/// strace lets a write or a sync fail with ENOSPC, and the next three of its name.
pub(crate) fn injected(form: Form) -> String {
    if !strace::is_there() {
        return "left out: strace is not installed or may not trace".to_owned();
    }
    let home = tempfile::tempdir().unwrap();
    let to = EVENTS.to_string();
    let dir = home.path().join("traced");
    let all = strace::calls(&["load", dir.to_str().unwrap(), &to, "3"], &dir, &home.path().join("trace"));
    let all: Vec<Call> = all.into_iter().filter(|call| WRITES.contains(&call.name.as_str())).collect();
    let points = strace::spread(&all, form.pick(50, usize::MAX));
    let mut refusals = 0;
    for Call { name, nth } in &points {
        let dir = home.path().join("full");
        let what = format!("no room at {name} {nth}");
        let (trace, inject) =
            (format!("trace={name}"), format!("inject={name}:error=ENOSPC:when={nth}..{}", nth + 3));
        let options = ["-o", "/dev/null", "-e", &trace, "-e", &inject];
        let child = ["load-stubbornly", dir.to_str().unwrap(), &to, "3"];
        let output = strace::command(&options, &child).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.ends_with("done\n"), "{what}: {said}");
        let refused: Vec<_> = said.lines().filter(|line| line.starts_with("refused")).collect();
        assert!(!refused.is_empty(), "{what}");
        refusals += refused.len();
        plan::check(&Log::open(&dir).unwrap(), EVENTS, &what);
        fs::remove_dir_all(&dir).unwrap();
    }
    format!("{} of {} writes and syncs, {refusals} refusals, 0 lost, 0 restarts", points.len(), all.len())
}

/// A small file system in memory, filled to a few pages less each time. Only root may mount one.
pub(crate) fn real(form: Form) -> String {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(home.path()) else {
        return "left out: only root may mount a small file system".to_owned();
    };
    let log = Log::open(disk.0.join("log")).unwrap();
    let filler = disk.0.join("filler");
    let rounds = form.pick(50, 400);
    let (mut next, mut refusals) = (1, 0);
    for round in 0..rounds {
        let room = (round % 50) * 4_096;
        fs::write(&filler, vec![0; 64 << 20]).unwrap_err();
        let size = fs::metadata(&filler).unwrap().len();
        fs::OpenOptions::new()
            .write(true)
            .open(&filler)
            .unwrap()
            .set_len(size.saturating_sub(room as u64))
            .unwrap();
        loop {
            match log.append_one(&plan::event(next)) {
                Ok(_) => next += 1,
                Err(AppendError::DiskFull | AppendError::NotForgotten { .. }) => break,
                Err(error) => panic!("with {room} bytes of room: {error}"),
            }
        }
        refusals += 1;
        let acknowledged = log.head().unwrap().seq.get();
        assert!(acknowledged + 1 >= next);
        next = acknowledged + 1;
        log.snapshot().unwrap().events(store::Seq::new(1), usize::MAX).unwrap();
        fs::remove_file(&filler).unwrap();
        log.append_one(&plan::event(next)).unwrap_or_else(|error| panic!("with room again: {error}"));
        next += 1;
        if log.sizes().unwrap().disk > 8 << 20 {
            break; // an erasure needs room for a second copy
        }
    }
    plan::check(&log, next - 1, "a full disk");
    drop(log);
    format!("{refusals} times full, {} events, 0 lost, 0 restarts", next - 1)
}

struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(home: &Path) -> Option<Self> {
        let at = home.join("disk");
        fs::create_dir(&at).ok()?;
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(&at).output();
        mounted.ok()?.status.success().then_some(Self(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
