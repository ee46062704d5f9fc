//! The view `bylines`: each person or organisation with what it made, how much, when and where.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use store::{AssetKind, AssetRef, AssetState, Content, Fact, ReadError, Seq, Shown, Snapshot, Status, Work};

use crate::{
    field::FieldSpec,
    join::{self, Known},
    view::{Change, Names, Table, Touch, View},
};

pub(crate) struct Bylines;

static TABLE: Table = Table {
    kind: AssetKind::Byline,
    fields: &[
        FieldSpec::names_and_keyword("name", 3.0),
        FieldSpec::names("given", 0.0),
        FieldSpec::names("family", 0.0),
        FieldSpec::names("also_known_as", 2.0),
        FieldSpec::text("title", 1.0),
        FieldSpec::names_and_keyword("organization", 1.0),
        FieldSpec::text("bio", 1.0),
        FieldSpec::keyword("url"),
        FieldSpec::keyword("merged"),
        FieldSpec::number("article_count"),
        FieldSpec::number("image_count"),
        FieldSpec::date("first_published"),
        FieldSpec::date("last_published"),
        FieldSpec::keyword("sections.name"),
    ],
    names: Names {
        date: "first_published",
        section: "sections.name",
        byline: &["name", "also_known_as"],
        others: &[("author", &["name", "also_known_as"])],
    },
};

/// Returns what a byline and those that were merged into it have made. The catalog keeps what each of them has made by
/// itself; of all but the one with the most work it is counted again, since what names two ids of one person counts
/// once.
fn work_of(byline: &AssetRef, merged: &[AssetRef], snapshot: &Snapshot) -> Result<Work, ReadError> {
    let mut people = Vec::with_capacity(1 + merged.len());
    for person in std::iter::once(byline).chain(merged) {
        people.push((snapshot.work(person)?, person));
    }
    people.sort_by_key(|(work, _)| std::cmp::Reverse(work.articles + work.images));
    let mut people = people.into_iter();
    let Some((mut work, most)) = people.next() else { return Ok(Work::default()) };
    let mut seen = HashSet::new();
    for (_, person) in people {
        for kind in [AssetKind::Article, AssetKind::Image] {
            join::each_referrer(person, kind, snapshot, &mut |referrer, brief| {
                if seen.insert(referrer.clone())
                    && !snapshot.names(&referrer, most)?
                    && join::is_live(&referrer, snapshot)?
                {
                    work.add(kind, &brief);
                }
                Ok(())
            })?;
        }
    }
    Ok(work)
}

/// Returns the name that a byline had when it was merged.
fn former_name(byline: &AssetRef, snapshot: &Snapshot) -> Result<Option<String>, ReadError> {
    let live = match snapshot.state(byline)? {
        Some(AssetState { live, status: Status::Merged { .. }, .. }) if live != Seq::ZERO => live,
        _ => return Ok(None),
    };
    // It may have been withdrawn by itself since it was one with another.
    if snapshot.shown(byline)? != Shown::Seen {
        return Ok(None);
    }
    Ok(match snapshot.event(live)?.fact() {
        Some(Fact::Published(Content::Byline(byline))) if !byline.name.is_empty() => {
            Some(byline.name.clone())
        }
        _ => None,
    })
}

impl View for Bylines {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn denormalise(
        &self,
        asset: &AssetRef,
        mut fields: Map<String, Value>,
        snapshot: &Snapshot,
        _: &mut Known,
    ) -> Result<Option<Map<String, Value>>, ReadError> {
        let mut merged = Vec::new();
        join::merged_into(asset, snapshot, &mut merged)?;
        let work = work_of(asset, &merged, snapshot)?;
        let mut names: Vec<String> = join::strings_at(&fields, "also_known_as").map(str::to_owned).collect();
        for other in &merged {
            if let Some(name) = former_name(other, snapshot)?
                && fields.get("name").and_then(Value::as_str) != Some(&name)
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        if !names.is_empty() {
            fields.insert("also_known_as".to_owned(), json!(names));
        }
        if !merged.is_empty() {
            fields.insert("merged".to_owned(), merged.iter().map(|other| json!(other.id)).collect());
        }
        fields.insert("article_count".to_owned(), json!(work.articles));
        fields.insert("image_count".to_owned(), json!(work.images));
        if let (Some(first), Some(last)) = (work.first, work.last) {
            fields.insert("first_published".to_owned(), json!(first));
            fields.insert("last_published".to_owned(), json!(last));
        }
        if !work.sections.is_empty() {
            let sections =
                work.sections.into_iter().map(|(name, articles)| json!({"name": name, "articles": articles}));
            fields.insert("sections".to_owned(), Value::Array(sections.collect()));
        }
        Ok(Some(fields))
    }

    /// Touches what a change reaches. A byline touches itself and those that it is or was merged into; an article or
    /// image those that it names or named.
    fn touched_by(&self, change: &Change, snapshot: &Snapshot, touch: Touch<'_>) -> Result<(), ReadError> {
        let mut touch_person = |byline: AssetRef| {
            let stands_for = snapshot.resolve(&byline)?;
            if stands_for != byline {
                touch(stands_for.id)?;
            }
            touch(byline.id)
        };
        match change.asset.kind {
            AssetKind::Byline => {
                touch_person(change.asset.clone())?;
                join::each_merge_target(change, snapshot, &mut touch_person)
            }
            AssetKind::Article | AssetKind::Image => join::each_named(change, snapshot, &mut |named| {
                if named.kind == AssetKind::Byline { touch_person(named) } else { Ok(()) }
            }),
        }
    }
}
