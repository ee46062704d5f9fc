//! A route of the native API: one description from which the router, the check of what is asked, the roles and
//! the OpenAPI document all come, so that they cannot disagree.

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    body::to_bytes,
    extract::{Query as Params, Request, State},
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
    routing::any,
};
use query::QueryError;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use store::AssetKind;

pub(crate) use crate::native::{
    asked::Asked,
    param::{Param, Shape},
};
use crate::{
    door::{
        self,
        access::Role,
        asker::Asker,
        body::MAX_BODY,
        error::RequestError,
        finish::{etag, is_anything_known, is_known, not_modified, tagged},
        nowhere,
        path::asset_of,
        policy::{Effect, Entry, Face, Policy},
        problem::{FACE, Problem},
    },
    state::ApiState,
};

/// One method at one path.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// As OpenAPI writes it: `/api/v1/articles/{id}/history`. There may be slashes in an `{id}`.
    pub(crate) path: String,
    /// The role that may ask; `None` is everybody.
    pub(crate) role: Option<Role>,
    effect: Effect,
    /// Refused at once while the queue of searches is full.
    sheds: bool,
    /// OpenAPI's `operationId`.
    pub(crate) name: String,
    pub(crate) summary: String,
    pub(crate) about: &'static str,
    pub(crate) params: Vec<Param>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
    /// Whose id stands in the path.
    pub(crate) kind: AssetKind,
    /// True if the OpenAPI document has it.
    pub(crate) is_listed: bool,
    /// True if its answer comes from nothing but the log and what is asked, so that it changes only when the log does.
    is_of_log: bool,
    handler: Handler,
}

type Answering = Pin<Box<dyn Future<Output = Result<Response, Problem>> + Send>>;
type Handler = Arc<dyn Fn(ApiState, Asked) -> Answering + Send + Sync>;

/// The body that is sent.
pub(crate) struct Body {
    /// Each with its schema; nothing is any text.
    pub(crate) media: &'static [(&'static str, Option<MakeSchema>)],
    /// In bytes.
    pub(crate) max: usize,
}

/// Makes a schema.
pub(crate) type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// An answer that may come back, beside the errors that any route may give.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) about: &'static str,
    pub(crate) media: &'static str,
    /// Nothing is any text.
    pub(crate) schema: Option<MakeSchema>,
}

impl Route {
    pub(crate) fn new<F, A>(method: Method, path: &str, role: Option<Role>, name: &str, handler: F) -> Self
    where
        F: Fn(ApiState, Asked) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Response, Problem>> + Send + 'static,
    {
        Self {
            effect: if method == Method::GET { Effect::Reads } else { Effect::Changes },
            sheds: false,
            method,
            path: path.to_owned(),
            role,
            name: name.to_owned(),
            summary: String::new(),
            about: "",
            params: Vec::new(),
            body: None,
            answers: Vec::new(),
            kind: AssetKind::Article,
            is_listed: true,
            is_of_log: false,
            handler: Arc::new(move |state, asked| Box::pin(handler(state, asked))),
        }
    }

    /// In a line, and in more.
    pub(crate) fn says(self, summary: impl Into<String>, about: &'static str) -> Self {
        Self { summary: summary.into(), about, ..self }
    }

    pub(crate) fn of(self, kind: AssetKind) -> Self {
        Self { kind, ..self }
    }

    /// Not for programs: the document leaves it out.
    pub(crate) fn unlisted(self) -> Self {
        Self { is_listed: false, ..self }
    }

    /// Answers from the log alone.
    pub(crate) fn of_log(self) -> Self {
        Self { is_of_log: true, ..self }
    }

    /// Leaves something open for the one who asks, if he gives this parameter.
    pub(crate) fn opens_with(self, param: &'static str) -> Self {
        Self { effect: Effect::OpensWith(param), ..self }
    }

    /// Refused at once while the queue of searches is full.
    pub(crate) fn sheds(self) -> Self {
        Self { sheds: true, ..self }
    }

    pub(crate) fn takes(mut self, params: &[Param]) -> Self {
        self.params.extend(params);
        self
    }

    pub(crate) fn body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Answers JSON of this type.
    pub(crate) fn gives<T: JsonSchema>(self, about: &'static str) -> Self {
        self.gives_at::<T>(200, about)
    }

    pub(crate) fn gives_at<T: JsonSchema>(mut self, status: u16, about: &'static str) -> Self {
        let schema: MakeSchema = SchemaGenerator::subschema_for::<T>;
        self.answers.push(Answer { status, about, media: "application/json", schema: Some(schema) });
        self
    }

    /// Answers this, if it is asked for.
    pub(crate) fn gives_text(mut self, media: &'static str, about: &'static str) -> Self {
        self.answers.push(Answer { status: 200, about, media, schema: None });
        self
    }

