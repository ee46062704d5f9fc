//! Searching over HTTP: by plain parameters, as JSON, CSV or Atom; what is like an asset; what may be meant.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use query::{SearchRequest, SearchResponse};
use schemars::JsonSchema;
use search::{Search, SearchError, Suggestion, SuggestionKind, WAIT_LIMIT, unseen};
use serde::Serialize;
use store::{AssetId, AssetKind, AssetRef, Seq};
use views::{ARTICLES, ViewId};

use crate::{
    door::{
        error::RequestError,
        finish::{etag, is_anything_known, is_known, not_modified, tagged},
        problem::Problem,
        site::Site,
        written::Written,
    },
    links::encode,
    native::{
        answer::{HitAnswer, SearchAnswer},
        atom::{self, Feed},
        export::{self, Form},
        route::Asked,
        table,
    },
    state::ApiState,
};

/// The form of an answer to a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Atom,
    Ndjson,
}

impl Format {
    /// The forms of answers: the name, and the media type; the first is the usual one.
    const ALL: [(Self, &str, &str); 4] = [
        (Self::Json, "json", "application/json"),
        (Self::Csv, "csv", "text/csv"),
        (Self::Atom, "atom", "application/atom+xml"),
        (Self::Ndjson, "ndjson", "application/x-ndjson"),
    ];

    /// Returns what `format` says, otherwise what is accepted most gladly.
    fn of(asked: &Asked) -> Self {
        let named =
            asked.param("format").and_then(|name| Self::ALL.iter().find(|(_, known, _)| *known == name));
        let media = Self::ALL.map(|(_, _, media)| media);
        let at = || crate::door::accept::best(asked.header("accept").unwrap_or_default(), &media);
        named.or_else(|| Self::ALL.get(at()?)).map_or(Self::Json, |(format, ..)| *format)
    }

    /// Returns true if all hits are asked for, page after page in one body.
    fn is_of_all(self, asked: &Asked) -> bool {
        let is_of_page = ["limit", "offset", "cursor"].into_iter().any(|name| asked.param(name).is_some());
        self == Self::Ndjson || (self == Self::Csv && !is_of_page)
    }
}

