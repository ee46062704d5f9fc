//! A proxy between a writer and a node, which cuts connections or answers itself.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// What the proxy does with the next connection that brings something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Hands on both ways.
    None,
    /// Takes this many bytes of the request, hands them on, and cuts.
    CutRequest(usize),
    /// Hands the request on, and cuts when the answer comes: what was done is not known.
    CutAnswer,
    /// Answers 429 itself.
    TooBusy,
    /// Answers 413 itself to what is longer than this many bytes.
    TooLarge(usize),
}

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    faults: Mutex<Vec<Fault>>,
    met: AtomicUsize,
    bulks: AtomicUsize,
    ended: AtomicBool,
}

impl Proxy {
    /// A proxy before `to`, a host and port. Faults come one for each connection, the last first; then there are none.
    pub(crate) fn new(to: &str, faults: Vec<Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            faults: Mutex::new(faults),
            met: AtomicUsize::new(0),
            bulks: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let (to, shared) = (to.to_owned(), Arc::clone(&state));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.ended.load(Ordering::Relaxed) {
                    break;
                }
                let (to, shared) = (to.clone(), Arc::clone(&shared));
                thread::spawn(move || serve(stream, &to, &shared));
            }
        });
        Self { url, state }
    }

    /// How many bulk requests came.
    pub(crate) fn bulks(&self) -> usize {
        self.state.bulks.load(Ordering::Relaxed)
    }

    /// How many faults were met.
    pub(crate) fn met(&self) -> usize {
        self.state.met.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::Relaxed);
        TcpStream::connect(self.url.trim_start_matches("http://")).ok();
    }
}

/// Serves one connection: requests one after the other, each with a length, as our client sends them.
fn serve(mut client: TcpStream, to: &str, state: &State) -> Option<()> {
    let mut node = TcpStream::connect(to).ok()?;
    loop {
        let request = message(&mut client)?;
        let is_bulk = request.windows(6).take(300).any(|bytes| bytes == b"_bulk?");
        if is_bulk {
            state.bulks.fetch_add(1, Ordering::Relaxed);
        }
        let fault =
            if is_bulk { state.faults.lock().unwrap().pop().unwrap_or(Fault::None) } else { Fault::None };
        if fault != Fault::None {
            state.met.fetch_add(1, Ordering::Relaxed);
        }
        match fault {
            Fault::CutRequest(bytes) => {
                node.write_all(request.get(..bytes.min(request.len() - 1))?).ok()?;
                break;
            }
            Fault::TooBusy => {
                let body =
                    r#"{"error":{"type":"rejected_execution_exception","reason":"busy"},"status":429}"#;
                refuse(&mut client, "429 Too Many Requests", body)?;
                continue;
            }
            Fault::TooLarge(most) if request.len() > most => {
                refuse(&mut client, "413 Request Entity Too Large", "")?;
                continue;
            }
            _ => node.write_all(&request).ok()?,
        }
        let answer = message(&mut node)?;
        if fault == Fault::CutAnswer {
            break;
        }
        client.write_all(&answer).ok()?;
    }
    client.shutdown(Shutdown::Both).ok()?;
    node.shutdown(Shutdown::Both).ok()
}

/// Answers in the node's place.
fn refuse(client: &mut TcpStream, status: &str, body: &str) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all((head + body).as_bytes()).ok()
}

/// Reads a request or an answer: its head, and as many bytes as it says.
fn message(from: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match from.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(buffer.get(..count)?),
        }
    };
    let head = String::from_utf8_lossy(bytes.get(..end)?).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.map_or(Some(0), |length| length.trim().parse().ok())?;
    while bytes.len() < end + length {
        match from.read(&mut buffer).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(buffer.get(..count)?),
        }
    }
    Some(bytes)
}
