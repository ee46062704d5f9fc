//! The name of an asset: a kind and an id.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The longest id in bytes. LMDB takes keys of 511 bytes; kind and id share one.
pub const MAX_ID_BYTES: usize = 400;

/// The three kinds of asset that an archive holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AssetKind {
    /// A text that ran.
    Article,
    /// A picture that ran, with all its renditions.
    Image,
    /// A person or an organisation that is credited.
    Byline,
}

impl AssetKind {
    /// All kinds, in the order in which pages and tables show them.
    pub const ALL: [Self; 3] = [Self::Article, Self::Image, Self::Byline];

    /// Returns `article`, `image` or `byline`: the first half of an event's type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::Image => "image",
            Self::Byline => "byline",
        }
    }

    /// Returns `articles`, `images` or `bylines`: the name of the view and of its routes.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Article => "articles",
            Self::Image => "images",
            Self::Byline => "bylines",
        }
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AssetKind {
    type Err = UnknownKind;

    /// Takes the singular and the plural.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| text == kind.name() || text == kind.plural())
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// A word that names no kind of asset.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no kind of asset: use article, image or byline")]
pub struct UnknownKind(String);

/// The id of an asset: unique among the assets of its kind, at most [`MAX_ID_BYTES`] bytes, no control
/// characters. Often a URI (`nyt://article/…`), but any string will do.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", description = "an asset's id: 1 to 400 bytes, no control characters")]
pub struct AssetId(String);

impl AssetId {
    /// Checks and takes an id.
    ///
    /// # Errors
    /// [`InvalidId`] when it is empty, too long, or holds a control character.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
        let id = id.into();
        if id.is_empty() {
            return Err(InvalidId::Empty);
        }
        if id.len() > MAX_ID_BYTES {
            return Err(InvalidId::TooLong { bytes: id.len() });
        }
        match id.chars().position(char::is_control) {
            Some(at) => Err(InvalidId::Control { at: at.saturating_add(1) }),
            None => Ok(Self(id)),
        }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AssetId {
    type Error = InvalidId;

    fn try_from(id: String) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl FromStr for AssetId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl From<AssetId> for String {
    fn from(id: AssetId) -> Self {
        id.0
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

/// The reason why a string cannot be an asset's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing there.
    #[error("an id must not be empty")]
    Empty,
    /// More than [`MAX_ID_BYTES`].
    #[error("an id of {bytes} bytes is too long: at most {MAX_ID_BYTES} are kept")]
    TooLong {
        /// The length of the text, in bytes.
        bytes: usize,
    },
    /// A control character, which no reader could see.
    #[error("an id must not hold control characters (there is one at character {at})")]
    Control {
        /// Counted from 1.
        at: usize,
    },
}

/// One asset: its kind and its id.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct AssetRef {
    /// Article, image or byline.
    pub kind: AssetKind,
    /// Unique within the kind.
    pub id: AssetId,
}

impl AssetRef {
    /// Names an asset.
    pub fn new(kind: AssetKind, id: AssetId) -> Self {
        Self { kind, id }
    }

    /// Returns the asset's key in the store: one letter for the kind, then the id.
    pub(crate) fn to_key(&self) -> Vec<u8> {
        let mut key = Vec::with_capacity(self.id.0.len() + 1);
        key.push(kind_letter(self.kind));
        key.extend_from_slice(self.id.0.as_bytes());
        key
    }

    /// Returns the inverse of [`Self::to_key`]; `None` for bytes that are no key.
    pub(crate) fn from_key(key: &[u8]) -> Option<Self> {
        let (&letter, id) = key.split_first()?;
        let kind = AssetKind::ALL.into_iter().find(|kind| kind_letter(*kind) == letter)?;
        let id = AssetId::new(std::str::from_utf8(id).ok()?).ok()?;
        Some(Self { kind, id })
    }
}

/// Returns the first byte of every key of this kind: keys of one kind lie together.
pub(crate) const fn kind_letter(kind: AssetKind) -> u8 {
    match kind {
        AssetKind::Article => b'a',
        AssetKind::Image => b'i',
        AssetKind::Byline => b'b',
    }
}

impl fmt::Display for AssetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked() {
        let check = |id: &str, expected: Result<(), &str>| {
            let got = AssetId::new(id).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{id:?}");
        };
        check("nyt://article/0c662afa", Ok(()));
        check("港/1", Ok(()));
        check("", Err("an id must not be empty"));
        check("a\u{0}b", Err("an id must not hold control characters (there is one at character 2)"));
        check(&"é".repeat(200), Ok(()));
        check(&"é".repeat(201), Err("an id of 402 bytes is too long: at most 400 are kept"));
    }

    #[test]
    fn keys_come_back() {
        for kind in AssetKind::ALL {
            let asset = AssetRef::new(kind, AssetId::new("港/1").unwrap());
            assert_eq!(AssetRef::from_key(&asset.to_key()), Some(asset));
        }
        assert_eq!(AssetRef::from_key(b""), None);
        assert_eq!(AssetRef::from_key(b"z1"), None);
    }
}
