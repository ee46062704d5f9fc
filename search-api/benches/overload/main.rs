//! Ten times as much as a server can do: what becomes of the requests that it takes, how fast it refuses the others, how
//! much memory that costs, and how soon all is as before.
//!
//!     cargo bench -p search-api --bench overload               20,000 articles of its own making
//!     cargo bench -p search-api --bench overload -- DATA-DIR   an archive that is there (`morgue --data-dir`)
//!
//! The server is a process of its own, on the same machine as the load: both share its cores, which makes the figures
//! worse, not better. Latencies are from sending a request to having its whole answer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench fails by panicking and prints what it measured"
)]

mod archive;
mod load;

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use search::Search;
use search_api::{ApiState, pages::PagesConfig};

use self::load::{Load, Measured};

/// As many connections as the pool has threads and a full queue for, on two cores.
const AT_CAPACITY: [usize; 4] = [2, 4, 8, 16];
const OVERLOADED: usize = 256;
const TIMES: f64 = 10.0;
const SECONDS: u64 = 8;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.as_slice() {
        [word, dir] if word == "serve" => serve(Path::new(dir)),
        [dir] if Path::new(dir).join("log").is_dir() => measure(Path::new(dir)),
        [] => {
            let dir = tempfile::tempdir().unwrap();
            archive::make(dir.path());
            measure(dir.path());
        }
        // What `cargo test --benches` and filters say is no archive.
        _ => println!("overload: give the data directory of an archive, or nothing"),
    }
}

fn serve(dir: &Path) {
    let log = store::Log::open(dir.join("log")).unwrap();
    let indexes = indexer::Indexes::open(log, dir.join("indexes")).unwrap();
    let state = ApiState::new(Search::new(indexes)).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        search_api::serve(listener, state, PagesConfig::default(), std::future::pending()).await.unwrap();
    });
}

/// The server, ended with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    fn start(dir: &Path) -> (Self, SocketAddr) {
        let own: PathBuf = std::env::current_exe().unwrap();
        let mut child =
            Command::new(own).arg("serve").arg(dir).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Self(child), line.trim().parse().unwrap())
    }

    /// What Linux says that it holds in memory of its own (files that are mapped are not counted), in MiB.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or_default() / 1_024.0
    }
}

fn measure(dir: &Path) {
    let (server, address) = Server::start(dir);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let run = |connections: usize, rate: Option<f64>, seconds: u64| {
        let load = Load { address, connections, rate, length: Duration::from_secs(seconds) };
        runtime.block_on(load.run())
    };
    run(8, None, 3);
    println!("connections   answered/s   p50 ms   p99 ms");
    let mut peak: Option<(usize, Measured)> = None;
    for connections in AT_CAPACITY {
        let measured = run(connections, None, SECONDS / 2);
        println!(
            "{connections:>11} {:>12.0} {:>8.2} {:>8.2}",
            measured.rate(),
            measured.accepted_at(0.5),
            measured.accepted_at(0.99)
        );
        if peak.as_ref().is_none_or(|(_, best)| measured.rate() > best.rate()) {
            peak = Some((connections, measured));
        }
    }
    let (connections, peak) = peak.expect("something was measured");
    let before = server.memory();
    let over = run(OVERLOADED, Some(peak.rate() * TIMES), SECONDS);
    let during = server.memory();
    let began = Instant::now();
    let mut normal = None;
    while normal.is_none() && began.elapsed() < Duration::from_secs(10) {
        let again = run(connections, None, 1);
        if again.rate() >= 0.9 * peak.rate() && again.refused.is_empty() && again.failed == 0 {
            normal = Some(began.elapsed());
        }
    }
    println!(
        "\nat {TIMES} times the capacity: {:.0} requests/s sent over {OVERLOADED} connections",
        over.sent_rate()
    );
    let line = |what: &str, value: String, goal: &str| println!("{what:<38} {value:>14}   {goal}");
    let ratio = over.accepted_at(0.99) / peak.accepted_at(0.99);
    line("accepted p99 / p99 at capacity", format!("{ratio:.2}"), "at most 2");
    let good = over.rate() / peak.rate();
    line("answered / answered at capacity", format!("{good:.2}"), "at least 0.9");
    line("refusals p99", format!("{:.2} ms", over.refused_at(0.99)), "at most 10 ms");
    line("refused", format!("{}", over.refused.len()), "");
    line("neither answered nor refused", format!("{}", over.failed), "0");
    line("memory before, at the end", format!("{before:.0}, {during:.0} MiB"), "bounded");
    let normal = normal.map_or("not".to_owned(), |after| format!("{:.1} s", after.as_secs_f64()));
    line("as before again after", normal, "at most 5 s");
}
