//! The search page: hits, what they can be narrowed by, and when they ran.

use axum::{http::StatusCode, response::Response};
use maud::{Markup, html};
use search::{SearchError, better_spelling};
use views::{IMAGES, ViewId};

use super::{
    address::{Address, Cursor, Order},
    error::PageError,
    facets, histogram, hits,
    layout::{Frame, page},
    results::{self, Results},
    saved,
    state::Pages,
    text,
};
use crate::door::error::RequestError;

/// `GET /`
pub(super) fn show(pages: &Pages, address: &Address) -> Result<Response, PageError> {
    let frame_title = if address.q.is_empty() { String::new() } else { text::beginning(&address.q, 60) };
    let mut frame = Frame {
        address: address.clone(),
        indexed: address.is_front_page(),
        description: "A newspaper's archive: every article, image and byline, with its history.",
        ..Frame::new(&frame_title, if address.is_front_page() { "search front" } else { "search" })
    };
    let inquiry = pages.state.search.begin();
    let results = match results::find(&inquiry, address) {
        Ok(results) => results,
        Err(RequestError::Search(SearchError::Query(error))) => {
            frame.indexed = false;
            let mut response = page(pages, &frame, &refused(address, &error.to_string()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    let feed_title = format!(
        "{} in {}",
        if address.q.is_empty() { "What is new" } else { &frame_title },
        pages.config.title
    );
    frame.head = html! {
        link rel="alternate" type="application/atom+xml" href=(address.href_at(saved::ATOM)) title=(feed_title);
        @if let Some(previous) = previous(address, &results) { link rel="prev" href=(previous.href()); }
        @if let Some(next) = next(address, &results) { link rel="next" href=(next.href()); }
    };
    if address.is_front_page() && results.totals.iter().all(|(_, total)| *total == 0) {
        return Ok(page(pages, &frame, &first_steps(pages.state.search.log().head()?.seq.get())));
    }
    let spelled = better_spelling(&inquiry, address.view, &address.q, results.response.total);
    let moments = moments(pages, address.view);
    Ok(page(pages, &frame, &markup(address, &results, spelled.as_deref(), &moments)))
}

/// An archive that has nothing to show yet: what to do next.
fn first_steps(events: u64) -> Markup {
    html! {
        article.notice.first-steps {
            h1 { "The drawers are empty" }
            @if events > 0 {
                p.what { (text::counted(events, "event is", "events are")) " in the log, and the indexes take them in: the " a href="/status" { "machine room" } " shows how far they are." }
            } @else {
                p.what { "Nothing has been loaded into this archive yet. Give it files and folders; it tells the formats by their content." }
                pre tabindex="0" aria-label="How to load files" { code { "morgue load ARCHIVE…" } }
                p.what { "Or send it events, one a line. This page shows what they say a moment later." }
                pre tabindex="0" aria-label="How to send an event" { code { (EVENT) } }
                p { "How it goes is seen in the " a href="/status" { "machine room" } ", and what else can be sent at " a href="/api/v1" { "the API" } "." }
            }
        }
    }
}

const EVENT: &str = r#"curl --json '{"type":"article.published","id":"a/1",
  "data":{"headline":"To Our Readers","body":"…","published":"1851-05-01"}}' \
  http://127.0.0.1:7700/api/v1/events"#;

/// The names of the indexes of the archive as it stood.
fn moments(pages: &Pages, view: ViewId) -> Vec<String> {
    let names = pages.state.search.indexes().generations(view).unwrap_or_default();
    names.iter().filter_map(|name| name.strip_prefix('@').map(str::to_owned)).collect()
}

fn markup(address: &Address, results: &Results, spelled: Option<&str>, moments: &[String]) -> Markup {
    let found = &results.response;
    html! {
        (heading(address))
        (tabs(address, results))
        @if let Some(timeline) = &results.timeline { (histogram::chart(address, timeline)) }
        div.columns {
            section.results aria-labelledby="count" {
                div.bar {
                    h2.count #count role="status" { (counted(address, found.total)) }
                    p.to-narrow { a href="#narrow" { "Narrow" } }
                    (forms(address))
                    (orders(address))
                }
                @if found.timed_out {
                    p.quiet role="status" {
                        "Not all of the archive was looked at: this search would take too long. Fewer or rarer words find \
                         everything."
                    }
                }
                @for note in &found.notes { p.quiet role="status" { (note) } }
                @if found.moved {
                    p.quiet role="status" {
                        "The archive has grown since the page before: what ranks otherwise now may be missing here, or be here again."
                    }
                }
                (facets::chosen(address))
                @if let Some(spelled) = spelled { (did_you_mean(address, spelled)) }
                @if found.total == 0 {
                    (way_on(address, results))
                } @else {
                    @if address.view == IMAGES {
                        ul.grid.hits { @for hit in &found.hits { (hits::shown(hit, address)) } }
                    } @else {
                        ol.hits { @for hit in &found.hits { (hits::shown(hit, address)) } }
                    }
                    (pager(address, results))
                }
            }
            div.side {
                (facets::column(address, &results.facets, results.timeline.as_ref()))
                (as_of(address, moments))
                (help())
                @if found.total > 0 { (take_away(address, found.total)) }
            }
        }
    }
}

fn heading(address: &Address) -> Markup {
    html! {
        h1.hidden {
            @if address.q.is_empty() { "All " (address.view.name()) } @else { "Search for " (address.q) }
        }
    }
}

fn counted(address: &Address, total: u64) -> String {
    let text = text::counted(total, address.view.kind().name(), address.view.name());
    if address.page > 1 { format!("{text}, page {}", address.page) } else { text }
}

fn tabs(address: &Address, results: &Results) -> Markup {
    html! {
        nav.tabs aria-label="Kinds" {
            @for (view, total) in &results.totals {
                a href=(address.in_view(*view).href()) aria-current=[(*view == address.view).then_some("page")] {
                    (text::capital(view.name())) " " span.number { (text::count(*total)) }
                }
            }
        }
    }
}

fn orders(address: &Address) -> Markup {
    html! {
        nav.orders aria-label="Order" {
            @for order in Order::of(address) {
                a href=(address.but(|it| it.sort = order).href()) rel="nofollow"
                    aria-current=[(order == address.order()).then_some("true")] { (order.label()) }
            }
        }
    }
}

/// Renders the choice whether words are found in all their forms.
fn forms(address: &Address) -> Markup {
    html! {
        @if !address.q.is_empty() {
            nav.orders aria-label="Words" {
                @for (exact, label) in [(false, "All forms"), (true, "Exact words")] {
                    a href=(address.but(|it| it.exact = exact).href()) rel="nofollow"
                        aria-current=[(exact == address.exact).then_some("true")] { (label) }
                }
            }
        }
    }
}

/// Renders the syntax that the box understands.
fn help() -> Markup {
    let signs = [
        ("ferry harbour", "both words, in all their forms"),
        ("\"mast works\"", "words that follow each other, in all their forms"),
        ("=running", "just this word: no run, no runs"),
        ("=\"to be or not to be\"", "just this phrase"),
        ("\"mast works\"~5", "words near each other: moved by five places at most"),
        ("-fog", "without a word; so is NOT fog"),
        ("ferry OR tram", "one or the other"),
        ("ferry AND (fog OR storm)", "both, with one of those in parentheses"),
        ("headline:ferry", "in one field; headline.exact: just so"),
        ("harb*", "words that begin so; =harb* as they are written"),
        ("fery~", "words that are spelt nearly so"),
        ("date:1912-04..1913", "when it ran"),
    ];
    html! {
        details.help {
            summary { "How to search" }
            dl { @for (sign, meaning) in signs { dt { code { (sign) } } dd { (meaning) } } }
        }
    }
}

fn previous(address: &Address, results: &Results) -> Option<Address> {
    let cursor = results.before.as_ref()?;
    Some(match address.page {
        ..=2 => address.on_page(1, None),
        page => address.on_page(page - 1, Some(Cursor::Before(cursor.clone()))),
    })
}

fn next(address: &Address, results: &Results) -> Option<Address> {
    let cursor = results.after.as_ref()?;
    Some(address.on_page(address.page.saturating_add(1), Some(Cursor::After(cursor.clone()))))
}

/// The pages before and after are told by the hits that this one begins and ends with, so that leafing through loses and
/// repeats nothing while the archive grows, and goes as far as there are hits.
fn pager(address: &Address, results: &Results) -> Markup {
    let pages = results.response.total.div_ceil(results::page_size(address.view) as u64).max(1);
    let (previous, next) = (previous(address, results), next(address, results));
    html! {
        @if previous.is_some() || next.is_some() {
            nav.pager aria-label="Pages" {
                @if let Some(previous) = previous { a rel="prev" href=(previous.href()) { "Previous" } }
                span { "Page " (text::count(address.page as u64)) " of " (text::count(pages)) }
                @if let Some(next) = next { a rel="next" href=(next.href()) { "Next" } }
            }
        }
    }
}

/// The words in the spelling that finds more.
fn did_you_mean(address: &Address, spelled: &str) -> Markup {
    let meant = Address { q: spelled.to_owned(), view: address.view, ..Address::default() };
    html! { p.spelled { "Did you mean " a href=(meant.href()) { em { (spelled) } } "?" } }
}

/// Nothing was found: what would be, by giving up one thing at a time.
fn way_on(address: &Address, results: &Results) -> Markup {
    let elsewhere: Vec<_> =
        results.totals.iter().filter(|(view, total)| *view != address.view && *total > 0).collect();
    let is_narrowed = !address.facets.is_empty() || !address.from.is_empty() || !address.to.is_empty();
    let words: Vec<&str> = address.q.split_whitespace().collect();
    let whole = address.but(|it| {
        it.facets.clear();
        it.from.clear();
        it.to.clear();
    });
    html! {
        div.way-on {
            p { "Nothing in the drawers for this. A way on:" }
            ul {
                @if is_narrowed && !address.q.is_empty() { li { a href=(whole.href()) { "The same words in the whole archive" } } }
                @for (view, total) in elsewhere {
                    li { a href=(address.in_view(*view).href()) { (text::counted(*total, view.kind().name(), view.name())) } " with these words" }
                }
                @if address.exact { li { a href=(address.but(|it| it.exact = false).href()) { "All forms of the words" } } }
                @if words.len() > 1 && !address.q.contains('"') && !words.contains(&"OR") {
                    li { a href=(address.but(|it| it.q = words.join(" OR ")).href()) { "Any of the words instead of all" } }
                }
                @if address.q.contains('"') {
                    li { a href=(address.but(|it| it.q = it.q.replace('"', "")).href()) { "The same words, not as a phrase" } }
                }
                li { a href="/" { "The whole archive" } }
            }
        }
    }
}

fn as_of(address: &Address, moments: &[String]) -> Markup {
    html! {
        @if !moments.is_empty() {
            form.as-of action="/" method="get" {
                (address.hidden_inputs(&["as_of"]))
                label for="as_of" { "The archive as it stood" }
                select #as_of name="as_of" {
                    option value="" { "now" }
                    @for name in moments { option value=(name) selected[*name == address.as_of] { (name) } }
                }
                button type="submit" { "Show" }
            }
        }
    }
}

/// The search as a table and as a feed.
fn take_away(address: &Address, total: u64) -> Markup {
    html! {
        ul.take-away aria-label="Take this search away" {
            li {
                a href=(address.href_at(saved::CSV)) download rel="nofollow" { "Save as CSV" }
                @if total > saved::MAX_ROWS as u64 { span.quiet { " the first " (text::count(saved::MAX_ROWS as u64)) } }
            }
            li { a href=(address.href_at(saved::ATOM)) { "Follow as a feed" } }
        }
    }
}

fn refused(address: &Address, why: &str) -> Markup {
    html! {
        article.notice {
            h1 { "That could not be read" }
            p.what role="alert" { (text::capital(why)) }
            p { a href=(Address { view: address.view, ..Address::default() }.href()) { "Begin anew" } "." }
        }
    }
}
