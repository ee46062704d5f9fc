//! Keeping a log for years: proving it, mending it, writing it anew, copying it, and taking in the logs of others.

pub(crate) mod backup;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod repair;
pub(crate) mod rewrite;
pub(crate) mod verify;
