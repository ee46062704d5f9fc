//! The search API over small archives of known content: what is found, in which order, and what is refused.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests: helpers stand outside of test functions, and a panic is a failure"
)]

mod access;
mod aggregations;
mod aggregations_more;
mod archive;
mod days;
mod elastic;
mod elastic_found;
mod elastic_more;
mod elastic_options;
mod exact;
mod http;
mod languages;
mod leafing;
mod many;
mod mapped;
mod much;
mod native;
mod near;
mod orders;
mod paging;
mod past;
mod rebuild;
mod relevance;
mod search;
mod server;
mod shippers;
mod strangers;
mod takedown;
