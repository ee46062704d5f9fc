//! What a piece of work takes of the machine, on Linux: of the processors by the process's own clock, which a busy
//! machine does not change, and of memory by the high-water mark of what is resident, set back at the beginning.

use std::fs;

/// What was spent so far.
pub(crate) struct Cost {
    cpu: f64,
    resident: f64,
}

impl Cost {
    /// From now on.
    pub(crate) fn begin() -> Self {
        fs::write("/proc/self/clear_refs", "5").unwrap();
        Self { cpu: cpu_ms(), resident: status_mb("VmRSS:") }
    }

    /// Milliseconds of processor time, of all threads together.
    pub(crate) fn cpu_ms(&self) -> f64 {
        cpu_ms() - self.cpu
    }

    /// By how many MB the process was larger at most.
    pub(crate) fn grown_mb(&self) -> f64 {
        status_mb("VmHWM:") - self.resident
    }
}

fn cpu_ms() -> f64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

fn status_mb(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    value.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}
