//! The view `articles`: each article with the names of its authors, and with its images, their captions and
//! credits.

use serde_json::{Map, Value};
use store::{AssetKind, AssetRef, ReadError, Snapshot};

use crate::{
    field::FieldSpec,
    join::{self, Known, Part},
    view::{Change, Names, Table, Touch, View},
};

pub(crate) struct Articles;

static TABLE: Table = Table {
    kind: AssetKind::Article,
    fields: &[
        FieldSpec::text("headline", 2.0),
        FieldSpec::text("kicker", 1.0),
        FieldSpec::text("subheadline", 1.5),
        FieldSpec::text("summary", 1.2),
        FieldSpec::text("body", 1.0),
        FieldSpec::date("published"),
        FieldSpec::date("updated"),
        FieldSpec::keyword("language"),
        FieldSpec::keyword("section"),
        FieldSpec::keyword("desk"),
        FieldSpec::keyword("edition"),
        FieldSpec::keyword("page"),
        FieldSpec::keyword("type"),
        FieldSpec::keyword("source"),
        FieldSpec::keyword("url"),
        FieldSpec::text("dateline", 1.0),
        FieldSpec::names("credit", 1.0),
        FieldSpec::keyword("bylines.id"),
        FieldSpec::names_and_keyword("bylines.name", 2.0),
        FieldSpec::names("bylines.also_known_as", 1.0),
        FieldSpec::text("bylines.title", 0.0),
        FieldSpec::names_and_keyword("bylines.organization", 1.0),
        FieldSpec::keyword("images.id"),
        FieldSpec::text("images.caption", 1.5),
        FieldSpec::text("images.alt", 1.0),
        FieldSpec::names("images.credit", 1.0),
        FieldSpec::keyword("images.photographer.id"),
        FieldSpec::names_and_keyword("images.photographer.name", 1.0),
        FieldSpec::date("images.taken"),
        FieldSpec::keyword("keywords.name"),
        FieldSpec::names_and_keyword("keywords.value", 1.5),
        FieldSpec::text("corrections.text", 0.5),
        FieldSpec::text("rights", 0.0),
    ],
    names: Names {
        date: "published",
        section: "section",
        byline: &["bylines.name", "bylines.also_known_as", "credit", "bylines.id"],
        others: &[
            ("title", &["headline"]),
            ("text", &["body", "summary"]),
            ("author", &["bylines.name", "bylines.also_known_as", "credit"]),
            ("caption", &["images.caption"]),
            ("photographer", &["images.photographer.name"]),
            ("keyword", &["keywords.value"]),
            ("subject", &["keywords.value"]),
            ("place", &["dateline", "keywords.value"]),
            ("correction", &["corrections.text"]),
            ("lang", &["language"]),
        ],
    },
};

impl View for Articles {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn denormalise(
        &self,
        _: &AssetRef,
        mut fields: Map<String, Value>,
        snapshot: &Snapshot,
        known: &mut Known,
    ) -> Result<Option<Map<String, Value>>, ReadError> {
        join::join_all(&mut fields, "bylines", Part::Byline, snapshot, known)?;
        join::join_all(&mut fields, "images", Part::Image, snapshot, known)?;
        Ok(Some(fields))
    }

    /// Touches what a change reaches. An article touches itself; an image the articles that show it; a byline those
    /// that it wrote, and those that show an image that it took.
    fn touched_by(&self, change: &Change, snapshot: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError> {
        match change.asset.kind {
            AssetKind::Article => touch(change.asset.id.clone()),
            AssetKind::Image => join::touch_referrers(
                std::slice::from_ref(&change.asset),
                AssetKind::Article,
                snapshot,
                touch,
            ),
            AssetKind::Byline => {
                let same = join::same_person(&change.asset, snapshot)?;
                join::touch_referrers(&same, AssetKind::Article, snapshot, touch)?;
                same.iter().try_for_each(|person| {
                    join::each_referrer(person, AssetKind::Image, snapshot, &mut |image, _| {
                        join::touch_referrers(
                            std::slice::from_ref(&image),
                            AssetKind::Article,
                            snapshot,
                            touch,
                        )
                    })
                })
            }
        }
    }
}
