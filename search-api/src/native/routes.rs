//! The table of all routes of the native API.

use std::sync::{Arc, LazyLock};

use ::search::{MAX_SUGGESTIONS, cite::Form};
use axum::{http::Method, response::Response};
use query::{
    MAX_LIMIT, MIN_SEQ, PARAMETERS,
    limits::{MAX_QUERY_STRING, MAX_WHOLE},
};
use schemars::{Schema, json_schema};
use store::{AssetKind, EventType};
use views::VIEW_NAMES;

use crate::{
    door::{access::Role, body::MAX_EVENTS_BODY},
    native::{
        answer::{HitAnswer, SearchAnswer},
        assets::{self, Diff, History},
        change::{self, Changed},
        docs,
        events::{self, Taken},
        metrics,
        rebuild::{self, Builds, Removed, RolledBack},
        route::{Body, MakeSchema, Param, Route, Shape},
        search::{self, Similar, Suggestions},
        status::{self, ArchiveStatus, Readiness},
    },
};

/// All routes of the native API.
pub(crate) static ROUTES: LazyLock<Vec<Arc<Route>>> = LazyLock::new(|| {
    let mut all = vec![searching(), suggesting(), similar(), citing()];
    AssetKind::ALL.into_iter().for_each(|kind| all.extend(assets_of(kind)));
    all.extend(AssetKind::ALL.map(changing));
    all.extend(log());
    all.extend(state());
    all.extend(rebuilding());
    all.extend(describing());
    all.into_iter().map(Arc::new).collect()
});

const VIEW: Param = Param::new("view", Shape::OneOf(&VIEW_NAMES), "The view; articles if left out.");
const READ: Option<Role> = Some(Role::Read);
const ADMIN: Option<Role> = Some(Role::Admin);

const fn text(name: &'static str, about: &'static str) -> Param {
    Param::new(name, Shape::Text(MAX_QUERY_STRING), about)
}

fn searching() -> Route {
    let mut params: Vec<Param> = PARAMETERS.iter().map(Param::of).collect();
    params.push(Param::new(
        "format",
        Shape::OneOf(&["json", "csv", "atom", "ndjson"]),
        "What comes back; without it, what the header Accept says, and JSON if it says nothing. NDJSON, and CSV without a \
         `limit`, are all hits of the archive as it is now, one a line, however many.",
    ));
    Route::new(Method::GET, "/api/v1/search", READ, "search", search::search)
        .sheds()
        .says(
            "Search by plain parameters",
            "Every hit carries its evidence: the seq and the revision that it shows, and where that came from.",
        )
        .takes(&params)
        .gives::<SearchAnswer>("What was found.")
        .gives_text("text/csv", "The hits, a line for each.")
        .gives_text("application/x-ndjson", "The hits, each as JSON on a line of its own.")
        .gives_text("application/atom+xml", "The hits as a feed.")
}

fn suggesting() -> Route {
    Route::new(Method::GET, "/api/v1/suggest", READ, "suggest", search::suggest)
        .says(
            "Suggestions while somebody types",
            "Names, keywords, sections and headlines that have these words, the last of which may be the beginning of one.",
        )
        .takes(&[
            text("q", "What was typed so far.").required().like("ele"),
            Param::new("limit", Shape::Whole(1, MAX_SUGGESTIONS as u64), "How many; 8 if left out."),
            Param::of(&MIN_SEQ),
        ])
        .gives::<Suggestions>("The likeliest first.")
}

fn similar() -> Route {
    Route::new(Method::GET, "/api/v1/similar/{id}", READ, "similar", search::similar)
        .says("What is like an asset", "The assets that share the words which tell this one from others.")
        .takes(&[
            VIEW,
            Param::new("limit", Shape::Whole(1, MAX_LIMIT as u64), "How many; 10 if left out."),
            Param::of(&MIN_SEQ),
        ])
        .gives::<Similar>("The most alike first.")
}

