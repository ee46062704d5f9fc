//! The publicity of a mapped record: as its mapping states, and by the usual names of fields.

use serde_json::Value;
use store::ArchiveDate;

use super::{
    Mapping,
    events::About,
    node::{Node, Record},
    path::Path,
    value::Expr,
};
use crate::publicity::{Hidden, OF_ROWS, Publicity, is_no_date, named};

/// A mapping's statement of what makes a record public.
#[derive(Debug, Default)]
pub(super) struct Public {
    /// The path to the word that decides.
    pub(super) field: Option<Path>,
    /// A record is public that has one of these there.
    pub(super) is: Vec<String>,
    /// One is not that has one of these.
    pub(super) not: Vec<String>,
    /// Not before.
    pub(super) from: Option<Expr>,
    /// Not from then on.
    pub(super) until: Option<Expr>,
}

impl Mapping {
    /// Returns what is said of who may see a record, and when: what the mapping states, and the usual names of the
    /// other fields beside those that are mapped. `published` is the date that was found.
    pub(super) fn publicity(
        &self,
        root: Node<'_>,
        published: Option<&ArchiveDate>,
        about: &About<'_>,
    ) -> Publicity {
        // What decides stays among the fields of the record.
        let seen = Record::new(root);
        let Public { field, is, not, from, until } = &self.public;
        let mut said = Publicity::default();
        if let Some(field) = field {
            let nodes = field.find(&seen, root);
            nodes.iter().for_each(|node| seen.take(*node));
            let words: Vec<String> = nodes.iter().map(|node| node.line().to_lowercase()).collect();
            let any = |of: &[String]| of.iter().any(|word| words.contains(&word.to_lowercase()));
            if (!is.is_empty() && !any(is)) || any(not) {
                said = said.and(Publicity::hidden(Hidden::Unpublished));
            }
        }
        match from.as_ref().map(|from| self.date(from, &seen, root, about)) {
            Some(Ok(date)) => said = said.embargoed(Some(&date)),
            // Nobody can tell when it may be seen: not now.
            Some(Err(text)) if !is_no_date(&text) => said = said.embargoed(None),
            Some(Err(_)) | None => {}
        }
        // An end that cannot be read has not come; a note tells of it.
        if let Some(Ok(date)) = until.as_ref().map(|until| self.date(until, &seen, root, about)) {
            said = said.until(Some(&date));
        }
        let mut fields: Vec<(String, Value)> = Vec::new();
        fields.extend(published.map(|date| ("published".to_owned(), date.to_string().into())));
        let mut parents = vec![root];
        for (_, expr) in &self.fields {
            let mut paths = Vec::new();
            expr.paths(&mut paths);
            let above = paths.into_iter().filter_map(|path| path.steps().split_last());
            parents.extend(above.flat_map(|(_, above)| Path::of(above).find(&seen, root)));
        }
        let mut found = Vec::new();
        parents.into_iter().for_each(|parent| parent.scalars(&mut found));
        let left = found.into_iter().filter(|(_, node)| !seen.is_taken(*node));
        fields.extend(left.map(|(name, node)| (name, node.line().into())));
        said.and(named(fields.iter().map(|(name, value)| (name.as_str(), value)), &OF_ROWS, about.dates))
    }
}
