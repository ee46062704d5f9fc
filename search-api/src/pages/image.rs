//! Images: as a figure in an article, and the page of one with where it was used.

use axum::response::Response;
use maud::{Markup, html};
use search::cite::article_title;
use store::{AsOf, AssetId, AssetKind, AssetRef, Byline, Content, Image, Reader, Snapshot};

use super::{
    address::Address,
    article::unseen,
    cite, dates,
    error::PageError,
    history::{self, History},
    layout::{Frame, page},
    media,
    reading::Reading,
    state::Pages,
    text,
};
use crate::links;
use search::cite::Cited;
use views::IMAGES;

/// A picture for a place of this width, with its caption, linked to its page.
pub(super) fn figure(id: &AssetId, image: &Image, width: u32, class: &str) -> Markup {
    html! {
        figure class=(class) {
            a href=(links::asset(AssetKind::Image, id)) { (picture(image, width, class == "lead")) }
            (caption(image))
        }
    }
}

/// The picture alone; what it shows in words where there is no file of it.
fn picture(image: &Image, width: u32, is_first: bool) -> Markup {
    html! {
        @match media::fitting(&image.renditions, width) {
            Some((rendition, src)) => img src=(src) alt=(described(image)) width=[rendition.width]
                height=[rendition.height] loading=[(!is_first).then_some("lazy")] decoding="async";,
            None => span.no-picture { (described(image)) },
        }
    }
}

/// For who cannot see it.
fn described(image: &Image) -> &str {
    [&image.alt, &image.caption].into_iter().find(|text| !text.is_empty()).map_or("A picture", String::as_str)
}

fn caption(image: &Image) -> Markup {
    html! {
        @if !image.caption.is_empty() || !image.credit.is_empty() {
            figcaption {
                (image.caption)
                @if !image.credit.is_empty() { " " span.credit { (image.credit) } }
            }
        }
    }
}

/// An article that shows an image.
struct Use {
    id: AssetId,
    headline: String,
    published: Option<store::ArchiveDate>,
}

/// More articles are left to the search.
const MAX_USES: usize = 60;

/// `GET /images/{id}`, with `?at=` as it stood then, and with the parameters of the search that led to it.
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
    let asset = AssetRef::new(AssetKind::Image, id.clone());
    let Some(live) = then.live(&asset)? else { return unseen(pages, &snapshot, &asset, at) };
    let Content::Image(image) = &live.content else { return Err(PageError::NoSuchAsset(asset)) };
    let photographer = image.photographer.as_ref().map(|id| reading.byline(id)).transpose()?;
    let uses = uses(then, &asset)?;
    let seen_now = snapshot.live(&asset)?.is_some();
    let history = History::read(&snapshot, &asset, &pages.state.search.begin().budget())?;
    let title = text::beginning(described(image), 80);
    let authors = photographer.iter().filter_map(|(_, byline)| byline.clone()).collect();
    let own = links::public(pages.config.public_url.as_ref(), asset.kind, &asset.id);
    let cited = Cited::new(&asset, &live, authors, &pages.config.title, own);
    let main = html! {
        @if let Some(at) = at { (history::as_it_stood(&asset, at, &history, seen_now)) }
        article.plate {
            h1.quiet { "Image" }
            figure {
                (picture(image, 1600, true))
                (caption(image))
            }
            @if !image.alt.is_empty() && image.alt != image.caption { p.alt { "In words: " (image.alt) } }
        }
        aside.margin aria-label="About this image" {
            (facts(id, image, photographer.as_ref()))
            (history::as_it_stood_form(&asset, at))
            @if let Some(cited) = &cited { (cite::section(cited)) }
        }
        @if !uses.is_empty() {
            section.uses aria-labelledby="uses-title" {
                h2 #uses-title { "Where it was used" }
                ol.list {
                    @for used in &uses {
                        li {
                            a href=(links::asset(AssetKind::Article, &used.id)) { (used.headline) }
                            @if let Some(date) = &used.published { " " span.when { (dates::time(date)) } }
                        }
                    }
                }
            }
        }
        (history.section(&asset))
    };
    let frame = Frame {
        description: &image.caption,
        indexed: at.is_none() && came_from.q.is_empty(),
        address: came_from,
        ..Frame::new(&title, "image")
    };
    Ok(page(pages, &frame, &main))
}

fn uses(snapshot: &Snapshot, asset: &AssetRef) -> Result<Vec<Use>, PageError> {
    let mut uses = Vec::new();
    for referrer in snapshot.referrers(asset, None, MAX_USES)? {
        if let Some(Content::Article(article)) = snapshot.live(&referrer)?.map(|live| live.content) {
            let headline = article_title(&article.headline, &article.body, &referrer.id);
            uses.push(Use { id: referrer.id, headline, published: article.published });
        }
    }
    uses.sort_by_key(|used| used.published.as_ref().map(store::ArchiveDate::start));
    Ok(uses)
}

fn facts(id: &AssetId, image: &Image, photographer: Option<&(AssetId, Option<Byline>)>) -> Markup {
    let by = photographer.and_then(|(id, byline)| Some((id, byline.as_ref()?)));
    html! {
        dl.facts {
            @if let Some((id, byline)) = by {
                dt { "By" } dd { a href=(links::asset(AssetKind::Byline, id)) { (byline.name) } }
            }
            @if let Some(taken) = &image.taken {
                @let year = taken.year().to_string();
                dt { "Made" }
                dd { a href=(Address::default().in_view(IMAGES).between(&year, &year).href()) { (dates::time(taken)) } }
            }
            @for rendition in &image.renditions {
                @if let Some(src) = media::src(rendition) {
                    dt { @if rendition.role.is_empty() { "File" } @else { (text::capital(&rendition.role)) " file" } }
                    dd {
                        a href=(src) rel="noopener noreferrer" {
                            (rendition.media_type)
                            @if let (Some(width), Some(height)) = (rendition.width, rendition.height) { " " (width) " × " (height) }
                            @else if rendition.media_type.is_empty() { "Open" }
                        }
                    }
                }
            }
            @if !image.rights.is_empty() { dt { "Rights" } dd { (image.rights) } }
            dt { "Permalink" }
            dd { a href=(links::asset(AssetKind::Image, id)) { code { (id) } } }
        }
    }
}
