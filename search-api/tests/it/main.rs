//! The search API over small archives of known content: what is found, in which order, and what is refused.

mod archive;
mod elastic;
mod hostile;
mod http;
mod search;
