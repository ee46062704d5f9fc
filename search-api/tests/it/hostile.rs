//! A story: the archive is open to the world, and somebody is bored. Every query and body here tries to break the
//! process, hold it, or fill its memory; each must get an answer or a refusal with a reason, quickly, and the
//! process must live to answer the next.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::archive::Archive;

/// What one of them may take here: ten times less than the 500 ms of the promise in a release build, ten times more
/// for a build without optimisation on a busy machine.
const LIMIT: Duration = Duration::from_secs(5);

enum Attack {
    Params(Vec<(&'static str, String)>),
    Body(&'static str, Vec<u8>),
    Path(String),
}

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

fn request_of(attack: &Attack) -> Request<Body> {
    match attack {
        Attack::Params(params) => {
            let query: Vec<String> =
                params.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
            Request::get(format!("/api/v1/search?{}", query.join("&"))).body(Body::empty()).unwrap()
        }
        Attack::Body(path, body) => Request::post(*path).body(Body::from(body.clone())).unwrap(),
        Attack::Path(path) => Request::get(path.as_str()).body(Body::empty()).unwrap(),
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// More than a thousand, made by rules rather than kept as files.
fn corpus() -> Vec<Attack> {
    let mut attacks = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    // Depth and length.
    for count in [1, 31, 32, 33, 100, 470, 910, 1_400, 2_040, 2_048, 2_049, 10_000] {
        for unit in [
            "(",
            ")",
            "()",
            "((a))",
            "(a OR ",
            "(a OR (b AND ",
            "-(",
            "NOT ",
            "\"",
            "a ",
            "a OR ",
            "+",
            "~",
            "^",
            "*",
            "?",
            "a*",
            "[",
            "{",
            "body:",
            "body:(",
            "\\",
            "/",
            "--",
            "&&",
            "||",
            "a b",
            "\u{301}",
            "港",
            "\u{202e}",
            ":",
        ] {
            texts.push(unit.repeat(count));
        }
    }
    // Patterns.
    for pattern in [
        "*",
        "**",
        "*a*b*c*d*e*f*g*",
        "?",
        "????????????????????",
        "*e",
        "*?*?*?*?*?*?*",
        "a*a*a*a*a*a*a*a*a*a*b",
        "/(.{1,40}){1,40}/",
        "/(a+)+$/",
        "/(a|aa)+$/",
        "/((((((((((a))))))))))/",
        "/[/",
        "/a{99999}/",
        "/(/",
        "/.*.*.*.*.*x/",
        "/\\/",
        "/a",
        "~",
        "a~",
        "a~99",
        "a~-1",
        "a~0.5",
        "body:*",
        "*:*",
        "_exists_:body",
        "_exists_:",
        "_id:*",
        "_seq:1",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa~2",
    ] {
        texts.push(pattern.to_owned());
        texts.push(format!("body:{pattern}"));
        texts.push(format!("{pattern} AND NOT ({pattern} OR {pattern})"));
    }
    // Dates and numbers.
    for date in [
        "0",
        "-1",
        "99999",
        "99999999999999999999",
        "1931-13",
        "1931-02-30",
        "-999999",
        "+999999-12-31",
        "now",
        "now/y",
        "NaN",
        "Infinity",
        "1e308",
        "1931-05-02T25:00:00Z",
        "1931-05-02T10:00:00+99:99",
        "\u{661}\u{669}\u{663}\u{661}",
        "",
        " ",
        "0000",
        "9999",
        "10000",
        "1931..1930",
        "..",
        "...",
        "1..2..3",
        ">",
        ">=",
        "<",
        ">=<",
        "[1 TO",
        "[TO]",
        "{* TO *}",
        "[* TO *]",
    ] {
        texts.push(format!("date:{date}"));
        texts.push(format!("published:{date}"));
        for name in [
            "from", "to", "min_seq", "limit", "offset", "cursor", "sort", "view", "facets", "as_of",
            "section",
        ] {
            attacks.push(Attack::Params(vec![(name, date.to_owned())]));
        }
    }
    // Control characters, surrogate halves, markup, injections.
    for text in [
        "\0",
        "\u{1b}[2J",
        "\u{feff}",
        "\u{fffd}",
        "\u{f700}a",
        "\u{f701}ferries",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "${jndi:ldap://x}",
        "{{7*7}}",
        "../../etc/passwd",
        "%00",
        "%ff",
        "\r\nSet-Cookie: a=b",
        "a\u{0}b",
        "\u{7f}",
        "ﷺ",
        "𝔞",
        "🚢",
        "Z\u{301}\u{302}\u{303}\u{304}",
        "\u{200b}",
        "\u{2028}",
        "ſ",
        "İ",
        "ß",
    ] {
        texts.push(text.to_owned());
        texts.push(format!("\"{text}\"~3"));
        texts.push(format!("{text}*"));
        texts.push(format!("{text}~"));
        attacks.push(Attack::Path(format!("/api/v1/articles/{}", encoded(text))));
        attacks.push(Attack::Path(format!("/es/articles/_doc/{}", encoded(text))));
        attacks.push(Attack::Path(format!("/es/{}/_search", encoded(text))));
        attacks.push(Attack::Path(format!("/api/v1/search?{}=1", encoded(text))));
    }
    for text in texts {
        for kind in ["query_string", "simple_query_string"] {
            let body = json!({"query": {kind: {"query": text}}});
            attacks.push(Attack::Body("/es/articles/_search", body.to_string().into_bytes()));
        }
        if text.len() <= 4_096 {
            attacks.push(Attack::Params(vec![("q", text)]));
        }
    }
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/articles/_search", body)));
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/_bulk", body)));
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/_msearch", body)));
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/_analyze", body)));
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/_mget", body)));
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/api/v1/events", body)));
    attacks
}

fn bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"{".to_vec(),
        b"}".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"1".to_vec(),
        b"\"a\"".to_vec(),
        b"\xff\xfe".to_vec(),
        b"{\"query\":\"\xff\"}".to_vec(),
        b"\0".to_vec(),
        vec![b' '; 70_000],
        vec![b'['; 70_000],
        b"{\"a\":1,\"a\":2}".to_vec(),
        b"{\"query\":{\"match\":{\"body\":\"\\ud800\"}}}".to_vec(),
        b"\n\n\n".to_vec(),
        b"{\"index\":{}}\n".to_vec(),
        b"{\"delete\":{}}\n".to_vec(),
        b"{\"update\":{\"_id\":\"x\",\"_index\":\"articles\"}}\n{}\n".to_vec(),
    ];
    for depth in [10, 32, 33, 1_000, 20_000] {
        bodies.push("[".repeat(depth).into_bytes());
        bodies.push(
            format!("{{\"query\":{}{}}}", "{\"bool\":{\"must\":".repeat(depth), "}".repeat(depth * 2))
                .into_bytes(),
        );
        bodies.push(
            format!("{{\"aggs\":{}{}}}", "{\"a\":{\"aggs\":".repeat(depth), "}".repeat(depth * 2))
                .into_bytes(),
        );
    }
    let clauses = |count: usize| vec![json!({"match_all": {}}); count];
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!("x"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"x": {}}),
    ];
    let mut values: Vec<Value> = vec![
        json!({"query": {"bool": {"should": clauses(255)}}}),
        json!({"query": {"bool": {"should": clauses(257)}}}),
        json!({"query": {"bool": {"should": clauses(3_000)}}}),
        json!({"query": {"terms": {"section": vec!["x"; 4_097]}}}),
        json!({"query": {"ids": {"values": vec!["x"; 4_097]}}}),
        json!({"query": {"match": {"body": "a ".repeat(20_000)}}}),
        json!({"query": {"match": {"body": "a".repeat(60_000)}}}),
        json!({"query": {"match_phrase": {"body": {"query": "a ".repeat(5_000), "slop": 100}}}}),
        json!({"query": {"match_phrase": {"body": {"query": "a b", "slop": 4_294_967_295_u64}}}}),
        json!({"query": {"match": {"body": {"query": "a", "minimum_should_match": "999999999999999999999%"}}}}),
        json!({"query": {"match": {"body": {"query": "a b", "minimum_should_match": "-9223372036854775808%"}}}}),
        json!({"query": {"wildcard": {"section": "*".repeat(200)}}}),
        json!({"query": {"wildcard": {"section": "*a".repeat(60)}}}),
        json!({"query": {"wildcard": {"section": "?".repeat(201)}}}),
        json!({"query": {"regexp": {"section": "(.{1,40}){1,40}"}}}),
        json!({"query": {"regexp": {"section": "(a*)*".repeat(20)}}}),
        json!({"query": {"regexp": {"section": "(".repeat(100)}}}),
        json!({"query": {"regexp": {"section": "[a-".repeat(20)}}}),
        json!({"query": {"fuzzy": {"body": {"value": "a".repeat(50_000), "fuzziness": 2}}}}),
        json!({"query": {"fuzzy": {"body": {"value": "a", "fuzziness": 200}}}}),
        json!({"query": {"range": {"published": {"gte": "now-99999999999y"}}}}),
        json!({"query": {"range": {"published": {"gte": "1931||".to_owned() + &"+1y".repeat(1_000)}}}}),
        json!({"query": {"range": {"published": {"gte": i64::MAX, "lte": i64::MIN}}}}),
        json!({"query": {"range": {"published": {"gte": "1931", "format": "G".repeat(1_000)}}}}),
        json!({"query": {"range": {"published": {"gte": "1931", "time_zone": "Europe/../../x"}}}}),
        json!({"query": {"match": {"x".repeat(10_000): "a"}}}),
        json!({"query": {"exists": {"field": "*".repeat(200)}}}),
        json!({"query": {"multi_match": {"query": "a", "fields": vec!["*"; 500]}}}),
        json!({"query": {"function_score": {"gauss": {"published": {"origin": "now", "scale": "0d"}}}}}),
        json!({"query": {"function_score": {"field_value_factor": {"field": "published", "modifier": "reciprocal"}}}}),
        json!({"query": {"more_like_this": {"like": "a ".repeat(30_000), "min_term_freq": 0, "min_doc_freq": 0, "max_query_terms": 1_000_000}}}),
        json!({"query": {"match_all": {"boost": -1}}}),
        json!({"query": {"match_all": {"boost": 1e300}}}),
        json!({"from": 10_000, "size": 1}),
        json!({"size": 18_446_744_073_709_551_615_u64}),
        json!({"from": -1}),
        json!({"size": 1.5}),
        json!({"sort": vec!["_score"; 100]}),
        json!({"sort": "body"}),
        json!({"sort": {"published": {"missing": "x"}}}),
        json!({"search_after": []}),
        json!({"search_after": [1, 2, 3]}),
        json!({"search_after": ["x"], "sort": "published"}),
        json!({"search_after": [{"a": 1}], "sort": "section"}),
        json!({"min_score": -1e300}),
        json!({"track_total_hits": "x"}),
        json!({"highlight": {"fields": {"*": {"fragment_size": 0, "number_of_fragments": 1_000_000_000}}}, "query": {"match": {"body": "fog"}}}),
        json!({"highlight": {"pre_tags": ["x".repeat(50_000)], "fields": {"body": {}}}, "query": {"query_string": {"query": "a* b* f*"}}}),
        json!({"aggs": {"a": {"terms": {"field": "section", "size": 1_000_000}}}}),
        json!({"aggs": {"a": {"date_histogram": {"field": "published", "fixed_interval": "1ms", "min_doc_count": 0}}}}),
        json!({"aggs": {"a": {"date_histogram": {"field": "published", "calendar_interval": "minute", "min_doc_count": 0}}}}),
        json!({"aggs": {"a": {"date_histogram": {"field": "published", "fixed_interval": "99999999999999999d"}}}}),
        json!({"aggs": {"a": {"histogram": {"field": "published", "interval": 1}}}}),
        json!({"aggs": {"a": {"histogram": {"field": "published", "interval": 0}}}}),
        json!({"aggs": {"a": {"range": {"field": "published", "ranges": vec![json!({"from": 1}); 1_000]}}}}),
        json!({"aggs": {"a": {"terms": {"script": "while(true);"}}}}),
        json!({"suggest": {"a": {"text": "x".repeat(40_000), "term": {"field": "body"}}}}),
        json!({"suggest": {"a": {"text": "x", "completion": {"field": "body"}}}}),
        json!({"script_fields": {}}),
        json!({"rescore": {}}),
        json!({"knn": {}}),
        json!({"collapse": {"field": "section"}}),
        json!({"text": "x".repeat(20_000)}),
        json!({"text": vec!["a"; 100], "analyzer": "x"}),
        json!({"docs": vec![json!({}); 2_000]}),
        json!({"ids": vec!["x"; 5_000]}),
        json!({"type": "article.published", "id": "x".repeat(500), "data": {}}),
        json!({"type": "\u{0}", "id": "x", "data": {}}),
    ];
    let queries = [
        "match",
        "match_phrase",
        "term",
        "terms",
        "range",
        "prefix",
        "wildcard",
        "regexp",
        "fuzzy",
        "exists",
        "ids",
        "bool",
        "constant_score",
        "dis_max",
        "boosting",
        "function_score",
        "more_like_this",
        "multi_match",
        "query_string",
        "simple_query_string",
        "nested",
        "match_all",
        "script",
        "percolate",
        "geo_distance",
        "span_term",
    ];
    for query in queries {
        for wrong in &wrong {
            values.push(json!({"query": {query: wrong}}));
            values.push(json!({"query": {query: {"body": wrong}}}));
        }
    }
    for key in [
        "query",
        "aggs",
        "sort",
        "highlight",
        "_source",
        "fields",
        "size",
        "from",
        "suggest",
        "search_after",
        "min_score",
    ] {
        values.extend(wrong.iter().map(|wrong| json!({key: wrong})));
    }
    for agg in [
        "terms",
        "date_histogram",
        "histogram",
        "range",
        "filters",
        "filter",
        "stats",
        "cardinality",
        "top_hits",
        "missing",
    ] {
        values.extend(wrong.iter().map(|wrong| json!({"aggs": {"a": {agg: wrong}}})));
    }
    bodies.extend(values.into_iter().map(|value| value.to_string().into_bytes()));
    bodies
}
