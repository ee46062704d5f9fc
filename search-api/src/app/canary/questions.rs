//! The questions: each route with every value of each of its parameters, and Elasticsearch's with every sort of body.

use std::fmt;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::archive::{Archive, Canary, Kept, MARK};
use crate::{
    door::{access::Role, policy::Entry},
    links::encode,
    native::{param::Shape, routes::ROUTES},
};

/// One request.
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) address: String,
    pub(super) body: String,
    pub(super) accept: Option<&'static str>,
    /// The answer does not end.
    pub(super) follows: bool,
    /// Words that the question has itself: an answer may repeat them.
    pub(super) words: Vec<String>,
    /// Nothing may be found, nor counted.
    pub(super) finds_nothing: bool,
    /// The one status that it may have.
    pub(super) status: Option<StatusCode>,
    /// Without keys, the machine itself is told all.
    pub(super) is_for_this_machine: bool,
    /// It is asked at a point in time, or goes on with a scroll.
    pub(super) is_at_point: bool,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.address, self.body)
    }
}

impl Question {
    pub(super) fn new(method: Method, address: String) -> Self {
        let path = address.split('?').next().unwrap_or_default();
        let is_for_this_machine = matches!(path, "/api/v1/events" | "/status");
        Self {
            method,
            address,
            body: String::new(),
            accept: None,
            follows: false,
            words: Vec::new(),
            finds_nothing: false,
            status: None,
            is_for_this_machine,
            is_at_point: false,
        }
    }

    pub(super) fn get(address: &str) -> Self {
        Self::new(Method::GET, address.to_owned())
    }

    pub(super) fn with(self, body: &Value) -> Self {
        Self { body: body.to_string(), ..self }
    }

    /// Returns the search at a point in time.
    fn at(self, body: &Value, id: &str) -> Self {
        let mut body = body.clone();
        body["pit"] = json!({"id": id, "keep_alive": "1h"});
        Self { is_at_point: true, ..self.with(&body) }
    }

    fn lines(self, lines: &[Value]) -> Self {
        let body = lines.iter().map(|line| format!("{line}\n")).collect();
        Self { body, ..self }
    }

    /// The question asks for this word of a canary alone.
    fn about(mut self, word: &str) -> Self {
        self.words.extend([word.to_owned(), mistyped(word)]);
        Self { finds_nothing: true, ..self }
    }
}

/// Everything that these routes can be asked.
pub(super) fn questions(entries: &[Entry], archive: &Archive, kept: &Kept) -> Vec<Question> {
    let mut all = Vec::new();
    for entry in entries.iter().filter(|entry| entry.policy.role.is_none_or(|role| role == Role::Read)) {
        for address in addresses(&entry.path, archive) {
            let question = || Question::new(entry.method.clone(), address.clone());
            match entry.path.strip_prefix("/es") {
                Some(path) => all.extend(of_elastic(path, &question, archive, kept)),
                None => all.extend(with_params(entry, &question, archive)),
            }
        }
    }
    all.extend(archive.canaries().into_iter().flat_map(|(canary, _)| ends(canary)));
    all
}

/// Returns what each is told of each canary by its own address.
fn ends(canary: Canary) -> Vec<Question> {
    let status = if canary.fate.is_public() { StatusCode::GONE } else { StatusCode::NOT_FOUND };
    let own = ["", "/history", "/diff", "?at=seq:40"].map(|end| format!("{}{end}", canary.address()));
    let pages = ["", "?at=seq:40", "?q=harbour"].map(|end| format!("{}{end}", canary.page()));
    let elsewhere = ["similar", "cite"]
        .map(|route| format!("/api/v1/{route}/{}?view={}", canary.id(), canary.kind.plural()));
    let told = own.into_iter().chain(pages).chain(elsewhere);
    let gone = told.map(|address| Question { status: Some(status), ..Question::get(&address) });
    let missing = [
        format!("/media/{}", canary.file()),
        format!("/es/{}/_doc/{}", canary.kind.plural(), canary.id()),
        format!("/es/{}/_source/{}", canary.kind.plural(), canary.id()),
        format!("/es/{}@then/_doc/{}", canary.kind.plural(), canary.id()),
    ]
    .map(|address| Question { status: Some(StatusCode::NOT_FOUND), ..Question::get(&address) });
    gone.chain(missing).collect()
}

