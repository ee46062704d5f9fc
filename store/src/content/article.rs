//! The data of an `article.published` event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{asset::AssetId, date::ArchiveDate};

/// A whole revision of an article. Every field may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Article {
    /// The headline over the article.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub headline: String,
    /// The short line above the headline.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub kicker: String,
    /// The line below the headline (deck, standfirst).
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub subheadline: String,
    /// An abstract, a few sentences.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub summary: String,
    /// Plain text, paragraphs parted by an empty line.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub body: String,
    /// The date on which it first ran.
    #[serde(
        default,
        deserialize_with = "crate::content::empty_is_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub published: Option<ArchiveDate>,
    /// The date on which this revision was made.
    #[serde(
        default,
        deserialize_with = "crate::content::empty_is_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub updated: Option<ArchiveDate>,
    /// BCP 47 tag: `en`, `pt-BR`; empty where it is not stated.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub language: String,
    /// The section of the paper it ran in.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub section: String,
    /// The desk that made it.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub desk: String,
    /// The edition it ran in.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub edition: String,
    /// The page as printed: `A1`, `12`.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub page: String,
    /// The sort of text: news, editorial, letter, obituary …
    #[serde(
        rename = "type",
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub genre: String,
    /// The paper or agency it comes from.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub source: String,
    /// The address on the web.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub url: String,
    /// The place and day at its head: `LONDON, May 2`.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub dateline: String,
    /// The byline as printed: `By ELEANOR QUILL`.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub credit: String,
    /// The authors, by id, in their order.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub bylines: Vec<AssetId>,
    /// The images, by id, in their order.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub images: Vec<AssetId>,
    /// The subjects, places, persons … that it is about.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub keywords: Vec<Keyword>,
    /// The mistakes that were put right later.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub corrections: Vec<Correction>,
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

/// One subject, place, person … that an article is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Keyword {
    /// The vocabulary: `subject`, `place`, `person`, `organization` …
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// The term itself.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub value: String,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// A mistake put right.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Correction {
    /// The date on which it was put right.
    #[serde(
        default,
        deserialize_with = "crate::content::empty_is_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub date: Option<ArchiveDate>,
    /// The text that says what was wrong, and what is right.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub text: String,
    /// Fields that this version does not know: kept and handed on.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}
