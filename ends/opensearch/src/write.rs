//! The one who writes to an index: documents and markers in bulk, then the checkpoint, until all is acknowledged.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use serde_json::{Value, json};
use store::{AssetId, Seq};
use views::{Document, FieldSpec};

use crate::{
    client::{Answer, Client, Method},
    document::{put_document, put_gone},
    error::{EndError, Kind, passes},
    shelf::{Checkpoint, Shelf},
};

/// The first pause before something is sent again, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A cluster may say that it is busy, or cut the connection, because a body is more than it ever takes at once (a tenth of a
/// node's heap by default). A longer one than this, in bytes, is halved when it was refused so many times in a row.
const MAY_BE_TOO_LARGE: usize = 1 << 20;
const REFUSALS: u32 = 2;
/// The time between two looks of a pause whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

/// The counts of a writer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteStats {
    /// Items that the cluster has taken.
    pub written: u64,
    /// Items for which the index had something newer.
    pub late: u64,
    /// Items that were sent again.
    pub again: u64,
    /// Requests.
    pub requests: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The time that it has waited before sending again.
    pub paused: Duration,
    /// Why it waited last; empty while it never had to.
    pub last_trouble: String,
}

/// Writes to one index. Holds the bytes of one request at most, and the largest document.
pub struct Writer<'a> {
    client: &'a Client,
    fields: &'static [FieldSpec],
    index: String,
    path: String,
    limit: usize,
    stop: &'a AtomicBool,
    body: Vec<u8>,
    items: Vec<Item>,
    stats: WriteStats,
}

/// One document in a request.
#[derive(Debug, Clone)]
struct Item {
    id: String,
    /// Its lines in the body.
    at: std::ops::Range<usize>,
}

impl<'a> Writer<'a> {
    /// The writer of a generation. It waits as long as the cluster takes nothing, until `stop` is set.
    pub fn new(shelf: &'a Shelf, generation: &str, stop: &'a AtomicBool) -> Self {
        Self {
            client: shelf.client(),
            fields: shelf.view().fields(),
            index: shelf.index(generation),
            path: format!("{}/_bulk?require_alias=true", shelf.writing(generation)),
            limit: shelf.settings().bulk_bytes,
            stop,
            body: Vec::new(),
            items: Vec::new(),
            stats: WriteStats::default(),
        }
    }

    /// Returns what it has done.
    pub fn stats(&self) -> &WriteStats {
        &self.stats
    }

    /// Puts a document, as of the batch that ends with `version`. One that is there of a later batch stays.
    ///
    /// # Errors
    /// [`EndError`] when what was put before cannot be written.
    pub fn put(&mut self, document: &Document, version: Seq) -> Result<(), EndError> {
        let fields = self.fields;
        self.item(document.asset.id.as_str(), version, |body| put_document(document, fields, body))
    }

    /// Puts a marker in the place of a document. A late writer does not bring it back.
    ///
    /// # Errors
    /// As [`Writer::put`].
    pub fn delete(&mut self, id: &AssetId, version: Seq) -> Result<(), EndError> {
        self.item(id.as_str(), version, |body| {
            put_gone(body);
            Ok(())
        })
    }

    /// Sends all that was put, waits until each of it is acknowledged, and then writes how far the index has come.
    ///
    /// # Errors
    /// [`EndError`] when something cannot be written, by no repetition; the checkpoint stays where it was.
    pub fn commit(&mut self, seq: Seq, says: Value) -> Result<(), EndError> {
        self.flush()?;
        self.body = Checkpoint { seq, says }.lines();
        self.items = vec![Item { id: Checkpoint::id(), at: 0..self.body.len() }];
        self.flush()
    }

    /// Sends all that was put, and waits until each of it is acknowledged.
    ///
    /// # Errors
    /// [`EndError`] when something cannot be written, by no repetition.
    pub fn flush(&mut self) -> Result<(), EndError> {
        let body = std::mem::take(&mut self.body);
        let items = std::mem::take(&mut self.items);
        let sent = self.send(&body, items);
        self.body = body;
        self.body.clear();
        sent
    }

    fn item(
        &mut self,
        id: &str,
        version: Seq,
        source: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>,
    ) -> Result<(), EndError> {
        let start = self.body.len();
        let action = json!({"index": {"_id": id, "version": version.get(), "version_type": "external_gte"}});
        let written = serde_json::to_writer(&mut self.body, &action).and_then(|()| {
            self.body.push(b'\n');
            source(&mut self.body)
        });
        if let Err(error) = written {
            self.body.truncate(start);
            return Err(self.refused(id, 0, "json", &error.to_string()));
        }
        self.body.push(b'\n');
        self.items.push(Item { id: id.to_owned(), at: start..self.body.len() });
        if self.body.len() >= self.limit { self.flush() } else { Ok(()) }
    }

