//! The access log: a line for each request, in the Common Log Format with the seconds behind it, or as JSON.
//!
//! What was asked for in a query (the part of an address behind `?`) is its asker's own matter, and left out unless the operator
//! wants it. Lines are written by a thread of their own: no request waits for the disk. A file that was moved or removed is made
//! again, so that `logrotate` needs to tell nobody.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use axum::{
    body::HttpBody,
    extract::{ConnectInfo, OriginalUri, Request},
    http::{Method, Uri, Version},
    response::Response,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use super::{access::hex_of, shares::Client};

/// The lines that may wait for the disk; more are lost, and counted.
const WAITING: usize = 10_000;
/// The shortest time between two looks whether the file is still where it was.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineForm {
    /// The Common Log Format (<https://httpd.apache.org/docs/2.4/logs.html#common>), and behind it the seconds until the answer
    /// began. The user is the first digits of the key's digest.
    Common,
    /// An object a line.
    Json,
}

/// A log of requests. What waits is written when it is dropped.
pub struct AccessLog {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
    form: LineForm,
    queries: bool,
}

impl AccessLog {
    /// Opens the log in a file, to which lines are appended; with `queries` they have what stands behind `?`, too.
    ///
    /// # Errors
    /// The system's, when the file cannot be written to or no thread be started.
    pub fn open(path: &Path, form: LineForm, queries: bool) -> io::Result<Self> {
        let mut writer = LineWriter::open(path)?;
        let (lines, waiting) = sync_channel(WAITING);
        let thread =
            thread::Builder::new().name("access log".to_owned()).spawn(move || writer.run(&waiting))?;
        Ok(Self { lines: Some(lines), thread: Some(thread), form, queries })
    }

    /// Notes a request with its answer.
    pub(super) fn note(&self, asked: &Noted, response: &Response) {
        let line = asked.line(response, self.form, self.queries, Timestamp::now());
        match self.lines.as_ref().map(|lines| lines.try_send(line)) {
            Some(Ok(())) | None => {}
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) => {
                tracing::warn!("a line of the access log is lost: the disk does not keep up");
            }
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the access log has failed");
        }
    }
}

/// The part of a request that is noted, taken down before it is answered.
pub(super) struct Noted {
    peer: Option<IpAddr>,
    method: Method,
    uri: Uri,
    version: Version,
    began: Instant,
}

impl Noted {
    pub(super) fn of(request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let whole = request.extensions().get::<OriginalUri>().map_or(request.uri(), |OriginalUri(uri)| uri);
        Self {
            peer,
            method: request.method().clone(),
            uri: whole.clone(),
            version: request.version(),
            began: Instant::now(),
        }
    }

    fn line(&self, response: &Response, form: LineForm, queries: bool, now: Timestamp) -> String {
        let key = response.extensions().get::<Client>().and_then(|client| match client {
            Client::Key(digest) => Some(hex_of(digest).chars().take(8).collect::<String>()),
            Client::Address(_) => None,
        });
        let path = match self.uri.query().filter(|_| queries) {
            Some(query) => format!("{}?{query}", self.uri.path()),
            None => self.uri.path().to_owned(),
        };
        let peer = self.peer.map(|peer| peer.to_canonical().to_string());
        let (status, bytes) = (response.status().as_u16(), response.body().size_hint().exact());
        let seconds = self.began.elapsed().as_secs_f64();
        match form {
            LineForm::Json => {
                let line = json!({
                    "time": format!("{now:.3}"), "client": peer, "key": key, "method": self.method.as_str(), "path": path,
                    "status": status, "bytes": bytes, "seconds": (seconds * 1e6).round() / 1e6,
                });
                format!("{line}\n")
            }
            LineForm::Common => {
                let when = now.to_zoned(TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
                let path = path.replace('\\', "\\x5c").replace('"', "\\x22");
                let (peer, key) = (peer.as_deref().unwrap_or("-"), key.as_deref().unwrap_or("-"));
                let bytes = bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
                let (method, version) = (&self.method, self.version);
                format!(
                    "{peer} - {key} [{when}] \"{method} {path} {version:?}\" {status} {bytes} {seconds:.6}\n"
                )
            }
        }
    }
}

/// Writes lines to a file, which it makes again when it is not there any more.
struct LineWriter {
    path: PathBuf,
    file: BufWriter<File>,
    looked: Instant,
    /// The last line could not be written, and that was told.
    failing: bool,
}

impl LineWriter {
    fn open(path: &Path) -> io::Result<Self> {
        let file = BufWriter::new(append_to(path)?);
        Ok(Self { path: path.to_owned(), file, looked: Instant::now(), failing: false })
    }

