//! The target of an action: a view, and the mapping that makes its documents assets where they are not in our form.
//!
//! A mapping that the server was given is named in two ways: as the `pipeline` of a write to a view, as Elasticsearch names what
//! changes documents on their way in; or as the index itself, for tools that know no pipelines. What is written to the index
//! `NAME` under an id is the asset `NAME/id`, so that two mappings never write one asset.

use ingest::Mappings;
use query::QueryError;
use store::AssetKind;

use crate::{door::error::RequestError, es::params::view_of};

/// The target of a write as its sender names it.
#[derive(Debug, Clone, Copy)]
pub(in crate::es) struct Where<'a> {
    /// The index.
    pub(in crate::es) index: &'a str,
    /// The pipeline, if one is named.
    pub(in crate::es) pipeline: Option<&'a str>,
}

/// The target of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::es) struct Target {
    /// The kind of the asset.
    pub(super) kind: AssetKind,
    /// The name of the mapping that reads the document.
    mapping: Option<String>,
    /// True if the index is the mapping's own.
    is_own_index: bool,
}

/// The reading of a document by a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::es) struct ByMapping {
    /// The mapping's name.
    pub(super) name: String,
    /// The document's name at its sender, or one made for it.
    pub(super) document: String,
    /// True if its sender has named it: then that is the asset's id.
    pub(super) is_named: bool,
}

impl Target {
    /// Returns the target that is meant.
    ///
    /// # Errors
    /// [`RequestError`]: there is no such index or mapping, or the mapping makes other assets than the index has.
    pub(in crate::es) fn of(named: Where<'_>, mappings: &Mappings) -> Result<Self, RequestError> {
        let Where { index, pipeline } = named;
        let pipeline = pipeline.filter(|name| *name != "_none");
        if let Some(kind) = mappings.kind_of(index)
            && pipeline.is_none_or(|name| name == index)
            && view_of(index).is_err()
        {
            return Ok(Self { kind, mapping: Some(index.to_owned()), is_own_index: true });
        }
        let kind = view_of(index)?.kind();
        let Some(name) = pipeline else { return Ok(Self::from(kind)) };
        match mappings.kind_of(name) {
            Some(makes) if makes == kind => {
                Ok(Self { kind, mapping: Some(name.to_owned()), is_own_index: false })
            }
            Some(makes) => {
                let why = format!(
                    "the mapping `{name}` makes {}: write to that index, not to `{index}`",
                    makes.plural()
                );
                Err(QueryError::illegal(why).at("pipeline").into())
            }
            None => {
                let why = format!("pipelines are mappings, and {}", mappings.no_such(name));
                Err(QueryError::illegal(why).at("pipeline").into())
            }
        }
    }

    /// Returns the asset's id and the reading of the document, given the id that its sender names.
    ///
    /// # Errors
    /// [`RequestError`] when the system has no random bytes for an id.
    pub(super) fn document(&self, id: Option<String>) -> Result<(String, Option<ByMapping>), RequestError> {
        let is_named = id.is_some();
        let document = id.map_or_else(new_id, Ok)?;
        let asset = self.asset(document.clone());
        let mapping = self.mapping.clone().map(|name| ByMapping { name, document, is_named });
        Ok((asset, mapping))
    }

    /// Returns the id of the asset that a document of this id is.
    pub(super) fn asset(&self, id: String) -> String {
        match &self.mapping {
            Some(name) if self.is_own_index => format!("{name}/{id}"),
            _ => id,
        }
    }

    /// Returns true if documents are read by a mapping.
    pub(super) fn is_mapped(&self) -> bool {
        self.mapping.is_some()
    }
}

impl From<AssetKind> for Target {
    fn from(kind: AssetKind) -> Self {
        Self { kind, mapping: None, is_own_index: false }
    }
}

/// Thirty random hexadecimal digits.
pub(in crate::es) fn new_id() -> Result<String, RequestError> {
    let mut bytes = [0_u8; 15];
    getrandom::fill(&mut bytes)
        .map_err(|_| RequestError::NotFound("the system gives no random bytes".to_owned()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
