//! The thread that reads the files, one after another, and cuts them into records.

use std::{fs, io, sync::Arc};

use crossbeam_channel::Sender;
use store::{Log, ReadError, Timestamp};

use super::{
    LoadOptions,
    budget::Budget,
    identity::{File, Files},
    position::{Listing, Position, stated},
    report::Reading,
};
use crate::{
    open::{self, Source, Stream},
    reader::format::{Detected, Format, detect},
    reader::{Readers, entry::Says},
    record::{Origin, Place, Raw, Reason},
    walk::{Visit, What, walk, why},
};

/// A chunk of records goes on its way when it has so many bytes …
const CHUNK_BYTES: usize = 256 << 10;
/// … or so many findings.
const CHUNK_FINDINGS: usize = 256;
/// The cost of a finding beside its bytes.
const FINDING_COST: usize = 512;

/// Findings of consecutive files, in their order.
pub(super) struct Chunk {
    /// From 0, without gaps.
    pub(super) number: u64,
    pub(super) findings: Vec<Finding>,
    /// The bytes that it takes of the budget.
    pub(super) cost: usize,
    /// The position of the load when all of it is in the log.
    pub(super) position: Position,
}

/// One thing that was found in a file.
pub(super) enum Finding {
    /// A file of a known format begins.
    File(File),
    /// The log cannot be read.
    Failed(ReadError),
    /// A record of a known format.
    Record { format: Format, origin: Arc<Origin>, raw: Raw },
    /// A file that is no archive's text, by its ending.
    Skipped(String),
    /// A file, or the rest of one, that cannot be read.
    Unreadable { origin: Arc<Origin>, reason: Reason },
}

/// The data and settings of the thread that cuts.
pub(super) struct Cutting<'a> {
    pub(super) log: &'a Log,
    pub(super) options: &'a LoadOptions,
    pub(super) readers: &'a Readers,
    pub(super) from: &'a Position,
    pub(super) budget: &'a Budget,
    pub(super) reading: &'a Reading,
    pub(super) stop: &'a (dyn Fn() -> bool + Sync),
}

impl Cutting<'_> {
    pub(super) fn run(self, chunks: &Sender<Chunk>) {
        let files = match Files::new(self.log, &self.options.paths) {
            Ok(files) => files,
            Err(error) => {
                let (cost, position) = (0, Position::default());
                // Nobody takes it when the writer has given up.
                let _ =
                    chunks.send(Chunk { number: 0, findings: vec![Finding::Failed(error)], cost, position });
                return;
            }
        };
        let position = Position { stated: stated(&self.readers.hints), ..Position::start() };
        let columns = self.readers.hints.columns.keys().cloned().collect();
        let met_table = false;
        let mut out = Out {
            cutting: &self,
            chunks,
            files,
            columns,
            met_table,
            chunk: None,
            number: 0,
            position,
            skip: 0,
        };
        let mut listing = Listing::default();
        for visit in self.options.paths.iter().flat_map(|path| walk(path)) {
            if (self.stop)() {
                break;
            }
            listing.add(&visit);
            self.reading.file();
            out.position.listing = listing.digest();
            out.position.records = 0;
            let wanted = self.options.only.as_ref().is_none_or(|only| only.contains(&visit.path));
            if out.position.files < self.from.files || !wanted {
                if let What::File { bytes, .. } = visit.what {
                    self.reading.read(bytes);
                }
            } else {
                out.skip = if out.position.files == self.from.files { self.from.records } else { 0 };
                self.file(visit, &mut out);
            }
            if (self.stop)() {
                break;
            }
            out.position.files += 1;
        }
        if !(self.stop)() {
            out.tell_columns();
            self.reading.finish();
        }
        out.send();
    }

    fn file(&self, visit: Visit, out: &mut Out<'_>) {
        let Visit { path, shown, stem, named, what } = visit;
        let changed = match what {
            What::File { changed, .. } => changed.and_then(Timestamp::from_millis),
            _ => None,
        };
        let origin = Origin { path: shown, stem, changed };
        let charset = self.readers.hints.charset;
        match what {
            What::Special(kind) if !named => out.push(Finding::Skipped(format!("({kind})"))),
            What::Special(kind) => out.unreadable(
                &origin,
                Reason::Unreadable(format!(
                    "this is a {kind}, which is not opened: give its content as a file, or as `-`"
                )),
            ),
            What::Failed(why) => out.unreadable(&origin, Reason::Unreadable(why)),
            What::File { bytes: 0, .. } if !named => out.push(Finding::Skipped("(empty)".to_owned())),
            What::File { .. } => match fs::File::open(&path) {
                Ok(file) => {
                    let mut counted = Counted::new(file, self.reading);
                    let file = Source::File(&mut counted);
                    open::open(file, origin, charset, &mut |stream| self.stream(stream, named, out));
                }
                Err(error) => out.unreadable(&origin, Reason::Unreadable(why(&error))),
            },
            What::Input => {
                let mut counted = Counted::new(io::stdin().lock(), self.reading);
                open::open(Source::Stream(&mut counted), origin, charset, &mut |stream| {
                    self.stream(stream, true, out)
                });
            }
        }
    }

    /// Cuts one stream into records. Whether to go on with the file.
    fn stream(&self, stream: Result<Stream<'_>, (Origin, String)>, named: bool, out: &mut Out<'_>) -> bool {
        let stream = match stream {
            Ok(stream) => stream,
            Err((origin, why)) => {
                out.unreadable(&origin, Reason::Unreadable(why));
                return !(self.stop)();
            }
        };
        let format = match detect(&stream.head, &stream.origin, &self.readers.hints) {
            Detected::Known(format) => format,
            Detected::Unknown(why) => {
                out.unreadable(&stream.origin, Reason::UnknownFormat(why));
                return !(self.stop)();
            }
            Detected::About(what) => {
                out.push(Finding::Skipped(format!("({what})")));
                return !(self.stop)();
            }
            Detected::Empty if named && !stream.origin.path.contains("!/") => {
                let why = "there is nothing in it but white space".to_owned();
                out.unreadable(&stream.origin, Reason::Content(why));
                return !(self.stop)();
            }
            Detected::Empty => {
                out.push(Finding::Skipped("(empty)".to_owned()));
                return !(self.stop)();
            }
            Detected::Other if named && !stream.origin.path.contains("!/") => {
                let why = "this is no text of an archive that is known; name its folder to have such files passed over";
                out.unreadable(&stream.origin, Reason::UnknownFormat(why.to_owned()));
                return !(self.stop)();
            }
            Detected::Other => {
                out.push(Finding::Skipped(ending_of(&stream.origin.path)));
                return !(self.stop)();
            }
        };
        out.note_columns(format, &stream.head);
        let mut origin = stream.origin;
        match out.files.name(&mut origin) {
            Ok(file) => out.push(Finding::File(file)),
            Err(error) => {
                out.push(Finding::Failed(error));
                return false;
            }
        }
        let origin = Arc::new(origin);
        let mut cutter = self.readers.of(format).cutter_at(&stream.head, &origin);
        let mut last = Place { record: 0, ..Place::START };
        loop {
            match cutter.next(stream.input) {
                Ok(Some(raw)) => {
                    last = raw.place;
                    out.push(Finding::Record { format, origin: Arc::clone(&origin), raw });
                }
                Ok(None) => break,
                Err(error) => {
                    let why = match last.record {
                        0 => why(&error),
                        read => format!("after its record {read} {}", why(&error)),
                    };
                    let place = Place { record: last.record + 1, ..last };
                    let raw = Raw::broken(place, Vec::new(), Reason::Unreadable(why));
                    out.push(Finding::Record { format, origin: Arc::clone(&origin), raw });
                    break;
                }
            }
            if (self.stop)() {
                return false;
            }
        }
        for what in cutter.told() {
            self.readers.notes.tell(origin.path.clone(), what);
        }
        if let Some(charset) = stream.read_as.get() {
            self.readers.notes.tell(origin.path.clone(), format!("not UTF-8: read as {charset}"));
        }
        !(self.stop)()
    }
}

