//! Expiry: a revision that was public until a time is withdrawn by an event when that time has come. Views see no clock.

use std::{
    convert::Infallible,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    asset::AssetRef,
    catalog::Head,
    date::Timestamp,
    error::{AppendError, ReadError},
    event::{Fact, NewEvent, Order, OrderedBy, Revision},
    log::{batch::Batch, handle::Log, tables::time_and_seq},
};

/// The number of assets that are withdrawn in one transaction.
const CHUNK: usize = 1_000;
/// The time after which it is tried again what failed.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// The time after which the log is looked at even if nothing rang and nothing is due.
const LOOK_ANYWAY: Duration = Duration::from_secs(3_600);

/// The thread that withdraws what is due, whenever something is. It ends after this, and is not waited for: it may be
/// waiting for its turn to append.
pub struct Expiries {
    log: Log,
    stop: Arc<AtomicBool>,
}

impl Expiries {
    /// Withdraws what fell due while nobody looked, then what falls due. `now` is asked for the time.
    ///
    /// # Errors
    /// The system's, when no thread can be started.
    pub fn start(log: &Log, now: impl Fn() -> Timestamp + Send + 'static) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (of, stopped) = (log.clone(), Arc::clone(&stop));
        let work = move || {
            while !stopped.load(Ordering::Acquire) {
                let failed = match of.withdraw_due(now()) {
                    Ok(0) => of.wait_for_due(&now, &stopped).err().map(|error| error.to_string()),
                    Ok(count) => {
                        tracing::info!(count, "what was public until now is withdrawn");
                        None
                    }
                    Err(error) => Some(error.to_string()),
                };
                if let Some(error) = failed {
                    tracing::error!(%error, "what is due cannot be withdrawn; trying again soon");
                    let stop = || Ok::<_, Infallible>(stopped.load(Ordering::Acquire));
                    let Ok(_) = of.wait_until(TRY_AGAIN, stop);
                }
            }
        };
        std::thread::Builder::new().name("expiries".to_owned()).spawn(work)?;
        Ok(Self { log: log.clone(), stop })
    }
}

impl Drop for Expiries {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.log.wake_followers();
    }
}

impl Log {
    /// Returns the earliest time at which an asset that readers see is due to be withdrawn.
    ///
    /// # Errors
    /// [`ReadError`] when the disk fails.
    pub fn next_due(&self) -> Result<Option<Timestamp>, ReadError> {
        let (tables, txn) = self.read()?;
        let first = tables.catalog.due.first(&txn)?;
        first.map(|(key, _)| Ok(time_and_seq(key)?.0)).transpose()
    }

    /// Waits until something is due, or it is told to stop. The log is looked at again whenever something is appended.
    fn wait_for_due(&self, now: &impl Fn() -> Timestamp, stop: &AtomicBool) -> Result<(), ReadError> {
        let is_due = || Ok(stop.load(Ordering::Acquire) || self.next_due()?.is_some_and(|due| due <= now()));
        self.wait_until(LOOK_ANYWAY, is_due).map(drop)
    }

    /// Withdraws the assets that readers might see until `now` at the latest: by order of their source, for the reason
    /// that they expired, at the time that was stated. Returns how many.
    ///
    /// # Errors
    /// [`AppendError`]; what came before it in the order of the times is withdrawn then.
    pub fn withdraw_due(&self, now: Timestamp) -> Result<u64, AppendError> {
        let mut withdrawn = 0;
        loop {
            let due = self.due(now)?;
            if due.is_empty() {
                return Ok(withdrawn);
            }
            let mut batch = Batch::default();
            for (asset, until, revision) in due {
                let order =
                    Order { reason: "expired".into(), ordered_by: OrderedBy::Source, ..Order::default() };
                let fact = Fact::Withdrawn(asset.kind, order);
                let event = NewEvent { time: Some(until), ..NewEvent::new(asset.id.clone(), fact) };
                batch.events.push(self.prepare(&event)?);
                batch.expect.push((asset, revision));
            }
            match self.append(batch) {
                Ok(appended) => {
                    withdrawn += appended.outcomes.iter().filter(|done| done.is_new()).count() as u64;
                }
                // One of them has a new revision, perhaps of a longer life: they are looked for again.
                Err(AppendError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns what is due, with its time and the count of its revisions.
    fn due(&self, now: Timestamp) -> Result<Vec<(AssetRef, Timestamp, Revision)>, ReadError> {
        let (tables, txn) = self.read()?;
        let mut due = Vec::new();
        for row in tables.catalog.due.iter(&txn)?.take(CHUNK) {
            let (key, stored) = row?;
            let (time, _) = time_and_seq(key)?;
            if time > now {
                break;
            }
            let asset = AssetRef::from_key(stored).ok_or_else(|| crate::catalog::damaged(stored))?;
            let head: Option<Head> = tables.catalog.head(&txn, stored)?;
            let revision = head.ok_or_else(|| crate::catalog::damaged(stored))?.revision;
            due.push((asset, time, revision));
        }
        Ok(due)
    }
}
