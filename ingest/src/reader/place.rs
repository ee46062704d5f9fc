//! Giving pictures that are named by a relative link alone the ids of their places.

use store::{AssetId, AssetKind, Content, Fact};

use crate::{
    link,
    record::{Former, Found},
};

/// Gives each picture whose id is a relative link the id of its place beside the record's file, also where it is named:
/// `cover.jpg` of two folders is two pictures. States the link as the id that an older rule gave it.
pub(super) fn give(stem: &str, found: &mut [Found]) {
    let placed: Vec<(AssetId, AssetId)> =
        found.iter().filter_map(|one| Some((one.event.id.clone(), place_of(stem, one)?))).collect();
    for one in found {
        for (link, place) in &placed {
            rename(one, link, place);
        }
    }
}

/// Returns the id of a picture's place, if all that names it is a relative link.
fn place_of(stem: &str, one: &Found) -> Option<AssetId> {
    let Fact::Published(Content::Image(image)) = &one.event.fact else { return None };
    let href = image.renditions.first()?.href.trim();
    let is_named_by_it = one.event.id.as_str() == href && !href.starts_with("//") && !link::is_absolute(href);
    if is_named_by_it { link::picture_beside(stem, href) } else { None }
}

fn rename(one: &mut Found, link: &AssetId, place: &AssetId) {
    match &mut one.event.fact {
        Fact::Published(Content::Image(_)) if one.event.id == *link => one.event.id = place.clone(),
        Fact::Published(Content::Article(article)) if article.images.contains(link) => {
            article.images.iter_mut().filter(|image| *image == link).for_each(|image| *image = place.clone());
        }
        _ => return,
    }
    one.former.extend(Former::new(AssetKind::Image, place, Some(link.clone())));
}
