//! The one door: every request of every surface passes here, and what is asked of it is the policy of its route. It knows
//! no surface: they hand it their routes as a [`table`].

pub(crate) mod accept;
pub(crate) mod access;
pub(crate) mod access_log;
pub(crate) mod asker;
pub(crate) mod body;
pub(crate) mod compress;
pub(crate) mod connections;
pub(crate) mod cors;
pub(crate) mod error;
pub(crate) mod finish;
pub(crate) mod intake;
pub(crate) mod metrics;
pub(crate) mod nowhere;
mod pass;
pub(crate) mod path;
pub(crate) mod policy;
pub(crate) mod pool;
pub(crate) mod problem;
pub(crate) mod rules;
pub(crate) mod server;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod shed;
pub(crate) mod site;
pub(crate) mod strangers;
pub(crate) mod table;
pub(crate) mod written;

pub(crate) use self::pass::pass;
