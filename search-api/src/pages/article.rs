//! The page of an article.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, PreEscaped, html};
use search::cite::{article_title, web_link};
use store::{
    Article, AsOf, AssetId, AssetKind, AssetRef, Byline, Content, Image, Keyword, Live, Reader, Shown,
    Snapshot,
};

use super::{
    address::Address,
    cite, dates,
    error::PageError,
    history::{self, History},
    hits,
    image::figure,
    layout::{Frame, page},
    reading::Reading,
    results,
    state::Pages,
    text,
};
use crate::links;
use search::cite::Cited;

/// An article with everything that its page shows.
struct Story<'a> {
    id: &'a AssetId,
    article: &'a Article,
    live: &'a Live,
    authors: Vec<(AssetId, Option<Byline>)>,
    images: Vec<(AssetId, Image)>,
    at: Option<AsOf>,
    history: &'a History,
    seen_now: bool,
    /// The text with the words marked that were looked for.
    marked: Option<String>,
}

/// `GET /articles/{id}`, with `?at=` as it stood then, and with the parameters of the search that led to it.
pub(super) fn show(
    pages: &Pages,
    id: &AssetId,
    at: Option<AsOf>,
    reader: Reader,
    came_from: Address,
) -> Result<Response, PageError> {
    let snapshot = pages.state.search.log().snapshot()?.for_reader(reader);
    let past = at.map(|at| snapshot.log().snapshot_as_of(at)).transpose()?;
    let past = past.map(|past| past.for_reader(reader));
    let then = past.as_ref().unwrap_or(&snapshot);
    let reading = Reading(then);
    let asset = AssetRef::new(AssetKind::Article, id.clone());
    let live = match then.live(&asset)? {
        Some(live) => live,
        None => return unseen(pages, &snapshot, &asset, at),
    };
    let Content::Article(article) = &live.content else { return Err(PageError::NoSuchAsset(asset)) };
    let seen_now = snapshot.live(&asset)?.is_some();
    let inquiry = pages.state.search.begin();
    let history = History::read(&snapshot, &asset, &inquiry.budget())?;
    let story = Story {
        id,
        article,
        live: &live,
        authors: reading.bylines(&article.bylines)?,
        images: reading.images(&article.images)?,
        at,
        history: &history,
        seen_now,
        marked: if at.is_none() { results::marked(&inquiry, id, &came_from) } else { None },
    };
    let similar = if seen_now && at.is_none() { results::similar(&inquiry, id) } else { Vec::new() };
    let description =
        text::beginning(if article.summary.is_empty() { &article.body } else { &article.summary }, 200);
    let title = story.title();
    let frame = Frame {
        description: &description,
        indexed: at.is_none() && came_from.q.is_empty(),
        address: came_from,
        ..Frame::new(&title, "article")
    };
    Ok(page(pages, &frame, &story.markup(pages, &similar)))
}

/// The page of what the snapshot's reader does not see: taken from readers, or not there at that moment. Those who keep
/// the archive are told why, and what it said, by its history.
pub(super) fn unseen(
    pages: &Pages,
    snapshot: &Snapshot,
    asset: &AssetRef,
    at: Option<AsOf>,
) -> Result<Response, PageError> {
    let gone = match snapshot.shown(asset)? {
        Shown::Gone(gone) => Some(gone),
        Shown::Unknown if !snapshot.reader().sees_all() => None,
        Shown::Seen | Shown::Unknown if snapshot.state(asset)?.is_some() => {
            return not_there_then(pages, snapshot, asset, at);
        }
        Shown::Seen | Shown::Unknown => None,
    };
    let Some(gone) = gone else { return Err(PageError::NoSuchAsset(asset.clone())) };
    let name = asset.kind.name();
    let title = format!("This {name} was {}", if gone.erased { "erased" } else { "withdrawn" });
    let order = gone.order.as_ref();
    let reason = order.map(|order| history::reason_of(&order.reason, &order.by)).unwrap_or_default();
    let history = match snapshot.reader().sees_all() {
        true => Some(History::read(snapshot, asset, &pages.state.search.begin().budget())?),
        false => None,
    };
    let frame = Frame { indexed: false, ..Frame::new(&title, "withdrawn") };
    let main = html! {
        article.notice {
            h1 { (title) }
            p.when { "On " (dates::instant(gone.since)) "." }
            @if !gone.notice.is_empty() { p.told { (gone.notice) } }
            @if let Some(reason) = reason { blockquote.reason { p { (reason) } } }
        }
        @if let Some(history) = &history { (history.section(asset)) }
    };
    let mut response = page(pages, &frame, &main);
    *response.status_mut() = StatusCode::GONE;
    Ok(response.into_response())
}

