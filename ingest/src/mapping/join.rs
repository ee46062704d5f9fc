//! Rows of other tables, joined to a record: `articles`, `authors`, and who wrote what.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value};

use crate::{fields::text_of, record::Reason};

/// Rows of another table that belong to a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Join {
    /// The table, by the name of its file.
    pub(super) file: String,
    /// Its column …
    pub(super) key: String,
    /// … that has what the record has under this name.
    pub(super) equals: String,
    /// The name of the rows in the record.
    pub(super) name: String,
    /// The entries of the record that they belong to, rows of an earlier join; the record itself without it.
    pub(super) within: Option<String>,
    /// A column of theirs by which they are in order.
    pub(super) sort: Option<String>,
}

/// The rows of a table by what a column of it has.
pub(crate) type ByKey = Arc<HashMap<String, Vec<Value>>>;

/// A source of other tables.
pub(crate) trait Tables {
    /// Returns the rows of a table by a column.
    fn by_key(&self, table: &str, column: &str) -> Result<ByKey, Reason>;
}

/// Joins what belongs to a record.
pub(super) fn join(joins: &[Join], record: &mut Value, tables: &dyn Tables) -> Result<(), Reason> {
    for one in joins {
        let Value::Object(fields) = &mut *record else {
            return Err(Reason::Content("only rows and JSON objects can be joined with others".to_owned()));
        };
        let rows = tables.by_key(&one.file, &one.key)?;
        match &one.within {
            None => one.add(fields, &rows),
            Some(within) => {
                let entries = fields.get_mut(within).and_then(Value::as_array_mut);
                for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
                    one.add(entry, &rows);
                }
            }
        }
    }
    Ok(())
}

impl Join {
    fn add(&self, to: &mut Map<String, Value>, rows: &ByKey) {
        let wanted = to.get(&self.equals).map(text_of).unwrap_or_default();
        let mut found = rows.get(&wanted).cloned().unwrap_or_default();
        if let Some(column) = &self.sort {
            let place = |row: &Value| {
                let text = row.get(column).map(text_of).unwrap_or_default();
                (text.parse::<f64>().map_or(i64::MAX, |number| (number * 1e3) as i64), text)
            };
            found.sort_by_cached_key(place);
        }
        to.insert(self.name.clone(), Value::Array(found));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Two;

    impl Tables for Two {
        fn by_key(&self, table: &str, column: &str) -> Result<ByKey, Reason> {
            let rows = match table {
                "links.csv" => vec![
                    json!({"article": "1", "author": "b", "place": "10"}),
                    json!({"article": "1", "author": "a", "place": "9"}),
                    json!({"article": "2", "author": "a", "place": "1"}),
                ],
                _ => vec![json!({"id": "a", "name": "Ada"}), json!({"id": "b", "name": "Bo"})],
            };
            let mut found: HashMap<String, Vec<Value>> = HashMap::new();
            for row in rows {
                found.entry(text_of(&row[column])).or_default().push(row);
            }
            Ok(Arc::new(found))
        }
    }

    #[test]
    fn rows_of_rows_are_joined() {
        let of = |file: &str, key: &str, equals: &str, name: &str, within: Option<&str>| Join {
            file: file.to_owned(),
            key: key.to_owned(),
            equals: equals.to_owned(),
            name: name.to_owned(),
            within: within.map(str::to_owned),
            sort: within.is_none().then(|| "place".to_owned()),
        };
        let joins = [
            of("links.csv", "article", "id", "links", None),
            of("authors.csv", "id", "author", "who", Some("links")),
        ];
        let mut record = json!({"id": 1});
        join(&joins, &mut record, &Two).unwrap();
        let names: Vec<_> =
            record["links"].as_array().unwrap().iter().map(|link| &link["who"][0]["name"]).collect();
        assert_eq!(names, ["Ada", "Bo"]);
        let mut none = json!({"id": 9});
        join(&joins, &mut none, &Two).unwrap();
        assert_eq!(none["links"], json!([]));
        assert!(join(&joins, &mut json!("x"), &Two).is_err());
    }
}
