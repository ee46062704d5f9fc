//! The page of a byline: who it is, under which names, when it wrote, and everything by it.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use search::cite::web_link;
use serde_json::Value;
use store::{AsOf, AssetId, AssetKind, AssetRef, Byline, Content, Reader};

use super::{
    address::{Address, Order},
    article::unseen,
    charts,
    error::PageError,
    history::{self, History},
    hits,
    layout::{Frame, page},
    reading::Reading,
    results::{self, Work},
    state::Pages,
    text,
};
use crate::links;

/// `GET /bylines/{id}`, with `?at=` as it stood then, and with the parameters of the search that led to it. One that was
/// found to be another person leads to that one.
pub(super) fn show(
    pages: &Pages,
    id: &AssetId,
    at: Option<AsOf>,
    reader: Reader,
    came_from: Address,
) -> Result<Response, PageError> {
    let search = &pages.state.search;
    let snapshot = search.log().snapshot()?.for_reader(reader);
    let past = at.map(|at| snapshot.log().snapshot_as_of(at)).transpose()?;
    let past = past.map(|past| past.for_reader(reader));
    let then = past.as_ref().unwrap_or(&snapshot);
    let reading = Reading(then);
    let asset = AssetRef::new(AssetKind::Byline, id.clone());
    let (stands_for, _) = reading.byline(id)?;
    if stands_for != *id {
        return Ok(Redirect::to(&links::asset(AssetKind::Byline, &stands_for)).into_response());
    }
    let Some(live) = then.live(&asset)? else { return unseen(pages, &snapshot, &asset, at) };
    let Content::Byline(byline) = &live.content else { return Err(PageError::NoSuchAsset(asset)) };
    let seen_now = snapshot.live(&asset)?.is_some();
    let inquiry = search.begin();
    let history = History::read(&snapshot, &asset, &inquiry.budget())?;
    // Names that were merged into it are in its document only.
    let names = strings(search.document(&asset, at, reader)?.document.get("also_known_as"));
    let work = results::work_of(&inquiry, id)?;
    let description = text::beginning(&byline.bio, 200);
    let frame = Frame {
        description: &description,
        indexed: at.is_none() && came_from.q.is_empty(),
        address: came_from,
        ..Frame::new(&byline.name, "byline")
    };
    let main = html! {
        @if let Some(at) = at { (history::as_it_stood(&asset, at, &history, seen_now)) }
        article.person {
            header {
                p.kicker { (if byline.organization.is_empty() { "Byline" } else { byline.organization.as_str() }) }
                h1 { (byline.name) }
                @if !byline.title.is_empty() { p.deck { (byline.title) } }
            }
            @if !byline.bio.is_empty() { p.bio { (byline.bio) } }
            (facts(byline, &names))
            (years(&work))
            (history::as_it_stood_form(&asset, at))
        }
        (everything(id, byline, &work))
        (history.section(&asset))
    };
    Ok(page(pages, &frame, &main))
}

fn strings(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array);
    list.map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect()).unwrap_or_default()
}

fn facts(byline: &Byline, names: &[String]) -> Markup {
    html! {
        dl.facts {
            @if !names.is_empty() {
                dt { "Also printed as" }
                dd { ul.names { @for name in names { li { (name) } } } }
            }
            @if let Some(url) = web_link(&byline.url) {
                dt { "On the web" } dd { a href=(url) rel="noopener noreferrer" { (url) } }
            }
        }
    }
}

/// A bar for each year from the first to the last.
fn years(work: &Work) -> Markup {
    let counts: BTreeMap<i32, u64> = work.years.iter().copied().collect();
    let (Some((first, _)), Some((last, _))) = (counts.first_key_value(), counts.last_key_value()) else {
        return html! {};
    };
    // A wrong date must not make a chart of ten thousand bars.
    let last_shown = (*last).min(first.saturating_add(400));
    let values: Vec<u64> =
        (*first..=last_shown).map(|year| counts.get(&year).copied().unwrap_or(0)).collect();
    let label = format!("{} from {first} to {last}", text::counted(work.total, "article", "articles"));
    html! {
        figure.years {
            (charts::silhouette(&values, &label))
            figcaption { span { (first) } @if last > first { span { (last) } } }
        }
    }
}

fn everything(id: &AssetId, byline: &Byline, work: &Work) -> Markup {
    let by = Address { sort: Order::Oldest, ..Address::default().with("byline", &byline.name) };
    html! {
        @if work.total > 0 {
            section.works aria-labelledby="works-title" {
                h2 #works-title { (text::counted(work.total, "article", "articles")) }
                ol.list { @for hit in &work.hits { (hits::line(hit)) } }
                @if work.total > work.hits.len() as u64 {
                    p { a href=(by.href()) { "All " (text::counted(work.total, "article", "articles")) } }
                }
            }
        }
        @if !work.images.is_empty() {
            section.works aria-labelledby="images-title" {
                h2 #images-title { (text::counted(work.image_total, "image", "images")) }
                ul.grid { @for hit in &work.images { (hits::tile(hit, &hits::href(hit))) } }
            }
        }
        @if work.total == 0 && work.images.is_empty() {
            p.quiet { "Nothing in the archive names " code { (id) } "." }
        }
    }
}
