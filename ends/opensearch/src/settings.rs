//! The section `[opensearch]` of the configuration.

use std::{env, fmt, fs, path::PathBuf};

use serde::Deserialize;

use crate::error::EndError;

/// Settings by which a cluster is reached, and its indexes are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Its nodes, `http://` or `https://`; the next is asked where one does not answer.
    pub urls: Vec<String>,
    /// The beginning of the names of its indexes and aliases.
    pub prefix: String,
    /// The user, who has the password.
    pub user: Option<String>,
    /// The place of the password.
    pub password: Option<Secret>,
    /// The place of the API key (`id:key` in Base64, as the cluster gives it out), instead of user and password.
    pub api_key: Option<Secret>,
    /// A PEM file with the authority that signed the nodes' certificates; without one, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// The longest time of a request, in seconds.
    pub timeout: u64,
    /// The number of shards of a new index.
    pub shards: u32,
    /// The number of replicas of each shard once the index is live.
    pub replicas: u32,
    /// True if texts are indexed by the cluster's own analysers too, for those who query it directly.
    pub readable_text: bool,
    /// True if tokens are kept in `_source`, so that the cluster's `_reindex` keeps them.
    pub tokens_in_source: bool,
    /// The size of a bulk request, in bytes.
    pub bulk_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            prefix: "morgue".to_owned(),
            user: None,
            password: None,
            api_key: None,
            ca: None,
            timeout: 60,
            shards: 1,
            replicas: 1,
            readable_text: false,
            tokens_in_source: true,
            bulk_bytes: 8 << 20,
        }
    }
}

/// The place of a secret: in the environment or in a file, never in the configuration itself.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum Secret {
    /// The variable that holds it.
    Env(String),
    /// The file whose first line it is.
    File(PathBuf),
}

impl Secret {
    /// Returns the secret.
    ///
    /// # Errors
    /// [`EndError::Settings`] when it is not there, or empty.
    pub(crate) fn read(&self, key: &'static str) -> Result<String, EndError> {
        let wrong = |why: String| EndError::Settings { key, why };
        let text = match self {
            Self::Env(name) => {
                env::var(name).map_err(|_| wrong(format!("the environment has no {name}; set it")))?
            }
            Self::File(path) => {
                fs::read_to_string(path).map_err(|error| wrong(format!("{}: {error}", path.display())))?
            }
        };
        match text.lines().next().map(str::trim) {
            Some(secret) if !secret.is_empty() => Ok(secret.to_owned()),
            _ => Err(wrong(format!("{self:?} is empty"))),
        }
    }
}

impl fmt::Debug for Secret {
    /// The place, which is no secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

impl Settings {
    /// Checks what can be checked without asking the cluster.
    ///
    /// # Errors
    /// [`EndError::Settings`] with the key and what to write.
    pub fn check(&self) -> Result<(), EndError> {
        let wrong = |key, why: &str| Err(EndError::Settings { key, why: why.to_owned() });
        if self.urls.is_empty() {
            return wrong("urls", "names no node; write urls = [\"http://127.0.0.1:9200\"]");
        }
        if let Some(url) =
            self.urls.iter().find(|url| !(url.starts_with("http://") || url.starts_with("https://")))
        {
            return Err(EndError::Settings {
                key: "urls",
                why: format!("{url:?} begins with neither http:// nor https://"),
            });
        }
        if self.urls.iter().any(|url| url.contains('@')) {
            return wrong(
                "urls",
                "a password has no place in an address; write user, and password = { env = \"…\" }",
            );
        }
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !self.prefix.starts_with(|c: char| c.is_ascii_lowercase()) || !self.prefix.chars().all(is_plain) {
            return wrong(
                "prefix",
                "has to begin with a small letter and go on with small letters, digits and hyphens",
            );
        }
        match (&self.user, &self.password, &self.api_key) {
            (Some(_), Some(_), Some(_)) => {
                return wrong("api_key", "stands beside user and password; choose one");
            }
            (Some(_), None, _) => {
                return wrong("user", "needs a password = { env = \"…\" } or { file = \"…\" }");
            }
            (None, Some(_), _) => return wrong("password", "needs a user"),
            _ => {}
        }
        if self.shards == 0 || self.timeout == 0 {
            return wrong(if self.shards == 0 { "shards" } else { "timeout" }, "has to be 1 at least");
        }
        if self.bulk_bytes < 64 << 10 {
            return wrong("bulk_bytes", "has to be 65536 at least");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused_with_its_key() {
        let check = |change: &dyn Fn(&mut Settings), expected: Option<&str>| {
            let mut settings =
                Settings { urls: vec!["http://127.0.0.1:9200".to_owned()], ..Settings::default() };
            change(&mut settings);
            let found = settings.check().err().map(|error| match error {
                EndError::Settings { key, .. } => key,
                other => panic!("{other}"),
            });
            assert_eq!(found, expected);
        };
        let secret = || Some(Secret::Env("MORGUE_TEST".to_owned()));
        check(&|_| {}, None);
        check(&|s| s.urls.clear(), Some("urls"));
        check(&|s| s.urls.push("127.0.0.1:9200".to_owned()), Some("urls"));
        check(&|s| s.urls.push("https://a:b@127.0.0.1".to_owned()), Some("urls"));
        check(&|s| s.prefix = "Morgue".to_owned(), Some("prefix"));
        check(&|s| s.prefix = "-m".to_owned(), Some("prefix"));
        check(&|s| s.user = Some("u".to_owned()), Some("user"));
        check(&|s| s.password = secret(), Some("password"));
        check(&|s| (s.user, s.password) = (Some("u".to_owned()), secret()), None);
        check(
            &|s| (s.user, s.password, s.api_key) = (Some("u".to_owned()), secret(), secret()),
            Some("api_key"),
        );
        check(&|s| s.shards = 0, Some("shards"));
        check(&|s| s.timeout = 0, Some("timeout"));
        check(&|s| s.bulk_bytes = 1, Some("bulk_bytes"));
    }

    #[test]
    fn a_secret_that_is_not_there_is_told_by_its_place() {
        let error = Secret::Env("MORGUE_NO_SUCH_VARIABLE".to_owned()).read("password").unwrap_err();
        assert_eq!(
            error.to_string(),
            "[opensearch] password: the environment has no MORGUE_NO_SUCH_VARIABLE; set it"
        );
    }
}
