//! Searching over HTTP on loopback beside searching in process, with the same queries on as many threads.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::channel,
    },
    time::Instant,
};

use search_api::{ApiState, pages::PagesConfig, serve};
use tokio::net::TcpListener;

use crate::{archive::Archive, cost::Cost, quantile, queries::Queries};

/// Connections, and threads in process.
const CLIENTS: usize = 8;
/// How often all queries are asked in a round, in either way.
const TIMES: usize = 2;
/// Rounds behind the one that warms both up. Both ways follow each other closely in each, so that what else the machine
/// does meets both.
const ROUNDS: usize = 9;

/// What one round took in one way.
struct Taken {
    /// Searches a second.
    rate: f64,
    /// Milliseconds of the processors, the clients' own among them.
    cpu: f64,
    /// Seconds of each search.
    times: Vec<f64>,
}

pub(crate) fn beside_in_process(archive: &Archive, queries: &Queries) {
    let mut rounds = each_round(archive, queries);
    rounds.remove(0);
    let median = |of: fn(&[Taken; 2]) -> f64| quantile(&mut rounds.iter().map(of).collect::<Vec<_>>(), 0.5);
    let rates = [median(|[ours, _]| ours.rate), median(|[_, http]| http.rate)];
    let by_rate = median(|[ours, http]| http.rate / ours.rate);
    let by_cpu = median(|[ours, http]| ours.cpu / http.cpu);
    let mut times: Vec<f64> = rounds.iter().flat_map(|[_, http]| http.times.clone()).collect();
    let (middle, p99) = (quantile(&mut times, 0.5) * 1e3, quantile(&mut times, 0.99) * 1e3);
    println!(
        "{CLIENTS} connections: {:.0} searches/s over HTTP, {:.0} in process on {CLIENTS} threads: {by_rate:.2}, by the \
         processors' time {by_cpu:.2}; median {middle:.2} ms, p99 {p99:.2} ms: {:.1} times",
        rates[1],
        rates[0],
        p99 / middle
    );
}

/// All queries in process, then all over HTTP, and so on, by the same threads.
fn each_round(archive: &Archive, queries: &Queries) -> Vec<[Taken; 2]> {
    let address = start(archive);
    let bodies: Vec<String> = queries.0.iter().map(|asked| asked.body().to_string()).collect();
    let requests: Vec<_> = queries.0.iter().map(|asked| asked.request()).collect();
    let (count, next) = (bodies.len(), AtomicUsize::new(0));
    let work = &|over_http: bool| {
        let mut client = over_http.then(|| Client::new(address));
        let mut times = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count * TIMES {
                return times;
            }
            let began = Instant::now();
            match &mut client {
                Some(client) => client.ask("/es/articles/_search", &bodies[at % count]),
                None => {
                    let found = archive.search.search(&requests[at % count]).unwrap();
                    std::hint::black_box(serde_json::to_vec(&found).unwrap());
                }
            }
            times.push(began.elapsed().as_secs_f64());
        }
    };
    std::thread::scope(|scope| {
        let start = || {
            let (go, told) = channel();
            let (done, heard) = channel();
            scope.spawn(move || told.into_iter().try_for_each(|over_http| done.send(work(over_http))));
            (go, heard)
        };
        let threads: Vec<_> = std::iter::repeat_with(start).take(CLIENTS).collect();
        let ask_all = |over_http: bool| {
            next.store(0, Ordering::Relaxed);
            let (began, cost) = (Instant::now(), Cost::begin());
            threads.iter().for_each(|(go, _)| go.send(over_http).unwrap());
            let times: Vec<f64> = threads.iter().flat_map(|(_, heard)| heard.recv().unwrap()).collect();
            Taken { rate: times.len() as f64 / began.elapsed().as_secs_f64(), cpu: cost.cpu_ms(), times }
        };
        (0..=ROUNDS).map(|_| [ask_all(false), ask_all(true)]).collect()
    })
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
