//! The names that this server goes by.

/// The version of Elasticsearch whose API this is a part of.
pub(super) const VERSION: &str = "8.19.0";
/// The names of the one node and of the cluster that it is.
pub(super) const NODE: &str = "morgue";
pub(super) const CLUSTER: &str = "morgue";