/// The page of what is in the archive, but was not to be seen at that moment, or never by readers.
fn not_there_then(
    pages: &Pages,
    snapshot: &Snapshot,
    asset: &AssetRef,
    at: Option<AsOf>,
) -> Result<Response, PageError> {
    let history = History::read(snapshot, asset, &pages.state.search.begin().budget())?;
    let name = asset.kind.name();
    let title = match at {
        Some(_) => format!("This {name} was not to be seen then"),
        None => format!("This {name} is not public"),
    };
    let frame = Frame { indexed: false, ..Frame::new(&title, "withdrawn") };
    let main = html! {
        article.notice {
            h1 { (title) }
            @if at.is_some() { p { a href=(links::asset(asset.kind, &asset.id)) { "See it as it is now" } "." } }
        }
        (history.section(asset))
    };
    let mut response = page(pages, &frame, &main);
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response.into_response())
}

impl Story<'_> {
    fn markup(&self, pages: &Pages, similar: &[query::Hit]) -> Markup {
        let article = self.article;
        let asset = AssetRef::new(AssetKind::Article, self.id.clone());
        let mut images = self.images.iter();
        let lead = images.next();
        html! {
            @if let Some(at) = self.at { (history::as_it_stood(&asset, at, self.history, self.seen_now)) }
            article.story lang=[text::lang(&article.language)] dir="auto" {
                header {
                    @if !article.kicker.is_empty() { p.kicker { (article.kicker) } }
                    h1.no-headline[article.headline.is_empty()] { (self.title()) }
                    @if !article.subheadline.is_empty() { p.deck { (article.subheadline) } }
                    (self.byline())
                    (self.found())
                }
                @if let Some((id, image)) = lead { (figure(id, image, 800, "lead")) }
                (self.corrections())
                (self.text())
                @let others: Vec<_> = images.collect();
                @if !others.is_empty() {
                    div.pictures { @for (id, image) in others { (figure(id, image, 480, "other")) } }
                }
                @if !article.rights.is_empty() { p.rights { (article.rights) } }
            }
            aside.margin aria-label="About this article" {
                (self.facts())
                (history::as_it_stood_form(&asset, self.at))
                @if let Some(cited) = self.cited(pages) { (cite::section(&cited)) }
            }
            @if !similar.is_empty() {
                section.similar aria-labelledby="similar-title" {
                    h2 #similar-title { "In the same drawer" }
                    ul.cards { @for hit in similar { (hits::card(hit)) } }
                }
            }
            (self.history.section(&asset))
        }
    }

    fn title(&self) -> String {
        article_title(&self.article.headline, &self.article.body, self.id)
    }

    fn text(&self) -> Markup {
        let article = self.article;
        let body = if article.body.is_empty() { &article.summary } else { &article.body };
        let mut marked = text::paragraphs(self.marked.as_deref().unwrap_or_default());
        let mut has_place = false;
        html! {
            div.text {
                @for (number, paragraph) in text::paragraphs(body).enumerate() {
                    @let is_first = number == 0 && article.dateline.is_empty() && text::takes_initial(paragraph);
                    p.first[is_first].lines[text::is_in_lines(paragraph)] {
                        @if number == 0 && !article.dateline.is_empty() { span.dateline { (article.dateline) } " — " }
                        @match marked.next() {
                            Some(marked) => (placed(text::fragment(marked), &mut has_place)),
                            None => (paragraph),
                        }
                    }
                }
            }
        }
    }

    /// Renders the number of times that the words looked for are in the text, and the way to the first.
    fn found(&self) -> Markup {
        let places = self.marked.as_ref().map_or(0, |text| text.matches("<em>").count()) as u64;
        html! {
            @if places > 0 {
                p.found { a href="#found" { (text::counted(places, "place", "places")) } " in the text for what you looked for" }
            }
        }
    }

    fn byline(&self) -> Markup {
        let article = self.article;
        let names: Vec<_> =
            self.authors.iter().filter_map(|(id, byline)| Some((id, byline.as_ref()?))).collect();
        html! {
            p.by lang="en" {
                @if names.is_empty() && !article.credit.is_empty() { span.who { (article.credit) } }
                @if !names.is_empty() {
                    span.who {
                        "By "
                        @for (number, (id, byline)) in names.iter().enumerate() {
                            @if number > 0 { @if number + 1 == names.len() { " and " } @else { ", " } }
                            a rel="author" href=(links::asset(AssetKind::Byline, id)) { (byline.name) }
                            @if !byline.title.is_empty() { span.title { ", " (byline.title) } }
                        }
                    }
                }
                @if let Some(date) = &article.published {
                    time.when datetime=(date.as_str()) { (dates::with_weekday(date)) }
                }
            }
        }
    }

    fn corrections(&self) -> Markup {
        let corrections = &self.article.corrections;
        html! {
            @if !corrections.is_empty() {
                section.corrections lang="en" aria-label="Corrections" {
                    h2 { @if corrections.len() == 1 { "Correction" } @else { "Corrections" } }
                    @for correction in corrections {
                        p {
                            @if let Some(date) = &correction.date { strong { (dates::time(date)) ". " } }
                            (correction.text)
                        }
                    }
                    p { a href="#history" { "What was changed" } }
                }
            }
        }
    }

    /// Renders the margin: each fact leads to everything that shares it.
    fn facts(&self) -> Markup {
        let article = self.article;
        let search = |name: &str, value: &str| Address::default().with(name, value).href();
        let linked = |label: &str, name: &str, value: &str, shown: &str| {
            html! { @if !value.is_empty() { dt { (label) } dd { a href=(search(name, value)) { (shown) } } } }
        };
        let plain =
            |label: &str, value: &str| html! { @if !value.is_empty() { dt { (label) } dd { (value) } } };
        let permalink = links::asset_at(AssetKind::Article, self.id, &format!("seq:{}", self.live.seq));
        html! {
            dl.facts {
                (linked("Section", "section", &article.section, &article.section))
                (plain("Page", &article.page))
                (plain("Edition", &article.edition))
                (plain("Desk", &article.desk))
                (linked("Type", "type", &article.genre, &text::capital(&article.genre)))
                (linked("Language", "language", &article.language, text::language_name(&article.language)))
                (linked("Source", "source", &article.source, &article.source))
                @if !self.credits_the_same() { (plain("Printed as", &article.credit)) }
                @let keywords = distinct(&article.keywords);
                @if !keywords.is_empty() {
                    dt { "Keywords" }
                    dd {
                        ul.keywords {
                            @for keyword in keywords {
                                li { a href=(search("keyword", keyword)) { (keyword) } }
                            }
                        }
                    }
                }
                @if let Some(url) = web_link(&article.url) {
                    dt { "On the web" } dd { a href=(url) rel="noopener noreferrer" { "The original page" } }
                }
                dt { "Permalink" }
                dd { a href=(links::asset(AssetKind::Article, self.id)) { code { (self.id) } } }
                dt { "This revision" }
                dd { a href=(permalink) { "Revision " (self.live.revision) ", event " (self.live.seq) } }
            }
        }
    }

    /// Returns true if the byline as printed says nothing but the name at the head of the article.
    fn credits_the_same(&self) -> bool {
        let credit = self.article.credit.to_lowercase();
        let credit = credit.strip_prefix("by ").unwrap_or(&credit);
        let mut names = self.authors.iter().filter_map(|(_, byline)| byline.as_ref());
        match (names.next(), names.next()) {
            (Some(only), None) => only.name.to_lowercase() == credit,
            (None, _) => true,
            _ => false,
        }
    }

    fn cited(&self, pages: &Pages) -> Option<Cited> {
        let asset = AssetRef::new(AssetKind::Article, self.id.clone());
        let authors = self.authors.iter().filter_map(|(_, byline)| byline.clone()).collect();
        let own = links::public(pages.config.public_url.as_ref(), asset.kind, &asset.id);
        Cited::new(&asset, self.live, authors, &pages.config.title, own)
    }
}

/// The first word that is marked is the place that the page leads to.
fn placed(text: Markup, has_place: &mut bool) -> Markup {
    if *has_place || !text.0.contains("<em>") {
        return text;
    }
    *has_place = true;
    PreEscaped(text.0.replacen("<em>", "<em id=\"found\">", 1))
}

/// Each term once, whichever vocabularies have it.
fn distinct(keywords: &[Keyword]) -> Vec<&str> {
    let mut terms: Vec<&str> = Vec::new();
    for term in keywords.iter().map(|keyword| keyword.value.as_str()).filter(|term| !term.is_empty()) {
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}
