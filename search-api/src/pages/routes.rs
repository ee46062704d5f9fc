//! The addresses of the pages, and what every answer of theirs carries.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Form, Path, Query as Params, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use store::{AsOf, AssetId, AssetKind};

use super::{
    Pages, address::Address, article, assets, byline, error::PageError, image, media, opensearch, saved,
    search, status,
};
use crate::{
    SearchError,
    http::{Role, access, compress},
};

/// Nothing is loaded from elsewhere but pictures by their links; nothing inline runs; no page can be framed.
const POLICY: &str = "default-src 'self'; img-src 'self' https: http:; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'; object-src 'none'";

/// The routes of the pages.
pub(crate) fn router(pages: Pages) -> Router {
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
        .route(saved::CSV, get(save_table))
        .route(saved::ATOM, get(show_feed))
        .route("/status", get(show_status))
        .route("/status/rebuild", post(rebuild))
        .route("/status/rollback", post(rollback))
        .route("/status/stop", post(stop))
        .route("/opensearch.xml", get(show_opensearch))
        .route("/media/{*path}", get(show_media))
        .route("/assets/{version}/{name}", get(assets::serve))
        .route(
            "/favicon.ico",
            get(|| async { axum::response::Redirect::permanent(&assets::href("icon.svg")) }),
        )
        .with_state(pages)
}

type AllParams = Params<Vec<(String, String)>>;

async fn show_search(State(pages): State<Pages>, headers: HeaderMap, Params(params): AllParams) -> Response {
    let address = Address::parse(&params);
    let past = !address.as_of.is_empty();
    answer_from(past, pages, &headers, move |pages| search::show(pages, &address)).await
}

async fn save_table(State(pages): State<Pages>, headers: HeaderMap, Params(params): AllParams) -> Response {
    let address = Address::parse(&params);
    let past = !address.as_of.is_empty();
    answer_from(past, pages, &headers, move |pages| saved::table(pages, &address)).await
}

async fn show_feed(State(pages): State<Pages>, headers: HeaderMap, Params(params): AllParams) -> Response {
    let (address, origin) = (Address::parse(&params), pages.state.site.origin(&headers));
    let past = !address.as_of.is_empty();
    answer_from(past, pages, &headers, move |pages| saved::feed(pages, &address, &origin)).await
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
    let came_from = Address::parse(params);
    answer_from(matches!(at, Ok(Some(_))), pages, headers, move |pages| {
        let (id, at) = (AssetId::new(id)?, at?);
        match kind {
            AssetKind::Article => article::show(pages, &id, at, came_from),
            AssetKind::Image => image::show(pages, &id, at, came_from),
            AssetKind::Byline => byline::show(pages, &id, at, came_from),
        }
    })
    .await
}

async fn show_status(State(pages): State<Pages>, request: Request) -> Response {
    let may_order = access::allows(&pages.state.access, Role::Admin, &request).is_ok();
    answer(pages, request.headers(), move |pages| status::show(pages, may_order)).await
}

/// What a button of the machine room sends.
#[derive(Deserialize)]
struct Order {
    view: String,
}

async fn rebuild(State(pages): State<Pages>, headers: HeaderMap, Form(order): Form<Order>) -> Response {
    give_order(pages, &headers, move |pages| status::rebuild(pages, &order.view)).await
}

async fn rollback(State(pages): State<Pages>, headers: HeaderMap, Form(order): Form<Order>) -> Response {
    give_order(pages, &headers, move |pages| status::rollback(pages, &order.view)).await
}

async fn stop(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    give_order(pages, &headers, status::stop).await
}

/// Whether the asker may was checked on the way here. A browser that has a key sends it along whoever made the form,
/// so the form must be ours.
async fn give_order(
    pages: Pages,
    headers: &HeaderMap,
    order: impl FnOnce(&Pages) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    let is_ours = match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(_), host) => origin.map(|(_, rest)| rest) == host,
    };
    answer(pages, headers, move |pages| {
        if is_ours { order(pages) } else { Err(SearchError::Forbidden(FOREIGN.to_owned()).into()) }
    })
    .await
}

const FOREIGN: &str = "the order came from a page of another site";

async fn show_opensearch(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    opensearch::description(&pages, &pages.state.site.origin(&headers))
}

async fn show_media(State(pages): State<Pages>, headers: HeaderMap, Path(path): Path<String>) -> Response {
    let config = Arc::clone(&pages.config);
    let read = tokio::task::spawn_blocking(move || media::serve(&config.media, &path, &headers)).await;
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
    answer_from(false, pages, asked, make).await
}

/// The same for a page that may be of the past.
async fn answer_from(
    past: bool,
    pages: Pages,
    asked: &HeaderMap,
    make: impl FnOnce(&Pages) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    let (pool, for_errors) = (pages.state.pool_for(past).clone(), pages.clone());
    let made = pool.run(move || Ok::<_, SearchError>(make(&pages))).await;
    let result = made.unwrap_or_else(|error| Err(error.into()));
    let response = with_policy(result.unwrap_or_else(|error| error.page(&for_errors)));
    if compress::is_taken(asked) { compress::compressed(response).await } else { response }
}

/// What every answer of the pages carries.
pub(super) fn with_policy(mut response: Response) -> Response {
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
