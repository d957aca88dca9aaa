//! The API client: from kubeconfig and flags to something that lists, gets and creates.

use super::{ClusterError, Environment, Overrides, error::chain, kubeconfig, login};
use kube::{Client, Config, config::KubeConfigOptions};
use serde_json::Value;
use std::time::Duration;

/// How long one answer may take unless a flag says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before asking again somebody who is busy.
const BUSY: [Duration; 3] = [Duration::from_millis(200), Duration::from_millis(800), Duration::from_secs(2)];
/// Objects asked for at a time.
const PAGE: usize = 500;

/// A connection to one API server.
#[derive(Clone)]
pub struct Api {
    client: Client,
}

/// Makes the client. No request is sent yet.
pub async fn connect(overrides: &Overrides, env: &Environment) -> Result<Api, ClusterError> {
    let invalid = |reason: String| ClusterError::Invalid(reason);
    let mut config = match kubeconfig::effective(overrides, env)? {
        Some(mut file) => {
            login::prepare(&mut file, crate::io::input_is_terminal())?;
            Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.map_err(|error| invalid(chain(&error)))?
        }
        None if kubeconfig::in_cluster(env) => Config::incluster().map_err(|error| invalid(chain(&error)))?,
        None => return Err(ClusterError::NoConfiguration),
    };
    config.read_timeout = match overrides.request_timeout {
        None => Some(PATIENCE),
        Some(limit) => Some(limit).filter(|limit| !limit.is_zero()),
    };
    config.connect_timeout = Some(Duration::from_secs(10));
    // The library would ask fifteen times, for minutes, where a Service has no pod that answers; somebody is waiting here.
    config.default_retry = false;
    let client = Client::try_from(config);
    Ok(Api { client: client.map_err(|error| login::told(&error).unwrap_or_else(|| invalid(chain(&error))))? })
}

impl Api {
    /// GET of a path; the body as text.
    pub async fn get_text(&self, doing: &str, path: &str) -> Result<String, ClusterError> {
        self.send(doing, http::Method::GET, path, "", Vec::new()).await
    }

    /// GET of a path; the body as JSON.
    pub async fn get(&self, doing: &str, path: &str) -> Result<Value, ClusterError> {
        let text = self.get_text(doing, path).await?;
        serde_json::from_str(&text)
            .map_err(|_| ClusterError::Unreachable { doing: doing.to_owned(), reason: "the answer is not JSON".to_owned() })
    }

    /// Sends a body of a kind (empty: none); the answer as text. Whoever says "too many requests" is asked again a few times.
    pub async fn send(
        &self,
        doing: &str,
        method: http::Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<String, ClusterError> {
        let mut waits = BUSY.iter();
        loop {
            let mut request = http::Request::builder().method(method.clone()).uri(path);
            if !kind.is_empty() {
                request = request.header(http::header::CONTENT_TYPE, kind);
            }
            let request = request.body(body.clone()).map_err(|error| ClusterError::Invalid(error.to_string()))?;
            let answer = self.client.request_text(request).await.map_err(|error| ClusterError::from_kube(doing, error));
            match (answer, waits.next()) {
                (Err(ClusterError::Api { code: 429, .. }), Some(wait)) => tokio::time::sleep(*wait).await,
                (answer, _) => return answer,
            }
        }
    }

    /// All objects of a collection, page by page.
    pub async fn list(&self, doing: &str, path: &str, selector: &str) -> Result<Vec<Value>, ClusterError> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let page = self
                .get(doing, &format!("{path}?limit={PAGE}&labelSelector={}&continue={}", encoded(selector), encoded(&next)))
                .await?;
            items.extend(page.get("items").and_then(Value::as_array).cloned().unwrap_or_default());
            next = page.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_owned();
            if next.is_empty() {
                return Ok(items);
            }
        }
    }
}

/// Percent-encoding for a query value or a path segment.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}
