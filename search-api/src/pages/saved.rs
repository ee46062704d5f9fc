//! A search to take away: its hits as a table (CSV), and as a feed that tells what is new in it (Atom). Their addresses
//! have the parameters of the page.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::{address::Address, error::PageError, results, state::Pages};
use crate::native::{atom, table};
use query::{SearchRequest, Sort, names};

pub(super) const CSV: &str = "/search.csv";
pub(super) const ATOM: &str = "/search.atom";

/// So many hits are in a table: the first ones in the order of the page.
pub(super) const MAX_ROWS: usize = 1_000;
/// So many hits are in a feed: the newest.
const MAX_ENTRIES: usize = 50;

/// `GET /search.csv`
pub(super) fn table(pages: &Pages, address: &Address) -> Result<Response, PageError> {
    let request =
        SearchRequest { size: MAX_ROWS, highlight: None, count_all: false, ..results::request_of(address)? };
    let found = pages.state.search.begin().search(&request)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"search.csv\""),
    ];
    Ok((headers, table::csv(address.view, &found.hits)).into_response())
}

/// `GET /search.atom`
pub(super) fn feed(pages: &Pages, address: &Address, origin: &str) -> Result<Response, PageError> {
    let request = SearchRequest {
        size: MAX_ENTRIES,
        highlight: None,
        count_all: false,
        sort: vec![Sort::by(names::date_field(address.view), true)],
        ..results::request_of(address)?
    };
    let search = &pages.state.search;
    let found = search.begin().search(&request)?;
    let name = &pages.config.title;
    let feed = atom::Feed {
        title: if address.q.is_empty() { name.clone() } else { format!("{} · {name}", address.q) },
        archive: name.clone(),
        address: format!("{origin}{}", address.href_at(ATOM)),
        alternate: format!("{origin}{}", address.href()),
        next: None,
        origin: origin.to_owned(),
    };
    let text = atom::write(&feed, &found.hits, search.log())?;
    Ok(([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], text).into_response())
}
