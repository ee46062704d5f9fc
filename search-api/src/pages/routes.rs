//! The addresses of the pages, and what every answer of theirs carries.

use std::sync::Arc;

use axum::{
    extract::{Extension, Form, Path, Query as Params, State},
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use store::{AsOf, AssetId, AssetKind, Reader};
use views::ViewId;

use super::{
    address::Address, article, assets, byline, error::PageError, headers::with_headers, image, media,
    opensearch, saved, search, shown, sign_in, state::Pages, status,
};
use crate::door::{
    access::Role,
    asker::Asker,
    error::RequestError,
    policy::{Effect, Policy},
    problem::PAGE,
    table::{Endpoint, Table},
};

const READS: Policy = Policy::new(Some(Role::Read), Effect::Reads, PAGE);
/// The policy of files that hold nothing of the archive, and of signing in itself.
const FOR_ALL: Policy = Policy { role: None, ..READS };
const ORDERS: Policy = Policy { max_body: MAX_FORM, ..Policy::new(Some(Role::Admin), Effect::Changes, PAGE) };
const SIGNS: Policy = Policy { role: None, ..ORDERS };

/// The largest form that is sent, in bytes.
const MAX_FORM: usize = 16 << 10;

/// The routes of the pages.
pub(crate) fn routes() -> Vec<Endpoint<Pages>> {
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    let mut table = Table::below("");
    table.add(READS, GET, &["/"], show_search);
    for (kind, alone, with_id) in [
        (AssetKind::Article, "/articles", "/articles/{*id}"),
        (AssetKind::Image, "/images", "/images/{*id}"),
        (AssetKind::Byline, "/bylines", "/bylines/{*id}"),
    ] {
        table.add(READS, GET, &[alone], move |state, asker, params| {
            show_asset_by_id(kind, state, asker, params)
        });
        table.add(READS, GET, &[with_id], move |state, asker, path, params| {
            show_asset(kind, state, asker, path, params)
        });
    }
    table.add(READS, GET, &[saved::CSV], save_table);
    table.add(READS, GET, &[saved::ATOM], show_feed);
    table.add(READS, GET, &["/status"], show_status);
    table.add(ORDERS, POST, &["/status/rebuild"], rebuild);
    table.add(ORDERS, POST, &["/status/rollback"], rollback);
    table.add(ORDERS, POST, &["/status/stop"], stop);
    table.add(READS, GET, &["/opensearch.xml"], show_opensearch);
    table.add(READS, GET, &["/media/{*path}"], show_media);
    table.add(FOR_ALL, GET, &["/assets/{version}/{name}"], assets::serve);
    table.add(FOR_ALL, GET, &["/favicon.ico"], async || Redirect::permanent(&assets::href("icon.svg")));
    table.add(FOR_ALL, GET, &[sign_in::PATH], sign_in::show);
    table.add(SIGNS, POST, &[sign_in::PATH], sign_in::sign_in);
    table.add(SIGNS, POST, &[sign_in::OUT], sign_in::sign_out);
    table.done()
}

type AllParams = Params<Vec<(String, String)>>;

async fn show_search(State(pages): State<Pages>, Params(params): AllParams) -> Response {
    let address = Address::parse(&params);
    let past = !address.as_of.is_empty();
    answer_from(past, pages, move |pages| search::show(pages, &address)).await
}

async fn save_table(State(pages): State<Pages>, Params(params): AllParams) -> Response {
    let address = Address::parse(&params);
    let past = !address.as_of.is_empty();
    answer_from(past, pages, move |pages| saved::table(pages, &address)).await
}

async fn show_feed(State(pages): State<Pages>, headers: HeaderMap, Params(params): AllParams) -> Response {
    let (address, origin) = (Address::parse(&params), pages.state.door.site.origin(&headers));
    let past = !address.as_of.is_empty();
    answer_from(past, pages, move |pages| saved::feed(pages, &address, &origin)).await
}

async fn show_asset(
    kind: AssetKind,
    State(pages): State<Pages>,
    Extension(asker): Extension<Asker>,
    Path(id): Path<String>,
    Params(params): AllParams,
) -> Response {
    show_asset_of(kind, pages, asker.reader(), id, &params).await
}

async fn show_asset_by_id(
    kind: AssetKind,
    State(pages): State<Pages>,
    Extension(asker): Extension<Asker>,
    Params(params): AllParams,
) -> Response {
    let id = param(&params, "id").unwrap_or_default().to_owned();
    if id.is_empty() {
        let address = Address::default().in_view(ViewId::of_kind(kind));
        return answer(pages, move |pages| search::show(pages, &address)).await;
    }
    show_asset_of(kind, pages, asker.reader(), id, &params).await
}

async fn show_asset_of(
    kind: AssetKind,
    pages: Pages,
    reader: Reader,
    id: String,
    params: &[(String, String)],
) -> Response {
    let at =
        param(params, "at").map(str::trim).filter(|at| !at.is_empty()).map(str::parse::<AsOf>).transpose();
    let came_from = Address::parse(params);
    answer_from(matches!(at, Ok(Some(_))), pages, move |pages| {
        let (id, at) = (AssetId::new(id)?, at?);
        match kind {
            AssetKind::Article => article::show(pages, &id, at, reader, came_from),
            AssetKind::Image => image::show(pages, &id, at, reader, came_from),
            AssetKind::Byline => byline::show(pages, &id, at, reader, came_from),
        }
    })
    .await
}

async fn show_status(State(pages): State<Pages>, Extension(asker): Extension<Asker>) -> Response {
    let (may_order, reader) = (asker.needs(Role::Admin).is_ok(), asker.reader_of_events());
    answer(pages, move |pages| status::show(pages, may_order, reader)).await
}

/// The order that a button of the machine room sends.
#[derive(Deserialize)]
struct Order {
    view: String,
}

async fn rebuild(State(pages): State<Pages>, Form(order): Form<Order>) -> Response {
    answer(pages, move |pages| status::rebuild(pages, &order.view)).await
}

async fn rollback(State(pages): State<Pages>, Form(order): Form<Order>) -> Response {
    answer(pages, move |pages| status::rollback(pages, &order.view)).await
}

async fn stop(State(pages): State<Pages>) -> Response {
    answer(pages, status::stop).await
}

async fn show_opensearch(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    opensearch::description(&pages, &pages.state.door.site.origin(&headers))
}

async fn show_media(State(pages): State<Pages>, headers: HeaderMap, Path(path): Path<String>) -> Response {
    let (search, named) = (pages.state.search.clone(), path.clone());
    match pages.state.door.pool.run(move || shown::is_shown(&search.begin(), &named)).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return (PAGE.refused)(error),
    }
    let config = Arc::clone(&pages.config);
    let read = tokio::task::spawn_blocking(move || media::serve(&config.media, &path, &headers)).await;
    read.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn param<'a>(params: &'a [(String, String)], name: &str) -> Option<&'a str> {
    params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Makes a page on the pool that searches, and an error page where that fails.
pub(super) async fn answer(
    pages: Pages,
    make: impl FnOnce(&Pages) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    answer_from(false, pages, make).await
}

/// Makes a page that may be of the past on the pool for such, and an error page where that fails.
async fn answer_from(
    past: bool,
    pages: Pages,
    make: impl FnOnce(&Pages) -> Result<Response, PageError> + Send + 'static,
) -> Response {
    let (pool, for_errors) = (pages.state.pool_for(past).clone(), pages.clone());
    let made = pool.run(move || Ok::<_, RequestError>(make(&pages))).await;
    let result = made.unwrap_or_else(|error| Err(error.into()));
    with_headers(result.unwrap_or_else(|error| error.page(&for_errors)))
}
