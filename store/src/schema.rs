//! The schemas of payloads: how older ones become the present one, and what the present one is.
//!
//! Each stored record says which version of its type's JSON its payload follows. A payload is never rewritten:
//! wherever one is read, [`upcast`] takes it up to the present version first. To change a type in a way that old
//! payloads do not fit, raise [`SCHEMA`], and add the step from the version before to [`STEPS`].

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{
    asset::AssetKind,
    content::{Article, Byline, Image},
    event::{EventType, InvalidEvent, Merge, Order},
};

/// The version of the payloads' JSON, which may grow apart from the grammar of records.
pub(crate) const SCHEMA: u64 = 2;

/// One step: turns a payload of the version before into one of this version; `None` where every payload of the version
/// before is one of this version as it is.
type Upcast = Option<fn(&EventType, &mut Value)>;

/// The step to version 2 stands at 0, and so on: as many as there are versions after the first.
///
/// Version 2 has the same payloads as version 1, but says more in its events: whether a revision is public, and who
/// ordered a withdrawal (see [`crate::catalog::Statement`]).
const STEPS: [Upcast; SCHEMA as usize - 1] = [None];

/// Returns a payload of an older version as one of the present; `None` when it is of the present already.
///
/// # Errors
/// [`InvalidEvent::Schema`] for a version that this program does not know.
pub(crate) fn upcast(
    event_type: &EventType,
    schema: u64,
    data: &str,
) -> Result<Option<String>, InvalidEvent> {
    upcast_by(&STEPS, event_type, schema, data)
}

fn upcast_by(
    steps: &[Upcast],
    event_type: &EventType,
    schema: u64,
    data: &str,
) -> Result<Option<String>, InvalidEvent> {
    let known = steps.len() as u64 + 1;
    let done = match schema.checked_sub(1) {
        Some(done) if done < known => done,
        _ => return Err(InvalidEvent::Schema { found: schema, known }),
    };
    let mut left = (0..).zip(steps).filter(|(at, _)| *at >= done).flat_map(|(_, step)| step).peekable();
    if left.peek().is_none() {
        return Ok(None);
    }
    let mut value = serde_json::from_str(data).map_err(|error| InvalidEvent::Json(error.to_string()))?;
    left.for_each(|step| step(event_type, &mut value));
    Ok(Some(value.to_string()))
}

/// Returns the JSON Schema (draft 2020-12) of the `data` of events of this type; for a type that this version does not
/// know, that of any object.
pub fn schema(event_type: &EventType) -> Value {
    let mut schema = match event_type {
        EventType::Published(AssetKind::Article) => of::<Article>(),
        EventType::Published(AssetKind::Image) => of::<Image>(),
        EventType::Published(AssetKind::Byline) => of::<Byline>(),
        EventType::Withdrawn(_) | EventType::Restored(_) | EventType::Erased(_) | EventType::Unmerged => {
            of::<Order>()
        }
        EventType::Merged => of::<Merge>(),
        EventType::Other(_) => json!({"type": "object"}),
    };
    if let Value::Object(fields) = &mut schema {
        fields.insert("title".to_owned(), event_type.name().into());
        fields.insert("$comment".to_owned(), format!("schema version {SCHEMA}").into());
    }
    schema
}

/// Returns the types that this version knows, in the order in which a page would list them.
pub fn event_types() -> Vec<EventType> {
    let mut types = Vec::new();
    for kind in AssetKind::ALL {
        let types_of = [EventType::Published, EventType::Withdrawn, EventType::Restored, EventType::Erased];
        types.extend(types_of.map(|event_type| event_type(kind)));
    }
    types.extend([EventType::Merged, EventType::Unmerged]);
    types
}

fn of<T: JsonSchema>() -> Value {
    SchemaGenerator::new(SchemaSettings::draft2020_12()).into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_payloads_take_each_step_that_they_lack() {
        let steps: [Upcast; 3] = [
            Some(|_, data| {
                if let Some(title) = data.as_object_mut().and_then(|data| data.remove("title")) {
                    data["headline"] = title;
                }
            }),
            Some(|_, data| data["edition"] = "late".into()),
            None,
        ];
        let check = |schema, data: &str, expected: Result<Option<&str>, InvalidEvent>| {
            let event_type = EventType::Published(AssetKind::Article);
            let found = upcast_by(&steps, &event_type, schema, data);
            assert_eq!(found, expected.map(|data| data.map(str::to_owned)), "{schema} {data}");
        };
        check(1, r#"{"title":"A"}"#, Ok(Some(r#"{"edition":"late","headline":"A"}"#)));
        check(2, r#"{"headline":"A"}"#, Ok(Some(r#"{"edition":"late","headline":"A"}"#)));
        check(3, r#"{"headline":"A"}"#, Ok(None));
        check(4, r#"{"headline":"A"}"#, Ok(None));
        check(5, "{}", Err(InvalidEvent::Schema { found: 5, known: 4 }));
        check(0, "{}", Err(InvalidEvent::Schema { found: 0, known: 4 }));
    }

    #[test]
    fn every_type_has_a_schema_that_describes_its_fields() {
        for event_type in event_types() {
            let schema = schema(&event_type);
            assert_eq!(schema["title"], event_type.name().as_ref());
            assert_eq!(schema["type"], "object", "{event_type}");
            let fields = schema["properties"].as_object().unwrap();
            assert!(!fields.is_empty(), "{event_type}");
            assert!(!fields.contains_key("unknown"), "{event_type}");
        }
        let article = schema(&EventType::Published(AssetKind::Article));
        assert_eq!(article["properties"]["headline"]["description"], "The headline over the article.");
    }
}
