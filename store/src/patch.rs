//! A revision made from another by what is to change: a JSON merge patch (RFC 7396).

use serde_json::{Map, Value};

use crate::{
    asset::AssetKind,
    content::Content,
    event::{EventType, Fact, InvalidEvent},
};

impl Content {
    /// Returns this revision with what `patch` says: objects are merged member by member, everything else is replaced, `null`
    /// takes a member away.
    ///
    /// # Errors
    /// [`InvalidEvent`] with the field that does not fit the schema.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, InvalidEvent> {
        let mut fields = self.fields()?;
        merge(&mut fields, patch);
        Self::from_fields(self.kind(), fields)
    }

    /// Returns the fields of this revision, as an event has them in its `data`.
    ///
    /// # Errors
    /// [`InvalidEvent`]: it has no JSON form.
    pub fn fields(&self) -> Result<Map<String, Value>, InvalidEvent> {
        match serde_json::to_value(self).map_err(|error| InvalidEvent::Json(error.to_string()))? {
            Value::Object(fields) => Ok(fields),
            other => Err(InvalidEvent::Json(format!("{other} is no object"))),
        }
    }

    fn from_fields(kind: AssetKind, fields: Map<String, Value>) -> Result<Self, InvalidEvent> {
        match Fact::from_json(&EventType::Published(kind), &Value::Object(fields).to_string())? {
            Fact::Published(content) => Ok(content),
            other => Err(InvalidEvent::Json(format!("it is {}", other.event_type()))),
        }
    }
}

/// The algorithm of RFC 7396, section 2, for a target that is an object.
fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(name)),
            Value::Object(patch) => {
                let member = target.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(member) = member {
                    merge(member, patch);
                }
            }
            value => drop(target.insert(name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::content::Article;

    /// The examples of RFC 7396, appendix A, whose target and patch are objects.
    #[test]
    fn the_examples_of_the_standard_hold() {
        for (target, patch, expected) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!({"a": "b"}), json!({"a": {"c": 1}}), json!({"a": {"c": 1}})),
        ] {
            let mut merged = target.as_object().unwrap().clone();
            merge(&mut merged, patch.as_object().unwrap());
            assert_eq!(Value::Object(merged), expected, "{target} {patch}");
        }
    }

    #[test]
    fn a_revision_is_patched_and_stays_one() {
        let before: Content =
            Article { headline: "Ferry".into(), page: "A1".into(), ..Article::default() }.into();
        let patch = |patch: Value| before.patched(patch.as_object().unwrap());
        let after = patch(json!({"headline": "Fairy", "page": null})).unwrap();
        assert_eq!(after.fields().unwrap(), *json!({"headline": "Fairy"}).as_object().unwrap());
        let back = json!({"headline": "Ferry", "page": "A1"});
        assert_eq!(after.patched(back.as_object().unwrap()).unwrap(), before);
        let error = patch(json!({"published": "soon"})).unwrap_err().to_string();
        assert!(error.contains("data.published"), "{error}");
    }
}