fn citing() -> Route {
    let mut route = Route::new(Method::GET, "/api/v1/cite/{id}", READ, "cite", assets::cite)
        .of_log()
        .says("How an asset is cited", "Articles and images.")
        .takes(&[VIEW, Param::new("format", Shape::OneOf(Form::NAMES), "text if left out.")]);
    for form in Form::NAMES.iter().filter_map(|name| Form::named(name)) {
        let media = form.media_type().split(';').next().unwrap_or_default();
        route = route.gives_text(media, "The citation.");
    }
    route
}

fn assets_of(kind: AssetKind) -> [Route; 3] {
    let path = |verb: &str| format!("/api/v1/{}/{{id}}{verb}", kind.plural());
    let name = |verb: &str| format!("{kind}{verb}");
    let at = Param::new(
        "at",
        Shape::AsOf,
        "As it stood then: a date (everything up to its end), an instant, or `seq:N` for after the event N.",
    );
    let before = Param::new(
        "before",
        Shape::Whole(1, MAX_WHOLE),
        "Only events before this one: `next` of the answer before.",
    );
    let revision = |name, about| Param::new(name, Shape::Whole(1, MAX_WHOLE), about);
    [
        Route::new(Method::GET, &path(""), READ, &name(""), assets::document)
            .says(
                format!("One {kind}"),
                "As readers see it: joined with what it names. What was withdrawn since is withdrawn at every older moment, \
                 too, but for the role `write`.",
            )
            .takes(&[at])
            .gives::<HitAnswer>("It, with its evidence."),
        Route::new(Method::GET, &path("/history"), READ, &name("_history"), assets::history)
            .says(
                format!("All events about one {kind}"),
                "As many as an answer holds, at most the newest 1,000; `next` says where the others begin. Readers are given \
                 its public revisions, and nothing of one that was withdrawn; the role `write` is given all.",
            )
            .takes(&[before])
            .gives::<History>("The events, newest first."),
        Route::new(Method::GET, &path("/diff"), READ, &name("_diff"), assets::diff)
            .says(
                format!("What changed between two revisions of one {kind}"),
                "If left out, the last revision and the one before it.",
            )
            .takes(&[revision("from", "The earlier revision."), revision("to", "The later revision.")])
            .gives::<Diff>("The fields that changed."),
    ]
    .map(|route| route.of(kind).of_log())
}

fn changing(kind: AssetKind) -> Route {
    let path = format!("/api/v1/{}/{{id}}", kind.plural());
    Route::new(Method::PATCH, &path, Some(Role::Write), &format!("change_{kind}"), change::change)
        .says(
            format!("Change some fields of one {kind}"),
            "A JSON merge patch (RFC 7396) on its last revision, public or not: fields that are sent are replaced, `null` takes one \
             away, all others stay. `If-Match` with the revision that the change was made for, in quotes (`\"2\"`), refuses it \
             (412) if another has come since; without it, too, nothing that comes meanwhile is overwritten (409).",
        )
        .takes(&[
            Param::new("If-Match", Shape::Tag, "The revision that it must be at, in quotes, or `*`.").header(),
            Param::new("dry_run", Shape::Flag, "Say what would change, and append nothing."),
            Param::new("strict", Shape::Flag, "Refuse unknown fields, which are kept and told otherwise."),
        ])
        .body(Body {
            media: &[("application/merge-patch+json", Some(ANY_FIELDS)), ("application/json", Some(ANY_FIELDS))],
            max: MAX_EVENTS_BODY,
        })
        .gives::<Changed>("What changed.")
        .of(kind)
}

/// A merge patch: an object.
const ANY_FIELDS: MakeSchema =
    |_| json_schema!({"type": "object", "examples": [{"headline": "The cable is laid", "page": null}]});

