//! Verifying: is every event there, unchanged and in its order, and does the catalog say what the log says?
//!
//! LMDB keeps no checksums, so a damaged file may also bring the process down (a page that points out of the
//! map). Whoever suspects a file verifies it in a child process and takes its death for a "no".

use heed::{RoTxn, types::Bytes};

use crate::{
    asset::AssetRef,
    catalog::{Head, fold::Fold, head_key, work::row_of},
    error::{Damage, ReadError},
    event::{Revision, Seq},
    log::{
        digest::Digest,
        handle::Log,
        head::{LogHead, head_in},
        record::Encoded,
        scratch::Scratch,
        sources::position,
        tables::{CatalogTables, Tables, time_key},
        train::sampled,
    },
};

mod report;

pub use report::{Problem, Progress, Stage, VerifyReport};

/// The number of events that are read before the next read transaction.
const CHUNK: u64 = 5_000;

impl Log {
    /// Reads the whole log: the chain of digests, the grammar and schema of every event, its place in its asset's
    /// history and under its time; then folds a catalog and compares. With a note of an earlier head, also
    /// whether the log still holds what it held then. Costs some 20 µs an event; readers and writers
    /// go on meanwhile.
    ///
    /// # Errors
    /// [`ReadError`] when LMDB or the disk fails; what is wrong with the log is in the report.
    pub fn verify(
        &self,
        expect: Option<&LogHead>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<VerifyReport, ReadError> {
        let failed =
            |error| ReadError::Scratch { as_of: "now".to_owned(), error: std::sync::Arc::new(error) };
        let scratch = Scratch::new(self.dir()).map_err(failed)?;
        let mut check = Check {
            log: self,
            fold: Fold::new(self, scratch.tables),
            into: scratch.tables,
            expect,
            last: Seq::ZERO,
            link: Digest::ZERO,
            whole: true,
            report: VerifyReport {
                head: LogHead { seq: Seq::ZERO, recorded: None, digest: Digest::ZERO },
                events: 0,
                json_bytes: 0,
                erased: 0,
                assets: 0,
                catalog_compared: false,
                problems: Vec::new(),
                more_problems: 0,
            },
        };
        loop {
            let (tables, txn) = self.read()?;
            let head = match tables.events.last(&txn)? {
                Some((seq, _)) => seq,
                None => Seq::ZERO,
            };
            let chunk_end = Seq::new(check.last.get().saturating_add(CHUNK)).min(head);
            let mut to = scratch.env.write_txn()?;
            while check.last < chunk_end {
                let seq = check.last.next();
                check.event(&tables, &txn, &to, seq)?;
                check.last = seq;
            }
            check.fold.write(&mut to)?;
            to.commit()?;
            progress(Progress { stage: Stage::Events, done: check.last.get(), of: head.get() });
            if check.last >= head {
                let folded = scratch.env.read_txn()?;
                return check.finish(&tables, &txn, &folded, progress);
            }
        }
    }
}

struct Check<'a> {
    log: &'a Log,
    fold: Fold<'a>,
    into: CatalogTables,
    expect: Option<&'a LogHead>,
    last: Seq,
    link: Digest,
    /// True if every event so far could be folded.
    whole: bool,
    report: VerifyReport,
}

