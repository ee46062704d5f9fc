//! What clients of Elasticsearch ask for besides the query: how answers are to look, and options that are either
//! done or refused by their name.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};

use crate::archive::{Archive, get, post, send};

#[tokio::test]
async fn answers_look_as_they_are_asked_to() {
    let archive = Archive::small();
    let router = archive.router();
    let search = async |params: &str, body: Value| {
        let (status, answer) =
            post(&router, &format!("/es/articles/_search?{params}"), body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{params} {body}: {answer}");
        answer
    };
    let found =
        search("filter_path=hits.total.value,hits.hits._id", json!({"size": 1, "sort": "published"})).await;
    assert_eq!(found, json!({"hits": {"total": {"value": 5}, "hits": [{"_id": "a/fire"}]}}));
    let aggs = json!({"size": 0, "aggs": {
        "sections": {"terms": {"field": "section"}, "meta": {"for": "me"}, "aggs": {"first": {"min": {"field": "published"}}}},
        "years": {"date_histogram": {"field": "published", "calendar_interval": "century", "format": "yyyy",
            "min_doc_count": 1, "keyed": true}},
        "newest": {"date_histogram": {"field": "published", "calendar_interval": "year", "min_doc_count": 1,
            "order": {"_key": "desc"}}},
    }});
    let plain = search("", aggs.clone()).await["aggregations"].clone();
    assert_eq!(plain["sections"]["meta"], json!({"for": "me"}));
    assert_eq!(plain["years"]["buckets"]["1800"]["doc_count"], 2);
    assert!(plain["newest"]["buckets"][0]["key_as_string"].as_str().unwrap().starts_with("1955"));
    let typed = search("typed_keys=true", aggs).await["aggregations"].clone();
    assert!(typed["sterms#sections"]["buckets"][0]["min#first"]["value"].is_number(), "{typed}");
    assert!(typed["date_histogram#years"].is_object());
    assert_eq!(search("rest_total_hits_as_int=true", json!({})).await["hits"]["total"], 5);
    let some = search("", json!({"track_total_hits": 2, "query": {"match_all": {}}})).await;
    assert_eq!(some["hits"]["total"], json!({"value": 2, "relation": "gte"}));
    assert!(search("track_total_hits=false", json!({})).await["hits"].get("total").is_none());
    let scored = json!({"query": {"match": {"body": "fog"}}, "sort": "published"});
    assert_eq!(search("", scored.clone()).await["hits"]["hits"][0]["_score"], Value::Null);
    assert!(search("track_scores=true", scored).await["hits"]["hits"][0]["_score"].as_f64().unwrap() > 0.0);
    let absent = json!({"sort": [{"mood": {"order": "asc", "unmapped_type": "long"}}, "_seq"]});
    assert_eq!(search("", absent).await["hits"]["hits"][0]["sort"], json!([null, 4]));
    let (_, text) = get(&router, "/es/?pretty&filter_path=tagline").await;
    assert_eq!(text, json!({"tagline": "You Know, for Search"}));
}

#[tokio::test]
async fn searches_come_as_old_code_sends_them() {
    let archive = Archive::small();
    let router = archive.router();
    let with_body = |uri: &str, body: Value| Request::get(uri).body(Body::from(body.to_string())).unwrap();
    let (status, found) = send(
        &router,
        with_body("/es/articles/_search?_source_includes=headline&preference=_local&allow_no_indices=true&\
                   ignore_unavailable=true&expand_wildcards=open&search_type=query_then_fetch&request_cache=true",
            json!({"query": {"match": {"body": "fog"}}, "timeout": "2s"})),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{found}");
    assert_eq!(found["hits"]["hits"][0]["_source"], json!({"headline": "Ferries stopped by fog"}));
    let (_, found) =
        get(&router, "/es/articles/_search?q=section:City&sort=published:desc&size=1&analyze_wildcard=true")
            .await;
    assert_eq!(found["hits"]["hits"][0]["_id"], "nyt://article/0c66/x");
    let (_, found) = get(&router, "/es/articles,videos/_search?ignore_unavailable=true").await;
    assert_eq!(found["hits"]["total"]["value"], 5);
    assert_eq!(get(&router, "/es/x*/_search").await.1["hits"]["total"]["value"], 0);
    assert_eq!(get(&router, "/es/x*/_search?allow_no_indices=false").await.0, StatusCode::NOT_FOUND);
    let lines = "{\"index\":[\"articles\",\"images\"],\"preference\":\"x\"}\n{\"size\":0}\n";
    let (_, many) = post(&router, "/es/_msearch?rest_total_hits_as_int=true", lines).await;
    assert_eq!(many["responses"][0]["hits"]["total"], 6);
}

#[tokio::test]
async fn tables_are_for_people_and_programs() {
    let archive = Archive::small();
    let router = archive.router();
    let text = |answer: Value| answer.as_str().unwrap().to_owned();
    let (_, table) = get(&router, "/es/_cat/indices?v&h=index,docs.count&s=docs.count:desc").await;
    assert_eq!(text(table), "index    docs.count\narticles 5\nbylines  2\nimages   1\n");
    let (_, rows) = get(&router, "/es/_cat/indices/images?format=json&h=i,dc&bytes=b").await;
    assert_eq!(rows, json!([{"index": "images", "docs.count": "1"}]));
    assert_eq!(get(&router, "/es/_cat/count/articles?format=json&h=count").await.1, json!([{"count": "5"}]));
    assert_eq!(get(&router, "/es/_cat/aliases/morgue?format=json").await.1.as_array().unwrap().len(), 3);
    assert_eq!(get(&router, "/es/_cat/indices?format=yaml").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get(&router, "/es/_cat/indices?mood=x").await.0, StatusCode::BAD_REQUEST);
    let head = |uri: &str| Request::head(uri).body(Body::empty()).unwrap();
    for (uri, status) in [
        ("/es/", 200),
        ("/es/_alias/morgue", 200),
        ("/es/_alias/none", 404),
        ("/es/articles/_alias/morgue", 200),
        ("/es/articles/_doc/a%2Fferry", 200),
        ("/es/articles/_source/a%2Fnone", 404),
    ] {
        assert_eq!(send(&router, head(uri)).await.0.as_u16(), status, "{uri}");
    }
    assert_eq!(
        get(&router, "/es/_cluster/health/articles?wait_for_status=green&timeout=1s").await.1["timed_out"],
        false
    );
    assert_eq!(
        get(&router, "/es/articles/_settings").await.1["articles"]["settings"]["index"]["number_of_shards"],
        "1"
    );
}

/// Nothing is taken in silence and then not done.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of options")]
async fn options_are_done_or_refused_by_name() {
    let archive = Archive::small();
    let router = archive.router();
    let field = |kind: &str, options: Value| {
        let mut inner = json!({"query": "fog"});
        inner.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        json!({"query": {kind: {"body": inner}}})
    };
    let refused = [
        field("match", json!({"analyzer": "klingon"})),
        field("match", json!({"fuzzy_rewrite": "top_terms_10"})),
        field("match", json!({"zero_terms_query": "some"})),
        field("match_phrase", json!({"max_expansions": 5})),
        json!({"query": {"query_string": {"query": "fog", "analyze_wildcard": false}}}),
        json!({"query": {"query_string": {"query": "*og", "allow_leading_wildcard": false}}}),
        json!({"query": {"query_string": {"query": "fog", "analyzer": "whitespace"}}}),
        json!({"query": {"query_string": {"query": "fog", "type": "phrase"}}}),
        json!({"query": {"wildcard": {"section": {"value": "C*", "rewrite": "scoring_boolean"}}}}),
        json!({"query": {"bool": {"adjust_pure_negative": false}}}),
        json!({"query": {"nested": {"path": "images", "query": {"match_all": {}}}}}),
        json!({"query": {"more_like_this": {"like": "fog", "analyzer": "english"}}}),
        json!({"query": {"more_like_this": {"like": "fog", "max_query_terms": 1000}}}),
        json!({"query": {"more_like_this": {"like": [{"_index": "videos", "_id": "v"}]}}}),
        json!({"query": {"more_like_this": {"like": [{"_id": "a/ferry", "fields": ["body"]}]}}}),
        json!({"query": {"more_like_this": {"like": "fog", "fields": ["section"]}}}),
        json!({"query": {"query_string": {"query": "fog", "default_operator": "xor"}}}),
        json!({"query": {"query_string": {"query": "fog~", "fuzzy_max_expansions": 0}}}),
        json!({"query": {"function_score": {"gauss": {"published": {"scale": "1d"}}, "exp": {"published": {"scale": "1d"}}}}}),
        json!({"query": {"function_score": {"weight": 2, "score_mode": "replace"}}}),
        json!({"query": {"function_score": {"weight": 2, "boost_mode": "first"}}}),
        json!({"highlight": {"order": "best", "fields": {"body": {}}}}),
        json!({"highlight": {"encoder": "json", "fields": {"body": {}}}}),
        json!({"highlight": {"fields": {"body": {"number_of_fragments": 101}}}}),
        json!({"highlight": {"fields": {"body": {"highlight_query": {"geo": {}}}}}}),
        json!({"fields": [{"field": "published", "format": "EEE"}]}),
        json!({"stored_fields": ["headline"]}),
        json!({"profile": true}),
        json!({"slice": {"id": 0, "max": 2}}),
        json!({"rescore": {"window_size": 10, "query": {"rescore_query": {"match_all": {}}}}, "sort": "published"}),
        json!({"rescore": {"window_size": 10001, "query": {"rescore_query": {"match_all": {}}}}}),
        json!({"rescore": {"learning_to_rank": {}}}),
        json!({"script_fields": {"a": {"script": "1"}}}),
        json!({"knn": {"field": "v", "query_vector": [1], "k": 1}}),
        json!({"suggest": {"a": {"text": "x", "term": {"field": "body", "suggest_mode": "some"}}}}),
        json!({"suggest": {"a": {"text": "x", "term": {"field": "body", "size": 21}}}}),
        json!({"query": {"function_score": {"gauss": {"published": {"origin": "1900", "scale": "1d"},
            "multi_value_mode": "max"}}}}),
        json!({"sort": [{"section": {"order": "asc", "mode": "avg"}}]}),
        json!({"sort": [{"published": {"order": "asc", "mode": "mean"}}]}),
        json!({"highlight": {"fields": {"body": {"boundary_scanner": "verse"}}}}),
        json!({"highlight": {"fields": {"body": {"matched_fields": ["headline"]}}}}),
        json!({"highlight": {"tags_schema": "bold", "fields": {"body": {}}}}),
        json!({"collapse": {"field": "section", "inner_hits": {"size": 1}}}),
        json!({"collapse": {"field": "section", "inner_hits": {"name": "x", "size": 101}}}),
        json!({"collapse": {"field": "section", "inner_hits": {"name": "x", "collapse": {"field": "page"}}}}),
        json!({"aggs": {"a": {"terms": {"field": "section", "min_doc_count": 0}}}}),
        json!({"aggs": {"a": {"terms": {"field": "section", "order": {"x": "asc"}}}}}),
        json!({"aggs": {"a": {"terms": {"field": "section", "script": "x"}}}}),
        json!({"aggs": {"a": {"terms": {"field": "section", "include": "C{"}}}}),
        json!({"aggs": {"a": {"terms": {"field": "published", "include": "19.*"}}}}),
        json!({"aggs": {"a": {"terms": {"field": "section", "size": 0}}}}),
        json!({"aggs": {"a": {"terms": {"field": "published", "format": "EEE"}}}}),
        json!({"aggs": {"a": {"top_hits": {"size": 101}}}}),
        json!({"aggs": {"a": {"top_hits": {"explain": true}}}}),
        json!({"aggs": {"a[0]": {"min": {"field": "published"}}}}),
        json!({"aggs": {"a": {"date_histogram": {"field": "published", "calendar_interval": "year", "time_zone": "Mars/Olympus"}}}}),
        json!({"aggs": {"a": {"min": {"field": "published"}, "aggs": {"b": {"max": {"field": "published"}}}}}}),
        json!({"aggs": {"a": {"composite": {"sources": []}}}}),
        json!({"aggs": {"a": {"composite": {"sources": [{"s": {"geotile_grid": {"field": "x"}}}]}}}}),
        json!({"aggs": {"a": {"multi_terms": {"terms": [{"field": "section"}]}}}}),
        json!({"aggs": {"a": {"percentiles": {"field": "published", "percents": [101]}}}}),
        json!({"aggs": {"a": {"auto_date_histogram": {"field": "published", "minimum_interval": "fortnight"}}}}),
        json!({"aggs": {"a": {"bucket_script": {"buckets_path": {"x": "_count"}, "script": "doc['x'].value"}}}}),
        json!({"aggs": {"a": {"moving_fn": {"buckets_path": "_count", "window": 2, "script": "values[0]"}}}}),
        json!({"aggs": {"a": {"significant_terms": {"field": "section"}}}}),
        json!({"suggest": {"a": {"text": "x", "term": {"field": "body", "max_edits": 3}}}}),
        json!({"suggest": {"a": {"prefix": "x", "completion": {"field": "section"}}}}),
        json!({"suggest": {"a": {"prefix": "x", "completion": {"field": "headline", "fuzzy": {}}}}}),
        json!({"indices_boost": [{"articles": 2}]}),
    ];
    for body in refused {
        let (status, answer) = post(&router, "/es/articles/_search", body.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
        let cause = &answer["error"]["caused_by"];
        let reason = cause["reason"].as_str().or(answer["error"]["reason"].as_str()).unwrap();
        assert!(
            reason.contains('`') || reason.contains("wildcard") || reason.contains("_key"),
            "{body}: {reason}"
        );
    }
    for uri in [
        "/es/articles/_search?q=fog&analyze_wildcard=false",
        "/es/articles/_search?expand_wildcards=none",
        "/es/articles/_search?stored_fields=x",
        "/es/articles/_mapping?mood=1",
        "/es/articles/_search?q=fog&default_operator=xor",
        "/es/articles/_search?terminate_after=x",
        "/es/_alias?mood=1",
        "/es/articles/_refresh?mood=1",
        "/es/_cluster/health?wait_for_status=blue",
    ] {
        assert_eq!(get(&router, uri).await.0, StatusCode::BAD_REQUEST, "{uri}");
    }
    let (_, answer) = post(&router, "/es/articles/_bulk?pipeline=x", "{\"index\":{}}\n{}\n").await;
    assert_eq!(answer["items"][0]["index"]["status"], 400, "{answer}");
    // And these are done.
    let count = async |body: Value| {
        let (status, answer) = post(&router, "/es/articles/_search", body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{body}: {answer}");
        answer["hits"]["total"]["value"].as_u64().unwrap()
    };
    let fuzzy = |options: Value| {
        let mut inner = json!({"value": "frie", "fuzziness": 2});
        inner.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        json!({"query": {"fuzzy": {"body": inner}}})
    };
    let all = count(fuzzy(json!({}))).await;
    assert!(count(fuzzy(json!({"max_expansions": 1}))).await < all);
    assert!(count(fuzzy(json!({"fuzziness": 1, "transpositions": false}))).await < all);
    assert_eq!(count(field("match", json!({"query": "...", "zero_terms_query": "all"}))).await, 5);
    assert_eq!(count(field("match_phrase", json!({"query": "...", "zero_terms_query": "all"}))).await, 5);
    assert_eq!(count(field("match_phrase", json!({"query": "..."}))).await, 0);
}

#[tokio::test]
async fn words_of_examples_are_chosen_as_asked() {
    let archive = Archive::small();
    let router = archive.router();
    let check = async |options: Value, expected: &[&str]| {
        let mut like =
            json!({"fields": ["body"], "min_term_freq": 1, "min_doc_freq": 1, "minimum_should_match": 1});
        like.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let body = json!({"query": {"more_like_this": like}, "sort": "_seq"}).to_string();
        let (status, answer) = post(&router, "/es/articles/_search", body).await;
        assert_eq!(status, StatusCode::OK, "{options}: {answer}");
        let found: Vec<&str> = answer["hits"]["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["_id"].as_str().unwrap())
            .collect();
        assert_eq!(found, expected, "{options}");
    };
    let (ferry, tram, fire) = ("a/ferry", "a/tram", "a/fire");
    check(json!({"like": "harbour rope"}), &[ferry, tram, fire]).await;
    check(json!({"like": "harbour rope", "stop_words": ["Harbour"]}), &[fire]).await;
    check(json!({"like": "harbour rope", "max_doc_freq": 1}), &[fire]).await;
    check(json!({"like": "harbour rope", "min_doc_freq": 2}), &[ferry, tram]).await;
    check(json!({"like": "harbour rope", "min_word_length": 5}), &[ferry, tram]).await;
    check(json!({"like": "harbour rope", "max_word_length": 4}), &[fire]).await;
    check(json!({"like": "harbour rope", "max_word_length": 0}), &[ferry, tram, fire]).await;
    check(json!({"like": "harbour rope", "unlike": "the harbour"}), &[fire]).await;
    check(json!({"like": "rope fog", "unlike": [{"_id": "a/ferry"}]}), &[fire]).await;
    check(json!({"like": [{"doc": {"body": "rope", "headline": "fog"}}]}), &[fire]).await;
    check(json!({"like": [{"_id": "a/fire"}], "max_doc_freq": 1}), &[]).await;
    check(json!({"like": [{"_id": "a/fire"}], "max_doc_freq": 1, "include": true}), &[fire]).await;
    check(json!({"like": [{"_index": "images", "_id": "i/ferry"}], "fields": ["images.caption"]}), &[]).await;
    check(
        json!({"like": "City rope", "fields": ["section", "body"], "fail_on_unsupported_field": false}),
        &[fire],
    )
    .await;
    let scores = async |boost: f64| {
        let like = json!({"like": "harbour rope", "fields": ["body"], "min_term_freq": 1, "min_doc_freq": 1,
            "minimum_should_match": 1, "boost_terms": boost});
        let body = json!({"query": {"more_like_this": like}}).to_string();
        post(&router, "/es/articles/_search", body).await.1["hits"]["max_score"].as_f64().unwrap()
    };
    let (plain, boosted) = (scores(0.0).await, scores(10.0).await);
    assert!(
        (boosted / plain - 10.0).abs() < 0.01,
        "the most telling word counts ten times: {plain} {boosted}"
    );
}

#[tokio::test]
async fn fields_and_highlights_have_looks_of_their_own() {
    let archive = Archive::small();
    let router = archive.router();
    let body = json!({
        "query": {"multi_match": {"query": "fog", "fields": ["headline", "body"]}},
        "_source": {"includes": ["headline"], "exclude_vectors": true},
        "fields": [{"field": "published", "format": "dd/MM/yyyy"}, "headline"],
        "docvalue_fields": ["section"],
        "highlight": {"pre_tags": "<b>", "post_tags": "</b>", "fields": {
            "headline": {"number_of_fragments": 0}, "body": {"pre_tags": ["<i>"], "post_tags": ["</i>"]}}},
    });
    let (_, answer) = post(&router, "/es/articles/_search", body.to_string()).await;
    let hit = &answer["hits"]["hits"][0];
    let fields =
        json!({"published": ["02/05/1931"], "headline": ["Ferries stopped by fog"], "section": ["Harbour"]});
    assert_eq!((&hit["fields"], &hit["_source"]), (&fields, &json!({"headline": "Ferries stopped by fog"})));
    assert_eq!(hit["highlight"]["headline"], json!(["Ferries stopped by <b>fog</b>"]));
    assert!(hit["highlight"]["body"][0].as_str().unwrap().contains("<i>Fog</i>"), "{hit}");
    let (_, none) =
        post(&router, "/es/articles/_search", json!({"stored_fields": "_none_"}).to_string()).await;
    assert!(none["hits"]["hits"][0].get("_source").is_none());
}

#[tokio::test]
async fn what_is_not_there_says_what_to_do_instead() {
    let archive = Archive::small();
    let router = archive.router();
    let check = async |path: &str, word: &str| {
        let (status, answer) = post(&router, &format!("/es/{path}"), "{}").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}: {answer}");
        assert!(answer["error"]["reason"].as_str().unwrap().contains(word), "{path}: {answer}");
    };
    check("articles/_async_search", "`_search`").await;
    check("_reindex", "/api/v1/rebuild").await;
    check("_query", "ES|QL").await;
    check("_cluster/reroute", "there are health, settings").await;
    check("articles/_mood", "no handler found for uri [/articles/_mood] and method [POST]").await;
    for (name, word) in [
        ("_snapshot", "`morgue log backup`"),
        ("_ilm", "is not supported"),
        ("_security", "is not supported"),
    ] {
        let (status, answer) = get(&router, &format!("/es/{name}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        let reason = answer["error"]["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("`{name}`")) && reason.contains(word), "{reason}");
    }
    let (_, answer) = get(&router, "/es/_mood").await;
    assert_eq!(answer["error"]["type"], "invalid_index_name_exception", "{answer}");
    let counted = async |body: &str| {
        post(&router, "/es/_cat/count/articles?format=json&h=count", body.to_owned()).await
    };
    assert_eq!(counted("").await.1, json!([{"count": "5"}]));
    let (status, answer) = counted("{\"query\": {\"match_all\": {}}}").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let (status, _) = get(&router, "/es/articles/_validate/query?rewrite=true").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    // An object of many fields is there or not.
    let (_, answer) =
        post(&router, "/es/articles/_search", json!({"query": {"exists": {"field": "images"}}}).to_string())
            .await;
    assert_eq!(answer["hits"]["max_score"], 1.0);
    // A count has a query and nothing else.
    let (status, answer) = post(&router, "/es/articles/_count", json!({"size": 1}).to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    assert_eq!(get(&router, "/es/_data_stream/*").await.1, json!({"data_streams": []}));
    assert_eq!(get(&router, "/es/_data_stream/articles").await.0, StatusCode::NOT_FOUND);
    let suggest = async |mode: &str| {
        let term = json!({"field": "body", "suggest_mode": mode});
        let body = json!({"size": 0, "suggest": {"s": {"text": "gates", "term": term}}}).to_string();
        post(&router, "/es/articles/_search", body).await.1["suggest"]["s"][0]["options"].clone()
    };
    assert_eq!(suggest("popular").await, suggest("always").await, "no document has the word");
}

/// Where nothing else is required, one of the words that may be there must be, whatever a percentage comes to.
#[tokio::test]
async fn a_minimum_never_comes_to_nothing() {
    let archive = Archive::small();
    let router = archive.router();
    let total = async |query: Value| {
        let body = json!({"query": query}).to_string();
        let (status, json) = post(&router, "/es/articles/_search", body).await;
        assert_eq!(status, StatusCode::OK, "{json}");
        json["hits"]["total"]["value"].as_u64().unwrap()
    };
    let term = |word: &str| json!({"match": {"body": word}});
    let words = "trams gnu yak emu";
    for minimum in [json!("20%"), json!("-80%"), json!(0), json!("0%"), json!("3<20%"), json!(-4)] {
        let should = json!([term("trams"), term("gnu"), term("yak"), term("emu")]);
        for query in [
            json!({"bool": {"should": should, "minimum_should_match": minimum}}),
            json!({"bool": {"should": should, "must_not": [term("zebra")], "minimum_should_match": minimum}}),
            json!({"query_string": {"query": words, "fields": ["body"], "minimum_should_match": minimum}}),
            json!({"simple_query_string": {"query": words, "fields": ["body"], "minimum_should_match": minimum}}),
            json!({"match": {"body": {"query": words, "minimum_should_match": minimum}}}),
            json!({"more_like_this": {"fields": ["body"], "like": words, "min_term_freq": 1, "min_doc_freq": 1,
                "minimum_should_match": minimum}}),
        ] {
            assert_eq!(total(query.clone()).await, 1, "{query}");
        }
    }
    // Beside something that is required it may.
    let beside =
        json!({"bool": {"must": [{"match_all": {}}], "should": [term("trams")], "minimum_should_match": 0}});
    assert!(total(beside).await > 1);
}
