//! The view `articles`: each article with the names of its authors, and with its images, their captions and
//! credits.

use serde_json::Value;
use store::{AssetId, AssetKind, AssetRef, Content, ReadError, Snapshot};

use super::{Change, Known, Touch, View, join};
use crate::{document::Document, field::FieldSpec};

pub(super) struct Articles;

const BYLINE_FIELDS: [&str; 5] = ["name", "title", "organization", "also_known_as", "url"];
const IMAGE_FIELDS: [&str; 7] = ["caption", "alt", "credit", "photographer", "taken", "renditions", "rights"];

static FIELDS: [FieldSpec; 33] = [
    FieldSpec::text("headline", 3.0),
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
];

impl View for Articles {
    fn kind(&self) -> AssetKind {
        AssetKind::Article
    }

    fn fields(&self) -> &'static [FieldSpec] {
        &FIELDS
    }

    fn document_knowing(
        &self,
        id: &AssetId,
        snapshot: &Snapshot,
        known: &mut Known,
    ) -> Result<Option<Document>, ReadError> {
        let Some(live) = join::live(AssetKind::Article, id, snapshot)? else { return Ok(None) };
        let Content::Article(article) = &live.content else { return Ok(None) };
        let mut json = join::fields(&live.content);
        let mut join_all = |name: &str, kind: AssetKind, ids: &[AssetId], fields: &[&str]| {
            let mut joined: Vec<Value> = Vec::with_capacity(ids.len());
            for id in ids {
                let one = join::joined(&AssetRef::new(kind, id.clone()), fields, snapshot, known)?;
                if !joined.iter().any(|other| other.get("id") == one.get("id")) {
                    joined.push(one); // two ids that were merged are one author
                }
            }
            if !joined.is_empty() {
                json.insert(name.to_owned(), Value::Array(joined));
            }
            Ok::<_, ReadError>(())
        };
        join_all("bylines", AssetKind::Byline, &article.bylines, &BYLINE_FIELDS)?;
        join_all("images", AssetKind::Image, &article.images, &IMAGE_FIELDS)?;
        let asset = AssetRef::new(AssetKind::Article, id.clone());
        Ok(Some(Document { asset, seq: live.seq, revision: live.revision, source: live.source, json }))
    }

    /// An article touches itself; an image the articles that show it; a byline those that it wrote, and those that
    /// show an image that it took.
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
                for person in join::same_person(&change.asset, snapshot)? {
                    join::each_referrer(&person, snapshot, &mut |referrer| match referrer.kind {
                        AssetKind::Article => touch(referrer.id.clone()),
                        AssetKind::Image => join::touch_referrers(
                            std::slice::from_ref(referrer),
                            AssetKind::Article,
                            snapshot,
                            touch,
                        ),
                        AssetKind::Byline => Ok(()),
                    })?;
                }
                Ok(())
            }
        }
    }
}