impl Check<'_> {
    fn event(&mut self, tables: &Tables, txn: &RoTxn<'_>, to: &RoTxn<'_>, seq: Seq) -> Result<(), ReadError> {
        match self.read_event(tables, txn, to, seq) {
            Ok(()) => {}
            Err(ReadError::Damaged { seq, damage }) => {
                self.whole = false;
                self.report.add(Problem::Event { seq, damage });
            }
            Err(error) => return Err(error),
        }
        if let Some(note) = self.expect
            && note.seq == seq
            && note.digest != self.link
        {
            self.report.add(Problem::Rewritten { seq, expected: note.digest, found: self.link });
        }
        Ok(())
    }

    fn read_event(
        &mut self,
        tables: &Tables,
        txn: &RoTxn<'_>,
        to: &RoTxn<'_>,
        seq: Seq,
    ) -> Result<(), ReadError> {
        self.report.events += 1;
        let record = tables.record(txn, seq)?;
        let before = std::mem::replace(&mut self.link, record.link);
        let mut payload = Vec::new();
        self.log.payload_of(tables, txn, seq, &record, &mut payload)?;
        if record.expected_link(seq, &before, &record.payload.digest(&payload)) != record.link {
            return Err(ReadError::Damaged { seq, damage: Damage::Digest });
        }
        self.report.json_bytes += payload.len() as u64;
        self.report.erased += u64::from(matches!(record.payload, Encoded::Erased(_)));
        let key = head_key(&record.event_type, &record.id);
        let head = self.fold.head(to, &key)?;
        let (latest, revision) = head.as_ref().map_or_else(Default::default, |h| (h.latest, h.revision));
        if record.prev != latest {
            self.report.add(Problem::Before { seq, found: record.prev, expected: latest });
        }
        let published = matches!(record.event_type, crate::event::EventType::Published(_));
        let expected = if published { revision.next() } else { Revision::default() };
        if record.revision != expected {
            self.report.add(Problem::Revision { seq, found: record.revision, expected });
        }
        if tables.times.get(txn, &time_key(record.happened().as_millis(), seq.get()))?.is_none() {
            self.report.add(Problem::NotUnderItsTime { seq });
        }
        self.fold.event(tables, txn, (seq, &record, &payload), (&key, head))
    }

    #[expect(clippy::too_many_lines, reason = "one check after the other, each of what those before it left")]
    fn finish(
        mut self,
        tables: &Tables,
        txn: &RoTxn<'_>,
        folded: &RoTxn<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<VerifyReport, ReadError> {
        match head_in(tables, txn) {
            Ok(head) => self.report.head = head,
            // That its record is damaged was told when it was read.
            Err(ReadError::Damaged { .. }) => {}
            Err(error) => return Err(error),
        }
        let count = |what, found: u64, expected: u64| Problem::Count { what, found, expected };
        let (events, times) = (tables.events.count(txn)?, tables.times.len(txn)?);
        if events != self.last.get() {
            self.report.add(count("events", events, self.last.get()));
        }
        if times != self.last.get() {
            self.report.add(count("events listed under their times", times, self.last.get()));
        }
        let json = tables.number(txn, "json")?;
        if self.whole && self.report.erased == 0 && json != self.report.json_bytes {
            self.report.add(count("bytes of JSON", json, self.report.json_bytes));
        }
        let (mut sources, mut dictionaries) = (0, 0);
        for entry in tables.sources.iter(txn)? {
            let (source, sealed) = entry?;
            sources += 1;
            if position(source, sealed).is_err() {
                self.report.add(Problem::Source(source.to_owned()));
            }
        }
        for entry in tables.dictionaries.iter(txn)? {
            let (number, _) = entry?;
            dictionaries += 1;
            if sampled(tables, txn, number)?.is_none() {
                self.report.add(Problem::Dictionary(number));
            }
        }
        // Nothing else proves that these tables are whole: a lost page of theirs would be silence.
        for (what, found, counted) in [
            ("positions of sources", sources, tables.sources.len(txn)?),
            ("dictionaries", dictionaries, tables.dictionaries.len(txn)?),
        ] {
            if found != counted {
                self.report.add(count(what, found, counted));
            }
        }
        if let Some((found, expected)) = tables.stale(txn)? {
            self.report.add(Problem::Stale { found, expected });
        }
        if let Some(note) = self.expect
            && note.seq > self.last
        {
            self.report.add(Problem::Lost { expected: note.seq, found: self.last });
        }
        if self.whole {
            self.report.catalog_compared = true;
            let (live, fold) = (tables.catalog, self.into);
            self.report.assets = live.heads.len(txn)?;
            let of =
                self.report.assets + live.referrers.len(txn)? + live.due.len(txn)? + live.hidden.len(txn)?;
            let mut done = 0;
            let mut step = || {
                done += 1;
                if done % 10_000 == 0 {
                    progress(Progress { stage: Stage::Catalog, done, of });
                }
            };
            let mut wrong = Vec::new();
            differences(
                live.heads.iter(txn)?,
                fold.heads.iter(folded)?,
                &mut step,
                &mut |key, found, expected| {
                    if !same_head(found, expected) {
                        wrong.push(Problem::Head(asset_name(key)));
                    }
                },
            )?;
            differences(
                live.referrers.iter(txn)?,
                fold.referrers.iter(folded)?,
                &mut step,
                &mut |key, found, _| {
                    if let Some((asset, what)) = row_of(key) {
                        wrong.push(Problem::Work(asset_name(asset), what));
                        return;
                    }
                    let (target, referrer) = edge_names(key);
                    let says = if found.is_some() { "it says" } else { "it does not say" };
                    wrong.push(Problem::Edge(format!("{says} that {referrer} names {target}")));
                },
            )?;
            differences(
                live.due.iter(txn)?,
                fold.due.iter(folded)?,
                &mut step,
                &mut |_, found, expected| {
                    wrong.extend(found.or(expected).map(|asset| Problem::Due(asset_name(asset))));
                },
            )?;
            let hidden = (live.hidden.iter(txn)?, fold.hidden.iter(folded)?);
            differences(hidden.0, hidden.1, &mut step, &mut |key, _, _| {
                wrong.push(Problem::Head(asset_name(key)));
            })?;
            wrong.into_iter().for_each(|problem| self.report.add(problem));
        }
        Ok(self.report)
    }
}

