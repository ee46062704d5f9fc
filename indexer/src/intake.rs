//! Taking events in: what the next ones touch, collected for a commit; and long fan-outs, worked through in slices
//! between other events.

use std::collections::BTreeSet;

use store::{AssetId, AssetRef, EventType, Follower, Log, ReadError, Seq, Snapshot};
use views::Change;

use crate::{
    error::{IndexError, io},
    fanout::{Fanout, FanoutPosition, FanoutWriter, queue},
    takedown::is_takedown,
    writer::{CHUNK, GenerationWriter, THREADS},
};

/// The largest number of touched assets that one commit renews, or one more event's worth.
const TOUCHED_MAX: usize = 5_000;
/// The largest number of events that one commit takes in.
const EVENTS_MAX: usize = 20_000;
/// The largest number of documents that the events of one commit touch, those of long fan-outs counted: finding them takes about
/// a second then.
const FOUND_MAX: u64 = 200_000;
/// The number of events that are read at once.
const PAGE: usize = 500;
/// The number of documents from which one event's are worked through in slices.
const FANOUT_FROM: usize = 200;
/// The number of documents of a slice while nothing else waits.
const SLICE: usize = 20_000;

impl GenerationWriter {
    /// Gathers the assets that the next events touch. Returns the last of these events.
    pub(crate) fn gather(
        &mut self,
        log: &Log,
        last: Seq,
        touched: &mut BTreeSet<AssetId>,
    ) -> Result<Seq, IndexError> {
        let mut reached = self.commit.reached;
        let (mut events, mut found) = (0, 0);
        while events < EVENTS_MAX && touched.len() < TOUCHED_MAX && found < FOUND_MAX && reached < last {
            let snapshot = log.snapshot()?;
            let name = format!("the index of {}", self.generation.view().name());
            Follower::new(name, reached, None).check(&snapshot)?;
            let page = snapshot.changes(reached.next(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for (seq, event_type, id) in page.into_iter().take_while(|(seq, ..)| *seq <= last) {
                reached = seq;
                events += 1;
                let Some(kind) = event_type.kind() else { continue };
                if matches!(event_type, EventType::Erased(_)) {
                    self.erased = seq;
                }
                let change = Change { seq, event_type, asset: AssetRef::new(kind, id) };
                if !self.is_alone() && is_takedown(&change, &snapshot)? {
                    self.hold(seq);
                }
                if let Some(fanout) = self.touch(&change, &snapshot, touched)? {
                    found += fanout.total;
                    queue(&mut self.fanouts, fanout);
                }
                if touched.len() >= TOUCHED_MAX || found >= FOUND_MAX {
                    break;
                }
            }
        }
        Ok(reached)
    }

    /// Collects what one event touches; a long fan-out goes to a file.
    pub(crate) fn touch(
        &self,
        change: &Change,
        snapshot: &Snapshot,
        touched: &mut BTreeSet<AssetId>,
    ) -> Result<Option<FanoutPosition>, IndexError> {
        let dir = self.generation.dir();
        let (mut count, mut file, mut failure) = (0, None::<FanoutWriter>, None);
        self.generation.touched_by(change, snapshot, &mut |id| {
            count += 1;
            if count <= FANOUT_FROM {
                touched.insert(id);
            } else if failure.is_none() {
                failure = add_to_file(&mut file, dir, change.seq, &id).err();
            }
            Ok::<(), ReadError>(())
        })?;
        if let Some(error) = failure {
            return Err(io(dir)(error));
        }
        let Some(file) = file else { return Ok(None) };
        let path = file.path().to_owned();
        file.finish(change.seq, change.asset.clone()).map(Some).map_err(io(&path))
    }

    /// Opens a fan-out's file, which is made again when it is not what was written.
    fn open_fanout(&self, position: &FanoutPosition, log: &Log) -> Result<Option<Fanout>, IndexError> {
        let dir = self.generation.dir();
        if let Some(fanout) = Fanout::open(dir, position.clone()).map_err(io(dir))? {
            return Ok(Some(fanout));
        }
        let seq = position.seq;
        tracing::warn!(%seq, dir = %dir.display(), "a fan-out's file is damaged; it is made again");
        let snapshot = log.snapshot()?;
        let Some((seq, event_type, _)) = snapshot.changes(seq, 1)?.into_iter().next() else {
            return Ok(None);
        };
        let change = Change { seq, event_type, asset: position.asset.clone() };
        let mut touched = BTreeSet::new();
        let again = self.touch(&change, &snapshot, &mut touched)?;
        self.renew(touched.into_iter().collect(), log)?;
        let Some(again) = again else { return Ok(None) };
        Fanout::open(dir, FanoutPosition { since: position.since, ..again }).map_err(io(dir))
    }

    /// Works a while on the oldest long fan-out: until fresh events wait, or a slice is done; a few documents only where
    /// this commit has `fresh` ones, which nobody finds before it.
    pub(crate) fn slice(
        &mut self,
        log: &Log,
        reached: Seq,
        last: Seq,
        fresh: bool,
    ) -> Result<(), IndexError> {
        let mut done = if fresh { SLICE - CHUNK * THREADS } else { 0 };
        while done < SLICE {
            let Some(position) = self.fanouts.first() else { return Ok(()) };
            let Some(mut fanout) = self.open_fanout(position, log)? else {
                self.fanouts.remove(0);
                continue;
            };
            while done < SLICE {
                let ids = fanout.take(CHUNK * THREADS).map_err(io(self.generation.dir()))?;
                done += ids.len();
                self.renew(ids, log)?;
                let is_fresh = reached < last && log.head()?.seq > reached;
                if is_fresh || fanout.position.left() == 0 {
                    done += if is_fresh { SLICE } else { 0 };
                    break;
                }
            }
            if fanout.position.left() == 0 {
                self.fanouts.remove(0);
            } else if let Some(first) = self.fanouts.first_mut() {
                *first = fanout.position;
            }
        }
        Ok(())
    }
}

fn add_to_file(
    file: &mut Option<FanoutWriter>,
    dir: &std::path::Path,
    seq: Seq,
    id: &AssetId,
) -> std::io::Result<()> {
    match file {
        Some(file) => file.add(id),
        none => none.insert(FanoutWriter::create(dir, seq)?).add(id),
    }
}
