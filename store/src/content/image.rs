//! The data of an `image.published` event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{asset::AssetId, date::ArchiveDate};

/// A whole revision of an image. Every field may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Image {
    /// The text below the picture.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub caption: String,
    /// The picture in words, for who cannot see it.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub alt: String,
    /// The credit as printed.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub credit: String,
    /// The byline of whoever made it, by id.
    #[serde(
        default,
        deserialize_with = "crate::content::empty_is_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub photographer: Option<AssetId>,
    /// The date on which it was made.
    #[serde(
        default,
        deserialize_with = "crate::content::empty_is_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub taken: Option<ArchiveDate>,
    /// The files: one picture in several sizes and crops.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub renditions: Vec<Rendition>,
    /// Copyright and terms of use.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub rights: String,
    /// Statements of the source that no field has a place for.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Map::is_empty"
    )]
    pub extra: Map<String, Value>,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// One file of an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rendition {
    /// The place of the file: a link, or a path relative to the archive.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub href: String,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// `image/jpeg`, `image/svg+xml` …
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub media_type: String,
    /// `main`, `thumbnail`, or the name of the crop.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub role: String,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}
