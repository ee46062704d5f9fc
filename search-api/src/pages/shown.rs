//! The pictures that readers may see: files that a rendition of an image names which is neither withdrawn nor erased, and
//! was public. Whatever else lies in the media directories is not there for anybody.

use query::{Query, Scalar, SearchRequest};
use search::Inquiry;
use store::Rendition;
use views::IMAGES;

use super::media::relative;
use crate::door::error::RequestError;

/// So many images that name the same file are looked at.
const MAX_IMAGES: usize = 100;

/// Returns true if an image that readers see has a rendition at this path.
///
/// # Errors
/// [`RequestError`]: the index or the log fails, or it takes too long.
pub(super) fn is_shown(inquiry: &Inquiry<'_>, path: &str) -> Result<bool, RequestError> {
    let Some(wanted) = relative(path) else { return Ok(false) };
    let written = wanted.to_string_lossy();
    let forms = [path.to_owned(), written.to_string(), format!("./{written}")];
    let names_it = Query::Terms {
        field: "renditions.href".to_owned(),
        values: forms.iter().map(|form| Scalar::from(form.as_str())).collect(),
        any_case: false,
    };
    let request = SearchRequest {
        query: names_it,
        size: MAX_IMAGES,
        highlight: None,
        count_all: false,
        ..SearchRequest::new(IMAGES)
    };
    // Hits are read back: what was withdrawn a moment ago is in none.
    Ok(inquiry.search(&request)?.hits.iter().any(|hit| {
        let renditions = hit.document.get("renditions").cloned().unwrap_or_default();
        let renditions: Vec<Rendition> = serde_json::from_value(renditions).unwrap_or_default();
        renditions.iter().any(|rendition| relative(rendition.href.trim()) == Some(wanted.clone()))
    }))
}
