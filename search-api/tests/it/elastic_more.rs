//! What tools ask of a cluster besides searching: how it runs, what its indices are, and to write what a search finds.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use crate::{
    archive::{Archive, get, post, send},
    elastic::{ids, search},
};

#[tokio::test]
async fn what_watches_over_a_cluster_is_answered() {
    let archive = Archive::small();
    let router = archive.router();
    for (path, pointer, expected) in [
        ("_cat/health?format=json", "/0/status", json!("green")),
        ("_cat/nodes?format=json", "/0/name", json!("morgue")),
        ("_cat/shards/articles?format=json", "/0/docs", json!("5")),
        ("_cluster/state", "/metadata/indices/articles/state", json!("open")),
        ("_cluster/state/metadata/images", "/metadata/indices/articles", Value::Null),
        ("_cluster/stats", "/indices/docs/count", json!(8)),
        ("_cluster/settings?include_defaults=true", "/persistent", json!({})),
        ("_nodes/_all/http", "/nodes/morgue/http/publish_address", json!("127.0.0.1:9")),
        ("_nodes", "/_nodes/total", json!(1)),
        ("_stats", "/_all/primaries/docs/count", json!(8)),
        ("articles/_stats/docs", "/indices/articles/total/docs/count", json!(5)),
        ("_tasks", "/nodes", json!({})),
        ("_resolve/index/*", "/indices/0/name", json!("articles")),
    ] {
        let request = Request::get(format!("/es/{path}")).header("host", "127.0.0.1:9");
        let (status, answer) = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
        assert_eq!(answer.pointer(pointer).unwrap_or(&Value::Null), &expected, "{path}: {answer}");
    }
    assert_eq!(get(&router, "/es/_tasks/morgue:1").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_index_is_made_if_it_is_as_it_is() {
    let archive = Archive::small();
    let router = archive.router();
    let put = async |path: &str, body: Value| {
        send(&router, Request::put(format!("/es/{path}")).body(Body::from(body.to_string())).unwrap()).await
    };
    let (_, own) = get(&router, "/es/articles").await;
    let own = own["articles"].clone();
    for (path, body) in [
        ("articles", json!({})),
        (
            "articles",
            json!({"mappings": own["mappings"], "settings": own["settings"], "aliases": own["aliases"]}),
        ),
        (
            "articles",
            json!({"settings": {"number_of_shards": 3, "index.refresh_interval": "-1"},
            "mappings": {"properties": {"headline": {"type": "text", "analyzer": "english"}, "published": {"type": "date"},
                "bylines": {"type": "nested", "properties": {"name": {"type": "text", "fields": {"keyword": {"type": "keyword"}}}}}}}}),
        ),
        ("articles/_mapping", json!({"properties": {"section": {"type": "keyword", "ignore_above": 256}}})),
        ("_settings", json!({"index": {"refresh_interval": "1s", "number_of_replicas": 0}})),
    ] {
        let (status, answer) = put(path, body.clone()).await;
        assert_eq!(
            (status, &answer["acknowledged"]),
            (StatusCode::OK, &json!(true)),
            "{path} {body}: {answer}"
        );
    }
    for (path, body, word) in [
        (
            "articles",
            json!({"mappings": {"properties": {"section": {"type": "text"}}}}),
            "`keyword`, not `text`",
        ),
        ("articles", json!({"mappings": {"properties": {"price": {"type": "long"}}}}), "no field `price`"),
        (
            "articles",
            json!({"mappings": {"properties": {"bylines": {"properties": {"age": {"type": "long"}}}}}}),
            "`bylines.age`",
        ),
        ("articles", json!({"aliases": {"news": {}}}), "`morgue`"),
        ("articles/_settings", json!({"index": {"max_result_window": 9}}), "`max_result_window`"),
    ] {
        let (status, answer) = put(path, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}: {answer}");
        assert!(answer["error"]["reason"].as_str().unwrap().contains(word), "{answer}");
    }
    assert_eq!(put("videos", json!({})).await.0, StatusCode::NOT_FOUND);
    let analysers = &own["settings"]["index"]["analysis"]["analyzer"];
    assert!(analysers["morgue_text"].is_object() && analysers["morgue_exact"].is_object(), "{own}");
    assert_eq!(
        own["mappings"]["properties"]["published"]["format"],
        "strict_date_optional_time||epoch_millis"
    );
}

#[tokio::test]
async fn one_document_is_explained_and_values_are_listed() {
    let archive = Archive::small();
    let router = archive.router();
    let explain = async |id: &str, word: &str| {
        let body = json!({"query": {"match": {"body": word}}}).to_string();
        post(&router, &format!("/es/articles/_explain/{id}"), body).await
    };
    let (status, answer) = explain("a%2Fferry", "fog").await;
    assert_eq!((status, &answer["matched"]), (StatusCode::OK, &json!(true)), "{answer}");
    assert!(answer["explanation"]["value"].as_f64().unwrap() > 0.0, "{answer}");
    let (status, answer) = explain("a%2Ftram", "fog").await;
    assert_eq!((status, &answer["matched"]), (StatusCode::OK, &json!(false)), "{answer}");
    assert_eq!(explain("a%2Fnone", "fog").await.0, StatusCode::NOT_FOUND);
    let values = async |body: Value| {
        let (status, answer) = post(&router, "/es/articles/_terms_enum", body.to_string()).await;
        assert_eq!((status, &answer["complete"]), (StatusCode::OK, &json!(true)), "{body}: {answer}");
        answer["terms"].clone()
    };
    assert_eq!(values(json!({"field": "section"})).await, json!(["City", "Harbour", "Étranger"]));
    assert_eq!(
        values(json!({"field": "section", "string": "ha", "case_insensitive": true})).await,
        json!(["Harbour"])
    );
    assert_eq!(values(json!({"field": "section", "string": "ha"})).await, json!([]));
    assert_eq!(
        values(json!({"field": "section", "search_after": "City", "size": 1})).await,
        json!(["Harbour"])
    );
    assert_eq!(values(json!({"field": "none"})).await, json!([]));
    let filter = json!({"field": "section", "index_filter": {"match": {"body": "fog"}}});
    assert_eq!(values(filter).await, json!(["Harbour"]));
}

#[tokio::test]
async fn what_a_search_finds_is_deleted() {
    let archive = Archive::small();
    let router = archive.router();
    let workers = indexer::Workers::start(&archive.indexes).unwrap();
    let by_query =
        async |path: &str, body: Value| post(&router, &format!("/es/{path}"), body.to_string()).await;
    let city = json!({"query": {"term": {"section": "City"}}});
    let (status, answer) = by_query("articles/_update_by_query?conflicts=proceed", city.clone()).await;
    assert_eq!(
        (status, &answer["updated"], &answer["total"]),
        (StatusCode::OK, &json!(3), &json!(3)),
        "{answer}"
    );
    let mut one = city.clone();
    one["max_docs"] = json!(1);
    let (status, answer) = by_query("articles/_delete_by_query?refresh=true", one).await;
    assert_eq!((status, &answer["deleted"]), (StatusCode::OK, &json!(1)), "{answer}");
    let (_, answer) =
        by_query("articles/_delete_by_query?refresh=true&slices=auto&scroll_size=7", city.clone()).await;
    assert_eq!((&answer["deleted"], &answer["failures"]), (&json!(2), &json!([])), "{answer}");
    assert_eq!(ids(&search(&archive, "articles", city).await), Vec::<&str>::new());
    for (path, body) in [
        ("articles/_delete_by_query", json!({})),
        ("articles/_delete_by_query?wait_for_completion=false", json!({"query": {"match_all": {}}})),
        ("articles/_delete_by_query?conflicts=never", json!({"query": {"match_all": {}}})),
        ("articles/_update_by_query", json!({"script": {"source": "ctx._source.x = 1"}})),
    ] {
        let (status, answer) = by_query(path, body.clone()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}: {answer}");
    }
    assert_eq!(post(&router, "/es/articles/_count", "").await.1["count"], 2);
    workers.stop();
}

#[tokio::test]
async fn searches_are_made_from_templates() {
    let archive = Archive::small();
    let router = archive.router();
    let template = json!({
        "source": r#"{"query": {"match": {"body": "{{word}}"}}, "sort": "published" {{#size}}, "size": {{size}}{{/size}}}"#,
        "params": {"word": "harbour", "size": 1},
    });
    let (status, answer) = post(&router, "/es/articles/_search/template", template.to_string()).await;
    assert_eq!((status, ids(&answer)), (StatusCode::OK, vec!["a/tram"]), "{answer}");
    let object =
        json!({"source": {"query": {"terms": {"section": ["{{a}}", "Harbour"]}}}, "params": {"a": "City"}});
    let (_, answer) = post(&router, "/es/articles/_search/template?size=0", object.to_string()).await;
    assert_eq!(answer["hits"]["total"]["value"], 4, "{answer}");
    let (_, answer) = post(&router, "/es/_render/template", template.to_string()).await;
    assert_eq!(answer["template_output"]["size"], 1);
    let lines = format!("{{\"index\":\"articles\"}}\n{template}\n{{}}\n{}\n", json!({"source": {"size": 0}}));
    let (_, answer) = post(&router, "/es/_msearch/template", lines).await;
    assert_eq!(answer["responses"][1]["hits"]["total"]["value"], 8, "{answer}");
    for wrong in [json!({"id": "stored"}), json!({"source": "{{#a}}"}), json!({"source": "{"}), json!({})] {
        let (status, answer) = post(&router, "/es/_search/template", wrong.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {answer}");
    }
}

#[tokio::test]
async fn no_more_is_counted_than_is_asked() {
    let archive = Archive::small();
    let early = search(&archive, "articles", json!({"size": 0, "terminate_after": 2})).await;
    assert_eq!(early["hits"]["total"], json!({"value": 2, "relation": "eq"}));
    assert_eq!(early["terminated_early"], true);
    let whole =
        search(&archive, "articles", json!({"size": 0, "terminate_after": 9, "track_total_hits": true}))
            .await;
    assert_eq!((&whole["hits"]["total"]["value"], &whole["terminated_early"]), (&json!(5), &json!(false)));
    let (_, count) = get(&archive.router(), "/es/articles/_count?terminate_after=3").await;
    assert_eq!(count["count"], 3);
}

/// What Kibana, Grafana, OpenSearch Dashboards and the clients' own helpers send whether they want it or not.
#[tokio::test]
async fn what_says_nothing_is_taken() {
    let archive = Archive::small();
    let body = json!({
        "version": true, "size": 500, "sort": [{"published": {"order": "desc", "unmapped_type": "boolean"}}],
        "_source": {"excludes": []}, "stored_fields": ["*"], "script_fields": {}, "runtime_mappings": {}, "ext": {"x": 1},
        "indices_boost": [], "profile": false,
        "fields": [{"field": "*", "include_unmapped": "true"}, {"field": "published", "format": "strict_date_optional_time"}],
        "docvalue_fields": [{"field": "published", "format": "date_time"}, {"field": "updated", "format": "use_field_mapping"}],
        "query": {"bool": {"must": [], "filter": [{"match_all": {}}, {"range": {"published":
            {"format": "strict_date_optional_time", "gte": "1900-01-01T00:00:00.000Z", "lte": "2000-01-01T00:00:00.000Z"}}}],
            "should": [], "must_not": []}},
        "highlight": {"pre_tags": ["@h@"], "post_tags": ["@/h@"], "fields": {"*": {}}, "fragment_size": 2_147_483_647},
    });
    let answer = search(&archive, "articles", body).await;
    assert_eq!(answer["hits"]["total"]["value"], 3);
    let hit = &answer["hits"]["hits"][0];
    assert!(hit["_source"].is_object(), "asked for: {hit}");
    assert_eq!(hit["fields"]["published"], json!(["1955-10-29T00:00:00.000Z"]));
    let stored = search(&archive, "articles", json!({"size": 1, "stored_fields": ["*"]})).await;
    assert!(stored["hits"]["hits"][0].get("_source").is_none(), "not asked for");
}

#[tokio::test]
async fn hits_tell_which_queries_they_match() {
    let archive = Archive::small();
    let body = json!({"sort": "published", "query": {"bool": {
        "must": [{"match": {"body": {"query": "harbour", "_name": "words"}}}],
        "should": [{"term": {"section": {"value": "City", "_name": "city"}}}, {"match_phrase": {"body": {"query": "golden gate", "_name": "gate"}}}],
    }}});
    let answer = search(&archive, "articles", body).await;
    let named: Vec<&Value> =
        answer["hits"]["hits"].as_array().unwrap().iter().map(|hit| &hit["matched_queries"]).collect();
    assert_eq!(named, [&json!(["words", "city"]), &json!(["words", "gate"])], "{answer}");
    let plain = search(&archive, "articles", json!({"query": {"match": {"body": "harbour"}}})).await;
    assert!(plain["hits"]["hits"][0].get("matched_queries").is_none());
}

#[tokio::test]
async fn several_read_a_part_each() {
    let archive = Archive::small();
    let router = archive.router();
    let (mut seen, mut total) = (Vec::new(), 0);
    for part in 0..3 {
        let body = json!({"slice": {"id": part, "max": 3}, "size": 100});
        let (status, answer) = post(&router, "/es/_all/_search?scroll=1m", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        total += answer["hits"]["total"]["value"].as_u64().unwrap();
        seen.extend(ids(&answer).into_iter().map(str::to_owned));
    }
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), total), (8, 8));
    for slice in [json!({"id": 3, "max": 3}), json!({"id": 0, "max": 1}), json!({"id": 0})] {
        let body = json!({"slice": slice}).to_string();
        assert_eq!(post(&router, "/es/_search?scroll=1m", body).await.0, StatusCode::BAD_REQUEST);
    }
}
