//! The fields that a mapping can fill, by the names that the assets have (see `store::content`).

use store::AssetKind;

/// Fields of an article that have one value.
const ARTICLE: [&str; 19] = [
    "id",
    "headline",
    "kicker",
    "subheadline",
    "summary",
    "body",
    "published",
    "updated",
    "language",
    "section",
    "desk",
    "edition",
    "page",
    "type",
    "source",
    "url",
    "dateline",
    "credit",
    "rights",
];
/// The fields of an image, and of one that an article has.
const IMAGE: [&str; 11] = [
    "id",
    "caption",
    "alt",
    "credit",
    "photographer",
    "taken",
    "rights",
    "href",
    "width",
    "height",
    "media_type",
];
/// The fields of a byline, and of one that an article has.
const BYLINE: [&str; 8] = ["id", "name", "given", "family", "title", "organization", "url", "bio"];
/// The fields of a keyword.
const KEYWORD: [&str; 2] = ["name", "value"];
/// The fields of a correction.
const CORRECTION: [&str; 2] = ["date", "text"];
/// The fields of one file of an image.
const RENDITION: [&str; 5] = ["href", "width", "height", "media_type", "role"];
/// Another name of a person.
const ALSO_KNOWN_AS: [&str; 1] = ["name"];

/// Returns the fields of a kind of asset that have one value.
pub(crate) fn of(kind: AssetKind) -> &'static [&'static str] {
    match kind {
        AssetKind::Article => &ARTICLE,
        AssetKind::Image => &IMAGE,
        AssetKind::Byline => &BYLINE,
    }
}

/// Returns the fields of a kind of asset that have several values, with the fields of each.
pub(crate) fn lists_of(kind: AssetKind) -> &'static [(&'static str, &'static [&'static str])] {
    match kind {
        AssetKind::Article => {
            &[("bylines", &BYLINE), ("images", &IMAGE), ("keywords", &KEYWORD), ("corrections", &CORRECTION)]
        }
        AssetKind::Image => &[("renditions", &RENDITION)],
        AssetKind::Byline => &[("also_known_as", &ALSO_KNOWN_AS)],
    }
}

/// Returns the list of an article that values of this name usually are: `authors`, `pictures`.
pub(crate) fn list_of(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let is = |names: &[&str]| names.contains(&name.as_str());
    if is(&[
        "authors",
        "author",
        "bylines",
        "byline",
        "creators",
        "writers",
        "contributors",
        "autoren",
        "auteurs",
        "autores",
        "autori",
    ]) {
        Some("bylines")
    } else if is(&[
        "images",
        "image",
        "pictures",
        "picture",
        "photos",
        "photo",
        "media",
        "plates",
        "illustrations",
        "bilder",
        "figures",
    ]) {
        Some("images")
    } else if is(&["keywords", "tags", "subjects", "topics", "categories", "schlagworte"]) {
        Some("keywords")
    } else {
        None
    }
}

/// Returns true for a field whose value is a date.
pub(super) fn is_date(field: &str) -> bool {
    matches!(field, "published" | "updated" | "taken" | "date" | "from" | "until")
}

/// Returns true for a field that has paragraphs.
pub(super) fn has_paragraphs(field: &str) -> bool {
    matches!(field, "body" | "summary" | "bio" | "text")
}
