//! The archive's own pictures: files under the media directories, and never any other.

mod pieces;

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use store::Rendition;

use self::pieces::{Picture, Pieces};
use crate::{
    door::finish::{etag, is_anything_known, is_known},
    links::encode,
};

/// The types of files that a browser is given as pictures. No other file is, whatever lies in the directories.
static TYPES: [(&str, &str); 8] = [
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
];

/// An SVG is a document that may hold scripts. In an `<img>` they never run; opened by itself, the sandbox keeps
/// them from running.
const PICTURE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Returns where a rendition can be loaded from: `/media/…` for a path, an http(s) link as it is, nothing for anything
/// else.
pub(super) fn src(rendition: &Rendition) -> Option<String> {
    let href = rendition.href.trim();
    let scheme = href.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if matches!(scheme.as_deref(), Some("http" | "https")) && href.contains("://") {
        return Some(href.to_owned());
    }
    let path = relative(href)?;
    let parts: Vec<String> = path.iter().map(|part| encode(&part.to_string_lossy())).collect();
    type_of(&path)?;
    Some(format!("/media/{}", parts.join("/")))
}

/// The rendition for a place of this width in pixels: the smallest that fills it, or else the largest.
pub(super) fn fitting(renditions: &[Rendition], width: u32) -> Option<(&Rendition, String)> {
    let wide = |rendition: &Rendition| rendition.width.unwrap_or(0);
    let usable = || renditions.iter().filter_map(|rendition| Some((rendition, src(rendition)?)));
    usable()
        .filter(|(rendition, _)| u64::from(wide(rendition)) >= u64::from(width))
        .min_by_key(|(rendition, _)| wide(rendition))
        .or_else(|| usable().max_by_key(|(rendition, _)| wide(rendition)))
}

/// A path below the directory that it is resolved against; `None` when it leads anywhere else.
pub(super) fn relative(path: &str) -> Option<PathBuf> {
    if path.is_empty() || path.contains(['\0', '\\', ':', '?', '#']) {
        return None;
    }
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) if !part.to_string_lossy().starts_with('.') => clean.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    (!clean.as_os_str().is_empty()).then_some(clean)
}

fn type_of(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == extension).map(|(_, media_type)| *media_type)
}

/// `GET /media/{path}` from the first directory that has it; nothing of it to who says that he has it already.
pub(super) fn serve(dirs: &[PathBuf], path: &str, asked: &HeaderMap) -> Response {
    let found = relative(path).and_then(|path| Some((type_of(&path)?, path)));
    let Some((media_type, path)) = found else { return StatusCode::NOT_FOUND.into_response() };
    for dir in dirs {
        match find(dir, &path) {
            Ok(Some(picture)) => return answer(picture, media_type, asked),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a picture cannot be read");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        }
    }
    StatusCode::NOT_FOUND.into_response()
}

fn answer(picture: Picture, media_type: &'static str, asked: &HeaderMap) -> Response {
    let tag = etag(&[&picture.version()]);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE_POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // What is withdrawn is not to be shown out of a cache.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::ETAG, tag.clone()),
    ];
    if is_known(asked, &tag) || is_anything_known(asked) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_LENGTH, HeaderValue::from(picture.bytes())),
    ];
    (headers, about, Body::from_stream(Pieces::of(picture))).into_response()
}

/// Links are followed before the check, so a link that leads out of the directory leads nowhere.
fn find(dir: &Path, path: &Path) -> io::Result<Option<Picture>> {
    let absent = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => Ok(None),
        _ => Err(error),
    };
    let (dir, file) = match (dir.canonicalize(), dir.join(path).canonicalize()) {
        (Ok(dir), Ok(file)) => (dir, file),
        (Err(error), _) | (_, Err(error)) => return absent(error),
    };
    if !file.starts_with(&dir) { Ok(None) } else { Picture::at(file) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hrefs_become_addresses_or_nothing() {
        let check = |href: &str, expected: Option<&str>| {
            let rendition = Rendition { href: href.to_owned(), ..Rendition::default() };
            assert_eq!(src(&rendition).as_deref(), expected, "{href}");
        };
        check("images/ferry.svg", Some("/media/images/ferry.svg"));
        check("./images/the ferry.SVG", Some("/media/images/the%20ferry.SVG"));
        check("https://example.org/a.jpg", Some("https://example.org/a.jpg"));
        for refused in [
            "",
            "../secret.svg",
            "images/../../secret.svg",
            "/etc/passwd.svg",
            ".hidden/a.svg",
            "notes.txt",
            "javascript:alert(1)",
            "data:image/svg+xml,<svg onload=alert(1)>",
            "//example.org/a.svg/../..",
            "c:\\a.svg",
            "file:///etc/a.svg",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn nothing_outside_of_the_directories_is_read() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.svg"), "<svg/>").unwrap();
        let media = tempfile::tempdir().unwrap();
        std::fs::write(media.path().join("a.svg"), "<svg/>").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path().join("secret.svg"), media.path().join("link.svg")).unwrap();
        let dirs = [media.path().to_owned()];
        let status = |path: &str| serve(&dirs, path, &HeaderMap::new()).status();
        assert_eq!(status("a.svg"), StatusCode::OK);
        let up = format!("../{}/secret.svg", outside.path().file_name().unwrap().to_string_lossy());
        for path in ["link.svg", "b.svg", up.as_str(), "", "a.svg/b.svg", "/a.svg"] {
            assert_eq!(status(path), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
