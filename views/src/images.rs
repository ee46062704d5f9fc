//! The view `images`: each image with its photographer's name, and with the headlines and dates of the articles
//! that used it.

use serde_json::{Map, Value, json};
use store::{AssetKind, AssetRef, ReadError, Snapshot};

use crate::{
    field::FieldSpec,
    join::{self, Known, Part},
    view::{Change, Names, Table, Touch, View},
};

pub(crate) struct Images;

/// The largest number of articles that an image lists, in the order of their ids; `used_in_count` counts all.
const MAX_USED_IN: usize = 100;
const ARTICLE_FIELDS: [&str; 4] = ["headline", "published", "section", "language"];

static TABLE: Table = Table {
    kind: AssetKind::Image,
    fields: &[
        FieldSpec::text("caption", 2.0),
        FieldSpec::text("alt", 1.5),
        FieldSpec::names("credit", 1.0),
        FieldSpec::keyword("photographer.id"),
        FieldSpec::names_and_keyword("photographer.name", 2.0),
        FieldSpec::date("taken"),
        FieldSpec::keyword("renditions.href"),
        FieldSpec::keyword("used_in.id"),
        FieldSpec::text("used_in.headline", 1.0),
        FieldSpec::date("used_in.published"),
        FieldSpec::keyword("used_in.section"),
        FieldSpec::number("used_in_count"),
        FieldSpec::text("rights", 0.0),
    ],
    names: Names {
        date: "taken",
        section: "used_in.section",
        byline: &["photographer.name", "credit", "photographer.id"],
        others: &[
            ("photographer", &["photographer.name"]),
            ("author", &["photographer.name", "credit"]),
            ("headline", &["used_in.headline"]),
            ("title", &["used_in.headline"]),
            ("published", &["used_in.published"]),
        ],
    },
};

/// Returns the articles that use an image, in brief: the first by their ids, as many as are listed.
fn uses(image: &AssetRef, snapshot: &Snapshot) -> Result<Vec<Value>, ReadError> {
    let mut used_in = Vec::new();
    let mut after = None;
    while used_in.len() < MAX_USED_IN {
        let page = snapshot.referrers_of_kind(image, AssetKind::Article, after.as_ref(), MAX_USED_IN)?;
        if page.is_empty() {
            break;
        }
        for (article, _) in &page {
            let Some(live) = snapshot.live_fields(article)? else { continue };
            let mut used = live.fields;
            used.retain(|name, _| ARTICLE_FIELDS.contains(&name.as_str()));
            used.insert("id".to_owned(), json!(article.id));
            used_in.push(Value::Object(used));
        }
        after = page.into_iter().last().map(|(article, _)| article);
    }
    used_in.truncate(MAX_USED_IN);
    Ok(used_in)
}

impl View for Images {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn denormalise(
        &self,
        asset: &AssetRef,
        mut fields: Map<String, Value>,
        snapshot: &Snapshot,
        known: &mut Known,
    ) -> Result<Option<Map<String, Value>>, ReadError> {
        if let Some(id) = join::id_at(&fields, "photographer") {
            fields.insert("photographer".to_owned(), known.part(Part::Photographer, id, snapshot)?);
        }
        // A stock image is used ten thousand times: only what is shown is read.
        let count = snapshot.work(asset)?.articles;
        if count > 0 {
            fields.insert("used_in".to_owned(), Value::Array(uses(asset, snapshot)?));
        }
        fields.insert("used_in_count".to_owned(), json!(count));
        Ok(Some(fields))
    }

    /// Touches what a change reaches. An image touches itself; an article the images that it shows or showed; a byline
    /// the images that it took.
    fn touched_by(&self, change: &Change, snapshot: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError> {
        match change.asset.kind {
            AssetKind::Image => touch(change.asset.id.clone()),
            AssetKind::Article => join::each_named(change, snapshot, &mut |named| {
                if named.kind == AssetKind::Image { touch(named.id) } else { Ok(()) }
            }),
            AssetKind::Byline => {
                let same = join::same_person(&change.asset, snapshot)?;
                join::touch_referrers(&same, AssetKind::Image, snapshot, touch)
            }
        }
    }
}
