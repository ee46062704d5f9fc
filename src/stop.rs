//! Ctrl-C: the first one asks for an end after the batch that is under way, the second ends at once.

use std::sync::{Arc, atomic::AtomicBool};

use anyhow::{Context, Result};
use signal_hook::{consts::TERM_SIGNALS, flag};

/// A flag that SIGINT and SIGTERM set.
pub(crate) fn on_signal() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in TERM_SIGNALS {
        // In this order: a signal that finds the flag set ends the process, the first one sets it.
        flag::register_conditional_shutdown(*signal, 1, Arc::clone(&stop))
            .and_then(|_| flag::register(*signal, Arc::clone(&stop)))
            .context("signals cannot be handled")?;
    }
    Ok(stop)
}
