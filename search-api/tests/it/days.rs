//! The day that is printed is the day that is found: by the clock that the article was dated by.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::archive::{Archive, get, post};

fn archive() -> Archive {
    let article = |id: &str, published: &str| json!({"type": "article.published", "id": id, "data": {"headline": "Tide", "published": published}});
    Archive::of(&[
        article("west", "1999-12-31T22:15:00-10:00"),
        article("east", "2000-01-01T06:00:00+12:00"),
        article("noon", "2000-01-01T12:00:00Z"),
        article("day", "1999-12-31"),
        article("year", "1999"),
    ])
}

async fn found(archive: &Archive, params: &str) -> Vec<String> {
    let (status, page) = get(&archive.router(), &format!("/api/v1/search?{params}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let hits = page["hits"].as_array().unwrap();
    let mut ids: Vec<String> = hits.iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn filters_take_the_day_as_it_is_printed() {
    let archive = archive();
    let check = async |params: &str, expected: &[&str]| {
        assert_eq!(found(&archive, params).await, expected, "{params}");
    };
    check("q=date:1999-12-31", &["day", "west"]).await;
    check("q=published:2000-01-01", &["east", "noon"]).await;
    check("q=date:1999", &["day", "west", "year"]).await;
    check("q=date:2000..", &["east", "noon"]).await;
    check("q=tide&from=2000-01-01", &["east", "noon"]).await;
    check("q=tide&to=1999-12-31", &["day", "west", "year"]).await;
    check("q=date:1999-12-31T22:00..1999-12-31T23:00", &["west"]).await;
    // With an offset a time is an instant, by whichever clock.
    check("q=tide&from=2000-01-01T08:00:00Z&to=2000-01-01T09:00:00Z", &["west"]).await;
    check("q=tide&from=1999-12-31T18:00:00Z&to=1999-12-31", &["west"]).await;
    check("q=published:*", &["day", "east", "noon", "west", "year"]).await;
}

#[tokio::test]
async fn facets_count_it_under_its_day_and_orders_go_by_the_instant() {
    let archive = archive();
    let (_, page) = get(&archive.router(), "/api/v1/search?q=tide&facets=day,year&sort=oldest").await;
    let counts = |name: &str| {
        let facet = page["facets"][name].as_array().unwrap().iter();
        facet.map(|one| (one["value"].as_str().unwrap(), one["count"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(counts("year"), [("1999", 3), ("2000", 2)]);
    assert_eq!(counts("day"), [("1999-01-01", 1), ("1999-12-31", 2), ("2000-01-01", 2)]);
    let order: Vec<&Value> = page["hits"].as_array().unwrap().iter().map(|hit| &hit["id"]).collect();
    assert_eq!(order, ["year", "day", "east", "west", "noon"]);
    // Elasticsearch's routes have instants, as its clients expect.
    let body = json!({"query": {"range": {"published": {"gte": "2000-01-01"}}}, "size": 0}).to_string();
    let (_, json) = post(&archive.router(), "/es/articles/_search", body).await;
    assert_eq!(json["hits"]["total"]["value"], 2, "west and noon: {json}");
}
