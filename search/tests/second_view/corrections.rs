//! The view `corrections`: each article that was put right, by what was corrected and when.

use serde_json::Value;
use store::{AssetId, AssetKind, AssetRef, ReadError, Snapshot};
use views::{Change, Document, FieldSpec, Known, Names, Touch, View};

pub(crate) struct Corrections;

static NAMES: Names = Names {
    date: "corrections.date",
    section: "section",
    byline: &[],
    others: &[("correction", &["corrections.text"]), ("title", &["headline"])],
};

static FIELDS: [FieldSpec; 4] = [
    FieldSpec::text("corrections.text", 2.0),
    FieldSpec::date("corrections.date"),
    FieldSpec::text("headline", 1.0),
    FieldSpec::keyword("section"),
];

impl View for Corrections {
    fn kind(&self) -> AssetKind {
        AssetKind::Article
    }

    fn fields(&self) -> &'static [FieldSpec] {
        &FIELDS
    }

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn document_knowing(
        &self,
        id: &AssetId,
        snapshot: &Snapshot,
        _known: &mut Known,
    ) -> Result<Option<Document>, ReadError> {
        let asset = AssetRef::new(AssetKind::Article, id.clone());
        let Some(live) = snapshot.live_fields(&asset)? else { return Ok(None) };
        let mut json = live.fields;
        json.retain(|name, _| matches!(name.as_str(), "corrections" | "headline" | "section" | "language"));
        let is_corrected =
            json.get("corrections").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        let document = Document { asset, seq: live.seq, revision: live.revision, source: live.source, json };
        Ok(is_corrected.then_some(document))
    }

    fn touched_by(&self, change: &Change, _: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError> {
        if change.asset.kind == AssetKind::Article { touch(change.asset.id.clone()) } else { Ok(()) }
    }
}
