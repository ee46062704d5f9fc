//! The program as a process: a server that answers, a command that ends, signals to both.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The program on the archive in `dir`.
pub(crate) fn morgue(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_morgue"));
    command.arg("--data-dir").arg(dir).args(args).env_remove("MORGUE_LOG").stdin(Stdio::null());
    command
}

/// Returns what it prints, given that it ends well.
#[track_caller]
pub(crate) fn run(dir: &Path, args: &[&str]) -> String {
    let output = morgue(dir, args).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{args:?}\n{out}{err}");
    out
}

/// A server that listens.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    /// All that it has said so far.
    said: Arc<Mutex<String>>,
}

impl Server {
    /// Starts `command`, which serves, and waits until it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let mut first = String::new();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            first.push_str(&line);
            first.push('\n');
            line.split_once("http://")?.1.trim().parse().ok()
        });
        let address = address.unwrap_or_else(|| panic!("it does not serve: {first}"));
        said.lock().unwrap().push_str(&first);
        let more = Arc::clone(&said);
        // It must not stop because nobody reads what it says.
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut said = more.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        Self { process, address, said }
    }

    pub(crate) fn serve(dir: &Path, args: &[&str]) -> Self {
        Self::start(&mut morgue(dir, &[&["serve", "--listen", "127.0.0.1:0"], args].concat()))
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said this: what it says comes by a pipe, and may come after its answer.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        let asked = Instant::now();
        while !self.said().contains(text) {
            assert!(asked.elapsed() < PATIENCE, "{text}: {}", self.said());
            thread::yield_now();
        }
    }

    /// Tells it to end, and returns how it did.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        send(&self.process, Signal::TERM);
        let told = Instant::now();
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(told.elapsed() < PATIENCE, "it does not end: {}", self.said()),
            }
            thread::yield_now();
        };
        (status, self.said())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that fails leaves nothing behind. It has ended already otherwise.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) fn send(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).unwrap();
}

/// Returns true if a process is stopped.
pub(crate) fn is_stopped(process: &Child) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
}

/// Whatever takes longer will never come.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// Asks on a connection of its own.
pub(crate) fn ask(address: SocketAddr, request: &str, body: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || std::io::Error::other("the answer is not whole");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    Ok(Answer { status, head: head.to_lowercase(), body: body.to_owned() })
}

/// The event that publishes an article of this headline.
pub(crate) fn article(id: &str, headline: &str) -> String {
    serde_json::json!({"type": "article.published", "id": id, "data": {"headline": headline}}).to_string()
}

/// The events of a log, by an export.
pub(crate) fn events(dir: &Path) -> Vec<Value> {
    run(dir, &["log", "export"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A file of the log's lock.
pub(crate) fn write_lock(dir: &Path) -> PathBuf {
    dir.join("log/writer")
}
