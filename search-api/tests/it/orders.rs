//! Orders of documents some of which lack the value, whatever segments they lie in.

use std::cmp::Ordering;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    archive::{Archive, post},
    elastic::{ids, search},
};

/// An article's id, desk and date.
type Row = (&'static str, Option<&'static str>, Option<&'static str>);

/// The first segment has desks and dates, the second some, the third none.
const ARTICLES: [&[Row]; 3] = [
    &[
        ("a/1", Some("City"), Some("1931-05-02")),
        ("a/2", Some("Metro"), Some("1912")),
        ("a/3", None, Some("1970-01-01")),
    ],
    &[("a/4", Some("Foreign"), None), ("a/5", None, None), ("a/6", Some("City"), Some("1952"))],
    &[("a/7", None, None), ("a/8", None, None)],
];

fn archive() -> Archive {
    let archive = Archive::of(&[]);
    for segment in ARTICLES {
        let event = |(id, desk, updated): &Row| {
            let mut data = json!({"headline": "Tide"});
            for (name, value) in [("desk", desk), ("updated", updated)] {
                if let Some(value) = value {
                    data[name] = json!(value);
                }
            }
            json!({"type": "article.published", "id": id, "data": data})
        };
        archive.append(&segment.iter().map(event).collect::<Vec<_>>());
        archive.index();
    }
    archive
}

/// The ids in the order of a field, found out in the plainest way.
fn expected(of: impl Fn(&str) -> Option<String>, descending: bool, missing: &str) -> Vec<String> {
    let mut ids: Vec<String> = ARTICLES.concat().iter().map(|(id, ..)| (*id).to_owned()).collect();
    let place = |id: &str| match (of(id), missing) {
        (None, "_first") => (0, String::new()),
        (None, "_last") => (2, String::new()),
        (None, stand_in) => (1, stand_in.to_owned()),
        (Some(value), _) => (1, value),
    };
    ids.sort_by(|one, other| {
        let ((one_place, one), (other_place, other)) = (place(one), place(other));
        let values = if descending { other.cmp(&one) } else { one.cmp(&other) };
        one_place.cmp(&other_place).then(if one_place == 1 { values } else { Ordering::Equal })
    });
    ids
}

#[tokio::test]
async fn documents_without_a_value_go_where_they_are_asked_to() {
    let archive = archive();
    let of = |field: &'static str| {
        move |id: &str| {
            let articles = ARTICLES.concat();
            let (_, desk, updated) = articles.iter().find(|(other, ..)| *other == id).unwrap();
            (if field == "desk" { *desk } else { *updated }).map(str::to_owned)
        }
    };
    let mut tried = 0;
    for (field, stand_ins) in [
        ("desk", ["_last", "_first", "City", "Business", "Courts", "Foreign", "Sports"]),
        ("updated", ["_last", "_first", "1931-05-02", "1850", "1940", "1952", "2001"]),
    ] {
        for missing in stand_ins {
            for order in ["asc", "desc"] {
                let sort = json!([{field: {"order": order, "missing": missing}}, "_seq"]);
                let all = expected(of(field), order == "desc", missing);
                for size in [1, 2, 3, 20] {
                    // Page after page, wherever one ends.
                    let mut body = json!({"sort": sort, "size": size});
                    let mut seen = Vec::new();
                    loop {
                        let page = search(&archive, "articles", body.clone()).await;
                        seen.extend(ids(&page).into_iter().map(str::to_owned));
                        assert!(seen.len() <= all.len(), "{sort}, {size} at a time: {seen:?}");
                        match page["hits"]["hits"].as_array().unwrap().last() {
                            Some(last) => body["search_after"] = last["sort"].clone(),
                            None => break,
                        }
                    }
                    assert_eq!(seen, all, "{sort}, {size} at a time");
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, 112);
}

#[tokio::test]
async fn dates_that_hits_are_sorted_by_are_shown_in_a_format() {
    let archive = archive();
    let sort = json!([{"updated": {"order": "desc", "format": "yyyy-MM", "missing": "1940-07"}}, "_seq"]);
    let answer = search(&archive, "articles", json!({"sort": sort, "size": 4})).await;
    let sorts: Vec<&Value> =
        answer["hits"]["hits"].as_array().unwrap().iter().map(|hit| &hit["sort"]).collect();
    assert_eq!(
        sorts,
        [&json!(["1970-01", 3]), &json!(["1952-01", 6]), &json!(["1940-07", 4]), &json!(["1940-07", 5])]
    );
    let next = json!({"sort": sort, "size": 2, "search_after": sorts[3]});
    assert_eq!(ids(&search(&archive, "articles", next).await), ["a/7", "a/8"]);
    let top = json!({"size": 0, "aggs": {"a": {"top_hits": {"size": 1, "sort": sort}}}});
    let top = search(&archive, "articles", top).await;
    assert_eq!(top["aggregations"]["a"]["hits"]["hits"][0]["sort"], json!(["1970-01", 3]));
    for refused in [
        json!({"updated": {"missing": "soon"}}),
        json!({"updated": {"missing": {"a": 1}}}),
        json!({"updated": {"format": "EEE"}}),
        json!({"desk": {"format": "yyyy"}}),
        json!({"desk": {"missing": 5}}),
    ] {
        let body = json!({"sort": refused}).to_string();
        let (status, answer) = post(&archive.router(), "/es/articles/_search", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}: {answer}");
    }
}
