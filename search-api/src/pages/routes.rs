//! The addresses of the pages, and what every answer of theirs carries.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use axum::{
    Router,
    extract::{Path, Query as Params, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use store::{AsOf, AssetId, AssetKind};

use super::{
    Pages, PagesConfig, address::Address, article, assets, byline, error::PageError, image, media,
    opensearch, search, status,
};
use crate::{
    ApiState, SearchError,
    http::{Problem, compress, nothing_at},
};

/// Nothing is loaded from elsewhere but pictures by their links; nothing inline runs; no page can be framed.
const POLICY: &str = "default-src 'self'; img-src 'self' https: http:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";

/// The routes of the pages, to be merged with those of the API.
pub fn router(state: ApiState, config: PagesConfig) -> Router {
    let pages = Pages { state, config: Arc::new(config) };
    let asset =
        |kind| get(move |state, headers, path, params| show_asset(kind, state, headers, path, params));
    let asset_by_id =
        |kind| get(move |state, headers, params| show_asset_by_id(kind, state, headers, params));
    Router::new()
        .route("/", get(show_search))
        .route("/articles", asset_by_id(AssetKind::Article))
        .route("/images", asset_by_id(AssetKind::Image))
        .route("/bylines", asset_by_id(AssetKind::Byline))
        .route("/articles/{*id}", asset(AssetKind::Article))
        .route("/images/{*id}", asset(AssetKind::Image))
        .route("/bylines/{*id}", asset(AssetKind::Byline))
        .route("/status", get(show_status))
        .route("/opensearch.xml", get(show_opensearch))
        .route("/media/{*path}", get(show_media))
        .route("/assets/{version}/{name}", get(assets::serve))
        .route(
            "/favicon.ico",
            get(|| async { axum::response::Redirect::permanent(&assets::href("icon.svg")) }),
        )
        .with_state(pages)
}

/// The answer where there is nothing: a page for who reads, a problem for programs.
pub(crate) fn nowhere(
    state: ApiState,
    config: PagesConfig,
) -> impl Fn(Uri, HeaderMap) -> Ready<Response> + Clone {
    let pages = Pages { state, config: Arc::new(config) };
    move |uri, headers| {
        let error = nothing_at(&uri);
        let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        ready(match accepted.is_some_and(|accept| accept.contains("text/html")) {
            true => carried(PageError::from(error).page(&pages)),
            false => Problem(error).into_response(),
        })
    }
}

type AllParams = Params<Vec<(String, String)>>;

async fn show_search(State(pages): State<Pages>, headers: HeaderMap, Params(params): AllParams) -> Response {
    let address = Address::parse(&params);
    answer(pages, &headers, move |pages| search::show(pages, &address)).await
}

async fn show_asset(
    kind: AssetKind,
    State(pages): State<Pages>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Params(params): AllParams,
) -> Response {
    show_asset_of(kind, pages, &headers, id, &params).await
}

async fn show_asset_by_id(
    kind: AssetKind,
    State(pages): State<Pages>,
    headers: HeaderMap,
    Params(params): AllParams,
) -> Response {
    let id = param(&params, "id").unwrap_or_default().to_owned();
    if id.is_empty() {
        let address = Address::default().in_view(kind);
        return answer(pages, &headers, move |pages| search::show(pages, &address)).await;
    }
    show_asset_of(kind, pages, &headers, id, &params).await
}

async fn show_asset_of(
    kind: AssetKind,
    pages: Pages,
    headers: &HeaderMap,
    id: String,
    params: &[(String, String)],
) -> Response {
    let at =
        param(params, "at").map(str::trim).filter(|at| !at.is_empty()).map(str::parse::<AsOf>).transpose();
    answer(pages, headers, move |pages| {
        let (id, at) = (AssetId::new(id)?, at?);
        match kind {
            AssetKind::Article => article::show(pages, &id, at),
            AssetKind::Image => image::show(pages, &id, at),
            AssetKind::Byline => byline::show(pages, &id, at),
        }
    })
    .await
}

async fn show_status(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    answer(pages, &headers, status::show).await
}

async fn show_opensearch(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    opensearch::description(&pages, headers.get(header::HOST).and_then(|host| host.to_str().ok()))
}

async fn show_media(State(pages): State<Pages>, Path(path): Path<String>) -> Response {
    let config = Arc::clone(&pages.config);
    let read = tokio::task::spawn_blocking(move || media::serve(&config.media, &path)).await;
    read.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn param<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Makes a page on the pool that searches, and an error page where that fails.
async fn answer(
    pages: Pages,
    asked: &HeaderMap,
    make: impl FnOnce(&Pages) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    let (pool, for_errors) = (pages.state.pool.clone(), pages.clone());
    let made = pool.run(move || Ok::<_, SearchError>(make(&pages))).await;
    let result = made.unwrap_or_else(|error| Err(error.into()));
    let response = carried(result.unwrap_or_else(|error| error.page(&for_errors)));
    if compress::is_taken(asked) { compress::compressed(response).await } else { response }
}

/// With the headers that every page carries.
fn carried(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-cache"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
