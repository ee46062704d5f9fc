//! `GET /opensearch.xml`: tells a browser how to search here from its own box (OpenSearch 1.1).

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use maud::{PreEscaped, html};

use super::state::Pages;

/// Addresses must be whole: `origin` is what they begin with.
pub(super) fn description(pages: &Pages, origin: &str) -> Response {
    let template = format!("{origin}/?q={{searchTerms}}");
    // The standard allows sixteen characters.
    let name: String = pages.config.title.chars().take(16).collect();
    let xml = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"))
        (PreEscaped("<OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">"))
        (PreEscaped("<ShortName>")) (name) (PreEscaped("</ShortName><Description>"))
        "The archive of " (pages.config.title)
        (PreEscaped("</Description><InputEncoding>UTF-8</InputEncoding><Url type=\"text/html\" template=\"")) (template)
        (PreEscaped("\"/></OpenSearchDescription>"))
    };
    ([(header::CONTENT_TYPE, "application/opensearchdescription+xml; charset=utf-8")], xml.into_string())
        .into_response()
}
