//! More than a thousand hostile requests, made by rules rather than kept as files: the test sends them all, and the
//! bench measures what each takes.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};

/// One hostile request.
pub(crate) enum Attack {
    /// Of the native search.
    Params(Vec<(&'static str, String)>),
    /// A path and a body.
    Body(&'static str, Vec<u8>),
    /// A path and query.
    Path(String),
}

pub(crate) fn request_of(attack: &Attack) -> Request<Body> {
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

/// All of them.
#[expect(clippy::too_many_lines, reason = "a table of attacks")]
pub(crate) fn corpus() -> Vec<Attack> {
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
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/_all/_search", body)));
    attacks.extend(bodies().into_iter().map(|body| Attack::Body("/es/_search/scroll", body)));
    for text in [
        "",
        "*",
        "**",
        "-",
        "-**",
        "a.b.c.d.e.f.g.h",
        "**.**.**.**.**.**",
        "*.*.*.*.*.*",
        ".",
        "hits..",
        "%2C",
    ] {
        attacks.push(Attack::Path(format!("/es/articles/_search?filter_path={}", encoded(text))));
        attacks.push(Attack::Path(format!("/es/_cat/indices?h={0}&s={0}", encoded(text))));
        attacks.push(Attack::Path(format!("/es/_search/scroll/{}", encoded(text))));
        attacks.push(Attack::Path(format!("/es/articles/_search?scroll={}", encoded(text))));
    }
    attacks
}

fn filters(count: usize) -> Value {
    (0..count).map(|at| (at.to_string(), json!({"match_all": {}}))).collect::<serde_json::Map<_, _>>().into()
}

fn many_words(count: usize) -> Vec<Value> {
    (0..count)
        .map(|at| json!({"prefix": {"body": format!("{}", (b'a' + (at % 26) as u8) as char)}}))
        .collect()
}

#[expect(clippy::too_many_lines, reason = "a table of bodies")]
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
        json!({"aggs": {"a": {"terms": {"field": "url", "size": 1_000}}}}),
        json!({"aggs": {"a": {"terms": {"field": "url"}, "aggs": {"b": {"terms": {"field": "url"}}}}}}),
        json!({"aggs": {"a": {"terms": {"field": "bylines.id", "size": 1_000}, "aggs": {"b": {"cardinality": {"field": "url"}}}}}}),
        json!({"aggs": {"a": {"histogram": {"field": "published", "interval": 1, "min_doc_count": 1}}}}),
        json!({"aggs": {"a": {"filters": {"filters": filters(200)}}}}),
        json!({"query": {"regexp": {"body": "(a|b|c|d)*(e|f|g|h)*(i|j|k|l)*.*"}}}),
        json!({"query": {"wildcard": {"body": "*a*e*"}}}),
        json!({"query": {"query_string": {"query": "*a* *e* *i* *o* *u*", "fields": ["*"]}}}),
        json!({"query": {"query_string": {"query": "a~ e~ i~ o~ bridge~2 senator~2 committee~2"}}}),
        json!({"query": {"bool": {"should": many_words(255)}}}),
        json!({"query": {"combined_fields": {"query": "the of and to in a is that for it with as was on be by ".repeat(16), "fields": ["*"], "operator": "and"}}}),
        json!({"query": {"match_phrase": {"body": {"query": "of the of the of the of the of the of the", "slop": 100}}}}),
        json!({"query": {"match_phrase_prefix": {"body": {"query": "the a", "max_expansions": 1_000_000}}}}),
        json!({"query": {"match_all": {}}, "size": 10_000}),
        json!({"query": {"match": {"body": "the of and"}}, "size": 10_000, "highlight": {"fields": {"*": {"number_of_fragments": 100}}}}),
        json!({"query": {"match_all": {}}, "size": 10_000, "sort": ["section", "published", "bylines.id", "_score"], "collapse": {"field": "url"}}),
        json!({"collapse": {"field": "section", "inner_hits": {}}}),
        json!({"pit": {"id": "x".repeat(10_000)}}),
        json!({"pit": {"id": "x", "keep_alive": "99999999999999d"}}),
        json!({"timeout": "-1"}),
        json!({"scroll_id": vec!["x"; 5_000], "scroll": "1m"}),
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
