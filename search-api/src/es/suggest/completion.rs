//! `completion`: documents whose value of a field begins as what was typed so far.

use std::collections::HashSet;

use query::{FieldBoost, Fields, IndexName, Phrase, Query, QueryError, SearchRequest, Sort, SourceFilter};
use serde_json::{Value, json};
use views::{EXACT, fold, values_at};

use super::units;
use crate::{door::error::RequestError, es::source};
use search::Inquiry;

/// The number of documents with the words that are looked at for values that begin so.
const LOOKED_AT: usize = 1_000;
/// The most completions.
const MAX_OPTIONS: usize = 100;

/// A field that is completed.
pub(super) struct Completion {
    pub(super) name: String,
    prefix: String,
    field: String,
    size: usize,
    /// Of several documents with the same value, the first.
    only_distinct: bool,
    source: SourceFilter,
}

impl Completion {
    pub(super) fn read(name: String, one: &mut Fields, common: Option<&str>) -> Result<Self, QueryError> {
        let typed = [one.text("prefix")?, one.text("text")?].into_iter().flatten().next();
        let Some(prefix) = typed.or_else(|| common.map(str::to_owned)) else {
            return Err(QueryError::new("`prefix` is missing").at(one.pointer()));
        };
        query::limits::check_text(&prefix)?;
        let here = one.pointer_to("completion");
        let mut how = Fields::new(one.need("completion")?, &here)?;
        let size = how.count("size")?.unwrap_or(5);
        if size > MAX_OPTIONS {
            let why = format!("`size` is {size}: at most {MAX_OPTIONS} completions are given");
            return Err(QueryError::illegal(why).at(how.pointer_to("size")));
        }
        let completion = Self {
            name,
            prefix,
            field: how.need_text("field")?,
            size,
            only_distinct: how.flag("skip_duplicates")?.unwrap_or(false),
            source: match how.take("_source") {
                Some(value) => source::of_json(value)?,
                None => SourceFilter::All,
            },
        };
        how.end()?;
        Ok(completion)
    }

    pub(super) fn answer(&self, inquiry: &Inquiry<'_>, indices: &[IndexName]) -> Result<Value, RequestError> {
        let base = self.field.strip_suffix(".keyword").unwrap_or(&self.field);
        let base = base.strip_suffix(EXACT).unwrap_or(base);
        let spec = indices.iter().find_map(|index| index.view.fields().iter().find(|spec| spec.name == base));
        let Some(spec) = spec else {
            let why = format!("there is no field `{base}` to complete");
            return Err(QueryError::illegal(why).late().at("/suggest").into());
        };
        if spec.analyser().is_none() {
            let why = format!("`{base}` is no text that could be completed");
            return Err(QueryError::illegal(why).late().at("/suggest").into());
        }
        let searched = if spec.is_stemmed() { format!("{base}{EXACT}") } else { base.to_owned() };
        let fields = vec![FieldBoost::new(searched)];
        let phrase = Phrase { last_is_prefix: true, ..Phrase::new(fields, self.prefix.as_str()) };
        let view = indices.first().map_or(views::ARTICLES, |index| index.view);
        let request = SearchRequest {
            query: Query::Phrase(phrase),
            size: LOOKED_AT,
            sort: vec![Sort::by("_seq", false)],
            lenient: true,
            ends_early: true,
            ..SearchRequest::new(view)
        };
        let typed = fold(&self.prefix);
        let mut found = Vec::new();
        for hit in inquiry.search_all(&request, indices)?.hits {
            let mut values = Vec::new();
            values_at(&hit.document, base, &mut values);
            let texts = values.into_iter().filter_map(Value::as_str).map(str::to_owned);
            let first = texts.into_iter().find(|text| fold(text).starts_with(&typed));
            found.extend(first.map(|text| (text, hit)));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut seen = HashSet::new();
        found.retain(|(text, _)| !self.only_distinct || seen.insert(text.clone()));
        let option = |(text, hit): (String, query::Hit)| {
            let mut option = json!({
                "text": text, "_index": hit.index.to_string(), "_id": hit.id, "_score": 1.0,
            });
            if let (Some(fields), Some(source)) = (option.as_object_mut(), self.source.apply(hit.document)) {
                fields.insert("_source".to_owned(), Value::Object(source));
            }
            option
        };
        let options: Vec<Value> = found.into_iter().take(self.size).map(option).collect();
        let length = units(Some(&self.prefix));
        Ok(json!([{"text": self.prefix, "offset": 0, "length": length, "options": options}]))
    }
}