    fn run(&mut self, lines: &Receiver<String>) {
        loop {
            let line = match lines.try_recv() {
                Ok(line) => line,
                Err(TryRecvError::Empty) => {
                    self.tell(|writer| writer.file.flush());
                    match lines.recv() {
                        Ok(line) => line,
                        Err(_) => return,
                    }
                }
                Err(TryRecvError::Disconnected) => {
                    self.tell(|writer| writer.file.flush());
                    return;
                }
            };
            self.tell(|writer| writer.write(&line, Instant::now()));
        }
    }

    fn write(&mut self, line: &str, now: Instant) -> io::Result<()> {
        if now.saturating_duration_since(self.looked) >= LOOK_EVERY {
            self.looked = now;
            if !is_at(self.file.get_ref(), &self.path) {
                self.file.flush()?;
                self.file = BufWriter::new(append_to(&self.path)?);
            }
        }
        self.file.write_all(line.as_bytes())
    }

    fn tell(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) {
        let done = work(self);
        if let Err(error) = &done
            && !self.failing
        {
            tracing::error!(path = %self.path.display(), %error, "the access log cannot be written");
        }
        self.failing = done.is_err();
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Returns true if a file is the one that lies there now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |there: fs::Metadata| {
        file.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (there.dev(), there.ino()))
    };
    fs::metadata(path).is_ok_and(same)
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode};

    use super::*;

    fn noted(uri: &str) -> Noted {
        let mut request = Request::get(uri).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 1))));
        Noted::of(&request)
    }

    #[test]
    fn a_line_has_no_query_unless_it_is_wanted() {
        let mut response = Response::new(Body::from("12345"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        let now: Timestamp = "2026-10-08T13:55:36.2Z".parse().unwrap();
        let asked = noted("/api/v1/search?q=scandal");
        let line = |form, queries| {
            let line = asked.line(&response, form, queries, now);
            let end = line.rfind([' ', ':']).unwrap();
            line[..end].to_owned()
        };
        let start = "192.0.2.7 - - [08/Oct/2026:13:55:36 +0000] \"GET /api/v1/search";
        assert_eq!(line(LineForm::Common, false), format!("{start} HTTP/1.1\" 404 5"));
        assert_eq!(line(LineForm::Common, true), format!("{start}?q=scandal HTTP/1.1\" 404 5"));
        let asked: serde_json::Value =
            serde_json::from_str(&asked.line(&response, LineForm::Json, false, now)).unwrap();
        assert_eq!(asked["path"], "/api/v1/search");
        assert_eq!((&asked["time"], &asked["status"]), (&"2026-10-08T13:55:36.200Z".into(), &404.into()));
        let quoted = noted("/a%22b\"c").line(&response, LineForm::Common, false, now);
        assert!(quoted.contains("\"GET /a%22b\\x22c HTTP/1.1\""), "{quoted}");
    }

    #[test]
    fn a_file_that_was_moved_is_made_again() {
        let home = tempfile::tempdir().unwrap();
        let (path, moved) = (home.path().join("access"), home.path().join("access.1"));
        let mut writer = LineWriter::open(&path).unwrap();
        writer.write("one\n", writer.looked).unwrap();
        fs::rename(&path, &moved).unwrap();
        writer.write("two\n", writer.looked + LOOK_EVERY).unwrap();
        writer.file.flush().unwrap();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!([read(&moved), read(&path)], ["one\n", "two\n"]);
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("access");
        let log = AccessLog::open(&path, LineForm::Json, false).unwrap();
        for _ in 0..1_000 {
            log.note(&noted("/"), &Response::new(Body::empty()));
        }
        drop(log);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1_000);
    }
}
