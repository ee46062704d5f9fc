//! `GET /opensearch.xml`: tells a browser how to search here from its own box (OpenSearch 1.1).

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use maud::{PreEscaped, html};

use super::Pages;

/// The address must be whole; it is the configured one, or else the one that the browser asked.
pub(super) fn description(pages: &Pages, host: Option<&str>) -> Response {
    let plain = |host: &&str| {
        host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']'))
    };
    let asked = || host.filter(plain).map(|host| format!("http://{host}"));
    let base = pages.config.base_url.clone().or_else(asked).unwrap_or_default();
    let template = format!("{}/?q={{searchTerms}}", base.trim_end_matches('/'));
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
