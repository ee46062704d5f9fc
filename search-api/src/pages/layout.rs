//! The frame of every page: its head, the masthead with the search box, and the foot.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::{address::Address, assets, state::Pages};

/// The parts of the frame that differ from page to page.
pub(super) struct Frame<'a> {
    /// The title of the browser's tab, before the archive's name.
    pub(super) title: &'a str,
    /// For search engines and previews.
    pub(super) description: &'a str,
    /// The kind of page: a class for the style sheet.
    pub(super) class: &'static str,
    /// The search that the box holds.
    pub(super) address: Address,
    /// More for the head.
    pub(super) head: Markup,
    /// True if search engines should keep it.
    pub(super) indexed: bool,
}

impl Frame<'_> {
    pub(super) fn new<'a>(title: &'a str, class: &'static str) -> Frame<'a> {
        Frame { title, description: "", class, address: Address::default(), head: html! {}, indexed: true }
    }
}

/// A whole page.
pub(super) fn page(pages: &Pages, frame: &Frame<'_>, main: &Markup) -> Response {
    let name = &pages.config.title;
    let title = if frame.title.is_empty() { name.clone() } else { format!("{} · {name}", frame.title) };
    let is_search = frame.class.starts_with("search");
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if !frame.description.is_empty() { meta name="description" content=(frame.description); }
                @if !frame.indexed { meta name="robots" content="noindex"; }
                link rel="preload" href=(assets::href("text.woff2")) as="font" type="font/woff2" crossorigin;
                link rel="preload" href=(assets::href("display.woff2")) as="font" type="font/woff2" crossorigin;
                link rel="stylesheet" href=(assets::href("morgue.css"));
                link rel="icon" href=(assets::href("icon.svg")) type="image/svg+xml";
                link rel="search" href="/opensearch.xml" type="application/opensearchdescription+xml" title=(name);
                script type="module" src=(assets::href("morgue.js")) {}
                (frame.head)
            }
            body class=(frame.class) {
                a.skip href="#main" { "Skip to the content" }
                header.masthead {
                    p.name { a href="/" { (name) } }
                    (search_box(&frame.address))
                    @if !is_search && !frame.address.q.is_empty() {
                        p.back { a href=(frame.address.href()) { "Back to the search" } }
                    }
                }
                main #main tabindex="-1" { (main) }
                footer.foot {
                    nav aria-label="The archive" {
                        a href="/" { "Articles" }
                        a href="/?view=images" { "Images" }
                        a href="/?view=bylines" { "Bylines" }
                        a href="/status" { "Machine room" }
                        @if pages.state.door.access.has_keys() { a href="/sign-in" { "Sign in or out" } }
                    }
                    p.keys { kbd { "/" } " search  " kbd { "j" } " " kbd { "k" } " next, previous  " kbd { "Enter" } " open" }
                }
            }
        }
    };
    Html(html.into_string()).into_response()
}

/// The one box. What narrows a search stays when its words change.
fn search_box(address: &Address) -> Markup {
    html! {
        search {
            form.box action="/" method="get" role="search" {
                label for="q" { "Search the archive" }
                div.line {
                    input #q type="search" name="q" value=(address.q) maxlength="2000" autocomplete="off"
                        spellcheck="false" enterkeyhint="search" data-suggest="/api/v1/suggest" placeholder="Words, “a phrase”, -without, date:1912-04";
                    button type="submit" { "Search" }
                }
                (address.hidden_inputs(&["q"]))
            }
        }
    }
}
