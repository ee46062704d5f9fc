//! The query language, its executor, and the HTTP API