/// `GET /api/v1/search`
pub(super) async fn search(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let format = Format::of(&asked);
    let request = SearchRequest::from_params(&asked.params_but(&["format"]))?;
    let view = request.view;
    // Read before the search: what it finds is at least as new as its tag says.
    let head = state.search.log().head()?.to_string();
    if asked.headers.contains_key(header::IF_NONE_MATCH)
        && request.as_of.is_none()
        && request.min_seq.is_none()
    {
        let indexes = state.search.indexes().clone();
        let (generation, index) = state.door.pool.run(move || Ok(indexes.searcher(view)?)).await?;
        let tag = tag(&asked, &head, generation.name(), &index.state());
        if is_known(&asked.headers, &tag) || is_anything_known(&asked.headers) {
            return Ok(not_modified(tag));
        }
    }
    if format.is_of_all(&asked) {
        let form = if format == Format::Csv { Form::Csv } else { Form::Ndjson };
        let most = asked.parsed("limit");
        if let Some(wanted) = request.min_seq {
            wait_for(&state, view, wanted).await?;
        }
        let found = export::all(&state, request, form, most).await;
        // All else was checked before.
        let found = found.map_err(|error| if asked.param("q").is_some() { error.at("q") } else { error })?;
        let mut response = found.response;
        tagged(response.headers_mut(), tag(&asked, &head, &found.generation, &found.state));
        return Ok(response);
    }
    let (site, has_q) = (Arc::clone(&state.door.site), asked.param("q").is_some());
    run_search(&state, request, move |search, found| {
        let tag = tag(&asked, &head, &found.generation, &found.state);
        if is_known(&asked.headers, &tag) || is_anything_known(&asked.headers) {
            return Ok(not_modified(tag));
        }
        let total = found.total;
        let next = found.next.as_ref().map(|cursor| page_after(&asked, &cursor.to_string()));
        let mut response = match format {
            Format::Json | Format::Ndjson => Written::of(&SearchAnswer::from(found))?.into_response(),
            Format::Csv => {
                let csv = table::csv(view, &found.hits);
                let disposition = [(header::CONTENT_DISPOSITION, "attachment; filename=\"search.csv\"")];
                (disposition, typed("text/csv; charset=utf-8; header=present"), csv).into_response()
            }
            Format::Atom => {
                let feed = feed_of(&asked, &site, next.as_deref());
                let text = atom::write(&feed, &found.hits, search.log())?;
                (typed("application/atom+xml; charset=utf-8"), text).into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert("x-total-count", HeaderValue::from(total));
        let link = next.and_then(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")).ok());
        headers.extend(link.map(|link| (header::LINK, link)));
        tagged(headers, tag);
        Ok(response)
    })
    .await
    .map_err(|error| match error {
        // All else was checked before.
        RequestError::Search(SearchError::Query(error)) if has_q => error.at("q").into(),
        other => other.into(),
    })
}

/// Returns what an answer is made from: the log, the index, what is asked, and what the one who asks may see.
fn tag(asked: &Asked, head: &str, generation: &str, index: &str) -> HeaderValue {
    let (address, accept) = (asked.uri.to_string(), asked.header("accept").unwrap_or_default());
    etag(&[head, generation, index, asked.asker.role_name(), &address, accept])
}

/// Returns what a feed of this page of hits says of itself.
fn feed_of(asked: &Asked, site: &Site, next: Option<&str>) -> Feed {
    let origin = site.origin(&asked.headers);
    let title = match asked.param("q") {
        Some(q) => format!("{q} · {}", site.title),
        None => site.title.clone(),
    };
    Feed {
        title,
        archive: site.title.clone(),
        alternate: format!("{origin}/{}", with_query(&asked.params_but(&["format", "cursor"]))),
        address: format!("{origin}{}", asked.uri.path_and_query().map_or("", |path| path.as_str())),
        next: next.map(|next| format!("{origin}{next}")),
        origin,
    }
}

fn typed(media: &'static str) -> [(header::HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, media)]
}

/// The address of the next page.
fn page_after(asked: &Asked, cursor: &str) -> String {
    let mut params = asked.params_but(&["cursor", "offset"]);
    params.push(("cursor", cursor));
    format!("{}{}", asked.uri.path(), with_query(&params))
}

fn with_query(params: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Searches on the pool, and shows there what was found; waiting for the index is not done there.
async fn run_search<T: Send + 'static>(
    state: &ApiState,
    mut request: SearchRequest,
    show: impl FnOnce(&Search, SearchResponse) -> Result<T, RequestError> + Send + 'static,
) -> Result<T, RequestError> {
    if let Some(wanted) = request.min_seq.take() {
        wait_for(state, request.view, wanted).await?;
    }
    let search = state.search.clone();
    state.pool_for(request.as_of.is_some()).run(move || show(&search, search.begin().search(&request)?)).await
}

/// Waits, at most [`WAIT_LIMIT`], until a view has taken in an event.
pub(super) async fn wait_for(state: &ApiState, view: ViewId, wanted: Seq) -> Result<(), RequestError> {
    let head = state.search.log().head()?.seq;
    if wanted > head {
        let text = format!("the log ends at {head}: there is no event {wanted} to wait for");
        return Err(RequestError::NotFound(text).at("min_seq"));
    }
    let _permit = state.waiting.try_acquire().map_err(|_| RequestError::Busy)?;
    let indexes = state.search.indexes().clone();
    let waited = tokio::task::spawn_blocking(move || indexes.wait_for(view, &[wanted], WAIT_LIMIT)).await;
    let waited = waited.map_err(|_| RequestError::Panicked)??;
    if !waited.shown {
        return Err(SearchError::NotYet { wanted, reached: waited.reached }.into());
    }
    Ok(())
}

/// What is like an asset.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Similar {
    kind: AssetKind,
    id: AssetId,
    /// The most alike first.
    hits: Vec<HitAnswer>,
}

/// `GET /api/v1/similar/{id}`
pub(super) async fn similar(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let asset = in_view(&asked)?;
    let size = asked.parsed("limit").unwrap_or(10);
    if let Some(wanted) = asked.parsed("min_seq") {
        wait_for(&state, ViewId::of_kind(asset.kind), wanted).await?;
    }
    let search = state.search.clone();
    let found = state.door.pool.run(move || {
        let snapshot = search.log().snapshot()?;
        if snapshot.live(&asset)?.is_none() {
            return Err(unseen(&snapshot, &asset)?.into());
        }
        let hits = search
            .begin()
            .search(&SearchRequest::similar_to(&asset, size))?
            .hits
            .into_iter()
            .map(HitAnswer::from)
            .collect();
        Written::of(&Similar { kind: asset.kind, id: asset.id, hits })
    });
    Ok(found.await?.into_response())
}

/// The asset of a path that does not say its kind.
pub(super) fn in_view(asked: &Asked) -> Result<AssetRef, RequestError> {
    let asset = asked.asset()?;
    Ok(AssetRef::new(asked.parsed("view").map_or(asset.kind, |view: ViewId| view.kind()), asset.id))
}

/// What may be meant by what was typed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Suggestions {
    /// What was typed.
    q: String,
    /// The likeliest first.
    suggestions: Vec<SuggestionAnswer>,
}

/// What may be meant.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Suggestion")]
struct SuggestionAnswer {
    /// What would stand in the search box.
    text: String,
    /// What it is.
    kind: Kind,
    /// For names, keywords and sections: in about how many articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// For headlines: the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<AssetId>,
}

/// What a suggestion is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "SuggestionKind")]
enum Kind {
    /// The name of an author or a photographer.
    Byline,
    /// A keyword.
    Keyword,
    /// A section.
    Section,
    /// A headline.
    Headline,
}

impl From<Suggestion> for SuggestionAnswer {
    fn from(suggestion: Suggestion) -> Self {
        let kind = match suggestion.kind {
            SuggestionKind::Byline => Kind::Byline,
            SuggestionKind::Keyword => Kind::Keyword,
            SuggestionKind::Section => Kind::Section,
            SuggestionKind::Headline => Kind::Headline,
        };
        Self { text: suggestion.text, kind, count: suggestion.count, id: suggestion.id }
    }
}

/// `GET /api/v1/suggest`
pub(super) async fn suggest(state: ApiState, asked: Asked) -> Result<Response, Problem> {
    let q = asked.param("q").unwrap_or_default().to_owned();
    let limit = asked.parsed("limit").unwrap_or(8);
    if let Some(wanted) = asked.parsed("min_seq") {
        wait_for(&state, ARTICLES, wanted).await?;
    }
    let (search, suggester) = (state.search.clone(), Arc::clone(&state.suggester));
    let found = state.door.pool.run(move || {
        let suggestions = suggester.suggest(&search.begin(), &q, limit)?;
        let suggestions = suggestions.into_iter().map(SuggestionAnswer::from).collect();
        Written::of(&Suggestions { q, suggestions })
    });
    Ok(found.await?.into_response())
}
