//! The Elasticsearch routes, as its clients use them.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::archive::{Archive, get, post, send};

pub(crate) async fn search(archive: &Archive, index: &str, body: Value) -> Value {
    let (status, answer) = post(&archive.router(), &format!("/es/{index}/_search"), body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{body}: {answer}");
    answer
}

pub(crate) fn ids(answer: &Value) -> Vec<&str> {
    answer["hits"]["hits"].as_array().unwrap().iter().map(|hit| hit["_id"].as_str().unwrap()).collect()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of queries")]
async fn queries_find_what_they_should() {
    let archive = Archive::small();
    let router = archive.router();
    let check = async |query: Value, expected: &[&str]| {
        let body = json!({"query": query, "_source": false}).to_string();
        let (status, answer) = post(&router, "/es/articles/_search", body).await;
        assert_eq!(status, StatusCode::OK, "{query}: {answer}");
        let mut found = ids(&answer);
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{query}");
        assert_eq!(answer["hits"]["total"], json!({"value": expected.len(), "relation": "eq"}), "{query}");
    };
    let (ferry, tram, fire) = ("a/ferry", "a/tram", "a/fire");
    let (french, ohare) = ("a/époque", "nyt://article/0c66/x");
    check(json!({"match_all": {}}), &[ferry, tram, fire, french, ohare]).await;
    check(json!({"match_none": {}}), &[]).await;
    check(json!({"match": {"body": "fog trams"}}), &[ferry, tram]).await;
    check(json!({"match": {"body": {"query": "harbour ferries fog", "operator": "and"}}}), &[ferry]).await;
    check(
        json!({"match": {"body": {"query": "harbour ferries fog", "minimum_should_match": 2}}}),
        &[ferry, tram],
    )
    .await;
    check(json!({"match": {"body": {"query": "harbor", "fuzziness": "AUTO"}}}), &[ferry, tram]).await;
    // A month is its first day, as in a cluster; our own `date:1931-05` is all of it.
    check(json!({"match": {"published": "1931-05"}}), &[]).await;
    check(json!({"match": {"published": "1931-05-02"}}), &[ferry]).await;
    check(json!({"range": {"published": {"gte": 1931, "lte": "1931-05-02T00"}}}), &[ferry]).await;
    check(json!({"range": {"published": {"gte": 100, "lte": 1931}}}), &[]).await;
    check(json!({"match": {"section": "City"}}), &[tram, fire, ohare]).await;
    check(json!({"match_phrase": {"body": "golden gate"}}), &[ferry]).await;
    check(json!({"match_phrase": {"body": {"query": "golden gate", "slop": 1}}}), &[ferry, tram]).await;
    check(json!({"match_phrase_prefix": {"body": "golden ga"}}), &[ferry]).await;
    check(json!({"match_bool_prefix": {"body": "fog harb"}}), &[ferry, tram]).await;
    let multi = |kind: &str, query: &str| json!({"multi_match": {"query": query, "fields": ["headline^2", "body"], "type": kind, "operator": "and"}});
    check(multi("best_fields", "stopped inn"), &[]).await;
    check(multi("cross_fields", "stopped inn"), &[ferry]).await;
    check(multi("most_fields", "harbour"), &[ferry, tram]).await;
    check(json!({"multi_match": {"query": "golden gate", "type": "phrase", "fields": ["b*"]}}), &[ferry])
        .await;
    check(json!({"combined_fields": {"query": "stopped inn", "fields": ["headline", "body"], "operator": "and"}}), &[ferry]).await;
    check(json!({"query_string": {"query": "body:(fog OR trams) AND section:City"}}), &[tram]).await;
    check(json!({"query_string": {"query": "published:[1900 TO 1940]"}}), &[ferry, tram]).await;
    let from = |zone: &str| json!({"query_string": {"query": "published:>=1931-05-02 AND published:<1931-05-03", "time_zone": zone}});
    check(from("Z"), &[ferry]).await;
    check(from("-02:00"), &[]).await;
    check(from("Europe/Paris"), &[ferry]).await;
    check(from("America/New_York"), &[]).await;
    check(
        json!({"simple_query_string": {"query": "harbour -fog", "fields": ["body"]}}),
        &[ferry, tram, fire, french, ohare],
    )
    .await;
    check(json!({"simple_query_string": {"query": "harbour -fog", "fields": ["body"], "default_operator": "and"}}), &[tram]).await;
    check(json!({"simple_query_string": {"query": "section:City"}}), &[]).await;
    // Texts have terms: lowered, folded and stemmed.
    check(json!({"term": {"body": "fog"}}), &[ferry]).await;
    check(json!({"term": {"body": "Fog"}}), &[]).await;
    check(json!({"term": {"body": {"value": "Fog", "case_insensitive": true}}}), &[ferry]).await;
    check(json!({"term": {"body": "ferries"}}), &[]).await;
    check(json!({"terms": {"body": ["ferri", "Fog", "trams"]}}), &[ferry, tram]).await;
    check(json!({"term": {"body.exact": "ferries"}}), &[ferry, tram]).await;
    check(json!({"term": {"bylines.name": "quill"}}), &[ferry, fire]).await;
    check(json!({"prefix": {"body": "Harb"}}), &[]).await;
    check(json!({"prefix": {"body": {"value": "Harb", "case_insensitive": true}}}), &[ferry, tram]).await;
    check(json!({"wildcard": {"body": "h*bour"}}), &[ferry, tram]).await;
    check(json!({"query_string": {"query": "body:Harb*"}}), &[ferry, tram]).await;
    check(json!({"term": {"section": "City"}}), &[tram, fire, ohare]).await;
    check(json!({"term": {"section": "city"}}), &[]).await;
    check(json!({"term": {"section": {"value": "city", "case_insensitive": true}}}), &[tram, fire, ohare])
        .await;
    check(json!({"term": {"section.keyword": "City"}}), &[tram, fire, ohare]).await;
    check(json!({"term": {"bylines.name.keyword": "Eleanor Quill"}}), &[ferry, fire]).await;
    check(json!({"terms": {"section": ["Harbour", "Étranger"]}}), &[ferry, french]).await;
    check(json!({"terms": {"_id": ["a/ferry", "none"]}}), &[ferry]).await;
    check(json!({"range": {"published": {"gte": "1899", "lt": "1931"}}}), &[tram, french]).await;
    check(json!({"range": {"published": {"gt": "1868", "lte": "1899"}}}), &[]).await;
    check(json!({"range": {"published": {"gt": "1868||/y", "lte": "1899||/y"}}}), &[french]).await;
    check(json!({"range": {"published": {"gte": "now-80y"}}}), &[ohare]).await;
    check(json!({"range": {"published": {"gte": "1900", "lte": "1800"}}}), &[]).await;
    check(json!({"range": {"section": {"gte": "C", "lt": "D"}}}), &[tram, fire, ohare]).await;
    check(json!({"prefix": {"section": "Har"}}), &[ferry]).await;
    check(json!({"wildcard": {"section": "*b*r"}}), &[ferry]).await;
    check(json!({"regexp": {"section": "(City|Har.*)"}}), &[ferry, tram, fire, ohare]).await;
    check(json!({"fuzzy": {"body": {"value": "fogg", "fuzziness": 1}}}), &[ferry]).await;
    check(json!({"exists": {"field": "images"}}), &[ferry]).await;
    check(json!({"exists": {"field": "summary"}}), &[ferry]).await;
    check(json!({"exists": {"field": "page"}}), &[ferry, tram, fire]).await;
    check(json!({"ids": {"values": ["a/tram", "none"]}}), &[tram]).await;
    check(
        json!({"bool": {"filter": {"term": {"section": "City"}}, "must_not": [{"match": {"body": "fire"}}]}}),
        &[tram, ohare],
    )
    .await;
    check(json!({"bool": {}}), &[ferry, tram, fire, french, ohare]).await;
    check(json!({"bool": {"must_not": {"match_all": {}}}}), &[]).await;
    check(json!({"constant_score": {"filter": {"match": {"body": "fog"}}}}), &[ferry]).await;
    check(
        json!({"dis_max": {"queries": [{"match": {"body": "fog"}}, {"match": {"body": "trams"}}]}}),
        &[ferry, tram],
    )
    .await;
    check(
        json!({"boosting": {"positive": {"match": {"body": "harbour"}}, "negative": {"match": {"body": "fog"}},
               "negative_boost": 0.1}}),
        &[ferry, tram],
    ).await;
    check(
        json!({"more_like_this": {"fields": ["body"], "like": [{"_id": "a/ferry"}], "min_term_freq": 1, "min_doc_freq": 1,
               "minimum_should_match": "5%"}}),
        &[tram, fire, ohare],
    ).await;
    check(
        json!({"function_score": {"query": {"match": {"body": "harbour"}}, "exp": {"published":
               {"origin": "1903", "scale": "365d"}}, "boost_mode": "replace"}}),
        &[ferry, tram],
    )
    .await;
}

#[tokio::test]
async fn scores_and_orders() {
    let archive = Archive::small();
    let recent = json!({"query": {"function_score": {"query": {"match": {"body": "harbour"}}, "exp": {"published":
        {"origin": "1903", "scale": "365d"}}, "boost_mode": "replace"}}});
    assert_eq!(ids(&search(&archive, "articles", recent).await), ["a/tram", "a/ferry"]);
    let sorted = json!({"sort": [{"section": {"order": "asc", "missing": "_last"}}, {"published": "desc"}]});
    let answer = search(&archive, "articles", sorted.clone()).await;
    let all = ["nyt://article/0c66/x", "a/tram", "a/fire", "a/ferry", "a/époque"];
    assert_eq!(ids(&answer), all);
    assert_eq!(answer["hits"]["hits"][1]["sort"], json!(["City", -2_086_473_600_000_i64]));
    assert_eq!(answer["hits"]["max_score"], Value::Null);
    // Page after page by `search_after`.
    let mut body = sorted;
    body["size"] = json!(2);
    let mut seen = Vec::new();
    loop {
        let page = search(&archive, "articles", body.clone()).await;
        let hits = page["hits"]["hits"].as_array().unwrap().clone();
        seen.extend(hits.iter().map(|hit| hit["_id"].as_str().unwrap().to_owned()));
        match hits.last() {
            Some(last) => body["search_after"] = last["sort"].clone(),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let paged = json!({"sort": "published", "from": 1, "size": 2});
    assert_eq!(ids(&search(&archive, "articles", paged).await), ["a/époque", "a/tram"]);
    let several = json!({"query": {"match_all": {}}, "sort": ["_seq"], "size": 20});
    assert_eq!(search(&archive, "_all", several).await["hits"]["hits"].as_array().unwrap().len(), 8);
}

#[tokio::test]
async fn highlights_sources_and_fields() {
    let archive = Archive::small();
    let answer = search(&archive, "articles", json!({
        "query": {"match_phrase": {"body": "golden gate"}}, "_source": ["headline", "images.caption"], "fields": ["section", "bylines.*"],
        "highlight": {"pre_tags": ["<b>"], "post_tags": ["</b>"], "fields": {"body": {"number_of_fragments": 1, "fragment_size": 50}}},
        "version": true, "seq_no_primary_term": true, "explain": true,
    })).await;
    let hit = &answer["hits"]["hits"][0];
    assert_eq!(
        hit["_source"],
        json!({"headline": "Ferries stopped by fog",
        "images": [{"caption": "The ferry Morning Star at her berth"}]})
    );
    assert_eq!(hit["fields"]["section"], json!(["Harbour"]));
    assert_eq!(hit["fields"]["bylines.name"], json!(["Eleanor Quill"]));
    assert_eq!(hit["highlight"]["body"], json!(["Passengers slept in the <b>golden gate</b> inn."]));
    assert_eq!((&hit["_version"], &hit["_seq_no"]), (&json!(1), &json!(4)));
    assert!(hit["_explanation"]["value"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn what_is_refused_says_so_in_their_shape() {
    let archive = Archive::small();
    let router = archive.router();
    let check = async |path: &str, body: &str, status: u16, name: &str, word: &str| {
        let (found, answer) = post(&router, path, body.to_owned()).await;
        assert_eq!(found.as_u16(), status, "{path} {body}: {answer}");
        assert_eq!(answer["error"]["type"], name, "{answer}");
        assert_eq!(answer["error"]["root_cause"][0]["type"], name, "{answer}");
        assert_eq!(answer["status"], status);
        assert!(answer["error"]["reason"].as_str().unwrap().contains(word), "{answer}");
    };
    let search = "/es/articles/_search";
    check("/es/videos/_search", "{}", 404, "index_not_found_exception", "videos").await;
    check(search, "{", 400, "parsing_exception", "no JSON").await;
    check(search, r#"{"query": {"geo": {}}}"#, 400, "parsing_exception", "`geo`").await;
    check(search, r#"{"rescore": {"window_size": 1}}"#, 400, "parsing_exception", "rescorer").await;
    check(search, r#"{"size": "x"}"#, 400, "number_format_exception", "`size`").await;
    let nothing = r#"{"aggs": {"a": {"sum_bucket": {"buckets_path": "no>_count"}}}}"#;
    check(search, nothing, 400, "action_request_validation_exception", "no>_count").await;
    // What is found while searching, the shards of a cluster find.
    let shards = async |body: &str, name: &str, word: &str| {
        let (status, answer) = post(&router, search, body.to_owned()).await;
        assert_eq!((status, &answer["status"]), (StatusCode::BAD_REQUEST, &json!(400)), "{answer}");
        let error = &answer["error"];
        assert_eq!(error["type"], "search_phase_execution_exception", "{answer}");
        for one in [&error["root_cause"][0], &error["failed_shards"][0]["reason"], &error["caused_by"]] {
            assert_eq!(one["type"], name, "{answer}");
            assert!(one["reason"].as_str().unwrap().contains(word), "{answer}");
        }
    };
    shards(r#"{"aggs": {"a": {"terms": {"field": "body"}}}}"#, "illegal_argument_exception", "`body`").await;
    shards(r#"{"sort": "headline"}"#, "illegal_argument_exception", "`headline`").await;
    shards(r#"{"sort": "mood"}"#, "query_shard_exception", "`mood`").await;
    let day = r#"{"query": {"range": {"published": {"gte": "soon"}}}}"#;
    shards(day, "parse_exception", "`soon`").await;
    let number = r#"{"query": {"term": {"used_in_count": "many"}}}"#;
    let (_, answer) = post(&router, "/es/images/_search", number.to_owned()).await;
    assert_eq!(answer["error"]["root_cause"][0]["type"], "query_shard_exception", "{answer}");
    check("/es/_bulk", "", 400, "parse_exception", "required").await;
    check("/es/_msearch", "", 400, "parse_exception", "required").await;
    check("/es/_msearch", "{}\n{}", 400, "illegal_argument_exception", "newline").await;
    check("/es/_bulk", "{\"index\":{}}\n{}", 400, "illegal_argument_exception", "newline").await;
    check("/es/_analyze", "{}", 400, "action_request_validation_exception", "text is missing").await;
    check("/es/articles/_search?mood=x", "{}", 400, "illegal_argument_exception", "`mood`").await;
    check("/es/articles/_nothing", "{}", 400, "illegal_argument_exception", "no handler").await;
    check("/es/_bulk", "{\"index\":{}}\n", 400, "illegal_argument_exception", "missing").await;
}

#[tokio::test]
async fn bulk_gives_each_item_its_own_result() {
    let archive = Archive::small();
    let router = archive.router();
    let workers = indexer::Workers::start(&archive.indexes).unwrap();
    let lines = [
        r#"{"index":{"_index":"articles","_id":"a/new"}}"#,
        r#"{"headline":"Zeppelin","bylines":[{"id":"b/quill","name":"x"}]}"#,
        r#"{"create":{"_index":"articles","_id":"a/ferry"}}"#,
        r#"{"headline":"x"}"#,
        r#"{"create":{"_index":"articles","_id":"a/made"}}"#,
        r#"{"headline":"Made"}"#,
        r#"{"update":{"_index":"articles","_id":"a/new"}}"#,
        r#"{"doc":{"section":"Air"}}"#,
        r#"{"update":{"_index":"articles","_id":"a/none"}}"#,
        r#"{"doc":{"section":"Air"}}"#,
        r#"{"update":{"_index":"articles","_id":"a/none2"}}"#,
        r#"{"doc":{"headline":"New","section":"Air"},"doc_as_upsert":true}"#,
        r#"{"delete":{"_index":"articles","_id":"a/tram"}}"#,
        r#"{"delete":{"_index":"articles","_id":"a/none"}}"#,
        r#"{"index":{"_index":"articles","_id":"a/bad"}}"#,
        r#"{"published":"soon"}"#,
        r#"{"index":{"_index":"videos","_id":"v"}}"#,
        r#"{}"#,
        r#"{"index":{"_index":"articles"}}"#,
        r#"{"headline":"No id"}"#,
    ];
    let body = format!("{}\n", lines.join("\n"));
    let (status, answer) = post(&router, "/es/_bulk?refresh=wait_for", body).await;
    assert_eq!((status, &answer["errors"]), (StatusCode::OK, &json!(true)), "{answer}");
    let results: Vec<(String, u64, String)> = answer["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let (verb, item) = item.as_object().unwrap().iter().next().unwrap();
            let result = item["result"].as_str().or(item["error"]["type"].as_str()).unwrap();
            (verb.clone(), item["status"].as_u64().unwrap(), result.to_owned())
        })
        .collect();
    let expected = [
        ("index", 201, "created"),
        ("create", 409, "version_conflict_engine_exception"),
        ("create", 201, "created"),
        ("update", 200, "updated"),
        ("update", 404, "document_missing_exception"),
        ("update", 201, "created"),
        ("delete", 200, "deleted"),
        ("delete", 404, "not_found"),
        ("index", 400, "document_parsing_exception"),
        ("index", 404, "index_not_found_exception"),
        ("index", 201, "created"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(verb, status, result)| ((*verb).to_owned(), *status, (*result).to_owned()))
        .collect();
    assert_eq!(results, expected);
    let found =
        search(&archive, "articles", json!({"query": {"match": {"bylines.name": "quill"}}, "sort": "_seq"}))
            .await;
    assert_eq!(ids(&found), ["a/ferry", "a/fire", "a/new"]);
    let (status, document) = get(&router, "/es/articles/_doc/a/new").await;
    assert_eq!(
        (status, &document["_version"], &document["_source"]["section"]),
        (StatusCode::OK, &json!(2), &json!("Air"))
    );
    assert_eq!(get(&router, "/es/articles/_doc/a/tram").await.0, StatusCode::NOT_FOUND);
    workers.stop();
}

#[tokio::test]
async fn single_documents() {
    let archive = Archive::small();
    let router = archive.router();
    let request = |method: &str, uri: &str, body: &str| {
        axum::http::Request::builder()
            .method(method)
            .uri(uri)
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap()
    };
    let (status, answer) =
        send(&router, request("PUT", "/es/images/_doc/i%2Fnew", r#"{"caption":"New"}"#)).await;
    assert_eq!(
        (status, &answer["result"], &answer["_id"]),
        (StatusCode::CREATED, &json!("created"), &json!("i/new"))
    );
    let (status, answer) =
        send(&router, request("PUT", "/es/images/_create/i%2Fnew", r#"{"caption":"New"}"#)).await;
    assert_eq!(
        (status, &answer["error"]["type"]),
        (StatusCode::CONFLICT, &json!("version_conflict_engine_exception"))
    );
    let seq = get(&router, "/es/images/_doc/i%2Fnew").await.1["_seq_no"].clone();
    let stale = format!("/es/images/_doc/i%2Fnew?if_seq_no={}&if_primary_term=1", 1);
    assert_eq!(send(&router, request("PUT", &stale, r#"{"caption":"Newer"}"#)).await.0, StatusCode::CONFLICT);
    let current = format!("/es/images/_doc/i%2Fnew?if_seq_no={seq}&if_primary_term=1");
    assert_eq!(send(&router, request("PUT", &current, r#"{"caption":"Newer"}"#)).await.0, StatusCode::OK);
    let (_, answer) = post(&router, "/es/images/_update/i%2Fnew", r#"{"doc":{"credit":"X"}}"#).await;
    assert_eq!(answer["result"], "updated");
    let (_, answer) = get(&router, "/es/images/_source/i%2Fnew?_source_includes=caption,credit").await;
    assert_eq!(answer, json!({"caption": "Newer", "credit": "X"}));
    let (_, answer) = post(&router, "/es/articles/_mget", r#"{"ids":["a/ferry","none"]}"#).await;
    assert_eq!((&answer["docs"][0]["found"], &answer["docs"][1]["found"]), (&json!(true), &json!(false)));
    assert_eq!(send(&router, request("DELETE", "/es/images/_doc/i%2Fnew", "")).await.1["result"], "deleted");
    assert_eq!(send(&router, request("HEAD", "/es/images/_doc/i%2Fnew", "")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(&router, request("HEAD", "/es/articles", "")).await.0, StatusCode::OK);
    assert_eq!(send(&router, request("HEAD", "/es/videos", "")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_one_document_one_succeeds() {
    let archive = Archive::small();
    let router = archive.router();
    for round in 0..10 {
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..8 {
            let router = router.clone();
            clients.spawn(async move {
                let address = format!("/es/images/_create/i%2Frace-{round}");
                post(&router, &address, json!({"caption": format!("By {client}")}).to_string()).await
            });
        }
        let answers = clients.join_all().await;
        let created = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
        let refused = answers.iter().filter(|(status, _)| *status == StatusCode::CONFLICT).count();
        assert_eq!((created, refused), (1, 7), "{answers:?}");
    }
}

#[tokio::test]
async fn what_clients_ask_about_the_server() {
    let archive = Archive::small();
    let router = archive.router();
    let (_, root) = get(&router, "/es/").await;
    assert!(root["version"]["number"].as_str().unwrap() >= "7.17");
    assert_eq!(get(&router, "/es").await.0, StatusCode::OK);
    let (_, mapping) = get(&router, "/es/articles/_mapping").await;
    let properties = &mapping["articles"]["mappings"]["properties"];
    assert_eq!(properties["published"]["type"], "date");
    assert_eq!(properties["bylines"]["properties"]["name"]["fields"]["keyword"]["type"], "keyword");
    let (_, caps) = get(&router, "/es/articles/_field_caps?fields=section,body").await;
    assert_eq!(caps["fields"]["section"]["keyword"]["aggregatable"], true);
    let (_, rows) = get(&router, "/es/_cat/indices?format=json").await;
    assert_eq!(rows[0]["docs.count"], "5");
    assert_eq!(get(&router, "/es/_cluster/health").await.1["status"], "green");
    assert_eq!(post(&router, "/es/_count", "").await.1["count"], 8);
    assert_eq!(get(&router, "/es/articles/_count?q=section:City").await.1["count"], 3);
    let (_, tokens) =
        post(&router, "/es/_analyze", r#"{"analyzer":"english","text":"Ferries running"}"#).await;
    assert_eq!(
        (&tokens["tokens"][0]["token"], &tokens["tokens"][1]["token"]),
        (&json!("ferri"), &json!("run"))
    );
    let several = r#"{"analyzer":"english","text":["Ferries 1931","港の船"],"explain":true}"#;
    let (_, several) = post(&router, "/es/_analyze", several).await;
    let tokens = several["detail"]["analyzer"]["tokens"].as_array().unwrap();
    let seen: Vec<_> = tokens
        .iter()
        .map(|one| {
            let of = |name: &str| one[name].as_u64().unwrap();
            (
                one["token"].as_str().unwrap(),
                one["type"].as_str().unwrap(),
                of("position"),
                of("start_offset"),
            )
        })
        .collect();
    let expected = [
        ("ferri", "<ALPHANUM>", 0, 0),
        ("1931", "<NUM>", 1, 8),
        ("港の", "<DOUBLE>", 102, 13),
        ("の船", "<DOUBLE>", 103, 14),
    ];
    assert_eq!(seen, expected);
    assert_eq!(tokens[1]["bytes"], "[31 39 33 31]");
    let (_, valid) =
        post(&router, "/es/articles/_validate/query?explain=true", r#"{"query":{"x":{}}}"#).await;
    assert_eq!(valid["valid"], false);
    let body =
        "{\"index\":\"articles\"}\n{\"query\":{\"match\":{\"body\":\"fog\"}}}\n{\"index\":\"videos\"}\n{}\n";
    let (_, many) = post(&router, "/es/_msearch", body).await;
    assert_eq!(
        (&many["responses"][0]["status"], &many["responses"][1]["status"]),
        (&json!(200), &json!(404))
    );
    let body = r#"{"size":0,"suggest":{"s":{"text":"fogg hrabour","term":{"field":"body"}}}}"#;
    let (_, answer) = post(&router, "/es/articles/_search", body).await;
    assert_eq!(answer["suggest"]["s"][0]["options"][0]["text"], "fog", "{answer}");
}