fn log() -> [Route; 2] {
    let params = [
        Param::new("from", Shape::Whole(0, MAX_WHOLE), "The first event; 1 if left out."),
        Param::new("limit", Shape::Whole(0, events::MAX_EVENTS), "At most so many.").like("10"),
        Param::new("follow", Shape::Flag, "Go on with what comes later; server-sent events always do."),
        Param::new("Last-Event-ID", Shape::Whole(0, MAX_WHOLE), "Go on behind this event.").header(),
    ];
    [
        Route::new(Method::GET, "/api/v1/events", READ, "events", events::read)
            .opens_with("follow")
            .says(
                "The log from any event on",
                "To who accepts `text/event-stream`, as server-sent events that go on. What readers may not see comes to them \
                 as a stub with the payload's digest, so that the chain of digests checks; the role `write`, and without \
                 keys this machine, gets every event as it is.",
            )
            .takes(&params)
            .gives_text("application/x-ndjson", "An event a line.")
            .gives_text("text/event-stream", "An event each, its seq as `id`."),
        Route::new(Method::POST, "/api/v1/events", Some(Role::Write), "append", events::append)
            .says(
                "Append events",
                "One event, or one a line. Each gets its own result; the good ones are in the log when the answer comes, \
                 whatever became of the others. Erasing needs the role admin: without it, nothing is appended of a body that \
                 erases.",
            )
            .takes(&[
                Param::new(
                    "wait",
                    Shape::OneOf(&["durable", "searchable"]),
                    "When the answer comes: once the events are on disk, which it always waits for, or once searches find \
                     them too, at most two seconds later.",
                ),
                Param::new(
                    "mapping",
                    Shape::Text(200),
                    "The body has documents of another shape, one or one a line, which this mapping of the server's (`morgue serve \
                     --map FILE`) reads.",
                ),
                Param::new("strict", Shape::Flag, "Refuse events with unknown fields, which are kept and told otherwise."),
                Param::new("unknown_types", Shape::Flag, "Take events of types that this version does not know."),
            ])
            .body(Body {
                media: &[("application/json", Some(ANY_EVENT)), ("application/x-ndjson", None)],
                max: MAX_EVENTS_BODY,
            })
            .gives::<Taken>("What became of each."),
    ]
}

fn state() -> [Route; 4] {
    [
        Route::new(Method::GET, "/api/v1/status", READ, "status", status::status)
            .says("How log and indexes stand", "")
            .gives::<ArchiveStatus>("The figures."),
        Route::new(Method::GET, "/metrics", READ, "metrics", metrics::show)
            .says("What the server does, for Prometheus", "")
            .gives_text(
                "application/openmetrics-text",
                "OpenMetrics 1.0; to who asks for `text/plain`, Prometheus's older format.",
            ),
        Route::new(Method::GET, "/healthz", None, "healthz", status::healthz)
            .says("Whether the process answers", "")
            .gives_text("text/plain", "It does."),
        Route::new(Method::GET, "/readyz", None, "readyz", status::readyz)
            .says("Whether the indexes have caught up", "")
            .gives::<Readiness>("They have.")
            .gives_at::<Readiness>(503, "They have not."),
    ]
}

