//! The pictures of an article, each once, its crops as renditions.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use store::{AssetId, Image, Rendition};

use crate::typed::{self, List, Maybe, Object, Text, objects};

/// The base of relative links of pictures.
const PICTURES: &str = "https://static01.nyt.com/";

objects! {
    /// A crop of a picture. In the form of 2025 the whole picture, with its crops under names of their own.
    Crop {
        url "url": Text<'d>,
        caption "caption": Text<'d>,
        credit "credit": Text<'d>,
        kind "type": Text<'d>,
        subtype "subtype": Text<'d>,
        sub_type "subType": Text<'d>,
        width "width": Text<'d>,
        height "height": Text<'d>,
        rank "rank": Text<'d>,
        legacy "legacy": Text<'d>,
    }
}

/// Old form: a list of crops. New form: one object with a rendition under each of several names.
#[derive(Debug, Default)]
pub(super) struct Multimedia<'d> {
    list: List<Crop<'d>>,
    /// The value was one object, and no list.
    alone: bool,
}

impl<'d> Deserialize<'d> for Multimedia<'d> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        typed::one_or_list(from).map(|(list, alone)| Self { list, alone })
    }
}

impl Multimedia<'_> {
    /// Returns what is left of it, as JSON.
    pub(super) fn rest(self) -> Value {
        let mut rest = match self.list.rest() {
            Value::Array(list) => list,
            other => vec![other],
        };
        if self.alone && rest.len() == 1 { rest.remove(0) } else { Value::Array(rest) }
    }

    /// Takes the pictures; what is none stays.
    pub(super) fn images(&mut self) -> Vec<(AssetId, Image)> {
        let mut pictures: Vec<(String, Image)> = Vec::new();
        let mut others = Vec::new();
        let list = std::mem::take(&mut self.list.0);
        for entry in list {
            match entry {
                Maybe::Object(picture) if self.alone && picture.url.get().is_empty() => {
                    match named_crops(picture) {
                        Ok((key, image)) => pictures.push((key, image)),
                        Err(rest) => others.push(Maybe::Other(Value::Object(rest))),
                    }
                }
                Maybe::Object(mut crop) if matches!(&*crop.kind.get(), "" | "image") => {
                    match rendition(&mut crop) {
                        Some(rendition) => add(&mut pictures, crop, rendition),
                        None => others.push(Maybe::Other(Value::Object(crop.rest()))),
                    }
                }
                other => others.push(other),
            }
        }
        self.list.0 = others;
        pictures
            .into_iter()
            .filter_map(|(key, image)| Some((crate::link::asset_id(key).ok()?, image)))
            .collect()
    }
}

/// Adds one more crop, of a picture that is known or of another.
fn add(pictures: &mut Vec<(String, Image)>, mut crop: Crop<'_>, mut rendition: Rendition) {
    let (caption, credit) = (crop.caption.take().into_owned(), crop.credit.take().into_owned());
    crop.kind.take();
    // `legacy` says once more what the crop says.
    (crop.legacy, crop.rank) = (Text::default(), Text::default());
    rendition.unknown = crop.rest();
    let key = picture_of(&rendition.href);
    match pictures.iter_mut().find(|(known, _)| *known == key) {
        Some((_, image)) => {
            image.renditions.push(rendition);
            fill(&mut image.caption, caption);
            fill(&mut image.credit, credit);
        }
        None => {
            let image = Image { caption, credit, renditions: vec![rendition], ..Image::default() };
            pictures.push((key, image));
        }
    }
}

fn fill(field: &mut String, text: String) {
    if field.is_empty() {
        *field = text;
    }
}

fn rendition(crop: &mut Crop<'_>) -> Option<Rendition> {
    let href = crop.url.take();
    if href.is_empty() {
        return None;
    }
    let role = match crop.subtype.take() {
        role if role.is_empty() => crop.sub_type.take(),
        role => role,
    };
    let pixels = |text: &mut Text<'_>| {
        let number = text.get().parse().ok();
        *text = Text::default();
        number
    };
    let (width, height) = (pixels(&mut crop.width), pixels(&mut crop.height));
    let (href, role) = (absolute(href), role.into_owned());
    Some(Rendition { href, width, height, role, ..Rendition::default() })
}

fn absolute(href: Cow<'_, str>) -> String {
    if href.contains("://") {
        href.into_owned()
    } else {
        format!("{PICTURES}{}", href.trim_start_matches('/'))
    }
}

/// Returns the picture of the new form; what it says where it has no crop.
fn named_crops(mut picture: Crop<'_>) -> Result<(String, Image), Map<String, Value>> {
    let (caption, credit) = (picture.caption.take().into_owned(), picture.credit.take().into_owned());
    let mut image = Image { caption, credit, ..Image::default() };
    let mut rest = picture.rest();
    rest.retain(|role, value| {
        let Value::Object(crop) = value else { return true };
        let href = crop.get("url").map(crate::fields::text_of).filter(|href| !href.is_empty());
        let Some(href) = href.map(|href| absolute(href.into())) else { return true };
        let mut unknown = std::mem::take(crop);
        unknown.remove("url");
        let mut pixels = |name: &str| crate::fields::text_of(&unknown.remove(name)?).parse().ok();
        let (width, height) = (pixels("width"), pixels("height"));
        let role = role.clone();
        image.renditions.push(Rendition { href, width, height, role, unknown, ..Rendition::default() });
        false
    });
    match image.renditions.first().map(|first| picture_of(&first.href)) {
        Some(key) => Ok((key, Image { extra: rest, ..image })),
        None => Err(rest),
    }
}

/// Returns the link of a picture without what names the crop: `…/06NEWORLEANS-thumbWide.jpg` and
/// `…/06NEWORLEANS-articleLarge-v2.jpg` are one picture.
fn picture_of(href: &str) -> String {
    let link = href.split(['?', '#']).next().unwrap_or(href);
    let (folder, file) = link.rsplit_once('/').unwrap_or(("", link));
    let (name, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let version = |part: &str| {
        part.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts: Vec<&str> = name.split('-').collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| version(last)) {
        parts.pop();
    }
    if parts.len() > 1 && parts.last().is_some_and(|last| is_crop(last)) {
        parts.pop();
    }
    format!("{folder}/{}.{ending}", parts.join("-"))
}

/// Returns true for the name of a crop that the paper's pictures come in.
fn is_crop(name: &str) -> bool {
    const STARTS: [&str; 20] = [
        "thumb",
        "article",
        "blog",
        "jumbo",
        "superJumbo",
        "popup",
        "mediumThreeByTwo",
        "mediumSquare",
        "square",
        "largeHorizontal",
        "largeWidescreen",
        "threeByTwo",
        "facebookJumbo",
        "video",
        "master",
        "hpLarge",
        "hpMedium",
        "watch",
        "slide",
        "mobile",
    ];
    const ENDS: [&str; 8] = ["Jumbo", "ByTwo", "By3", "Square", "Thumb", "Standard", "Large", "Wide"];
    STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
        || matches!(
            name,
            "wide" | "sfSpan" | "tmagArticle" | "tmagSF" | "verticalTwoByThree735" | "moth" | "filmstrip"
        )
}
