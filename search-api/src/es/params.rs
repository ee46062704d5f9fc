//! The parameters of Elasticsearch's routes: taken one by one, what is left is refused.

use std::time::Duration;

use axum::{
    extract::{FromRequestParts, Path, Query as Params},
    http::{Uri, request::Parts},
};
use query::{IndexName, Pattern, QueryError};
use views::{VIEWS, ViewId};

use super::{absent::instead_of, error::EsError, times};
use crate::door::error::RequestError;

/// The parameters of a request, and the index that its path names.
pub(super) struct Taker {
    index: Option<String>,
    params: Vec<(String, String)>,
}

/// Parameters that clients send and that change nothing here: there is one shard, nothing is routed, and every answer
/// is of now. `filter_path` and `pretty` are seen to for all answers together (see [`super::shape`]).
const WITHOUT_MEANING: [&str; 17] = [
    "pretty",
    "filter_path",
    "human",
    "error_trace",
    "preference",
    "routing",
    "allow_partial_search_results",
    "batched_reduce_size",
    "ccs_minimize_roundtrips",
    "max_concurrent_shard_requests",
    "max_concurrent_searches",
    "pre_filter_shard_size",
    "ignore_throttled",
    "master_timeout",
    "wait_for_active_shards",
    "local",
    "realtime",
];

/// Returns the parameters of a URL, in their order.
///
/// # Errors
/// [`QueryError`] when they cannot be read.
pub(super) fn pairs(url: &Uri) -> Result<Vec<(String, String)>, QueryError> {
    match Params::try_from_uri(url) {
        Ok(Params(pairs)) => Ok(pairs),
        Err(error) => Err(QueryError::illegal(format!("the parameters cannot be read: {error}"))),
    }
}

impl Taker {
    pub(super) fn new(params: Vec<(String, String)>) -> Self {
        let known = |(name, value): &(String, String)| match name.as_str() {
            // A search takes it; elsewhere nothing is kept.
            "request_cache" => value != "false",
            "search_type" => matches!(value.as_str(), "query_then_fetch" | "dfs_query_then_fetch"),
            name => WITHOUT_MEANING.contains(&name),
        };
        Self { index: None, params: params.into_iter().filter(|one| !known(one)).collect() }
    }

    /// Returns the parameters of an index, or of several with commas between them.
    pub(super) fn of(self, index: Option<String>) -> Self {
        Self { index, ..self }
    }

    /// Returns what the path names; nothing stands for all indices.
    pub(super) fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.params.iter().position(|(other, _)| other == name)?;
        Some(self.params.swap_remove(at).1)
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, QueryError> {
        match self.take(name).as_deref() {
            None => Ok(None),
            Some("true" | "") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(QueryError::illegal(format!("`{name}` must be true or false")).at(name)),
        }
    }

    /// Takes a parameter that may only say what is so anyway.
    pub(super) fn only(&mut self, name: &str, so: &[&str]) -> Result<(), QueryError> {
        match self.take(name) {
            Some(value) if !so.contains(&value.as_str()) => {
                Err(QueryError::illegal(format!("`{name}` is not supported, but for {}", so.join(" and ")))
                    .at(name))
            }
            _ => Ok(()),
        }
    }

    /// Takes a time such as `30s`.
    pub(super) fn time(&mut self, name: &str) -> Result<Option<Duration>, QueryError> {
        self.take(name).map(|text| times::time(&text).map_err(|error| error.at(name))).transpose()
    }

    /// Takes how long something is to be kept.
    pub(super) fn keep_alive(&mut self, name: &str) -> Result<Option<Duration>, QueryError> {
        self.take(name).map(|text| times::keep_alive(&text).map_err(|error| error.at(name))).transpose()
    }

    /// Returns the views that the names of indices mean, with the parameters that say what becomes of those that are
    /// not there.
    pub(super) fn indices(&mut self) -> Result<Vec<IndexName>, RequestError> {
        let ignore = self.flag("ignore_unavailable")?.unwrap_or(false);
        let allow_none = self.flag("allow_no_indices")?.unwrap_or(true);
        self.only("expand_wildcards", &["open", "all", "hidden", "open,hidden", "open,closed", ""])?;
        let indices = indices_of(self.index(), ignore)?;
        if indices.is_empty() && !allow_none {
            return Err(RequestError::NoIndex(self.index().unwrap_or("*").chars().take(200).collect()));
        }
        Ok(indices)
    }

