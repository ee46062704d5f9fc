//! Meanings of the plain words of parameters and query strings in each view.

use views::{EXACT, FieldKind, FieldSpec, LOCAL, ViewId};

use crate::{DateFormat, FieldBoost, Fuzziness, Interval, Near};

/// Returns the field of dates of a view: the instants, which put it in order.
pub fn date_field(view: ViewId) -> &'static str {
    view.names().date
}

/// Returns the field of the days of a view's dates, as they are printed: by the clock that each date was written by.
pub fn day_field(view: ViewId) -> String {
    format!("{}{LOCAL}", date_field(view))
}

/// Returns the fields that a name before a colon means, with `.exact` behind it their words as they are written; `None`
/// when it names none.
pub fn fields_named(view: ViewId, name: &str) -> Option<Vec<FieldBoost>> {
    let names = view.names();
    if let Some(base) = name.strip_suffix(EXACT) {
        let as_written = |field: FieldBoost| match spec_of(view, &field.name) {
            Some(spec) if spec.is_stemmed() => FieldBoost::new(field.name + EXACT),
            _ => field,
        };
        return Some(fields_named(view, base)?.into_iter().map(as_written).collect());
    }
    let day = |field: &str| match spec_of(view, field) {
        Some(spec) if spec.kind == FieldKind::Date => format!("{field}{LOCAL}"),
        _ => field.to_owned(),
    };
    let list = |fields: &[&str]| Some(fields.iter().map(|field| FieldBoost::new(day(field))).collect());
    if spec_of(view, name).is_some() || matches!(name, "_id" | "_seq") {
        return list(&[name]);
    }
    match name {
        "date" => list(&[names.date]),
        "section" => list(&[names.section]),
        "byline" | "by" => list(names.byline),
        _ => {
            let other = names.others.iter().find(|(other, _)| *other == name);
            let object = || {
                let prefix = format!("{name}.");
                let inner = |field: &&FieldSpec| field.name.starts_with(&prefix) && field.weight > 0.0;
                let fields: Vec<&str> = view.fields().iter().filter(inner).map(|field| field.name).collect();
                if fields.is_empty() { None } else { list(&fields) }
            };
            other.map_or_else(object, |(_, fields)| list(fields))
        }
    }
}

fn spec_of(view: ViewId, name: &str) -> Option<&'static FieldSpec> {
    let base = name.strip_suffix(".keyword").unwrap_or(name);
    view.fields().iter().find(|field| field.name == base)
}

/// Returns the fields that a filter by byline looks at: names as text, ids as they are.
pub fn byline_fields(view: ViewId) -> Vec<FieldBoost> {
    view.names().byline.iter().map(|field| FieldBoost::new(*field)).collect()
}

/// Returns the field that a filter by section looks at.
pub fn section_field(view: ViewId) -> &'static str {
    view.names().section
}

/// Returns the name before a colon that is nearest to one that names nothing, if any is near.
pub fn nearest(view: ViewId, name: &str) -> Option<&'static str> {
    let near = Near::new(&name.to_lowercase(), Fuzziness::Edits(2).edits(name), 0, true);
    let others = view.names().others.iter().map(|(other, _)| *other);
    let fields = view.fields().iter().map(|field| field.name);
    let all = ["date", "section", "byline"].into_iter().chain(others).chain(fields);
    all.filter_map(|known| Some((near.distance(known)?, known))).min().map(|(_, known)| known)
}

/// The values that a facet counts.
pub enum Facet {
    /// Exact values of a field.
    Values(String),
    /// Intervals of the view's dates, with the format of their names.
    Dates(Interval, DateFormat),
}

/// Returns the facet of this name; `None` when there is none.
pub fn facet(view: ViewId, name: &str) -> Option<Facet> {
    match name {
        "century" => return Some(Facet::Dates(Interval::Years(100), DateFormat::year())),
        "decade" => return Some(Facet::Dates(Interval::Years(10), DateFormat::year())),
        "year" => return Some(Facet::Dates(Interval::Years(1), DateFormat::year())),
        "month" => return Some(Facet::Dates(Interval::Month, DateFormat::month())),
        "day" => return Some(Facet::Dates(Interval::Millis(86_400_000), DateFormat::date())),
        _ => {}
    }
    fields_named(view, name)?.into_iter().find_map(|field| {
        let spec = spec_of(view, field.name.strip_suffix(LOCAL).unwrap_or(&field.name))?;
        match spec.kind {
            FieldKind::Keyword | FieldKind::Number => Some(Facet::Values(field.name)),
            FieldKind::TextAndKeyword(_) => Some(Facet::Values(format!("{}.keyword", spec.name))),
            FieldKind::Text(_) | FieldKind::Date => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use views::{ARTICLES, VIEWS};

    use super::*;

    #[test]
    fn names_that_are_near_are_known() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(nearest(ARTICLES, name), expected, "{name}");
        };
        check("heading", Some("headline"));
        check("Titel", Some("title"));
        check("bylines", Some("byline"));
        check("temperature", None);
    }

    #[test]
    fn every_name_means_fields_that_are_there() {
        for view in VIEWS {
            let names = view.names();
            let fields = names.others.iter().flat_map(|(_, fields)| *fields).chain(names.byline);
            for field in fields.chain([&names.date, &names.section]) {
                assert!(spec_of(view, field).is_some(), "{field} in {view}");
            }
            assert!(facet(view, "byline").is_some() && facet(view, "section").is_some());
        }
        assert_eq!(fields_named(ARTICLES, "images").unwrap().len(), 4);
        assert!(fields_named(ARTICLES, "http").is_none());
        let names = |name: &str| {
            let fields = fields_named(ARTICLES, name).unwrap();
            fields.into_iter().map(|field| field.name).collect::<Vec<_>>()
        };
        assert_eq!(names("text.exact"), ["body.exact", "summary.exact"]);
        assert_eq!(names("place.exact"), ["dateline.exact", "keywords.value"]);
        assert_eq!(names("date.exact.exact"), ["published.local"]);
        assert_eq!(names("updated"), ["updated.local"]);
    }
}
