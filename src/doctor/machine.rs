//! What the system tells of itself, on Linux most of it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use rustix::{
    fs::{Access, access, statvfs},
    process::{Resource, getrlimit},
};

/// The machine as an archive in one directory would find it. `None` of limits: there is none; of the rest: nobody tells.
#[derive(Debug)]
pub(super) struct Machine {
    /// The archive's directory, or the one that it would be made in.
    pub(super) dir: PathBuf,
    /// The files that a process may have open, raised as far as it may be.
    pub(super) files: Option<u64>,
    /// Its address space, in bytes.
    pub(super) addresses: Option<u64>,
    /// The size of a file, in bytes.
    pub(super) file_bytes: Option<u64>,
    /// The room on the disk, in bytes.
    pub(super) free: u64,
    /// What the archive's indexes take of it, in bytes.
    pub(super) indexes: u64,
    /// The files that can still be made on the disk.
    pub(super) inodes: Option<u64>,
    pub(super) mount: Option<Mount>,
    pub(super) writable: bool,
    /// What can be had of memory, in bytes: the machine's, or the container's if that is less.
    pub(super) memory: Option<u64>,
    pub(super) processors: usize,
}

/// The mount that a directory lies in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) point: PathBuf,
    /// The kind of file system.
    pub(super) kind: String,
    pub(super) read_only: bool,
}

impl Machine {
    /// Looks at the machine, for an archive in `archive`, which need not be there.
    pub(super) fn look(archive: &Path) -> Result<Self> {
        let dir = std::path::absolute(archive).context("this directory is not there any more")?;
        let there = dir.ancestors().find(|dir| dir.is_dir()).unwrap_or(Path::new("/")).to_owned();
        let there = there.canonicalize().with_context(|| format!("{} cannot be found", there.display()))?;
        let disk =
            statvfs(&there).with_context(|| format!("the disk of {} cannot be asked", there.display()))?;
        let memory = [
            fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text)),
            left_in_container(Path::new("/sys/fs/cgroup")),
        ];
        Ok(Self {
            files: getrlimit(Resource::Nofile).maximum,
            addresses: getrlimit(Resource::As).current,
            file_bytes: getrlimit(Resource::Fsize).current,
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
            indexes: bytes_below(&archive.join("indexes")),
            // A file system that makes them as they are needed says 0 of 0.
            inodes: (disk.f_files > 0).then_some(disk.f_favail),
            mount: fs::read_to_string("/proc/self/mountinfo").ok().and_then(|text| mount_of(&text, &there)),
            writable: access(&there, Access::WRITE_OK).is_ok(),
            memory: memory.into_iter().flatten().min(),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            dir: there,
        })
    }
}

/// Returns the memory that can be had, of `/proc/meminfo` (proc(5)), in bytes.
fn available(text: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    rest.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

/// Returns what a container may still take of memory, in bytes (cgroup v2); `None` where there is no bound.
fn left_in_container(group: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
    Some(read("memory.max")?.saturating_sub(read("memory.current")?))
}

/// Returns the mount that a path lies in, by the lines of `/proc/self/mountinfo` (proc(5)).
fn mount_of(text: &str, path: &Path) -> Option<Mount> {
    let mounts = text.lines().filter_map(|line| {
        let (fields, rest) = line.split_once(" - ")?;
        let mut fields = fields.split(' ').skip(4);
        let (point, options) = (fields.next()?, fields.next()?);
        let mut rest = rest.split(' ');
        let (kind, of_all) = (rest.next()?, rest.nth(1)?);
        let read_only =
            [options, of_all].iter().any(|options| options.split(',').any(|option| option == "ro"));
        Some(Mount { point: unescaped(point).into(), kind: kind.to_owned(), read_only })
    });
    // Of two at one point, the later one lies above.
    mounts.filter(|mount| path.starts_with(&mount.point)).max_by_key(|mount| mount.point.components().count())
}

/// Returns a path without the escapes that stand for white space and backslashes.
fn unescaped(text: &str) -> String {
    let signs = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    signs.iter().fold(text.to_owned(), |text, (escape, sign)| text.replace(escape, sign))
}

/// Returns the bytes of all files below a directory; what is not there, or goes meanwhile, has none.
fn bytes_below(dir: &Path) -> u64 {
    let of = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        let metadata = entry.metadata().ok()?;
        Some(if metadata.is_dir() { bytes_below(&entry.path()) } else { metadata.len() })
    };
    fs::read_dir(dir).map_or(0, |entries| entries.filter_map(of).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
31 27 0:40 / /srv rw,relatime shared:2 - nfs4 host:/srv rw,vers=4.2
33 31 0:41 / /srv/my\\040archive rw,relatime - xfs /dev/vdb ro,noquota
34 27 0:42 / /mnt ro,relatime - btrfs /dev/vdc rw
";

    #[test]
    fn a_directory_lies_in_the_nearest_mount() {
        let check = |path: &str, kind: &str, read_only: bool| {
            let mount = mount_of(MOUNTS, Path::new(path)).unwrap();
            assert_eq!((mount.kind.as_str(), mount.read_only), (kind, read_only), "{path}");
        };
        check("/home/archive", "ext4", false);
        check("/srv", "nfs4", false);
        check("/srv/my", "nfs4", false);
        check("/srv/my archive/data", "xfs", true);
        check("/srvs", "ext4", false);
        check("/mnt/x", "btrfs", true);
        assert_eq!(mount_of("", Path::new("/")), None);
    }

    #[test]
    fn a_containers_bound_counts() {
        let group = tempfile::tempdir().unwrap();
        assert_eq!(left_in_container(group.path()), None);
        fs::write(group.path().join("memory.current"), "100\n").unwrap();
        fs::write(group.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(left_in_container(group.path()), None);
        fs::write(group.path().join("memory.max"), "150\n").unwrap();
        assert_eq!(left_in_container(group.path()), Some(50));
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    2 kB\n"), Some(2_048));
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::look(&dir.path().join("not/there/yet")).unwrap();
        assert_eq!(machine.dir, dir.path().canonicalize().unwrap());
        assert!(machine.writable && machine.free > 0);
    }
}
