//! Several searches in one request.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use search::{Search, SearchLimits};
use search_api::{ApiState, router};
use serde_json::{Value, json};

use crate::archive::{Archive, post};

fn was_cut_short(answer: &Value) -> bool {
    answer["timed_out"] == true || answer["error"]["type"] == "timeout_exception"
}

/// A story: a script puts fifty searches into one request. Each would be within what a request may spend; all of them
/// together are not, and those at the end are told so, as a search that takes too much by itself is.
#[tokio::test]
async fn searches_of_one_request_share_what_it_may_spend() {
    let archive = Archive::samples();
    let body = json!({"query": {"match_all": {}}, "size": 100, "sort": "published"}).to_string();
    let usual = archive.router();
    let mut one = Duration::MAX;
    for _ in 0..20 {
        let began = Instant::now();
        let (status, _) = post(&usual, "/es/articles/_search", body.clone()).await;
        assert_eq!(status, StatusCode::OK);
        one = one.min(began.elapsed());
    }
    let limits = SearchLimits { cpu: one * 8, ..SearchLimits::default() };
    let narrow = router(ApiState::new(Search::with_limits(archive.indexes.clone(), limits)).unwrap());
    let (_, alone) = post(&narrow, "/es/articles/_search", body.clone()).await;
    assert!(!was_cut_short(&alone), "{alone}");
    let fifty = format!("{{\"index\":\"articles\"}}\n{body}\n").repeat(50);
    let (status, many) = post(&narrow, "/es/_msearch", fifty).await;
    assert_eq!(status, StatusCode::OK);
    let answers = many["responses"].as_array().unwrap();
    assert_eq!(answers.len(), 50);
    assert!(!was_cut_short(&answers[0]), "{}", answers[0]);
    assert!(was_cut_short(&answers[49]), "{}", answers[49]);
    // What one request has spent is not taken from the next.
    let (_, alone) = post(&narrow, "/es/articles/_search", body).await;
    assert!(!was_cut_short(&alone), "{alone}");
}
