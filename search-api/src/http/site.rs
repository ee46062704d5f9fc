//! Where the archive can be read, and what it is called.

use axum::http::{HeaderMap, header};

/// What addresses begin with, and the name of the archive.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) title: String,
    /// `https://archive.example.org`
    pub(crate) base_url: Option<String>,
}

impl Default for Site {
    fn default() -> Self {
        Self { title: "The Morgue".to_owned(), base_url: None }
    }
}

impl Site {
    /// What addresses begin with: as configured, otherwise as the request has it.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> String {
        if let Some(base) = &self.base_url {
            return base.trim_end_matches('/').to_owned();
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let fits = |host: &&str| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        };
        format!("http://{}", host.filter(fits).unwrap_or("localhost"))
    }
}
