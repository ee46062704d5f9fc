//! Signing in with a key, and out again: a form for browsers, which otherwise could send none.

use std::time::Instant;

use axum::{
    extract::{Extension, Form, Query as Params, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use store::Timestamp;

use super::{
    headers::with_headers,
    layout::{Frame, page},
    state::Pages,
};
use crate::door::{access::Role, asker::Asker, sessions, site::Site, strangers};

pub(super) const PATH: &str = "/sign-in";
pub(super) const OUT: &str = "/sign-out";

/// The page that was wanted by somebody who has to sign in first.
pub(super) struct Wanted {
    /// The address to go on to then.
    to: String,
    /// A page of another site leads here: the browser has left out the cookie that it may have.
    is_led_here: bool,
    /// A key or a session was given, and it lets nobody in.
    gave_something: bool,
}

impl Wanted {
    pub(super) fn of(request: &Request, site: &Site) -> Self {
        let asked = request.uri().path_and_query().map(ToString::to_string);
        Self {
            // An order is not given again by going to its address.
            to: asked.filter(|_| request.method() == Method::GET).unwrap_or_default(),
            is_led_here: strangers::is_led_here(request.headers()),
            gave_something: request.headers().contains_key(header::AUTHORIZATION)
                || sessions::token(request.headers(), site).is_some(),
        }
    }
}

/// The parameters of the page.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    to: String,
}

/// The fields of the form.
#[derive(Deserialize)]
pub(super) struct Given {
    key: String,
    #[serde(default)]
    to: String,
}

/// `GET /sign-in`: the form, or for who is in the button to leave.
pub(super) async fn show(
    State(pages): State<Pages>,
    Extension(asker): Extension<Asker>,
    Params(asked): Params<Asked>,
) -> Response {
    with_headers(match asker.role() {
        _ if !pages.state.door.access.has_keys() => nobody_needs_to(&pages),
        Some(role) => signed_in(&pages, role),
        None => form(&pages, &asked.to, None),
    })
}

/// `POST /sign-in`: begins a session for a key that is known, and leads back.
pub(super) async fn sign_in(
    State(pages): State<Pages>,
    headers: HeaderMap,
    Form(given): Form<Given>,
) -> Response {
    let known = pages.state.door.access.key(given.key.trim());
    let Some(key) = known.filter(|key| !key.is_over(Timestamp::now())) else {
        let mut response = form(&pages, &given.to, Some("That key is not known here, or not any more."));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return with_headers(response);
    };
    // Whoever signs in anew is not left with two sessions.
    if let Some(token) = sessions::token(&headers, &pages.state.door.site) {
        pages.state.door.sessions.end(token);
    }
    match pages.state.door.sessions.begin(key.digest, Instant::now()) {
        Ok(token) => moved(&pages, Some(&token), inside(&given.to)),
        Err(error) => {
            tracing::error!(%error, "nobody can sign in: the system gives no random bytes");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `POST /sign-out`: the session ends here, whatever becomes of the cookie.
pub(super) async fn sign_out(State(pages): State<Pages>, headers: HeaderMap) -> Response {
    if let Some(token) = sessions::token(&headers, &pages.state.door.site) {
        pages.state.door.sessions.end(token);
    }
    moved(&pages, None, PATH)
}

/// The form in place of a page that needs a key.
pub(super) fn instead_of(pages: &Pages, wanted: &Wanted, why: &str) -> Response {
    let mut response = match wanted.is_led_here {
        // Asked for again by a page of our own, the address comes with the cookie, if there is one.
        true => again(pages, inside(&wanted.to)),
        false => form(pages, &wanted.to, wanted.gave_something.then_some(why)),
    };
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    response
}

fn moved(pages: &Pages, token: Option<&str>, to: &str) -> Response {
    let mut response = Redirect::to(to).into_response();
    if let Some(cookie) = sessions::cookie(token, &pages.state.door.site) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    with_headers(response)
}

fn form(pages: &Pages, to: &str, why: Option<&str>) -> Response {
    let main = html! {
        article.notice {
            h1 { "Sign in" }
            @if let Some(why) = why { p.what role="alert" { (super::text::capital(why)) } }
            form.sign-in method="post" action=(PATH) {
                input type="hidden" name="to" value=(inside(to));
                label for="key" { "Your key" }
                div.line {
                    input #key type="password" name="key" required maxlength="1000" autocomplete="current-password"
                        spellcheck="false";
                    button type="submit" { "Sign in" }
                }
            }
            p { "Whoever keeps this archive makes keys with " code { "morgue key" } "." }
        }
    };
    whole(pages, "Sign in", html! {}, &main)
}

fn signed_in(pages: &Pages, role: Role) -> Response {
    let allows = match role {
        Role::Read => "to read",
        Role::Write => "to read and to write",
        Role::Admin => "to read, to write and to look after the archive",
    };
    let main = html! {
        article.notice {
            h1 { "You are signed in" }
            p.what { "With a key that allows you " (allows) "." }
            form.sign-in method="post" action=(OUT) { button type="submit" { "Sign out" } }
        }
    };
    whole(pages, "Signed in", html! {}, &main)
}

fn nobody_needs_to(pages: &Pages) -> Response {
    let main = html! {
        article.notice {
            h1 { "No key is needed" }
            p.what { "Everybody who reaches this archive may read it, and the machine that it is on may write." }
            p { a href="/" { "Search the whole archive" } }
        }
    };
    whole(pages, "No key is needed", html! {}, &main)
}

fn again(pages: &Pages, to: &str) -> Response {
    let main = html! {
        article.notice {
            h1 { "One moment" }
            p { a href=(to) { "Go on" } }
        }
    };
    whole(pages, "One moment", html! { meta http-equiv="refresh" content=(format!("0; url={to}")); }, &main)
}

fn whole(pages: &Pages, title: &str, head: Markup, main: &Markup) -> Response {
    page(pages, &Frame { indexed: false, head, ..Frame::new(title, "error") }, main)
}

/// An address of this site, and no other: what a browser could take for another leads to the front page.
fn inside(to: &str) -> &str {
    let is_path =
        to.starts_with('/') && !to.starts_with("//") && !to.starts_with(PATH) && !to.starts_with(OUT);
    let is_plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path && is_plain { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_led_elsewhere() {
        for to in ["/", "/status", "/articles/a/1?q=%22ferry%22&at=1912-04-16", "/?q=a;b"] {
            assert_eq!(inside(to), to);
        }
        for to in [
            "",
            "status",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/ü",
            "/sign-in",
            "/sign-out",
        ] {
            assert_eq!(inside(to), "/", "{to}");
        }
    }
}
