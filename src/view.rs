//! The names of views, as options take them.

use store::AssetKind;

/// What stands for such a name in the help.
pub(crate) const NAMES: &str = "articles|images|bylines";

/// A view by its name, or by that of what it has documents of.
pub(crate) fn parse(text: &str) -> Result<AssetKind, String> {
    text.parse().map_err(|_| format!("`{text}` is no view: use articles, images or bylines"))
}