    /// The largest body that it takes.
    pub(crate) fn max_body(&self) -> usize {
        self.body.as_ref().map_or(MAX_BODY, |body| body.max)
    }

    /// Returns what the door knows of it.
    pub(crate) fn entry(&self) -> Entry {
        // What is no part of the API is for programs that bring their keys, and for browsers.
        let face = Face { challenges: self.path.starts_with("/api"), ..FACE };
        let policy = Policy {
            max_body: self.max_body(),
            sheds: self.sheds,
            ..Policy::new(self.role, self.effect, face)
        };
        Entry { method: self.method.clone(), path: self.path.clone(), policy }
    }

    /// Returns what of this path stands where the template has `{id}`; empty for a template that has none. `None` when
    /// the path does not fit.
    pub(crate) fn id_in<'a>(&self, path: &'a str) -> Option<&'a str> {
        match self.path.split_once("{id}") {
            None => (path == self.path).then_some(""),
            Some((before, after)) => {
                let id = path.strip_prefix(before)?.strip_suffix(after)?;
                Some(id).filter(|id| !id.is_empty())
            }
        }
    }

    fn check(&self, params: &[(String, String)]) -> Result<(), QueryError> {
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in params {
            let Some(param) = self.params.iter().find(|param| param.name == name && !param.is_header) else {
                let known: Vec<&str> =
                    self.params.iter().filter(|param| !param.is_header).map(|param| param.name).collect();
                let name: String = name.chars().take(80).collect();
                let text = match known.as_slice() {
                    [] => format!("there is no parameter `{name}` here, nor any other"),
                    known => format!("there is no parameter `{name}` here: use {}", known.join(", ")),
                };
                return Err(QueryError::illegal(text).at(&name));
            };
            if seen.contains(&param.name) && !param.is_many {
                let text = format!("`{name}` is there more than once");
                return Err(QueryError::illegal(text).at(param.name));
            }
            seen.push(param.name);
            param.check(value)?;
        }
        for param in self.params.iter().filter(|param| param.is_required && !param.is_header) {
            if !seen.contains(&param.name) {
                return Err(QueryError::illegal(format!("`{}` is missing", param.name)).at(param.name));
            }
        }
        Ok(())
    }

    async fn answer(&self, state: ApiState, request: Request) -> Result<Response, Problem> {
        let (parts, body) = request.into_parts();
        let Params(params) = Params::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| QueryError::illegal("the query of the address cannot be read"))?;
        self.check(&params)?;
        for param in self.params.iter().filter(|param| param.is_header) {
            if let Some(value) = parts.headers.get(param.name) {
                param.check(value.to_str().unwrap_or_default())?;
            }
        }
        let params = params.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let asset = match self.id_in(parts.uri.path()) {
            Some(id) if !id.is_empty() => Some(asset_of(self.kind, id)?),
            _ => None,
        };
        // It was read whole before, within its bounds.
        let body =
            to_bytes(body, self.max_body()).await.map_err(|_| RequestError::TooLarge(self.max_body()))?;
        let asker = parts.extensions.get::<Asker>().copied().ok_or(RequestError::Panicked)?;
        let tag = match self.is_of_log {
            true => {
                let head = state.search.log().head()?.to_string();
                Some(etag(&[&head, asker.role_name(), &parts.uri.to_string()]))
            }
            false => None,
        };
        if let Some(tag) = tag.clone().filter(|tag| is_known(&parts.headers, tag)) {
            return Ok(not_modified(tag));
        }
        let is_anything_known = is_anything_known(&parts.headers);
        let asked = Asked { asset, params, asker, headers: parts.headers, uri: parts.uri, body };
        let mut response = (self.handler)(state, asked).await?;
        match tag {
            Some(tag) if is_anything_known => return Ok(not_modified(tag)),
            Some(tag) => tagged(response.headers_mut(), tag),
            None => {}
        }
        Ok(response)
    }
}

/// Returns the route that answers a method at this path: of those that say most of the path.
///
/// # Errors
/// The methods that these have, if they have others alone; none, if no route is of this path.
pub(crate) fn find<'a, R: AsRef<Route>>(
    routes: &'a [R],
    method: &Method,
    path: &str,
) -> Result<&'a R, Vec<&'a str>> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let fitting = || routes.iter().filter(|route| route.as_ref().id_in(path).is_some());
    let most = fitting().map(|route| route.as_ref().path.len()).max();
    let own = || fitting().filter(|route| Some(route.as_ref().path.len()) == most);
    let found = own().find(|route| route.as_ref().method == *method);
    found.ok_or_else(|| {
        let methods = own().map(|route| route.as_ref().method.as_str());
        // What can be got can be asked for without its body.
        methods.flat_map(|method| [Some(method), (method == "GET").then_some("HEAD")]).flatten().collect()
    })
}

