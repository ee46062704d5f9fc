//! Views over the log, and the Tantivy generations that hold them