/// Is given a key, what is there, and what should be.
type Differ<'d> = dyn FnMut(&[u8], Option<&[u8]>, Option<&[u8]>) + 'd;
type Entries<'t> = heed::RoIter<'t, Bytes, Bytes>;

/// Calls `differ` for each key that is not in both with the same value.
fn differences<'t>(
    mut found: Entries<'t>,
    mut expected: Entries<'t>,
    step: &mut dyn FnMut(),
    differ: &mut Differ<'_>,
) -> Result<(), ReadError> {
    let (mut left, mut right) = (found.next().transpose()?, expected.next().transpose()?);
    loop {
        step();
        let key = match (left, right) {
            (None, None) => return Ok(()),
            (Some((key, _)), None) | (None, Some((key, _))) => key,
            (Some((left, _)), Some((right, _))) => left.min(right),
        };
        let at_key = |entry: Option<(&'t [u8], &'t [u8])>| entry.filter(|(other, _)| *other == key);
        let (found_here, expected_here) = (at_key(left), at_key(right));
        let (found_value, expected_value) =
            (found_here.map(|entry| entry.1), expected_here.map(|entry| entry.1));
        if found_value != expected_value {
            differ(key, found_value, expected_value);
        }
        if found_here.is_some() {
            left = found.next().transpose()?;
        }
        if expected_here.is_some() {
            right = expected.next().transpose()?;
        }
    }
}

fn same_head(found: Option<&[u8]>, expected: Option<&[u8]>) -> bool {
    match (found.map(Head::decode), expected.map(Head::decode)) {
        (Some(Ok(found)), Some(Ok(expected))) => found == expected,
        _ => false,
    }
}

fn asset_name(key: &[u8]) -> String {
    match AssetRef::from_key(key) {
        Some(asset) => asset.to_string(),
        None => String::from_utf8_lossy(key).replace('\0', " "),
    }
}

/// Returns the two ends of an edge's key, as far as it has them in full.
fn edge_names(key: &[u8]) -> (String, String) {
    let mut parts = key.splitn(2, |byte| *byte == 0);
    let mut next = || parts.next().map_or_else(String::new, asset_name);
    (next(), next())
}
