//! Leafing through hits by relevance while the archive grows: each hit is seen once, and where that cannot be kept, the
//! answer says so.

use axum::{Router, http::StatusCode};
use search::Search;
use search_api::ApiState;
use serde_json::{Value, json};

use crate::archive::{Archive, get};

/// Articles of growing length, so that none scores like another.
fn articles(word: &str, count: usize) -> Vec<Value> {
    let article = |at: usize| {
        let body = format!("{word} and the tide. {}", "So it went on. ".repeat(at));
        json!({"type": "article.published", "id": format!("{word}/{at:02}"), "data":
            {"headline": format!("No. {at}"), "body": body, "language": "en"}})
    };
    (0..count).map(article).collect()
}

/// The ids from here to the last page, and whether a page said that the index has moved on.
async fn leaf(router: &Router, q: &str, from: Option<&Value>) -> (Vec<String>, bool) {
    let (mut seen, mut moved, mut next) = (Vec::new(), false, from.cloned());
    loop {
        let cursor = next.map(|next| format!("&cursor={}", next.as_str().unwrap())).unwrap_or_default();
        let (status, page) = get(router, &format!("/api/v1/search?q={q}&limit=7{cursor}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let hits = page["hits"].as_array().unwrap();
        seen.extend(hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
        moved |= page["moved"] == true;
        match page.get("next") {
            Some(given) if !hits.is_empty() => next = Some(given.clone()),
            _ => return (seen, moved),
        }
    }
}

async fn first_page(router: &Router, q: &str) -> (Vec<String>, Value) {
    let (_, page) = get(router, &format!("/api/v1/search?q={q}&limit=7")).await;
    let hits = page["hits"].as_array().unwrap();
    (hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect(), page["next"].clone())
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn nothing_moves_under_a_reader_while_the_archive_grows() {
    for (q, later) in
        [("zebra", "otter"), ("zebra", "zebra-crossing"), ("zebra+tide", "tide"), ("zebra+OR+tide", "x")]
    {
        let archive = Archive::of(&articles("zebra", 30));
        let router = archive.router();
        let (mut seen, next) = first_page(&router, q).await;
        archive.append(&articles(later, 40));
        archive.index();
        let (rest, moved) = leaf(&router, q, Some(&next)).await;
        seen.extend(rest);
        let expected: Vec<String> = (0..30).map(|at| format!("zebra/{at:02}")).collect();
        assert_eq!((sorted(seen), moved), (expected, false), "{q}, then {later}");
        // Who begins anew sees what there is now.
        let (all, _) = leaf(&router, q, None).await;
        let (_, page) = get(&router, &format!("/api/v1/search?q={q}&limit=0")).await;
        assert_eq!(page["total"], all.len(), "{q}");
    }
}

#[tokio::test]
async fn where_the_commit_is_gone_the_answer_says_so() {
    let archive = Archive::of(&articles("zebra", 30));
    let router = archive.router();
    let (_, next) = first_page(&router, "zebra").await;
    // Nothing has changed: it goes on as it began, in whichever process.
    let another = || search_api::router(ApiState::new(Search::new(archive.indexes.clone())).unwrap());
    let (rest, moved) = leaf(&another(), "zebra", Some(&next)).await;
    assert_eq!((rest.len(), moved), (23, false));
    archive.append(&articles("otter", 5));
    archive.index();
    assert!(leaf(&another(), "zebra", Some(&next)).await.1, "a server that was started since");
    assert!(!leaf(&router, "zebra", Some(&next)).await.1);
    // What was erased is in no file that is kept open for a reader.
    archive.append(&[
        json!({"type": "article.erased", "id": "zebra/29", "data": {"reason": "a court's order"}}),
    ]);
    archive.index();
    let (rest, moved) = leaf(&router, "zebra", Some(&next)).await;
    assert!(moved && !rest.contains(&"zebra/29".to_owned()), "{rest:?}");
    // By date nothing moves anyhow.
    let (_, page) = get(&router, "/api/v1/search?q=zebra&limit=7&sort=newest").await;
    let cursor = page["next"].as_str().unwrap();
    let (_, page) =
        get(&another(), &format!("/api/v1/search?q=zebra&limit=7&sort=newest&cursor={cursor}")).await;
    assert_eq!(page.get("moved"), None, "{page}");
}