    /// Returns the views, for routes that tell of views as they are only.
    pub(super) fn views(&mut self) -> Result<Vec<ViewId>, RequestError> {
        live_only(self.indices()?)
    }

    pub(super) fn end(self) -> Result<(), RequestError> {
        match self.params.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let name: String = name.chars().take(80).collect();
                Err(QueryError::illegal(format!("the parameter `{name}` is not supported here"))
                    .at(name)
                    .into())
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Taker {
    type Rejection = EsError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, EsError> {
        let index = Option::<Path<String>>::from_request_parts(parts, state).await;
        let index = index.map_err(|_| QueryError::illegal("the path cannot be read"))?;
        Ok(Self::new(pairs(&parts.uri)?).of(index.map(|index| index.0)))
    }
}

/// Returns what a list of index names means: `articles,im*`, `_all`, `morgue`, `articles@fifties`.
pub(super) fn indices_of(
    index: Option<&str>,
    ignore_unavailable: bool,
) -> Result<Vec<IndexName>, RequestError> {
    let index = index.filter(|index| !index.is_empty()).unwrap_or("_all");
    let mut found = Vec::new();
    for full in index.split(',').filter(|name| !name.is_empty()) {
        let (name, as_of) =
            full.split_once('@').map_or((full, None), |(name, as_of)| (name, Some(as_of.to_owned())));
        let mut any = false;
        for view in VIEWS {
            let meant = name == view.name()
                || matches!(name, "_all" | "*" | ALIAS)
                || (name.contains('*')
                    && Pattern::wildcard(name).is_ok_and(|pattern| pattern.matches(view.name())));
            if meant {
                any = true;
                let index = IndexName { view, as_of: as_of.clone() };
                if !found.contains(&index) {
                    found.push(index);
                }
            }
        }
        if let (Some(instead), false) = (instead_of(name), any) {
            return Err(QueryError::illegal(instead).into());
        }
        if name.starts_with('_') && !any {
            let name: String = name.chars().take(80).collect();
            return Err(QueryError {
                es_type: "invalid_index_name_exception",
                ..QueryError::new(format!("Invalid index name [{name}], must not start with '_'"))
            }
            .into());
        }
        if !any && !name.contains('*') && !ignore_unavailable {
            return Err(RequestError::NoIndex(full.chars().take(200).collect()));
        }
    }
    Ok(found)
}

/// Views as they are; refused when any of them is of the past.
fn live_only(indices: Vec<IndexName>) -> Result<Vec<ViewId>, RequestError> {
    match indices.iter().find(|index| index.as_of.is_some()) {
        Some(past) => {
            let why =
                format!("`{past}` is the archive as it stood: it can be searched and read, nothing else");
            Err(QueryError::illegal(why).into())
        }
        None => Ok(indices.into_iter().map(|index| index.view).collect()),
    }
}

/// The alias of all views.
pub(super) const ALIAS: &str = "morgue";

/// Returns the one view that a name means.
pub(super) fn view_of(index: &str) -> Result<ViewId, RequestError> {
    let index = index_of(index)?;
    let view = index.view;
    live_only(vec![index]).map(|_| view)
}

/// Returns the one index that a name means.
pub(super) fn index_of(index: &str) -> Result<IndexName, RequestError> {
    match indices_of(Some(index), false)?.as_slice() {
        [index] => Ok(index.clone()),
        _ => {
            Err(QueryError::illegal(format!("`{index}` must name one index: articles, images or bylines"))
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_views() {
        let check = |index: Option<&str>, count: usize| {
            assert_eq!(indices_of(index, false).unwrap().len(), count, "{index:?}");
        };
        check(None, 3);
        check(Some("_all"), 3);
        check(Some("articles"), 1);
        check(Some("articles,images"), 2);
        check(Some("*s"), 3);
        check(Some("x*"), 0);
        check(Some("morgue"), 3);
        check(Some("articles,articles@fifties,articles"), 2);
        assert_eq!(indices_of(Some("im*@fifties"), false).unwrap()[0].to_string(), "images@fifties");
        assert!(indices_of(Some("videos"), false).is_err());
        assert!(indices_of(Some("videos"), true).unwrap().is_empty());
        assert!(view_of("articles@fifties").is_err());
    }
}
