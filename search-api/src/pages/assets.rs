//! What every page needs beside its HTML: style, script and fonts, inside the binary.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::Compression;
use store::Digest;

use crate::http::compress;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

static ASSETS: [Asset; 6] = [
    Asset {
        name: "morgue.css",
        media_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../../assets/morgue.css"),
    },
    Asset {
        name: "morgue.js",
        media_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../../assets/morgue.js"),
    },
    Asset { name: "icon.svg", media_type: "image/svg+xml", bytes: include_bytes!("../../assets/icon.svg") },
    Asset {
        name: "text.woff2",
        media_type: "font/woff2",
        bytes: include_bytes!("../../assets/fonts/text.woff2"),
    },
    Asset {
        name: "italic.woff2",
        media_type: "font/woff2",
        bytes: include_bytes!("../../assets/fonts/italic.woff2"),
    },
    Asset {
        name: "display.woff2",
        media_type: "font/woff2",
        bytes: include_bytes!("../../assets/fonts/display.woff2"),
    },
];

/// Changes when any of them changes, so that browsers may keep them for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<&[u8]> = ASSETS.iter().map(|asset| asset.bytes).collect();
    Digest::of(&all).to_string().chars().take(12).collect()
});

/// Those that are text, as gzip: packed once, as well as can be.
static PACKED: LazyLock<Vec<Option<Vec<u8>>>> = LazyLock::new(|| {
    let is_text = |asset: &Asset| !asset.media_type.starts_with("font/");
    let pack = |asset| is_text(asset).then(|| compress::gzip(asset.bytes, Compression::best()));
    ASSETS.iter().map(pack).collect()
});

/// The address of an asset of this version.
pub(super) fn href(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// `GET /assets/{version}/{name}`
pub(super) async fn serve(asked: HeaderMap, Path((version, name)): Path<(String, String)>) -> Response {
    let Some((asset, packed)) = ASSETS.iter().zip(PACKED.iter()).find(|(asset, _)| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    // A page of an older version may still ask: it gets what there is, but must ask again.
    let cache = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, cache),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match packed {
        Some(packed) if compress::is_taken(&asked) => {
            let mut response = (headers, packed.as_slice()).into_response();
            compress::mark(response.headers_mut());
            response
        }
        _ => (headers, asset.bytes).into_response(),
    }
}
