//! One thin client for what goes over the network, for models and links alike.
//!
//! Synchronous outside: each request runs on a private runtime, with limits on connecting, on the
//! first byte, on silence, on the whole, and on size, and it looks at the cancel flag all the time.
//! Redirects are never followed here; whoever wants to follow one checks the new address and leaves
//! secrets behind. Proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`), roots from the
//! system and from a `ca_file`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use incident_core::cancel::Cancel;

/// How often the cancel flag is looked at.
const GLANCE: Duration = Duration::from_millis(15);
/// How much of an error's body is kept.
const MAX_ERROR_BODY: usize = 64 << 10;

/// The limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// To a connection, TLS included.
    pub connect: Duration,
    /// From sending to the answer's head, and from there to the first piece of its body.
    pub first_byte: Duration,
    /// Between two later pieces of the body.
    pub idle: Duration,
    /// For everything.
    pub total: Duration,
    /// Of the body, decompressed.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(180),
            max_bytes: 4 << 20,
        }
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Absolute.
    pub url: &'a str,
    /// Names and values. Values may be secret and are never shown.
    pub headers: &'a [(&'static str, String)],
    /// Sent by POST; `None` asks by GET.
    pub body: Option<&'a [u8]>,
}

/// The head of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// Headers by lower-case name; of several with one name the last.
    pub headers: BTreeMap<String, String>,
}

impl Head {
    /// Says whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns a header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Why there is no answer. No text of it holds a header or a body that was sent.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The person cancelled.
    #[error("it was cancelled")]
    Cancelled,
    /// No connection: refused, no such host, TLS.
    #[error("{host} can't be reached: {why}")]
    Connect {
        /// Host and port.
        host: String,
        /// In words.
        why: String,
    },
    /// A limit of time.
    #[error("{host} {what} within {limit:?}")]
    TooSlow {
        /// Host and port.
        host: String,
        /// What did not happen.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The limit of size.
    #[error("{host} sent more than {limit} bytes, and the rest was not read")]
    TooLarge {
        /// Host and port.
        host: String,
        /// The limit.
        limit: usize,
    },
    /// The connection broke in the middle.
    #[error("{host} broke the connection off in the middle of its answer: {why}")]
    Broken {
        /// Host and port.
        host: String,
        /// In words.
        why: String,
    },
    /// The address or a setting can't be used.
    #[error("{0}")]
    Setting(String),
}

/// A client; cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    limits: Limits,
}

impl Client {
    /// Makes a client that trusts the system's roots and those in `ca_file`.
    pub fn new(limits: Limits, ca_file: Option<&Path>) -> Result<Self, HttpError> {
        Self::build(limits, ca_file, reqwest::Client::builder())
    }

    /// The same, with names looked up by `names`, which may refuse one.
    pub fn guarded(
        limits: Limits,
        ca_file: Option<&Path>,
        names: impl reqwest::dns::Resolve + 'static,
    ) -> Result<Self, HttpError> {
        Self::build(limits, ca_file, reqwest::Client::builder().dns_resolver(Arc::new(names)))
    }

