//! What each request of the hostile corpus takes: the process's CPU time and memory while it is the only one. And what
//! a neighbour's searches take while such requests come without end, beside those alone.

use std::{
    fs,
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Instant,
};

use axum::{body::to_bytes, extract::ConnectInfo};
use search_api::{ApiState, router};
use tower::ServiceExt;

use crate::{
    archive::Archive,
    corpus::{corpus, request_of},
    http::{Client, start},
    quantile,
    queries::Queries,
};

/// What one request may take.
const MOST_CPU_MS: f64 = 500.0;
const MOST_MB: f64 = 64.0;

pub(crate) fn what_each_takes(archive: &Archive, queries: &Queries) {
    let attacks = corpus();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let router = router(ApiState::new(archive.search.clone()).unwrap());
    let send = |attack| {
        let mut request = request_of(attack);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let shown = format!("{} {}", request.method(), request.uri());
        let status = runtime.block_on(async {
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            to_bytes(response.into_body(), usize::MAX).await.unwrap();
            status
        });
        assert!(status.as_u16() != 500, "{shown}: {status}");
        (shown, status)
    };
    for asked in &queries.0 {
        archive.search.search(&asked.request()).unwrap(); // what is read and counted once is read and counted
    }
    let (mut by_cpu, mut by_memory, mut answered) = (Vec::new(), Vec::new(), 0);
    for (number, attack) in attacks.iter().enumerate() {
        let (cpu, memory) = (cpu_ms(), Memory::begin());
        let (shown, status) = send(attack);
        let body = runtime.block_on(to_bytes(request_of(attack).into_body(), usize::MAX)).unwrap();
        let shown: String =
            format!("{number}: {shown} {}", String::from_utf8_lossy(&body)).chars().take(150).collect();
        if cpu_ms() - cpu > 300.0 {
            println!("  {:.0} ms {:.0} MB {status} {shown}", cpu_ms() - cpu, memory.grown_mb());
        }
        by_cpu.push((cpu_ms() - cpu, format!("{status} {shown}")));
        by_memory.push((memory.grown_mb(), format!("{status} {shown}")));
        answered += usize::from(status.is_success());
    }
    println!("{} hostile requests: {answered} answered, {} refused", attacks.len(), attacks.len() - answered);
    worst("CPU time", "ms", MOST_CPU_MS, &mut by_cpu);
    worst("memory", "MB", MOST_MB, &mut by_memory);
    neighbour(archive, queries);
}

fn worst(what: &str, unit: &str, most: f64, taken: &mut [(f64, String)]) {
    taken.sort_by(|one, other| other.0.total_cmp(&one.0));
    let over = taken.iter().filter(|(value, _)| *value > most).count();
    println!("{what}: {over} above {most} {unit}; the worst:");
    for (value, shown) in taken.iter().take(8) {
        println!("    {value:8.1} {unit}  {shown}");
    }
}

/// A neighbour's searches, alone and beside two connections that send what is hostile.
fn neighbour(archive: &Archive, queries: &Queries) {
    let address = start(archive);
    let bodies: Vec<String> = queries.0.iter().map(|asked| asked.body().to_string()).collect();
    let ask_all = || {
        let mut client = Client::new(address);
        let mut times: Vec<f64> = Vec::new();
        for body in bodies.iter().cycle().take(bodies.len() * 4) {
            let began = Instant::now();
            client.ask("/es/articles/_search", body);
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        (quantile(&mut times, 0.5), quantile(&mut times, 0.99))
    };
    ask_all();
    let alone = ask_all();
    let stop = AtomicBool::new(false);
    let router = router(ApiState::new(archive.search.clone()).unwrap());
    let beside = std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            for attack in corpus().iter().cycle() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let mut request = request_of(attack);
                request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
                let response = runtime.block_on(router.clone().oneshot(request)).unwrap();
                runtime.block_on(to_bytes(response.into_body(), usize::MAX)).unwrap();
            }
        });
        let times = ask_all();
        stop.store(true, Ordering::Release);
        times
    });
    println!(
        "a neighbour alone: median {:.2} ms, p99 {:.2} ms; beside a hostile stream: median {:.2} ms, p99 {:.2} ms: {:.1} times",
        alone.0,
        alone.1,
        beside.0,
        beside.1,
        beside.1 / alone.1
    );
}

/// What all threads of the process have used of the processors, in milliseconds.
fn cpu_ms() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let spent = tasks.filter_map(|task| {
        let times = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        times.split_whitespace().next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1e6
}

/// How much the process grows: the high-water mark of what is resident, set back at the beginning.
struct Memory(f64);

impl Memory {
    fn begin() -> Self {
        fs::write("/proc/self/clear_refs", "5").unwrap();
        Self(status_mb("VmRSS:"))
    }

    fn grown_mb(&self) -> f64 {
        status_mb("VmHWM:") - self.0
    }
}

fn status_mb(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    value.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1_024.0
}
