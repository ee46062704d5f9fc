//! A request as the handlers of the native API see it: checked, its parameters by name.

use axum::{
    body::Bytes,
    http::{HeaderMap, Uri},
};
use query::QueryError;
use store::AssetRef;

use crate::door::{asker::Asker, error::RequestError};

/// A request that fits its route.
pub(crate) struct Asked {
    /// The asset whose id stands in the path.
    pub(crate) asset: Option<AssetRef>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) asker: Asker,
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    pub(crate) body: Bytes,
}

impl Asked {
    /// The first value of a parameter. An empty one is as if it were not there.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter that may be given several times.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.params.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter that was checked to be what it is parsed as.
    pub(crate) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.param(name)?.parse().ok()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.param(name) == Some("true")
    }

    /// All parameters but these.
    pub(crate) fn params_but<'a>(&'a self, names: &[&str]) -> Vec<(&'a str, &'a str)> {
        let all = self.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| !names.contains(name)).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The asset of a route that names one.
    pub(crate) fn asset(&self) -> Result<AssetRef, RequestError> {
        self.asset.clone().ok_or_else(|| QueryError::illegal("the path names no asset").at("id").into())
    }
}
