//! `morgue doctor`: what of this machine will trouble an archive, before it does.

mod machine;

use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use serde_json::json;
use store::Timestamp;

use self::machine::{Machine, Mount};
use crate::{
    archive::Archive,
    status::bytes,
    terminal::{Outcome, Terminal, thousands},
};

const EXAMPLES: &str = "\
Examples:
  morgue doctor                                   before the archive is put somewhere, and when something is slow
  ulimit -n 1024 && morgue doctor                 as the server would find it

It changes nothing. Exit code 1: something will not work.";

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    /// Nothing is wrong with it.
    Fine,
    /// It works, and may trouble somebody.
    Warning,
    /// It will not work.
    Bad,
}

/// What was found of one thing.
#[derive(Debug, Serialize)]
struct Finding {
    grade: Grade,
    /// What was looked at.
    of: &'static str,
    /// What it is like, and what to do.
    says: String,
}

/// The connections that a server keeps apart from the archive's own files, as its own start tells.
const FILES: u64 = 4_096 + 384;
/// With fewer files than this, the archive's own do not fit.
const FEWEST_FILES: u64 = 512;
/// The log's map takes 1 TiB of addresses, and the indexes' files theirs.
const ADDRESSES: u64 = 5 << 38;
/// The memory that a rebuild takes (its writers' 256 MB, and the log's pages beside them), in bytes.
const MEMORY: u64 = 1 << 30;
/// With less room than this, in bytes, appends are refused soon.
const LEAST_ROOM: u64 = 64 << 20;
/// File systems over a network, on which neither LMDB's map nor its locks hold.
const NETWORKS: [&str; 10] =
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.s3fs"];
/// A clock before this is not set: the first day of 2020, in milliseconds.
const LONG_AGO: i64 = 1_577_836_800_000;

pub(crate) fn run(archive: &Archive, _args: &Args, terminal: &Terminal) -> Result<Outcome> {
    let machine = Machine::look(archive.dir())?;
    let mut findings = findings(&machine);
    findings.push(clock(archive, Timestamp::now()));
    let is_bad = findings.iter().any(|finding| finding.grade == Grade::Bad);
    if terminal.is_json() {
        terminal.json(&json!({"dir": archive.dir(), "findings": findings}))?;
    } else {
        for Finding { grade, of, says } in &findings {
            let mark = match grade {
                Grade::Fine => "  ",
                Grade::Warning => "! ",
                Grade::Bad => "!!",
            };
            let line = format!("{mark} {of:14} {says}");
            terminal.say(if *grade == Grade::Fine { line } else { terminal.bold(&line) })?;
        }
    }
    Ok(if is_bad { Outcome::Failed } else { Outcome::Done })
}

/// Returns what there is to say of a machine.
fn findings(machine: &Machine) -> Vec<Finding> {
    let mut found = vec![files(machine.files), addresses(machine.addresses)];
    found.extend(machine.file_bytes.map(|most| Finding {
        grade: if most < LEAST_ROOM { Grade::Bad } else { Grade::Warning },
        of: "file size",
        says: format!("a file may have {} at most: a log that reaches it takes nothing more; `ulimit -f unlimited` lifts it", bytes(most)),
    }));
    found.extend([room(machine), inodes(machine.inodes)]);
    found.extend(machine.mount.as_ref().map(|mount| file_system(mount, &machine.dir)));
    found.push(permission(machine));
    found.extend(machine.memory.map(memory));
    found.push(Finding {
        grade: Grade::Fine,
        of: "processors",
        says: format!("{}: as many threads rebuild", machine.processors),
    });
    found
}

fn files(limit: Option<u64>) -> Finding {
    let of = "open files";
    match limit {
        Some(limit) if limit < FILES => Finding {
            grade: if limit < FEWEST_FILES { Grade::Bad } else { Grade::Warning },
            of,
            says: format!(
                "{} may be open: fewer connections than the {} a server has room for; raise it with `ulimit -n` or LimitNOFILE",
                thousands(limit),
                thousands(4_096)
            ),
        },
        Some(limit) => Finding { grade: Grade::Fine, of, says: format!("{} may be open", thousands(limit)) },
        None => Finding { grade: Grade::Fine, of, says: "any number may be open".to_owned() },
    }
}

fn addresses(limit: Option<u64>) -> Finding {
    let of = "address space";
    match limit {
        Some(limit) if limit < ADDRESSES => Finding {
            grade: Grade::Bad,
            of,
            says: format!(
                "{} at most, and the log's map alone takes 1 TiB of addresses (no memory): `ulimit -v unlimited` lifts it",
                bytes(limit)
            ),
        },
        _ => Finding { grade: Grade::Fine, of, says: "not limited".to_owned() },
    }
}

/// A rebuild stands beside the live index until it takes its place.
fn room(machine: &Machine) -> Finding {
    let (of, free, wanted) = ("disk", machine.free, machine.indexes);
    let (grade, then) = match () {
        () if free < LEAST_ROOM => (Grade::Bad, ": appends are refused soon".to_owned()),
        () if free < wanted.saturating_add(LEAST_ROOM) => {
            let wanted = bytes(wanted);
            (Grade::Warning, format!(": a rebuild wants {wanted} beside the indexes that there are"))
        }
        () => (Grade::Fine, String::new()),
    };
    Finding { grade, of, says: format!("{} free{then}", bytes(free)) }
}

