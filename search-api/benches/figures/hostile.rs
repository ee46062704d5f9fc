//! What each request of the hostile corpus takes: the process's CPU time and memory while it is the only one. And what
//! a neighbour's searches take while such requests come without end, beside those alone.

use std::{
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
    cost::Cost,
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
        let (status, answer) = runtime.block_on(async {
            let response = router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let answer = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            (status, String::from_utf8_lossy(&answer).into_owned())
        });
        (shown, status, answer)
    };
    for asked in &queries.0 {
        archive.search.begin().search(&asked.request()).unwrap(); // what is read and counted once is read and counted
    }
    let (mut by_cpu, mut by_memory) = (Vec::new(), Vec::new());
    let (mut answered, mut cut_short, mut failed) = (0, 0, 0);
    for (number, attack) in attacks.iter().enumerate() {
        let cost = Cost::begin();
        let (shown, status, answer) = send(attack);
        let (cpu, memory) = (cost.cpu_ms(), cost.grown_mb());
        let body = runtime.block_on(to_bytes(request_of(attack).into_body(), usize::MAX)).unwrap();
        let shown: String =
            format!("{number}: {shown} {}", String::from_utf8_lossy(&body)).chars().take(150).collect();
        let gave_up =
            answer.contains("\"timed_out\":true") || answer.contains("takes too much of the machine");
        by_cpu.push((cpu, format!("{status} {shown}")));
        by_memory.push((memory, format!("{status} {shown}")));
        answered += usize::from(status.is_success());
        cut_short += usize::from(gave_up);
        failed += usize::from(status.is_server_error());
    }
    println!(
        "{} hostile requests: {answered} answered, {} refused, {failed} failed (5xx), 0 aborts; {cut_short} cut short",
        attacks.len(),
        attacks.len() - answered - failed
    );
    worst("CPU time", "ms", MOST_CPU_MS, &mut by_cpu);
    worst("memory", "MB", MOST_MB, &mut by_memory);
    neighbour(archive, queries);
}

fn worst(what: &str, unit: &str, most: f64, taken: &mut [(f64, String)]) {
    taken.sort_by(|one, other| other.0.total_cmp(&one.0));
    let over = taken.iter().filter(|(value, _)| *value > most).count();
    println!("{what}: {over} above {most} {unit}; the worst:");
    for (value, shown) in taken.iter().take(10) {
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