/// The chunk that is being filled.
struct Out<'a> {
    cutting: &'a Cutting<'a>,
    chunks: &'a Sender<Chunk>,
    files: Files<'a>,
    /// The columns that the user named and no table has had.
    columns: Vec<String>,
    met_table: bool,
    chunk: Option<Chunk>,
    number: u64,
    position: Position,
    /// Findings of this file that are in the log already.
    skip: u64,
}

impl Out<'_> {
    /// Notes which of the columns that the user named a table has.
    fn note_columns(&mut self, format: Format, head: &[u8]) {
        if format.entry().says == Says::Columns {
            self.columns.retain(|column| memchr::memmem::find(head, column.as_bytes()).is_none());
            self.met_table = true;
        }
    }

    /// Tells which of them none has.
    fn tell_columns(&mut self) {
        for column in self.columns.drain(..).filter(|_| self.met_table) {
            let what = format!("no table of this load has a column `{column}`: check its spelling");
            self.cutting.readers.notes.tell("--column".to_owned(), what);
        }
    }

    fn unreadable(&mut self, origin: &Origin, reason: Reason) {
        self.push(Finding::Unreadable { origin: Arc::new(origin.clone()), reason });
    }

    fn push(&mut self, finding: Finding) {
        self.position.records += 1;
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        let cost = FINDING_COST
            + match &finding {
                Finding::Record { raw, .. } => raw.bytes.len(),
                _ => 0,
            };
        self.cutting.budget.take(cost);
        let number = self.number;
        let chunk = self.chunk.get_or_insert_with(|| Chunk {
            number,
            findings: Vec::new(),
            cost: 0,
            position: Position::default(),
        });
        chunk.findings.push(finding);
        chunk.cost += cost;
        chunk.position = self.position.clone();
        if chunk.cost >= CHUNK_BYTES || chunk.findings.len() >= CHUNK_FINDINGS {
            self.send();
        }
    }

    fn send(&mut self) {
        if let Some(chunk) = self.chunk.take() {
            self.number += 1;
            // Nobody takes it when the writer has given up; `stop` says so too.
            let _ = self.chunks.send(chunk);
        }
    }
}

/// Returns the ending that a skipped file is counted under.
fn ending_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    match file.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.len() <= 12 => {
            format!(".{}", ending.to_ascii_lowercase())
        }
        _ => file.chars().take(40).collect(),
    }
}

/// Counts the bytes of files as they lie on disk, each once however often it is read.
struct Counted<'a, R> {
    inner: R,
    at: u64,
    counted: u64,
    reading: &'a Reading,
}

impl<'a, R> Counted<'a, R> {
    fn new(inner: R, reading: &'a Reading) -> Self {
        Self { inner, at: 0, counted: 0, reading }
    }
}

impl<R: io::Read> io::Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.at += count as u64;
        self.reading.read(self.at.saturating_sub(self.counted));
        self.counted = self.counted.max(self.at);
        Ok(count)
    }
}

impl<R: io::Seek> io::Seek for Counted<'_, R> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}
