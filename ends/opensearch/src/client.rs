//! The client: one request and its answer. It blocks; who writes in several threads has several connections.

use std::{
    fmt, fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use ureq::{
    Agent,
    http::Request,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

use crate::{error::EndError, settings::Settings};

/// The longest time that a node is given to take a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes.
const MAX_ANSWER: u64 = 256 << 20;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Asks for what is there.
    Get,
    /// Asks, or does, by a body.
    Post,
    /// Puts something at a place.
    Put,
    /// Removes something.
    Delete,
    /// Asks whether something is there.
    Head,
}

impl Method {
    const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
        }
    }
}

/// The answer of a node.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, as it came.
    pub body: Vec<u8>,
}

/// A cluster's nodes, and how they are asked. Cheap to copy; connections are kept and shared.
#[derive(Clone)]
pub struct Client {
    agent: Agent,
    urls: Arc<[String]>,
    /// The node that answered last.
    at: Arc<AtomicUsize>,
    /// The header that says who asks; in no message.
    authorization: Option<Arc<str>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("urls", &self.urls).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client. Asks nobody yet.
    ///
    /// # Errors
    /// [`EndError::Settings`] when the settings cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, EndError> {
        settings.check()?;
        let is_secure = settings.urls.iter().any(|url| url.starts_with("https://"));
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(Duration::from_secs(settings.timeout)));
        if is_secure {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let tls = TlsConfig::builder()
                .unversioned_rustls_crypto_provider(provider)
                .root_certs(roots(settings)?);
            config = config.tls_config(tls.build());
        }
        let authorization = match (&settings.user, &settings.password, &settings.api_key) {
            (Some(user), Some(password), _) => {
                let pair = format!("{user}:{}", password.read("password")?);
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
            (_, _, Some(key)) => Some(format!("ApiKey {}", key.read("api_key")?)),
            _ => None,
        };
        let urls = settings.urls.iter().map(|url| url.trim_end_matches('/').to_owned()).collect();
        let authorization = authorization.map(Arc::from);
        Ok(Self { agent: config.build().new_agent(), urls, at: Arc::default(), authorization })
    }

    /// Asks, and returns the answer whatever its status is. A body is one line of JSON, or several (`_bulk`). A node that does
    /// not take the connection is passed over for the next; what was sent is not sent again by itself.
    ///
    /// # Errors
    /// [`EndError::Unreachable`] when no node answers in time.
    pub fn call(&self, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, EndError> {
        let mut last = None;
        for _ in 0..self.urls.len() {
            let at = self.at.load(Ordering::Relaxed) % self.urls.len();
            let Some(url) = self.urls.get(at) else { break };
            match self.ask(url, method, path, body) {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let never_sent = matches!(
                        &error,
                        ureq::Error::ConnectionFailed
                            | ureq::Error::HostNotFound
                            | ureq::Error::Timeout(ureq::Timeout::Connect)
                    ) || matches!(&error, ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused);
                    // The next request goes to another node in any case.
                    self.at.store(at + 1, Ordering::Relaxed);
                    last = Some(EndError::Unreachable { url: url.clone(), why: error.to_string() });
                    if !never_sent {
                        break;
                    }
                }
            }
        }
        Err(last.unwrap_or_else(|| EndError::Unreachable {
            url: String::new(),
            why: "no node is named".to_owned(),
        }))
    }

    /// Asks with a body of JSON, and returns the answer's.
    ///
    /// # Errors
    /// [`EndError::Refused`] when the status is not of success; [`EndError::Unreachable`], [`EndError::Unreadable`].
    pub fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, EndError> {
        let bytes = body.map(Value::to_string);
        let answer = self.call(method, path, bytes.as_ref().map(String::as_bytes))?;
        let call = || format!("{} {path}", method.name());
        if !(200..300).contains(&answer.status) {
            return Err(answer.refusal(call()));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| EndError::Unreadable { call: call(), why: error.to_string() })
    }

    fn ask(&self, url: &str, method: Method, path: &str, body: Option<&[u8]>) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method.name()).uri(format!("{url}/{path}"));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", &**authorization);
        }
        let mut response = match body {
            Some(body) => {
                let kind = if path.contains("_bulk") { "application/x-ndjson" } else { "application/json" };
                self.agent.run(request.header("content-type", kind).body(body)?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// Returns the error that an answer of no success is.
    pub(crate) fn refusal(&self, call: String) -> EndError {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let error = json.get("error").unwrap_or(&Value::Null);
        let of = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = of("type").unwrap_or_default();
        let whole = || error.as_str().map_or_else(|| "it gives no reason".to_owned(), str::to_owned);
        let reason = of("reason").unwrap_or_else(whole);
        EndError::Refused { call, status: self.status, kind, reason }
    }
}

/// Returns the authorities that are trusted.
fn roots(settings: &Settings) -> Result<RootCerts, EndError> {
    let wrong = |why: String| EndError::Settings { key: "ca", why };
    let certificates: Vec<Certificate<'static>> = match &settings.ca {
        Some(path) => {
            let pem = fs::read(path).map_err(|error| wrong(format!("{}: {error}", path.display())))?;
            let items = parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            items.collect()
        }
        None => {
            let found = rustls_native_certs::load_native_certs().certs;
            found.iter().map(|der| Certificate::from_der(der.as_ref()).to_owned()).collect()
        }
    };
    if certificates.is_empty() {
        return Err(wrong(
            "no certificate is found there; name a PEM file with the authority that signed the nodes'"
                .to_owned(),
        ));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}