/// An event as it is sent: what its `data` is depends on its type.
const ANY_EVENT: MakeSchema = |generator| {
    let event = |title: &str, event_type: Schema, data: Schema| {
        json_schema!({
            "type": "object",
            "title": title,
            "required": ["type", "id", "data"],
            "properties": {
                "type": event_type,
                "id": {"type": "string", "minLength": 1, "maxLength": store::MAX_ID_BYTES},
                "time": {"type": ["string", "null"], "description": "When it happened at the source."},
                "source": {"type": ["string", "null"], "description": "Where it comes from; `http` if left out."},
                "data": data,
            }
        })
    };
    let known = store::event_types();
    let names: Vec<String> = known.iter().map(|event_type| event_type.name().into_owned()).collect();
    let mut all: Vec<Schema> = known
        .iter()
        .map(|event_type| {
            let data = match event_type {
                EventType::Published(AssetKind::Article) => generator.subschema_for::<store::Article>(),
                EventType::Published(AssetKind::Image) => generator.subschema_for::<store::Image>(),
                EventType::Published(AssetKind::Byline) => generator.subschema_for::<store::Byline>(),
                EventType::Merged => generator.subschema_for::<store::Merge>(),
                _ => generator.subschema_for::<store::Order>(),
            };
            event(&event_type.name(), json_schema!({"const": event_type.name()}), data)
        })
        .collect();
    let other = json_schema!({"type": "string", "pattern": "^[!-~]{1,100}$", "not": {"enum": names}});
    all.push(event("any other, which is stored and handed on", other, json_schema!({"type": "object"})));
    json_schema!({
        "oneOf": all,
        "examples": [{"type": "article.published", "id": "a/1", "data": {"headline": "The cable is laid"}}]
    })
};

fn rebuilding() -> [Route; 5] {
    let views = Param::new("view", Shape::OneOf(&VIEW_NAMES), "Which views; all if left out.").many();
    [
        Route::new(Method::GET, "/api/v1/rebuild", READ, "rebuild_progress", rebuild::progress)
            .says("What is being built", "Or what was built last, by whichever process.")
            .gives::<Builds>("By the names of the views."),
        Route::new(Method::POST, "/api/v1/rebuild", ADMIN, "rebuild", rebuild::start)
            .says(
                "Build indexes anew from the log",
                "Beside the live ones, which go on answering. Each new one is checked against the log and then put in its \
                 place in one step. With `as_of`, the archive as it stood is built instead, to be searched by its `name`.",
            )
            .takes(&[
                views,
                Param::new("as_of", Shape::AsOf, "Build the archive as it stood then. Needs `name`."),
                Param::new("name", Shape::Name, "What searches name it by in their `as_of`."),
            ])
            .gives_at::<Builds>(202, "It has begun."),
        Route::new(Method::DELETE, "/api/v1/rebuild", ADMIN, "stop_rebuild", rebuild::stop)
            .says("Stop the rebuild that this server has begun", "What is done by then is kept: the next one goes on from there.")
            .gives_at::<Builds>(202, "It will stop."),
        Route::new(Method::POST, "/api/v1/rollback", ADMIN, "rollback", rebuild::rollback)
            .says("Make the generation before the live one live again", "Doing it twice changes nothing.")
            .takes(&[views])
            .gives::<RolledBack>("What is live now."),
        Route::new(Method::DELETE, "/api/v1/generations", ADMIN, "remove_generation", rebuild::remove)
            .says(
                "Remove the archive as it stood that was built under a name",
                "Who is searching it goes on until done. The live generation, and the one before it, are not removed.",
            )
            .takes(&[Param::new("name", Shape::Name, "The name that searches take as `as_of`.").required(), views])
            .gives::<Removed>("It is gone."),
    ]
}

fn describing() -> [Route; 5] {
    let asset = |path, name, handler: fn() -> Response, media| {
        Route::new(Method::GET, path, READ, name, move |_, _| async move { Ok(handler()) })
            .gives_text(media, "")
            .unlisted()
    };
    [
        Route::new(Method::GET, "/api/v1/openapi.json", READ, "openapi", docs::openapi)
            .says("This document", "")
            .gives::<serde_json::Map<String, serde_json::Value>>("OpenAPI 3.1."),
        Route::new(Method::GET, "/api/v1", READ, "docs", docs::page).gives_text("text/html", "").unlisted(),
        Route::new(Method::GET, "/api/v1/", READ, "docs_slash", docs::page)
            .gives_text("text/html", "")
            .unlisted(),
        asset("/api/v1/try.css", "docs_style", docs::style, "text/css"),
        asset("/api/v1/try.js", "docs_script", docs::script, "text/javascript"),
    ]
}
