//! Searching over HTTP on loopback beside searching in process, with the same queries on as many threads.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use search_api::{ApiState, SearchAnswer, pages::PagesConfig, serve};
use tokio::net::TcpListener;

use crate::{archive::Archive, cost::Cost, quantile, queries::Queries};

/// Connections, and threads in process.
const CLIENTS: usize = 8;
/// How often all queries are asked in a round, in either way.
const TIMES: usize = 2;
/// Rounds behind the one that warms both up. Both ways follow each other closely in each, so that what else the machine
/// does meets both.
const ROUNDS: usize = 9;

pub(crate) fn beside_in_process(archive: &Archive, queries: &Queries) {
    let address = start(archive);
    let bodies: Vec<String> = queries.0.iter().map(|asked| asked.body().to_string()).collect();
    let requests: Vec<_> = queries.0.iter().map(|asked| asked.request()).collect();
    let mut rounds = Vec::new();
    for round in 0..=ROUNDS {
        let ours = all_at_once(requests.len(), |_| {
            Box::new(|at| {
                let found = archive.search.begin().search(&requests[at]).unwrap();
                std::hint::black_box(serde_json::to_vec(&SearchAnswer::from(found)).unwrap());
            })
        });
        let http = all_at_once(bodies.len(), |_| {
            let mut client = Client::new(address);
            let bodies = &bodies;
            Box::new(move |at| client.ask("/es/articles/_search", &bodies[at]))
        });
        if round > 0 {
            rounds.push([ours, http]);
        }
    }
    let median = |of: fn(&[Taken; 2]) -> f64| quantile(&mut rounds.iter().map(of).collect::<Vec<_>>(), 0.5);
    let (rate, http_rate) = (median(|[ours, _]| ours.rate), median(|[_, http]| http.rate));
    let by_rate = median(|[ours, http]| http.rate / ours.rate);
    let by_cpu = median(|[ours, http]| ours.cpu / http.cpu);
    let mut times: Vec<f64> = rounds.iter().flat_map(|[_, http]| http.times.clone()).collect();
    let (middle, p99) = (quantile(&mut times, 0.5) * 1e3, quantile(&mut times, 0.99) * 1e3);
    println!(
        "{CLIENTS} connections: {http_rate:.0} searches/s over HTTP, {rate:.0} in process on {CLIENTS} threads: \
         {by_rate:.2}, by the processors' time {by_cpu:.2}; median {middle:.2} ms, p99 {p99:.2} ms: {:.1} times",
        p99 / middle
    );
}

/// Serves the archive on a thread of its own until the process ends.
pub(crate) fn start(archive: &Archive) -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    let search = archive.search.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            let state = ApiState::new(search).unwrap();
            serve(listener, state, PagesConfig::default(), std::future::pending()).await.unwrap();
        });
    });
    told.recv().unwrap()
}

type Work<'a> = Box<dyn FnMut(usize) + 'a>;

/// What one round took in one way.
struct Taken {
    /// Searches a second.
    rate: f64,
    /// Milliseconds of the processors, the clients' own among them.
    cpu: f64,
    /// Seconds of each search.
    times: Vec<f64>,
}

/// All queries several times, by several clients at once.
fn all_at_once<'a>(count: usize, client: impl Fn(usize) -> Work<'a> + Sync) -> Taken {
    let next = Arc::new(AtomicUsize::new(0));
    let (began, cost) = (Instant::now(), Cost::begin());
    let times: Vec<f64> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (next, client) = (Arc::clone(&next), &client);
                scope.spawn(move || {
                    let mut work = client(number);
                    let mut times = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        if at >= count * TIMES {
                            return times;
                        }
                        let began = Instant::now();
                        work(at % count);
                        times.push(began.elapsed().as_secs_f64());
                    }
                })
            })
            .collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    Taken { rate: times.len() as f64 / began.elapsed().as_secs_f64(), cpu: cost.cpu_ms(), times }
}

/// One connection that is kept open.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    answer: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), answer: Vec::new() }
    }

    /// Sends a body and reads the whole answer.
    pub(crate) fn ask(&mut self, path: &str, body: &str) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).unwrap();
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            if line.starts_with("HTTP/1.1 ") {
                assert!(line.contains(" 200 "), "{line}");
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        self.answer.resize(length, 0);
        self.stream.read_exact(&mut self.answer).unwrap();
    }
}