/// The addresses of a template.
fn addresses(template: &str, archive: &Archive) -> Vec<String> {
    let mut addresses = vec![template.to_owned()];
    let mut fill = |part: &str, values: &[String]| {
        if addresses.iter().any(|address| address.contains(part)) {
            let each = |address: &String| {
                values.iter().map(|value| address.replace(part, value)).collect::<Vec<_>>()
            };
            addresses = addresses.iter().flat_map(each).collect();
        }
    };
    let canaries = archive.canaries();
    let ids: Vec<String> = canaries.iter().map(|(canary, _)| canary.id().to_string()).collect();
    let files: Vec<String> = canaries.iter().map(|(canary, _)| canary.file()).collect();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    fill("{*id}", &ids);
    if template.starts_with("/es/_search/scroll") {
        fill("{id}", &texts(&["none"]));
    }
    fill("{id}", &ids);
    fill("{*path}", &files);
    fill(
        "{index}",
        &texts(&["articles", "images", "bylines", "_all", "articles@then", "images@then", "bylines@then"]),
    );
    fill("{name}", &texts(&["morgue", "icon.svg"]));
    fill("{version}", &texts(&["1"]));
    fill("{metric}", &texts(&["_all"]));
    fill("{node}", &texts(&["_all"]));
    fill("{task}", &texts(&["morgue:1"]));
    addresses
}

/// A native route or a page, with each value of each of its parameters.
fn with_params(entry: &Entry, question: &dyn Fn() -> Question, archive: &Archive) -> Vec<Question> {
    let of_table = ROUTES.iter().find(|route| route.path == entry.path && route.method == entry.method);
    let with = |pairs: &[(&str, &str)]| {
        let text: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut question = question();
        question.address = format!("{}?{}", question.address, text.join("&"));
        question.follows = pairs.contains(&("follow", "true"));
        question
    };
    let mut params: Vec<(&str, Vec<String>)> = Vec::new();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut required: Vec<(&str, &str)> = Vec::new();
    match of_table {
        Some(route) => {
            for param in route.params.iter().filter(|param| !param.is_header) {
                if param.is_required {
                    required.push((param.name, "harb"));
                }
                params.push((
                    param.name,
                    match param.shape {
                        Shape::Text(_) if param.name == "facets" => texts(&[FACETS]),
                        Shape::Text(_) if param.name == "as_of" => texts(&["then"]),
                        Shape::Text(_) => texts(&["harbour", "z", "zq"]),
                        Shape::Whole(least, _) => texts(&["1", "2", "50"])
                            .into_iter()
                            .filter(|n| n.parse::<u64>().unwrap() >= least)
                            .collect(),
                        Shape::Flag => texts(&["true", "false"]),
                        Shape::OneOf(values) => texts(values),
                        Shape::AsOf => vec![
                            "seq:1".into(),
                            archive.when_public(),
                            "1999-01-01".into(),
                            "2999-01-01".into(),
                        ],
                        Shape::Name => texts(&["then"]),
                        Shape::Tag => texts(&["*", "\"1\""]),
                    },
                ));
            }
        }
        None => params.extend([
            ("q", texts(&["harbour", "z*", "zqxx"])),
            ("at", vec!["seq:1".into(), archive.when_public(), "2999-01-01".into()]),
            ("as_of", texts(&["then"])),
            ("view", texts(&["articles", "images", "bylines"])),
            ("id", archive.canaries().iter().map(|(canary, _)| canary.id().to_string()).collect()),
        ]),
    }
    let mut all = vec![if required.is_empty() { question() } else { with(&required) }];
    for (name, values) in &params {
        for value in values {
            let mut pairs: Vec<_> = required.iter().copied().filter(|(other, _)| other != name).collect();
            pairs.push((name, value));
            all.push(with(&pairs));
        }
    }
    let takes = |name: &str| params.iter().any(|(other, _)| *other == name);
    if takes("q") && entry.path != "/status" {
        let deep = [("facets", FACETS), ("as_of", "then"), ("limit", "50")];
        for (canary, words) in archive.canaries() {
            for word in &words {
                all.push(with(&[("q", word)]).about(word));
                for more in [&[("view", canary.kind.plural())][..], &deep] {
                    let more = more.iter().copied().filter(|(name, _)| takes(name));
                    let pairs: Vec<_> = more.chain([("q", word.as_str())]).collect();
                    all.push(with(&pairs).about(word));
                }
                // Somebody types it, and somebody mistypes it.
                let typed = word.get(..word.len() - 3).unwrap_or(word);
                all.push(Question { words: vec![typed.to_owned()], ..with(&[("q", typed)]) });
                all.push(Question { words: vec![mistyped(word)], ..with(&[("q", &mistyped(word))]) });
            }
        }
    }
    if entry.path == "/api/v1/events" && entry.method == Method::GET {
        all.push(Question { accept: Some("text/event-stream"), follows: true, ..question() });
    }
    all
}