    /// Sends items until each is acknowledged: what the cluster does not take now goes again after a pause, alone.
    fn send(&mut self, body: &[u8], mut items: Vec<Item>) -> Result<(), EndError> {
        let mut pause = FIRST_PAUSE;
        let (mut is_first, mut refusals) = (true, 0);
        while !items.is_empty() {
            let lines: Vec<u8>;
            let bytes = if is_first {
                body
            } else {
                self.stats.again += items.len() as u64;
                lines =
                    items.iter().filter_map(|item| body.get(item.at.clone())).flatten().copied().collect();
                &lines
            };
            is_first = false;
            self.stats.requests += 1;
            self.stats.bytes += bytes.len() as u64;
            let before = items.len();
            let answer = self.client.call(Method::Post, &self.path, Some(bytes)).and_then(|answer| {
                match answer.status {
                    200 => Ok(answer),
                    _ => Err(answer.refusal(format!("POST {}", self.path))),
                }
            });
            match answer {
                Ok(answer) => items = self.left(&answer, items)?,
                Err(error) => match error.kind() {
                    Kind::Passing => {
                        refusals += 1;
                        if refusals >= REFUSALS && bytes.len() > MAY_BE_TOO_LARGE && items.len() > 1 {
                            return self.halved(body, items, &error);
                        }
                        self.stats.last_trouble = error.to_string();
                    }
                    Kind::TooLarge => return self.halved(body, items, &error),
                    Kind::Lasting => return Err(self.lasting(error)),
                },
            }
            if items.len() < before {
                pause = FIRST_PAUSE;
            }
            if !items.is_empty() {
                self.wait(pause)?;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    /// Sends the halves of what is too large one after the other.
    fn halved(&mut self, body: &[u8], mut items: Vec<Item>, error: &EndError) -> Result<(), EndError> {
        if let [item] = items.as_slice() {
            let id = item.id.clone();
            let why = format!("it alone is over the cluster's http.max_content_length: {error}");
            return Err(self.refused(&id, 413, "too_large", &why));
        }
        let second = items.split_off(items.len() / 2);
        for half in [items, second] {
            let lines: Vec<u8> =
                half.iter().filter_map(|item| body.get(item.at.clone())).flatten().copied().collect();
            let mut at = 0;
            let half = half.into_iter().map(|item| {
                let start = at;
                at += item.at.len();
                Item { id: item.id, at: start..at }
            });
            let half = half.collect();
            self.send(&lines, half)?;
        }
        Ok(())
    }

    /// Returns the items that have to be sent again.
    fn left(&mut self, answer: &Answer, items: Vec<Item>) -> Result<Vec<Item>, EndError> {
        let call = || format!("POST {}", self.path);
        let says: Said = serde_json::from_slice(&answer.body)
            .map_err(|error| EndError::Unreadable { call: call(), why: error.to_string() })?;
        if says.items.len() != items.len() {
            let why = format!("{} items were sent, {} are answered", items.len(), says.items.len());
            return Err(EndError::Unreadable { call: call(), why });
        }
        let mut left = Vec::new();
        for (item, Action { index: said }) in items.into_iter().zip(says.items) {
            let (kind, reason) = said.error.map_or_else(Default::default, |error| (error.kind, error.reason));
            match said.status {
                200..300 => self.stats.written += 1,
                // The index has it of a later batch.
                409 => self.stats.late += 1,
                404 => return Err(EndError::Gone { index: self.index.clone() }),
                status if passes(status, &kind) => {
                    self.stats.last_trouble = format!("{status} {kind}: {reason}");
                    left.push(item);
                }
                status => return Err(self.refused(&item.id, status, &kind, &reason)),
            }
        }
        Ok(left)
    }

    fn lasting(&self, error: EndError) -> EndError {
        match error {
            EndError::Refused { status: 404, .. } => EndError::Gone { index: self.index.clone() },
            error => error,
        }
    }

    fn refused(&self, id: &str, status: u16, kind: &str, reason: &str) -> EndError {
        let [id, kind, reason] = [id, kind, reason].map(str::to_owned);
        EndError::Item { index: self.index.clone(), id, status, kind, reason }
    }

    fn wait(&mut self, pause: Duration) -> Result<(), EndError> {
        let since = Instant::now();
        while since.elapsed() < pause {
            if self.stop.load(Ordering::Relaxed) {
                return Err(EndError::Stopped);
            }
            thread::sleep(LOOK.min(pause));
        }
        self.stats.paused += since.elapsed();
        Ok(())
    }
}

/// The answer to `_bulk`.
#[derive(Deserialize)]
struct Said {
    items: Vec<Action>,
}

#[derive(Deserialize)]
struct Action {
    index: SaidOfItem,
}

#[derive(Deserialize)]
struct SaidOfItem {
    status: u16,
    error: Option<SaidError>,
}

#[derive(Deserialize)]
struct SaidError {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    reason: String,
}
