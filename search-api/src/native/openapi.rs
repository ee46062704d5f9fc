//! The OpenAPI document (3.1, <https://spec.openapis.org/oas/v3.1.1.html>), made from the table of routes and from the
//! types that they answer with.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::{OrderedBy, Timestamp};

use crate::native::route::{Answer, Param, Route, Shape};

/// What comes back when a request is not answered (RFC 9457).
#[derive(Serialize, JsonSchema)]
struct Problem {
    /// Always `about:blank`: the status says what sort of problem it is.
    r#type: String,
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The parameter or field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Of an asset that is gone (410): since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    /// True if it is gone for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<bool>,
    /// What was written for readers, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<String>,
    /// For the role `write` and above: why, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// For the role `write` and above: who ordered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// For the role `write` and above, of what was withdrawn: whether a person did, or its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_by: Option<OrderedBy>,
}

/// The document. With keys, it says that they are needed.
pub(super) fn document<R: AsRef<Route>>(routes: &[R], title: &str, has_keys: bool) -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = SchemaGenerator::new(settings);
    let problem = generator.subschema_for::<Problem>();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes.iter().map(AsRef::as_ref).filter(|route| route.is_listed) {
        let operations = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        let operation = operation(route, &problem.clone().to_value(), &mut generator, has_keys);
        if let Some(operations) = operations.as_object_mut() {
            operations.insert(route.method.as_str().to_lowercase(), operation);
        }
    }
    let mut components = json!({"schemas": generator.take_definitions(true)});
    if has_keys && let Some(components) = components.as_object_mut() {
        components.insert(
            "securitySchemes".to_owned(),
            json!({
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "The key as password, any name."},
            }),
        );
    }
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": title,
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The archive of a publication, and the search over it",
            "description": "What is written gets a place in the log, its seq; what is found says which seq and revision it \
                            shows. Errors are application/problem+json. Clients of Elasticsearch and OpenSearch find \
                            their own API under /es.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": components,
    })
}

fn operation(route: &Route, problem: &Value, generator: &mut SchemaGenerator, has_keys: bool) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    if route.path.contains("{id}") {
        parameters.push(json!({
            "name": "id", "in": "path", "required": true,
            "description": "The asset's id. Its slashes may stand as they are; percent-encoded ones are slashes too.",
            "schema": {"type": "string", "minLength": 1, "maxLength": store::MAX_ID_BYTES, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"},
        }));
    }
    parameters.extend(route.params.iter().map(parameter));
    let mut responses: Map<String, Value> = Map::new();
    for answer in &route.answers {
        let response = responses
            .entry(answer.status.to_string())
            .or_insert_with(|| json!({"description": answer.about, "content": {}}));
        if let Some(content) = response.get_mut("content").and_then(Value::as_object_mut) {
            content.insert(answer.media.to_owned(), json!({"schema": schema_of(answer, generator)}));
        }
    }
    // Refused before any route is looked for, without a body.
    for (status, what) in [("414", "The address is"), ("431", "The address and the headers together are")] {
        let description = format!("{what} longer than 64 KiB.");
        responses.insert(status.to_owned(), json!({"description": description}));
    }
    if route.path.contains("{id}") {
        responses.insert(
            "410".to_owned(),
            json!({
                "description": "Readers saw it once; it was withdrawn or erased.",
                "content": {"application/problem+json": {"schema": problem}},
            }),
        );
    }
    responses.insert(
        "default".to_owned(),
        json!({
            "description": "It cannot be answered: the asker's mistake (4xx) with a pointer to what is wrong, too much at \
                            once (429, 503: `Retry-After` says when to ask again), or ours (500).",
            "content": {"application/problem+json": {"schema": problem}},
        }),
    );
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [tag_of(&route.path)],
        "responses": responses,
    });
    let Some(object) = operation.as_object_mut() else { return operation };
    if !route.about.is_empty() {
        object.insert("description".to_owned(), json!(route.about));
    }
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    }
    if let Some(body) = &route.body {
        let content: Map<String, Value> = body
            .media
            .iter()
            .map(|(media, schema)| {
                let schema =
                    schema.map_or_else(|| json!({"type": "string"}), |schema| schema(generator).to_value());
                ((*media).to_owned(), json!({"schema": schema}))
            })
            .collect();
        object.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
    }
    if let Some(role) = route.role {
        object.insert("x-role".to_owned(), json!(role.name()));
        if has_keys {
            object.insert("security".to_owned(), json!([{"bearer": []}, {"basic": []}]));
        }
    }
    operation
}

fn schema_of(answer: &Answer, generator: &mut SchemaGenerator) -> Value {
    match answer.schema {
        Some(schema) => schema(generator).to_value(),
        // JSON whose shape others have laid down.
        None if answer.media.ends_with("json") && answer.media != "application/x-ndjson" => json!(true),
        None => json!({"type": "string"}),
    }
}

fn parameter(param: &Param) -> Value {
    let mut schema = match param.shape {
        Shape::Text(max) => json!({"type": "string", "maxLength": max}),
        Shape::Whole(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::OneOf(words) => json!({"type": "string", "enum": words}),
        Shape::Name => json!({"type": "string", "pattern": NAME}),
        Shape::Tag => json!({"type": "string", "pattern": TAG, "examples": ["\"1\"", "*"]}),
        Shape::AsOf => json!({"type": "string", "pattern": AS_OF, "examples": ["1912-04-16", "seq:1"]}),
    };
    if param.is_many {
        schema = json!({"type": "array", "items": schema});
    }
    let place = if param.is_header { "header" } else { "query" };
    let mut parameter = json!({
        "name": param.name, "in": place, "required": param.is_required,
        "description": param.about, "schema": schema,
    });
    if let (Some(example), Some(object)) = (param.example, parameter.as_object_mut()) {
        let example = match param.shape {
            Shape::Whole(..) => example.parse::<u64>().map_or(Value::Null, Value::from),
            _ if param.is_many => json!([example]),
            _ => json!(example),
        };
        object.insert("example".to_owned(), example);
    }
    parameter
}

/// What the archive as it stood may be called.
const NAME: &str = "^[0-9A-Za-z][0-9A-Za-z._-]{0,59}$";
const TAG: &str = "^(\\*|\"[0-9]{1,9}\")$";

/// What is surely a moment; more is read than this.
const AS_OF: &str = "^(seq:[0-9]{1,15}|[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?)$";

/// The first word behind the version.
fn tag_of(path: &str) -> &str {
    let rest = path.strip_prefix("/api/v1/").unwrap_or_else(|| path.trim_start_matches('/'));
    rest.split('/').next().unwrap_or_default()
}
