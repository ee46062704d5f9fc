//! A story: the archive is open to the world, and somebody is bored. Every query and body here tries to break the
//! process, hold it, or fill its memory; each must get an answer or a refusal with a reason, quickly, and the
//! process must live to answer the next.

mod corpus;

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{body::to_bytes, extract::ConnectInfo, http::StatusCode};
use serde_json::Value;
use tower::ServiceExt;

use self::corpus::{corpus, request_of};
use crate::archive::Archive;

/// What one of them may take here: ten times less than the 500 ms of the promise in a release build, ten times more
/// for a build without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn nothing_that_arrives_breaks_anything() {
    let archive = Archive::small();
    let router = archive.router();
    let attacks = corpus();
    assert!(attacks.len() >= 1_000, "{}", attacks.len());
    let (mut answered, mut refused) = (0, 0);
    for (number, attack) in attacks.iter().enumerate() {
        let mut request = request_of(attack);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let (uri, method) = (request.uri().clone(), request.method().clone());
        let shown = format!("{number}: {method} {}", uri.to_string().chars().take(300).collect::<String>());
        let started = Instant::now();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 64 << 20).await.unwrap();
        assert!(started.elapsed() < LIMIT, "{shown}: {:?}", started.elapsed());
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
    println!("{} hostile requests: {answered} answered, {refused} refused, 0 aborts", attacks.len());
    assert_eq!(archive.find(&[("q", "ferry")]).total, 2);
}