impl AsRef<Route> for Route {
    fn as_ref(&self) -> &Route {
        self
    }
}

/// A route, and what the door knows of it.
struct Listed {
    route: Arc<Route>,
    entry: Arc<Entry>,
}

impl AsRef<Route> for Listed {
    fn as_ref(&self) -> &Route {
        &self.route
    }
}

/// The router of a table of routes, with the door before each. Ids hold slashes, so one path of the router may stand for
/// several routes; which one is asked is found here, before the door.
pub(crate) fn router_of(routes: &[Arc<Route>]) -> Router<ApiState> {
    let mut paths: BTreeMap<String, Vec<Arc<Route>>> = BTreeMap::new();
    for route in routes {
        let path = match route.path.split_once("{id}") {
            Some((before, _)) => format!("{before}{{*id}}"),
            None => route.path.clone(),
        };
        paths.entry(path).or_default().push(Arc::clone(route));
    }
    let mut router = Router::new();
    for (path, routes) in paths {
        let listed = |route: &Arc<Route>| Listed { route: Arc::clone(route), entry: Arc::new(route.entry()) };
        let routes: Vec<Listed> = routes.iter().map(listed).collect();
        router = router.route(&path, any(handler_of(routes)));
    }
    router
}

fn handler_of(
    routes: Vec<Listed>,
) -> impl Fn(State<ApiState>, Request) -> Pin<Box<dyn Future<Output = Response> + Send>> + Clone {
    let routes = Arc::new(routes);
    move |State(state), request| {
        let routes = Arc::clone(&routes);
        Box::pin(async move {
            match find(&routes, request.method(), request.uri().path()) {
                Ok(listed) => {
                    let answer =
                        async |request| listed.route.answer(state.clone(), request).await.into_response();
                    door::pass(&state.door, &listed.entry, request, answer).await
                }
                Err(others) if others.is_empty() => nowhere::nothing_there(&state.door, request).await,
                Err(others) => {
                    let mut response = nowhere::wrong_method(&state.door, request).await;
                    if let Ok(allowed) = HeaderValue::from_str(&others.join(",")) {
                        response.headers_mut().insert(header::ALLOW, allowed);
                    }
                    response
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Route {
        Route::new(Method::GET, path, None, "", |_, _| async { Ok(().into_response()) })
    }

    #[test]
    fn the_route_that_says_most_answers() {
        let routes =
            [route("/v/articles/{id}"), route("/v/articles/{id}/history"), route("/v/search")].map(Arc::new);
        let check = |path: &str, expected: Option<(&str, &str)>| {
            let found = find(&routes, &Method::GET, path);
            let found = found.ok().map(|route| (route.path.as_str(), route.id_in(path).unwrap()));
            assert_eq!(found, expected, "{path}");
        };
        let others =
            |path: &str| find(&routes, &Method::PATCH, path).map(|route| route.path.clone()).unwrap_err();
        assert_eq!(others("/v/articles/a/1/history"), ["GET", "HEAD"]);
        assert_eq!(others("/v/other"), Vec::<&str>::new());
        check("/v/search", Some(("/v/search", "")));
        check("/v/articles/a/1", Some(("/v/articles/{id}", "a/1")));
        check("/v/articles/a/1/history", Some(("/v/articles/{id}/history", "a/1")));
        check("/v/articles/a%2F1%2Fhistory", Some(("/v/articles/{id}", "a%2F1%2Fhistory")));
        check("/v/articles/history", Some(("/v/articles/{id}", "history")));
        check("/v/articles/", None);
        check("/v/other", None);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let route = route("/v").takes(&[
            Param::new("n", Shape::Whole(1, 9), ""),
            Param::new("q", Shape::Text(4), "").required(),
            Param::new("at", Shape::AsOf, ""),
            Param::new("many", Shape::OneOf(&["a", "b"]), "").many(),
        ]);
        let check = |params: &[(&str, &str)], pointer: Option<&str>| {
            let owned: Vec<(String, String)> =
                params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let found = route.check(&owned).err().map(|error| error.pointer);
            assert_eq!(found.as_deref(), pointer, "{params:?}");
        };
        check(&[("q", "x")], None);
        check(&[("q", "x"), ("n", "9"), ("many", "a"), ("many", "b"), ("at", "1912-04-16")], None);
        check(&[("q", "")], None);
        check(&[("q", "x"), ("n", "")], Some("n"));
        check(&[], Some("q"));
        check(&[("q", "long text")], Some("q"));
        check(&[("q", "x"), ("n", "10")], Some("n"));
        check(&[("q", "x"), ("n", "1"), ("n", "2")], Some("n"));
        check(&[("q", "x"), ("at", "soon")], Some("at"));
        check(&[("q", "x"), ("many", "c")], Some("many"));
        check(&[("q", "x"), ("colour", "red")], Some("colour"));
    }
}
