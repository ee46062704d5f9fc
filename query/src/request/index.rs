//! The names of what is searched.

use std::fmt;

use views::ViewId;

/// The name of a view as it is, `articles`, or as it stood, `articles@fifties`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexName {
    /// The view.
    pub view: ViewId,
    /// The name that the archive as it stood was built under.
    pub as_of: Option<String>,
}

impl IndexName {
    /// Returns true if any of these is of the archive as it stood.
    pub fn any_past(names: &[Self]) -> bool {
        names.iter().any(|name| name.as_of.is_some())
    }
}

impl From<ViewId> for IndexName {
    fn from(view: ViewId) -> Self {
        Self { view, as_of: None }
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.view.name())?;
        self.as_of.as_ref().map_or(Ok(()), |name| write!(f, "@{name}"))
    }
}
