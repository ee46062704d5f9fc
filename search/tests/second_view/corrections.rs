//! The view `corrections`: each article that was put right, by what was corrected and when.

use serde_json::{Map, Value};
use store::{AssetKind, AssetRef, ReadError, Snapshot};
use views::{Change, FieldSpec, Known, Names, Table, Touch, View};

pub(crate) struct Corrections;

static TABLE: Table = Table {
    kind: AssetKind::Article,
    fields: &[
        FieldSpec::text("corrections.text", 2.0),
        FieldSpec::date("corrections.date"),
        FieldSpec::text("headline", 1.0),
        FieldSpec::keyword("section"),
    ],
    names: Names {
        date: "corrections.date",
        section: "section",
        byline: &[],
        others: &[("correction", &["corrections.text"]), ("title", &["headline"])],
    },
};

impl View for Corrections {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn denormalise(
        &self,
        _: &AssetRef,
        mut fields: Map<String, Value>,
        _: &Snapshot,
        _: &mut Known,
    ) -> Result<Option<Map<String, Value>>, ReadError> {
        fields.retain(|name, _| matches!(name.as_str(), "corrections" | "headline" | "section" | "language"));
        let is_corrected =
            fields.get("corrections").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        Ok(is_corrected.then_some(fields))
    }

    fn touched_by(&self, change: &Change, _: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError> {
        if change.asset.kind == AssetKind::Article { touch(change.asset.id.clone()) } else { Ok(()) }
    }
}
