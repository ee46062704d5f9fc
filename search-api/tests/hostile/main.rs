//! A story: the archive is open to the world, and somebody is bored. Every query and body here tries to break the
//! process, hold it, or fill its memory; each must get an answer or a refusal with a reason, quickly, and the
//! process must live to answer the next.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: helpers stand outside of test functions, and a panic is a failure"
)]

#[path = "../it/archive.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod archive;
mod corpus;
mod cost;
mod long;

use std::net::SocketAddr;

use axum::{body::to_bytes, extract::ConnectInfo, http::StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use self::{
    archive::Archive,
    corpus::{Attack, corpus, request_of},
    cost::Cost,
    long::{long_articles, on_long_articles},
};

/// What one of them may take, of the processor and of memory. This is the only test of its process, so that all that the
/// process takes is the request's.
const MOST_CPU_MS: f64 = 500.0;
const MOST_MB: f64 = 64.0;
/// Over texts of megabytes, which an unoptimised build reads slowly.
const MOST_CPU_MS_LONG: f64 = 2_000.0;

#[tokio::test]
async fn nothing_that_arrives_breaks_anything() {
    let archive = Archive::small();
    let attacks = corpus();
    assert!(attacks.len() >= 1_000, "{}", attacks.len());
    attack(&archive, &attacks, MOST_CPU_MS).await;
    assert_eq!(archive.find(&[("q", "ferry")]).total, 2);
    let long = Archive::of(&long_articles());
    attack(&long, &on_long_articles(), MOST_CPU_MS_LONG).await;
}

async fn attack(archive: &Archive, attacks: &[Attack], most_cpu_ms: f64) {
    let router = archive.router();
    let (mut answered, mut refused) = (0, 0);
    let (mut most_cpu, mut most_memory) = (0.0_f64, 0.0_f64);
    for (number, attack) in attacks.iter().enumerate() {
        let mut request = request_of(attack);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let (uri, method) = (request.uri().clone(), request.method().clone());
        let mut shown =
            format!("{number}: {method} {}", uri.to_string().chars().take(300).collect::<String>());
        if let Attack::Body(_, body) = attack {
            shown += &format!(" {}", String::from_utf8_lossy(body).chars().take(300).collect::<String>());
        }
        let cost = Cost::begin();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        let (cpu, memory) = (cost.cpu_ms(), cost.grown_mb());
        assert!(
            cpu < most_cpu_ms && memory < MOST_MB,
            "{shown}: {cpu:.0} ms of the processor, {memory:.0} MB"
        );
        (most_cpu, most_memory) = (most_cpu.max(cpu), most_memory.max(memory));
        assert!(!status.is_server_error(), "{shown}: {status} {}", String::from_utf8_lossy(&body));
        if status.is_client_error() {
            refused += 1;
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let reason =
                problem.get("detail").or_else(|| problem.pointer("/error/reason")).or(problem.get("error"));
            assert!(
                reason.is_some()
                    || status == StatusCode::NOT_FOUND
                    || status == StatusCode::METHOD_NOT_ALLOWED,
                "{shown}: {status} without a reason: {}",
                String::from_utf8_lossy(&body)
            );
        } else {
            answered += 1;
        }
    }
    println!(
        "{} hostile requests: {answered} answered, {refused} refused, 0 aborts; at most {most_cpu:.0} ms of the \
         processor and {most_memory:.0} MB",
        attacks.len()
    );
}
