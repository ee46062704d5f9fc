//! The data of a `byline.published` event.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A whole revision of a byline: a person or an organisation. Every field may be left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Byline {
    /// The name as it is shown: `Eleanor Quill`.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Given names.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub given: String,
    /// Family name.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub family: String,
    /// `Shipping Correspondent`.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub title: String,
    /// The agency or paper, where the byline is one or belongs to one.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub organization: String,
    /// Other forms and former names.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub also_known_as: Vec<String>,
    /// A page about the author.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub url: String,
    /// A few sentences about the author.
    #[serde(
        default,
        deserialize_with = "crate::content::null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub bio: String,
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