fn inodes(free: Option<u64>) -> Finding {
    let of = "files on disk";
    match free {
        Some(free) if free < 10_000 => {
            let says = format!("only {} more can be made; an index has some hundreds", thousands(free));
            Finding { grade: if free < 500 { Grade::Bad } else { Grade::Warning }, of, says }
        }
        Some(free) => {
            Finding { grade: Grade::Fine, of, says: format!("{} more can be made", thousands(free)) }
        }
        None => Finding { grade: Grade::Fine, of, says: "any number can be made".to_owned() },
    }
}

fn file_system(mount: &Mount, dir: &Path) -> Finding {
    let Mount { kind, read_only, .. } = mount;
    let (grade, says) = match kind.as_str() {
        _ if *read_only => (Grade::Bad, format!("{kind}, mounted to be read only")),
        network if NETWORKS.contains(&network) => {
            let why = "a file system over a network: the log's map and locks do not hold there; put it on a disk of this machine";
            (Grade::Bad, format!("{kind}, {why}"))
        }
        "tmpfs" | "ramfs" => {
            (Grade::Bad, format!("{kind}, memory: all is gone when the machine is started again"))
        }
        "overlay" => (
            Grade::Warning,
            format!(
                "{kind}, a container's own layer, which goes with it: mount a volume at {}",
                dir.display()
            ),
        ),
        fuse if fuse.starts_with("fuse") => (
            Grade::Warning,
            format!("{kind}: try `morgue log verify` after a cut of power before you rely on it"),
        ),
        _ => (Grade::Fine, kind.clone()),
    };
    Finding { grade, of: "file system", says }
}

fn permission(machine: &Machine) -> Finding {
    let of = "permission";
    let dir = machine.dir.display();
    match machine.writable {
        true => Finding { grade: Grade::Fine, of, says: format!("{dir} can be written to") },
        false => Finding {
            grade: Grade::Bad,
            of,
            says: format!(
                "{dir} cannot be written to, and whoever reads the log notes it there: give the directory to this user"
            ),
        },
    }
}

fn memory(free: u64) -> Finding {
    let (grade, then) = match free < MEMORY {
        true => (Grade::Warning, ": a rebuild takes most of it"),
        false => (Grade::Fine, ""),
    };
    Finding { grade, of: "memory", says: format!("{} can be had{then}", bytes(free)) }
}

/// Returns what there is to say of the clock, by which events are recorded that never go back.
fn clock(archive: &Archive, now: Timestamp) -> Finding {
    let of = "clock";
    let last = match archive.exists().then(|| archive.open_log()).transpose() {
        Ok(log) => log.map(|log| log.head()).transpose().map(|head| head.and_then(|head| head.recorded)),
        Err(error) => {
            return Finding { grade: Grade::Bad, of: "log", says: format!("it cannot be opened: {error:#}") };
        }
    };
    match last {
        Err(error) => Finding { grade: Grade::Bad, of: "log", says: format!("it cannot be read: {error}") },
        Ok(Some(last)) if last > now => Finding {
            grade: Grade::Bad,
            of,
            says: format!(
                "{now}, and the last event is of {last}: writes are refused until the clock is set"
            ),
        },
        Ok(_) if now.as_millis() < LONG_AGO => {
            Finding { grade: Grade::Bad, of, says: format!("{now}: it is not set") }
        }
        Ok(_) => Finding { grade: Grade::Fine, of, says: now.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            dir: "/srv/archive".into(),
            files: None,
            addresses: None,
            file_bytes: None,
            free: 500 << 30,
            indexes: 1 << 30,
            inodes: None,
            mount: Some(Mount { point: "/".into(), kind: "ext4".to_owned(), read_only: false }),
            writable: true,
            memory: Some(8 << 30),
            processors: 4,
        }
    }

    #[test]
    fn a_sound_machine_is_fine() {
        assert!(findings(&machine()).iter().all(|finding| finding.grade == Grade::Fine));
    }

    #[test]
    fn what_will_trouble_an_archive_is_told() {
        let on = |kind: &str, read_only: bool| Machine {
            mount: Some(Mount { point: "/srv".into(), kind: kind.to_owned(), read_only }),
            ..machine()
        };
        for (machine, of, grade) in [
            (Machine { files: Some(1_024), ..machine() }, "open files", Grade::Warning),
            (Machine { files: Some(256), ..machine() }, "open files", Grade::Bad),
            (Machine { addresses: Some(8 << 30), ..machine() }, "address space", Grade::Bad),
            (Machine { file_bytes: Some(1 << 30), ..machine() }, "file size", Grade::Warning),
            (Machine { free: 1 << 20, ..machine() }, "disk", Grade::Bad),
            (Machine { free: 1 << 30, ..machine() }, "disk", Grade::Warning),
            (Machine { inodes: Some(9), ..machine() }, "files on disk", Grade::Bad),
            (Machine { writable: false, ..machine() }, "permission", Grade::Bad),
            (Machine { memory: Some(1 << 29), ..machine() }, "memory", Grade::Warning),
            (on("nfs4", false), "file system", Grade::Bad),
            (on("tmpfs", false), "file system", Grade::Bad),
            (on("overlay", false), "file system", Grade::Warning),
            (on("fuse.gcsfuse", false), "file system", Grade::Warning),
            (on("ext4", true), "file system", Grade::Bad),
        ] {
            let told = findings(&machine);
            let not_fine: Vec<_> = told.iter().filter(|finding| finding.grade != Grade::Fine).collect();
            assert!(
                matches!(not_fine.as_slice(), [one] if (one.of, one.grade) == (of, grade)),
                "{of}: {told:?}"
            );
        }
    }
}