const FACETS: &str = "century,decade,year,section,byline,keyword,type,source,images.credit,bylines.name";

/// The word with another letter in its middle.
fn mistyped(word: &str) -> String {
    let at = word.len() / 2;
    format!("{}w{}", &word[..at], &word[at + 1..])
}

/// A route of Elasticsearch's, with every sort of body that it takes.
#[expect(clippy::too_many_lines, reason = "a match over the verbs of the API")]
fn of_elastic(path: &str, question: &dyn Fn() -> Question, archive: &Archive, kept: &Kept) -> Vec<Question> {
    let verb = path.split('/').rfind(|part| part.starts_with('_')).unwrap_or_default();
    let has_index = path.starts_with("/{index}");
    match verb {
        "_search" if path.ends_with("_search") => {
            let mut all = vec![question()];
            let address = |end: &str| {
                let mut question = question();
                question.address = format!("{}?{end}", question.address);
                question
            };
            all.push(address("q=harbour&size=100"));
            for body in searches() {
                all.push(question().with(&body));
                if !has_index {
                    all.extend(kept.points.iter().map(|id| question().at(&body, id)));
                }
            }
            // Each part of what is open.
            for part in 0..2 {
                let body = json!({"size": 100, "slice": {"id": part, "max": 2}, "highlight": {"fields": {"*": {"no_match_size": 100}}}});
                if !has_index {
                    all.extend(kept.points.iter().map(|id| question().at(&body, id)));
                }
            }
            // Both methods are one handler.
            let canaries = if question().method == Method::POST { archive.canaries() } else { Vec::new() };
            for (canary, words) in canaries {
                for word in words {
                    all.push(address(&format!("q={word}")).about(&word));
                    for body in about(canary, &word) {
                        all.push(question().with(&body).about(&word));
                        if !has_index {
                            all.extend(kept.points.iter().map(|id| question().at(&body, id).about(&word)));
                        }
                    }
                }
            }
            all
        }
        // It gives back what it is sent, and looks at nothing else.
        "_render" => vec![question().with(&json!({"source": {"size": 0}}))],
        _ if path.ends_with("/template") => {
            let lines = |body: &Value| question().lines(&[json!({"index": "_all"}), json!({"source": body})]);
            let of = |body: &Value| match verb {
                "_msearch" => lines(body),
                _ => question().with(&json!({"source": body, "params": {"x": 1}})),
            };
            searches().iter().map(of).collect()
        }
        "_search" if path.contains("scroll") && question().method != Method::DELETE => {
            let next = |id| question().with(&json!({"scroll_id": id, "scroll": "1h"}));
            kept.scrolls.iter().map(|id| Question { is_at_point: true, ..next(id) }).collect()
        }
        "_msearch" => searches()
            .iter()
            .map(|body| question().lines(&[json!({"index": "_all"}), body.clone()]))
            .collect(),
        "_count" | "_validate" => {
            let words = archive.canaries().into_iter().flat_map(|(_, words)| words);
            words
                .map(|word| {
                    let body = json!({"query": {"multi_match": {"query": word, "fields": ["*"]}}});
                    Question { finds_nothing: verb == "_count", ..question().with(&body).about(&word) }
                })
                .collect()
        }
        "_mget" => {
            let docs: Vec<Value> = archive
                .canaries()
                .iter()
                .flat_map(|(canary, _)| {
                    let kind = canary.kind.plural();
                    [
                        json!({"_index": kind, "_id": canary.id()}),
                        json!({"_index": format!("{kind}@then"), "_id": canary.id()}),
                    ]
                })
                .collect();
            vec![question().with(&json!({"docs": docs}))]
        }
        "_explain" => {
            let words = archive.canaries().into_iter().flat_map(|(_, words)| words).take(40);
            let about = |word: String| {
                let body = json!({"query": {"multi_match": {"query": word, "fields": ["*"]}}});
                question().with(&body).about(&word)
            };
            words.map(about).chain([question().with(&json!({"query": {"match_all": {}}}))]).collect()
        }
        "_terms_enum" => {
            let of = |field: &str| {
                question()
                    .with(&json!({"field": field, "size": 1000, "string": "", "case_insensitive": true}))
            };
            let mut all: Vec<Question> = FIELDS.iter().map(|field| of(field)).collect();
            for (_, words) in archive.canaries() {
                for word in words {
                    let start = word.get(..word.len() - 3).unwrap_or(&word).to_owned();
                    let body = json!({"field": "bylines.name.keyword", "size": 1000, "string": start, "case_insensitive": true});
                    all.push(Question { words: vec![start], ..question().with(&body) });
                }
            }
            all
        }
        "_analyze" => vec![question().with(&json!({"text": "harbour", "analyzer": "standard"}))],
        _ => vec![question()],
    }
}

