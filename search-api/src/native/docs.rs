//! The OpenAPI document, and a page to read it and try it. Nothing is loaded from elsewhere: the page is made here, from
//! the table of routes, and its script does no more than send what its forms say.

use axum::{
    Json,
    http::header,
    response::{Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use crate::{
    door::problem::Problem,
    native::{
        openapi,
        route::{Asked, Param, Route, Shape},
        routes::ROUTES,
    },
    state::ApiState,
};

/// Only from here, nothing inline, in no frame.
const POLICY: &str = "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// `GET /api/v1/openapi.json`
pub(super) async fn openapi(state: ApiState, _: Asked) -> Result<Response, Problem> {
    Ok(Json(openapi::document(&ROUTES, &state.door.site.title, state.door.access.has_keys())).into_response())
}

pub(super) fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/try.css"))
        .into_response()
}

pub(super) fn script() -> Response {
    let media = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (media, include_str!("../../assets/try.js")).into_response()
}

/// `GET /api/v1`
pub(super) async fn page(state: ApiState, _: Asked) -> Result<Response, Problem> {
    let listed: Vec<&Route> = ROUTES.iter().map(AsRef::as_ref).filter(|route| route.is_listed).collect();
    let title = format!("API of {}", state.door.site.title);
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="stylesheet" href="/api/v1/try.css";
                script type="module" src="/api/v1/try.js" {}
            }
            body {
                header {
                    h1 { (title) }
                    p {
                        "Described for programs in " a href="/api/v1/openapi.json" { "openapi.json" } " (OpenAPI 3.1). \
                         Clients of Elasticsearch find their own API under " code { "/es" } ". " a href="/" { "The archive itself" } "."
                    }
                    @if state.door.access.has_keys() {
                        p { label { "Key " input #key type="password" autocomplete="off" placeholder="from morgue key"; } }
                    }
                    noscript { p { "Trying it needs JavaScript; reading does not." } }
                    nav aria-label="Routes" {
                        ul {
                            @for route in &listed {
                                li { a href=(format!("#{}", route.name)) { (method(route)) " " code { (route.path) } } }
                            }
                        }
                    }
                }
                main { @for route in &listed { (section(route)) } }
            }
        }
    };
    Ok(([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html.into_string())).into_response())
}

fn method(route: &Route) -> Markup {
    html! { span class={ "method " (route.method.as_str().to_lowercase()) } { (route.method) } }
}

fn section(route: &Route) -> Markup {
    html! {
        section #(route.name) {
            h2 { (method(route)) " " code { (route.path) } }
            p {
                strong { (route.summary) "." } " " (route.about)
                @if let Some(role) = route.role { " " small { "Role: " (role.name()) "." } }
            }
            form data-method=(route.method) data-path=(route.path) {
                @if route.path.contains("{id}") {
                    (field("id", "The asset's id.", true, &html! { input name="id" required data-place="path"; }))
                }
                @for param in &route.params { (parameter(param)) }
                @if let Some(body) = &route.body {
                    (field("body", "One, or one a line.", true, &html! {
                        textarea name="body" rows="4" data-place="body" spellcheck="false"
                            data-media=(body.media.first().map_or("", |(media, _)| media)) {}
                    }))
                }
                p.do {
                    button type="submit" { "Send" }
                    @for answer in &route.answers { " " small { (answer.status) " " (answer.media) } }
                }
            }
            output {}
        }
    }
}

fn parameter(param: &Param) -> Markup {
    let place = if param.is_header { "header" } else { "query" };
    let example = param.example.unwrap_or_default();
    let input = html! {
        @match param.shape {
            Shape::Flag => (choice(param.name, place, &["true", "false"])),
            Shape::OneOf(words) => (choice(param.name, place, words)),
            Shape::Whole(min, max) => {
                input type="number" name=(param.name) min=(min) max=(max) placeholder=(example) data-place=(place);
            }
            Shape::Text(_) | Shape::AsOf | Shape::Name | Shape::Tag => {
                input name=(param.name) placeholder=(example) data-place=(place) required[param.is_required];
            }
        }
    };
    field(param.name, param.about, param.is_required, &input)
}

fn choice(name: &str, place: &str, words: &[&str]) -> Markup {
    html! {
        select name=(name) data-place=(place) {
            option value="" {}
            @for word in words { option { (word) } }
        }
    }
}

fn field(name: &str, about: &str, is_required: bool, input: &Markup) -> Markup {
    html! {
        label {
            span.name { code { (name) } @if is_required { " " b { "*" } } }
            (input)
            small { (about) }
        }
    }
}
