//! The only way to the server: requests are vaultrs' types, sent by a client of ours that follows no redirect, reads no more
//! than it should and turns every outcome into our own errors before anybody can print them.

use crate::error::{Absent, Operation, Outage, StoreError};
use crate::vault::config::{Config, Server};
use crate::vault::origin::Origins;
use crate::vault::wire;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Identity, Response, redirect};
use rustify::Endpoint;
use seal_secret::SecretBytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 4 << 20;

/// Whom a call is made as.
#[derive(Clone, Copy, Default)]
pub(crate) struct As<'a> {
    pub(crate) token: Option<&'a SecretBytes>,
    pub(crate) namespace: Option<&'a str>,
}

/// A connection pool to one server.
pub struct Door {
    http: Client,
    base: Url,
    prefix: String,
    headers: HeaderMap,
    most_bytes: usize,
    requests: AtomicU64,
}

impl Door {
    /// Opens it; nothing is sent yet.
    ///
    /// # Errors
    /// When the server is not one we may talk to, or its certificates or headers do not parse.
    pub fn open(server: &Server, origins: &Origins) -> Result<Arc<Self>, StoreError> {
        let url = origins.check(&server.url)?;
        let timeout = if server.timeout.is_zero() { TIMEOUT } else { server.timeout };
        let mut http = Client::builder()
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(origins.clone()))
            .connect_timeout(CONNECT.min(timeout))
            .timeout(timeout);
        if let Some(ca) = &server.ca {
            let ca = Certificate::from_pem_bundle(ca).ok().filter(|all| !all.is_empty());
            http = http.tls_certs_only(ca.ok_or(StoreError::Invalid("the CA bundle holds no certificate in PEM"))?);
        }
        if let Some(identity) = &server.identity {
            let identity = Identity::from_pem(identity.expose())
                .map_err(|_| StoreError::Invalid("the client certificate or its key is not PEM"))?;
            http = http.identity(identity);
        }
        let http = http
            .build()
            .map_err(|_| StoreError::Invalid("no TLS client can be made of these certificates; is there a CA bundle?"))?;
        let prefix = url.path().trim_end_matches('/').to_owned();
        let mut base = url;
        base.set_path("");
        let most_bytes = if server.most_bytes == 0 { MOST_BYTES } else { server.most_bytes };
        Ok(Arc::new(Self { http, base, prefix, headers: headers(server)?, most_bytes, requests: AtomicU64::new(0) }))
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Sends one request and returns the body of a good answer.
    pub(crate) async fn send(
        &self,
        endpoint: &impl Endpoint,
        what: Operation,
        identity: As<'_>,
        config: Option<&Config>,
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let request = self.request(endpoint, identity, config)?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut response = self.http.execute(request).await.map_err(|error| connection(&error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        if !matches!(status, 200..=204 | 400 | 404) {
            return Err(refusal(status, what, retry_after));
        }
        let body = self.body(&mut response).await?;
        match status {
            400 => Err(bad_request(&body, what)),
            404 => Err(not_found(&body)),
            _ => Ok(body),
        }
    }

    fn request(
        &self,
        endpoint: &impl Endpoint,
        identity: As<'_>,
        config: Option<&Config>,
    ) -> Result<reqwest::Request, StoreError> {
        const CANNOT: StoreError = StoreError::Invalid("path or credentials cannot be put into a request");
        let mut request = endpoint.request(self.base.as_str()).map_err(|_| CANNOT)?;
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str().trim_end_matches('?'));
        let whole = format!("{}{}/v1{path}", self.base.origin().ascii_serialization(), self.prefix);
        *request.uri_mut() = whole.parse().map_err(|_| CANNOT)?;
        let headers = request.headers_mut();
        headers.extend(self.headers.clone());
        headers.insert("x-vault-request", HeaderValue::from_static("true"));
        if let Some(namespace) = identity.namespace {
            headers.insert("x-vault-namespace", HeaderValue::from_str(namespace).map_err(|_| CANNOT)?);
        }
        if let Some(token) = identity.token {
            let mut token = HeaderValue::from_bytes(token.expose()).map_err(|_| CANNOT)?;
            token.set_sensitive(true);
            headers.insert("x-vault-token", token);
        }
        if config.is_some_and(|config| config.forward_inconsistent) {
            headers.insert("x-vault-inconsistent", HeaderValue::from_static("forward-active-node"));
        }
        reqwest::Request::try_from(request).map_err(|_| CANNOT)
    }

    /// The body, or an error as soon as it is longer than it should be.
    async fn body(&self, response: &mut Response) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        const TOO_LONG: StoreError = StoreError::Garbled("it is larger than any secret");
        let announced = response.content_length().unwrap_or(0);
        if announced > self.most_bytes as u64 {
            return Err(TOO_LONG);
        }
        let mut body = Zeroizing::new(Vec::with_capacity(usize::try_from(announced).unwrap_or(0).max(4096)));
        while let Some(chunk) = response.chunk().await.map_err(|error| connection(&error))? {
            if body.len() + chunk.len() > self.most_bytes {
                return Err(TOO_LONG);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn headers(server: &Server) -> Result<HeaderMap, StoreError> {
    const BAD: StoreError = StoreError::Invalid("a header of the store is not one that can be sent");
    let mut headers = HeaderMap::new();
    for (name, value) in &server.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BAD)?;
        if matches!(name.as_str(), "x-vault-token" | "x-vault-namespace" | "host" | "content-length" | "transfer-encoding") {
            return Err(StoreError::Refused("a header of the store is one that only the client may set"));
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| BAD)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Its text is looked at, never shown.
fn connection(error: &reqwest::Error) -> StoreError {
    if error.is_timeout() {
        return StoreError::Unavailable(Outage::Slow);
    }
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let text = error.to_string().to_ascii_lowercase();
        if text.contains("certificate") || text.contains("tls handshake") || text.contains("corrupt message") {
            return StoreError::Unavailable(Outage::Tls);
        }
        cause = error.source();
    }
    StoreError::Unavailable(Outage::Unreachable)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<u32>().ok()?;
    Some(Duration::from_secs(u64::from(seconds)))
}

fn refusal(status: u16, what: Operation, retry_after: Option<Duration>) -> StoreError {
    match status {
        300..=399 => StoreError::Refused("the server answers with a redirect, and credentials do not follow one"),
        401 | 403 => StoreError::Denied(what),
        412 | 472 | 473 => StoreError::Unavailable(Outage::Standby),
        413 => StoreError::Invalid("the store takes no value as large as this"),
        429 => StoreError::Throttled { retry_after },
        503 => StoreError::Unavailable(Outage::Sealed),
        500..=599 => StoreError::Unavailable(Outage::Failing),
        _ => StoreError::Garbled("its status is not one of a store"),
    }
}

fn bad_request(body: &[u8], what: Operation) -> StoreError {
    match what {
        Operation::Login => StoreError::Denied(what),
        Operation::Write if wire::complains_of(body, "check-and-set") => {
            StoreError::Conflict("the secret was changed in between")
        }
        _ => StoreError::Invalid("the store does not take the request: is the engine's version right?"),
    }
}

/// Only the store itself can say that something is not there: neither a missing mount nor a proxy's page does.
fn not_found(body: &[u8]) -> StoreError {
    match wire::complaints(body) {
        Some(0) => StoreError::Absent(Absent::Secret),
        Some(_) => StoreError::Invalid("nothing is mounted at this path, or the namespace does not exist"),
        None => StoreError::Garbled("not found, but not in a store's words"),
    }
}