/// Fields that values are counted in.
const FIELDS: [&str; 9] = [
    "section",
    "keywords.value",
    "bylines.name",
    "images.photographer.name",
    "source",
    "name",
    "photographer.name",
    "used_in.section",
    "sections.name",
];

/// Returns what is asked of everything.
fn searches() -> Vec<Value> {
    let fields = FIELDS;
    let terms = |field: &str| json!({"terms": {"field": field, "size": 100}, "aggs": {"top": {"top_hits": {"size": 3}}}});
    let aggs: serde_json::Map<String, Value> =
        fields.iter().map(|field| ((*field).to_owned(), terms(field))).collect();
    let all = json!({"match_all": {}});
    let marks = json!({"fields": {"*": {"no_match_size": 100}}});
    let mut searches = vec![
        json!({"size": 100, "query": all, "aggs": aggs, "fields": ["*"], "explain": true, "version": true}),
        json!({"size": 100, "query": {"match": {"headline": "harbour"}}, "highlight": {"fields": {"*": {}}}, "explain": true}),
        json!({"size": 100, "query": {"more_like_this": {"like": "harbour night", "fields": ["headline", "body"], "min_term_freq": 1, "min_doc_freq": 1}}}),
        json!({"size": 100, "query": all, "sort": [{"section": "asc"}, {"_id": "asc"}]}),
        json!({"size": 100, "query": all, "collapse": {"field": "section"}}),
        json!({"size": 100, "query": all, "collapse": {"field": "section", "inner_hits": {"name": "others", "size": 100, "highlight": marks}}}),
        json!({"size": 100, "query": all, "rescore": {"window_size": 100, "query": {"rescore_query": {"exists": {"field": "section"}}}}}),
        json!({"size": 0, "query": all, "aggs": {"s": {"terms": {"field": "section"}, "aggs": {"t": {"top_hits": {"size": 100, "highlight": marks, "fields": ["*"]}}}}}}),
        json!({"size": 100, "query": {"distance_feature": {"field": "published", "origin": "1900-01-01", "pivot": "3650d"}}}),
        json!({"size": 0, "query": all, "aggs": {"g": {"global": {}, "aggs": aggs}}}),
        json!({"size": 0, "query": all, "aggs": {"f": {"filter": {"exists": {"field": "section"}}, "aggs": aggs}}}),
    ];
    for field in ["headline", "body", "section", "caption", "name", "images.caption", "bylines.name"] {
        for query in [
            json!({"wildcard": {field: {"value": format!("{MARK}*")}}}),
            json!({"prefix": {field: {"value": MARK}}}),
            json!({"regexp": {field: {"value": format!("{MARK}.*")}}}),
        ] {
            searches.push(json!({"size": 10, "query": query, "highlight": {"fields": {"*": {}}}, "explain": true, "aggs": {"s": terms("section")}}));
        }
    }
    searches
}

/// Returns what is asked with one word of a canary.
fn about(canary: Canary, word: &str) -> Vec<Value> {
    let near = mistyped(word);
    let suggest = |field: &str| json!({"text": near, "t": {"term": {"field": field, "suggest_mode": "always"}}, "p": {"phrase": {"field": field}}});
    let field = match canary.kind {
        store::AssetKind::Article => "headline",
        store::AssetKind::Image => "caption",
        store::AssetKind::Byline => "name",
    };
    let like = json!([{"_index": canary.kind.plural(), "_id": canary.id()}]);
    vec![
        json!({"query": {"multi_match": {"query": word, "fields": ["*"]}}, "aggs": {"s": {"terms": {"field": "section"}}}}),
        json!({"query": {"query_string": {"query": word}}}),
        json!({"query": {"multi_match": {"query": near, "fields": ["*"], "fuzziness": "AUTO"}}}),
        json!({"query": {"more_like_this": {"like": like, "min_term_freq": 1, "min_doc_freq": 1}}}),
        json!({"size": 0, "query": {"match_none": {}}, "suggest": suggest(field)}),
        json!({"query": {"ids": {"values": [canary.id()]}}}),
        json!({"size": 0, "query": {"match_none": {}}, "suggest": {"c": {"prefix": word, "completion": {"field": field, "size": 100}}}}),
    ]
}
