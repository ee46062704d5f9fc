//! The search API over small archives of known content: what is found, in which order, and what is refused.

mod archive;
mod http;
mod search;
