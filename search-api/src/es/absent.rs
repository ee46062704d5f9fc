//! The parts of Elasticsearch's API that are not here, and what is in their stead.

/// The parts of Elasticsearch's API that are not here although clients may well look for them, and what to do instead.
const INSTEAD: [(&str, &str); 11] = [
    (
        "_async_search",
        "`_async_search` is not supported: every search ends within seconds, so send it to `_search`",
    ),
    (
        "_reindex",
        "`_reindex` is not supported: the index is built again from the log by `POST /api/v1/rebuild`",
    ),
    ("_sql", "`_sql` is not supported: use `_search`"),
    ("_query", "ES|QL is not supported: use `_search`"),
    ("_template", "templates are not supported: the indices and their fields are given"),
    ("_index_template", "templates are not supported: the indices and their fields are given"),
    ("_termvectors", "`_termvectors` is not supported: `_analyze` shows how a text is cut into words"),
    ("_ingest", "pipelines are the mappings that the server was started with: `_ingest/pipeline` lists them"),
    ("_cat", "of `_cat` there are aliases, count, health, indices, nodes and shards"),
    ("_cluster", "of `_cluster` there are health, settings, state and stats"),
    ("_snapshot", "`_snapshot` is not supported: `morgue log backup` makes a backup"),
];

/// The other parts that are not here, and have nothing in their stead.
const NOT_SUPPORTED: [&str; 19] = [
    "_ccr",
    "_component_template",
    "_enrich",
    "_eql",
    "_features",
    "_flush",
    "_forcemerge",
    "_graph",
    "_ilm",
    "_migration",
    "_ml",
    "_rank_eval",
    "_recovery",
    "_remote",
    "_scripts",
    "_security",
    "_segments",
    "_transform",
    "_xpack",
];

/// Returns what is said to who looks for something of Elasticsearch's API that is not here.
pub(super) fn instead_of(name: &str) -> Option<String> {
    match INSTEAD.iter().find(|(known, _)| *known == name) {
        Some((_, instead)) => Some((*instead).to_owned()),
        None => NOT_SUPPORTED.contains(&name).then(|| format!("`{name}` is not supported")),
    }
}