    fn build(
        limits: Limits,
        ca_file: Option<&Path>,
        builder: reqwest::ClientBuilder,
    ) -> Result<Self, HttpError> {
        // Only the first call counts; whoever installed one before has chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = builder
            .connect_timeout(limits.connect)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .user_agent(concat!("incident-lsp/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = ca_file {
            let shown = path.display();
            let pem = std::fs::read(path).map_err(|err| {
                HttpError::Setting(format!("the certificates in {shown} can't be read: {err}"))
            })?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| {
                HttpError::Setting(format!("{shown} holds no certificates in PEM form"))
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        let inner = builder.build().map_err(|err| {
            HttpError::Setting(format!("no network client could be made: {}", words(&err)))
        })?;
        Ok(Self { inner, limits })
    }

    /// Returns the same client for an answer of at most `max_bytes`.
    pub fn with_max_bytes(&self, max_bytes: usize) -> Self {
        Self { inner: self.inner.clone(), limits: Limits { max_bytes, ..self.limits } }
    }

    /// Sends a request and hands the body's pieces to `on_bytes` as they come, of a success only.
    ///
    /// Returns the head and, where it is no success, the start of the body. `on_bytes` may break
    /// off, which closes the connection.
    pub fn send(
        &self,
        request: &Request<'_>,
        cancel: &Cancel,
        on_bytes: &mut dyn FnMut(&Head, &[u8]) -> ControlFlow<()>,
    ) -> Result<(Head, Vec<u8>), HttpError> {
        let host = host(request.url)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|err| HttpError::Setting(format!("no runtime could be started: {err}")))?;
        let answer = runtime.block_on(async {
            tokio::select! {
                biased;
                () = raised(cancel) => Err(HttpError::Cancelled),
                answer = self.exchange(request, &host, on_bytes) => answer,
                () = tokio::time::sleep(self.limits.total) => Err(HttpError::TooSlow {
                    host: host.clone(), what: "did not finish", limit: self.limits.total,
                }),
            }
        });
        // A name that is still looked up must not hold the caller.
        runtime.shutdown_background();
        answer
    }

    async fn exchange(
        &self,
        request: &Request<'_>,
        host: &str,
        on_bytes: &mut dyn FnMut(&Head, &[u8]) -> ControlFlow<()>,
    ) -> Result<(Head, Vec<u8>), HttpError> {
        let limits = self.limits;
        let mut builder = match request.body {
            Some(body) => self.inner.post(request.url).body(body.to_vec()),
            None => self.inner.get(request.url),
        };
        for (name, value) in request.headers {
            builder = builder.header(*name, value);
        }
        let too_slow = |what, limit| HttpError::TooSlow { host: host.to_owned(), what, limit };
        let sent = tokio::time::timeout(limits.connect + limits.first_byte, builder.send()).await;
        let mut response = sent
            .map_err(|_| too_slow("did not begin to answer", limits.first_byte))?
            .map_err(|err| self.not_sent(&err, host))?;
        let head = Head {
            status: response.status().as_u16(),
            headers: response
                .headers()
                .iter()
                .filter_map(|(name, value)| {
                    Some((name.to_string(), value.to_str().ok()?.to_owned()))
                })
                .collect(),
        };
        let (mut n_bytes, mut error_body) = (0usize, Vec::new());
        loop {
            // A model reads its whole prompt between the head and the first piece.
            let patience = if n_bytes == 0 { limits.first_byte } else { limits.idle };
            let next = tokio::time::timeout(patience, response.chunk()).await;
            let chunk = next.map_err(|_| too_slow("fell silent and sent nothing", patience))?;
            let broken =
                |err: reqwest::Error| HttpError::Broken { host: host.to_owned(), why: words(&err) };
            let Some(chunk) = chunk.map_err(broken)? else { break };
            n_bytes = n_bytes.saturating_add(chunk.len());
            if !head.is_success() {
                error_body.extend_from_slice(&chunk);
                if error_body.len() > MAX_ERROR_BODY {
                    error_body.truncate(MAX_ERROR_BODY);
                    break;
                }
                continue;
            }
            if n_bytes > limits.max_bytes {
                return Err(HttpError::TooLarge { host: host.to_owned(), limit: limits.max_bytes });
            }
            if on_bytes(&head, &chunk).is_break() {
                break;
            }
        }
        Ok((head, error_body))
    }

    fn not_sent(&self, err: &reqwest::Error, host: &str) -> HttpError {
        let host = host.to_owned();
        if err.is_timeout() {
            let limit = self.limits.connect;
            return HttpError::TooSlow { host, what: "could not be connected to", limit };
        }
        if err.is_connect() {
            return HttpError::Connect { host, why: words(err) };
        }
        if err.is_builder() {
            return HttpError::Setting(format!("the request can't be made: {}", words(err)));
        }
        HttpError::Broken { host, why: words(err) }
    }
}

/// Waits until the flag is raised.
async fn raised(cancel: &Cancel) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(GLANCE).await;
    }
}

/// Waits, unless the flag is raised meanwhile; says whether it waited to the end.
pub fn wait(time: Duration, cancel: &Cancel) -> bool {
    let end = std::time::Instant::now() + time;
    while !cancel.is_cancelled() {
        let left = end.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::park_timeout(left.min(GLANCE));
    }
    false
}

/// Returns host and port of an address: what may be shown of it.
pub fn host(url: &str) -> Result<String, HttpError> {
    let unusable = || HttpError::Setting("the address is no http or https address".to_owned());
    let url = reqwest::Url::parse(url).map_err(|_| unusable())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unusable());
    }
    let host = url.host_str().ok_or_else(unusable)?;
    Ok(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Returns the innermost reason, which says most, without the address.
fn words(err: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = err;
    while let Some(source) = inner.source() {
        inner = source;
    }
    crate::message::plain(&inner.to_string())
}

#[cfg(test)]
mod tests;
