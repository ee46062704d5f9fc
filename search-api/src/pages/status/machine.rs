//! The room on the disk and the memory of the process, as the operating system states them.

use std::{fs, path::Path};

/// The room and memory of the machine, in bytes; none where the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Machine {
    /// Free on the disk of the data directory, and the size of that disk.
    pub(super) disk: Option<(u64, u64)>,
    /// Held by this process, the mapped pages of log and indexes included.
    pub(super) resident: Option<u64>,
    /// The memory that processes may still ask for, and all of the machine's.
    pub(super) memory: Option<(u64, u64)>,
}

impl Machine {
    pub(super) fn now(dir: &Path) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let machine = read("/proc/meminfo");
        Self {
            disk: disk(dir),
            resident: kilobytes(&read("/proc/self/status"), "VmRSS:"),
            memory: kilobytes(&machine, "MemAvailable:").zip(kilobytes(&machine, "MemTotal:")),
        }
    }
}

fn disk(dir: &Path) -> Option<(u64, u64)> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

/// A line `Name:   1234 kB` of Linux's process file system (proc(5)), in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_their_lines() {
        let text = "MemTotal:        8000000 kB\nMemAvailable:    2 kB\nBroken: x kB\n";
        assert_eq!(kilobytes(text, "MemTotal:"), Some(8_192_000_000));
        assert_eq!(kilobytes(text, "Broken:"), None);
        assert_eq!(kilobytes(text, "Swap:"), None);
        let (free, all) = Machine::now(Path::new(".")).disk.unwrap();
        assert!(free <= all && all > 0);
        assert_eq!(disk(Path::new("/no/such/place")), None);
    }
}
