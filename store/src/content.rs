//! The content of the three kinds of asset: what a `published` event carries.

mod article;
mod byline;
mod image;

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize, de};

pub use self::{
    article::{Article, Correction, Keyword},
    byline::Byline,
    image::{Image, Rendition},
};
use crate::asset::{AssetId, AssetKind, AssetRef};

/// One whole revision of an asset.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content {
    /// Of an article.
    Article(Box<Article>),
    /// Of an image.
    Image(Box<Image>),
    /// Of a byline.
    Byline(Box<Byline>),
}

impl Content {
    /// Returns the kind of asset that this is a revision of.
    pub fn kind(&self) -> AssetKind {
        match self {
            Self::Article(_) => AssetKind::Article,
            Self::Image(_) => AssetKind::Image,
            Self::Byline(_) => AssetKind::Byline,
        }
    }

    /// Returns the assets that this revision names, in order, each once: an article its bylines, then its images; an
    /// image its photographer.
    pub fn references(&self) -> Vec<AssetRef> {
        let (mut found, mut seen) = (Vec::new(), HashSet::new());
        let mut add = |kind: AssetKind, id: &AssetId| {
            let target = AssetRef::new(kind, id.clone());
            if seen.insert(target.clone()) {
                found.push(target);
            }
        };
        match self {
            Self::Article(article) => {
                article.bylines.iter().for_each(|id| add(AssetKind::Byline, id));
                article.images.iter().for_each(|id| add(AssetKind::Image, id));
            }
            Self::Image(image) => image.photographer.iter().for_each(|id| add(AssetKind::Byline, id)),
            Self::Byline(_) => {}
        }
        found
    }
}

impl From<Article> for Content {
    fn from(article: Article) -> Self {
        Self::Article(Box::new(article))
    }
}

impl From<Image> for Content {
    fn from(image: Image) -> Self {
        Self::Image(Box::new(image))
    }
}

impl From<Byline> for Content {
    fn from(byline: Byline) -> Self {
        Self::Byline(Box::new(byline))
    }
}

/// Reads a field of which `null` says the same as leaving it out.
fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Reads a field of which `""` and `null` say the same as leaving it out.
fn empty_is_none<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<String, Error: std::fmt::Display>,
{
    match Option::<String>::deserialize(from)? {
        Some(text) if !text.is_empty() => T::try_from(text).map(Some).map_err(de::Error::custom),
        _ => Ok(None),
    }
}
