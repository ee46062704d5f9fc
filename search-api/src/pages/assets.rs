//! Files that every page needs beside its HTML: style, script and fonts, inside the binary.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::Compression;
use store::Digest;

use crate::door::compress;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

const fn asset(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { name, media_type, bytes }
}

const FONT: &str = "font/woff2";

static ASSETS: [Asset; 11] = [
    asset("morgue.css", "text/css; charset=utf-8", include_bytes!("../../assets/morgue.css")),
    asset("morgue.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/morgue.js")),
    asset("room.css", "text/css; charset=utf-8", include_bytes!("../../assets/room.css")),
    asset("room.js", "text/javascript; charset=utf-8", include_bytes!("../../assets/room.js")),
    asset("icon.svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")),
    asset("text.woff2", FONT, include_bytes!("../../assets/fonts/text.woff2")),
    asset("text-more.woff2", FONT, include_bytes!("../../assets/fonts/text-more.woff2")),
    asset("italic.woff2", FONT, include_bytes!("../../assets/fonts/italic.woff2")),
    asset("italic-more.woff2", FONT, include_bytes!("../../assets/fonts/italic-more.woff2")),
    asset("display.woff2", FONT, include_bytes!("../../assets/fonts/display.woff2")),
    asset("display-more.woff2", FONT, include_bytes!("../../assets/fonts/display-more.woff2")),
];

/// Changes when any of them changes, so that browsers may keep them for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<&[u8]> = ASSETS.iter().map(|asset| asset.bytes).collect();
    Digest::of(&all).to_string().chars().take(12).collect()
});

/// Those that are text, as gzip: packed once, as well as can be.
static PACKED: LazyLock<Vec<Option<Vec<u8>>>> = LazyLock::new(|| {
    let is_text = |asset: &Asset| asset.media_type != FONT;
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
