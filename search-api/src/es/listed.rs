//! The lists of `docs/elasticsearch.md`, held against the code.

use std::collections::BTreeSet;

use query::{DslOptions, limits::Clauses};
use serde_json::json;

use super::{aggs, routes};

const DOCUMENT: &str = include_str!("../../../docs/elasticsearch.md");

/// Returns the names between backticks in a section.
fn listed(section: &str) -> BTreeSet<&'static str> {
    let (_, rest) = DOCUMENT.split_once(&format!("## {section}\n")).unwrap();
    let rest = rest.split("\n## ").next().unwrap();
    rest.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_route_is_listed() {
    let mut routes: Vec<String> = routes().iter().map(|endpoint| endpoint.entry.path.clone()).collect();
    routes.sort();
    let name = |path: &String| {
        let path = path.strip_prefix("/es/").unwrap_or_default();
        let path = path.strip_prefix("{index}/").unwrap_or(path);
        let steps: Vec<&str> = path.split('/').collect();
        let named = steps.iter().take_while(|step| !step.starts_with('{') || steps.len() == 1);
        named.copied().collect::<Vec<_>>().join("/")
    };
    let have: BTreeSet<String> = routes.iter().map(name).filter(|name| !name.is_empty()).collect();
    let listed: BTreeSet<String> = listed("Routes").into_iter().map(str::to_owned).collect();
    assert_eq!(have, listed);
}

#[test]
fn every_query_is_listed() {
    let have: BTreeSet<&str> = query::query_kinds().collect();
    assert_eq!(have, listed("Queries"));
}

/// Whatever is listed is read, or refused for what is missing in it.
#[test]
fn every_aggregation_that_is_listed_is_there() {
    for name in listed("Aggregations") {
        let options = DslOptions { field: &|_| true };
        let body = json!({"a": {name: {}}});
        let read = aggs::parse(body, "/aggs", &options, &mut Clauses::default());
        let refused = read.err().map(|error| error.reason).unwrap_or_default();
        assert!(!refused.contains("is not supported"), "{name}: {refused}");
    }
    let unknown = aggs::parse(
        json!({"a": {"geo_grid": {}}}),
        "",
        &DslOptions { field: &|_| true },
        &mut Clauses::default(),
    );
    assert!(unknown.unwrap_err().reason.contains("is not supported"));
}
