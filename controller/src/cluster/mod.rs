//! The real API server behind the `Kube` port: plain requests, own deadlines, own reading of answers.
//!
//! It asks for metadata only when it lists Secrets, logs no body and no object, and repeats nothing by itself: retrying is
//! the queue's business.

mod answer;
mod lines;
mod pace;
mod secret;
mod weather;

pub use pace::Pace;

use crate::ports::{
    Answer, Change, Clock, Dice, Kind, Kube, KubeError, Lease, LiveSecret, ObjectRef, Page, SecretDraft, Selection, Written,
};
use answer::{failure, version_of};
use futures::StreamExt;
use futures::stream::BoxStream;
use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use seal_api::{Names, sealed_secret, sops_secret};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use weather::Weather;

/// Longest time for one answer (lists of a page included).
const DEADLINE: Duration = Duration::from_secs(30);
const JSON: &str = "application/json";
const META_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const META: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const MERGE: &str = "application/merge-patch+json";
const LEASES: &str = "/apis/coordination.k8s.io/";
const MANAGER: &str = "fieldManager=seal-controller";

/// The API server.
pub struct Cluster {
    client: Client,
    /// Set once a status patch was forbidden: upstream's roles grant `update` of status and not `patch`.
    status_by_put: AtomicBool,
    weather: Weather,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
}

impl Cluster {
    /// Over a client (made without the client's own retries).
    pub fn new(client: Client, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self { client, status_by_put: AtomicBool::new(false), weather: Weather::default(), clock, dice }
    }

    /// Waits while the server is not well; the Lease has its own time.
    async fn stand_back(&self, path: &str) {
        while let Some(wait) = self.weather.hold(self.clock.now()).filter(|_| !path.starts_with(LEASES)) {
            self.clock.sleep(wait).await;
        }
    }

    /// What an answer says of the server's health.
    fn look_out<T>(&self, reads: bool, answer: &Result<T, KubeError>) {
        let now = self.clock.now();
        match answer {
            Err(KubeError::Server { code: 429 | 503, retry_after: Some(wait) }) => self.weather.asked(now, *wait),
            Err(KubeError::Server { .. } | KubeError::Transport(_)) if reads => {
                self.weather.foul(now, |wait| self.dice.jitter(wait, 0.5));
            }
            Ok(_) if reads => self.weather.fair(),
            _ => {}
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        content: &str,
        body: Vec<u8>,
    ) -> Result<Response<Body>, KubeError> {
        self.stand_back(path).await;
        let reads = method == Method::GET && !path.starts_with(LEASES);
        let answer = self.send_now(method, path, accept, content, body).await;
        // Of a read it is the whole answer that counts, a watch's apart.
        if answer.is_err() || path.contains("watch=true") {
            self.look_out(reads, &answer);
        }
        answer
    }

    async fn send_now(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        content: &str,
        body: Vec<u8>,
    ) -> Result<Response<Body>, KubeError> {
        let request = Request::builder().method(method).uri(path).header("accept", accept).header("content-type", content);
        let request = request.body(Body::from(body)).map_err(|_| KubeError::Transport("the name does not make a URL"))?;
        let sent = tokio::time::timeout(DEADLINE, self.client.send(request)).await;
        let response = sent.map_err(|_| KubeError::Transport("no answer in time"))?.map_err(|error| answer::transport(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let bytes = collect(body).await.unwrap_or_default();
        Err(failure(parts.status.as_u16(), parts.headers.get("retry-after").and_then(|v| v.to_str().ok()), &bytes))
    }

    async fn bytes(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        content: &str,
        body: Vec<u8>,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, KubeError> {
        let reads = method == Method::GET && !path.starts_with(LEASES);
        let response = self.send(method, path, accept, content, body).await?;
        let whole = collect(response.into_body()).await;
        self.look_out(reads, &whole);
        whole
    }

    async fn value(&self, method: Method, path: &str, accept: &str, content: &str, body: Vec<u8>) -> Result<Value, KubeError> {
        let bytes = self.bytes(method, path, accept, content, body).await?;
        serde_json::from_slice(&bytes).map_err(|_| KubeError::Transport("the answer is not JSON"))
    }

    /// Writes status as a whole, over the version just read; a conflict is retried by the queue.
    async fn put_status(&self, path: &str, uid: &str, mut status: Value) -> Result<(), KubeError> {
        let mut object = self.get(path).await?.filter(|object| object["metadata"]["uid"] == uid).ok_or(KubeError::NotFound)?;
        let mut fields = object["status"].as_object().cloned().unwrap_or_default();
        fields.extend(status.as_object_mut().map(std::mem::take).unwrap_or_default());
        fields.retain(|_, value| !value.is_null());
        object["status"] = Value::Object(fields);
        let path = format!("{path}/status?{MANAGER}");
        self.send(Method::PUT, &path, META, JSON, object.to_string().into_bytes()).await.map(drop)
    }

    async fn get(&self, path: &str) -> Result<Option<Value>, KubeError> {
        absent(self.value(Method::GET, path, JSON, JSON, Vec::new()).await)
    }
}

fn absent<T>(answer: Result<T, KubeError>) -> Result<Option<T>, KubeError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(KubeError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn collect(body: Body) -> Result<zeroize::Zeroizing<Vec<u8>>, KubeError> {
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    let read = async {
        let mut stream = lines::data(body);
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(|_| KubeError::Transport("the answer broke off"))?);
        }
        Ok(())
    };
    tokio::time::timeout(DEADLINE, read).await.map_err(|_| KubeError::Transport("no whole answer in time"))??;
    Ok(bytes)
}

fn collection(kind: Kind, namespace: Option<&str>) -> String {
    let of = |names: &Names| (format!("/apis/{}", names.api_version), names.plural);
    let (root, plural) = match kind {
        Kind::SecretsMeta => ("/api/v1".to_owned(), "secrets"),
        Kind::SealedSecrets | Kind::SealedSecretsMeta => of(&sealed_secret::NAMES),
        Kind::SopsSecrets | Kind::SopsSecretsMeta => of(&sops_secret::NAMES),
    };
    match namespace {
        Some(namespace) => format!("{root}/namespaces/{}/{plural}", encode(namespace)),
        None => format!("{root}/{plural}"),
    }
}

fn object_path(kind: Kind, at: &ObjectRef) -> String {
    format!("{}/{}", collection(kind, Some(&at.namespace)), encode(&at.name))
}

fn secret_path(at: &ObjectRef) -> String {
    object_path(Kind::SecretsMeta, at)
}

/// Percent-encoding of everything that is not unreserved (RFC 3986), so that no name or selector can change a URL's shape.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

impl Kube for Cluster {
    fn list<'a>(&'a self, what: &'a Selection, limit: u32, next: &'a str) -> Answer<'a, Page> {
        Box::pin(async move {
            let mut path = format!("{}?limit={limit}", collection(what.kind, what.namespace.as_deref()));
            for (name, value) in [("labelSelector", what.labels.as_str()), ("continue", next)] {
                if !value.is_empty() {
                    path.push_str(&format!("&{name}={}", encode(value)));
                }
            }
            let accept = if what.kind.is_whole() { JSON } else { META_LIST };
            let mut list = self.value(Method::GET, &path, accept, JSON, Vec::new()).await?;
            let items = match list["items"].take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            let meta = |name: &str| list["metadata"][name].as_str().unwrap_or_default().to_owned();
            Ok(Page { next: meta("continue"), resource_version: meta("resourceVersion"), items })
        })
    }

    fn watch<'a>(
        &'a self,
        what: &'a Selection,
        from: &'a str,
        timeout: Duration,
    ) -> Answer<'a, BoxStream<'static, Result<Change, KubeError>>> {
        Box::pin(async move {
            let path = format!(
                "{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}&labelSelector={}",
                collection(what.kind, what.namespace.as_deref()),
                timeout.as_secs(),
                encode(from),
                encode(&what.labels)
            );
            let accept = if what.kind.is_whole() { JSON } else { META };
            let response = self.send(Method::GET, &path, accept, JSON, Vec::new()).await?;
            Ok(lines::changes(response.into_body()))
        })
    }

    fn object<'a>(&'a self, kind: Kind, at: &'a ObjectRef) -> Answer<'a, Option<Value>> {
        Box::pin(async move { self.get(&object_path(kind, at)).await })
    }

    fn secret<'a>(&'a self, at: &'a ObjectRef) -> Answer<'a, Option<LiveSecret>> {
        Box::pin(async move {
            let bytes = absent(self.bytes(Method::GET, &secret_path(at), JSON, JSON, Vec::new()).await)?;
            bytes.map(|bytes| secret::read(&bytes)).transpose()
        })
    }

    fn create_secret<'a>(&'a self, at: &'a ObjectRef, draft: &'a SecretDraft) -> Answer<'a, Written> {
        Box::pin(async move {
            let path = format!("{}?{MANAGER}", collection(Kind::SecretsMeta, Some(&at.namespace)));
            // The answer repeats the data; asking for metadata only keeps it off the wire and out of memory.
            let written = self.value(Method::POST, &path, META, JSON, secret::write(draft)).await?;
            Ok(version_of(&written))
        })
    }

    fn replace_secret<'a>(&'a self, at: &'a ObjectRef, draft: &'a SecretDraft) -> Answer<'a, Written> {
        Box::pin(async move {
            let path = format!("{}?{MANAGER}", secret_path(at));
            let written = self.value(Method::PUT, &path, META, JSON, secret::write(draft)).await?;
            Ok(version_of(&written))
        })
    }

    fn patch_status<'a>(&'a self, kind: Kind, at: &'a ObjectRef, uid: &'a str, status: Value) -> Answer<'a, ()> {
        Box::pin(async move {
            let object = object_path(kind, at);
            if self.status_by_put.load(Ordering::Relaxed) {
                return self.put_status(&object, uid, status).await;
            }
            let path = format!("{object}/status?{MANAGER}");
            let body = json!({"metadata": {"uid": uid}, "status": status}).to_string().into_bytes();
            match self.send(Method::PATCH, &path, META, MERGE, body).await {
                Ok(_) => Ok(()),
                // Another uid: the object of that name is a newer one.
                Err(KubeError::Conflict) => Err(KubeError::NotFound),
                Err(KubeError::Forbidden(_)) => {
                    self.put_status(&object, uid, status).await?;
                    self.status_by_put.store(true, Ordering::Relaxed);
                    tracing::warn!(
                        "status is written by update, because the controller's role does not grant patch of sealedsecrets/status"
                    );
                    Ok(())
                }
                Err(error) => Err(error),
            }
        })
    }

    fn event<'a>(&'a self, namespace: &'a str, _name: &'a str, body: Value) -> Answer<'a, ()> {
        Box::pin(async move {
            let path = format!("/api/v1/namespaces/{}/events", encode(namespace));
            self.send(Method::POST, &path, JSON, JSON, body.to_string().into_bytes()).await.map(drop)
        })
    }

    fn lease<'a>(&'a self, at: &'a ObjectRef) -> Answer<'a, Option<Lease>> {
        Box::pin(async move { Ok(self.get(&lease_path(at, true)).await?.map(|value| answer::lease_from(&value))) })
    }

    fn put_lease<'a>(&'a self, at: &'a ObjectRef, lease: &'a Lease) -> Answer<'a, Lease> {
        Box::pin(async move {
            let create = lease.resource_version.is_empty();
            let method = if create { Method::POST } else { Method::PUT };
            let body = answer::lease_to(at, lease).to_string().into_bytes();
            let written = self.value(method, &lease_path(at, !create), JSON, JSON, body).await?;
            Ok(answer::lease_from(&written))
        })
    }
}

fn lease_path(at: &ObjectRef, named: bool) -> String {
    let root = format!("/apis/coordination.k8s.io/v1/namespaces/{}/leases", encode(&at.namespace));
    if named { format!("{root}/{}", encode(&at.name)) } else { root }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_change_the_shape_of_a_url() {
        assert_eq!(secret_path(&ObjectRef::new("../x?y", "a/b#c d")), "/api/v1/namespaces/..%2Fx%3Fy/secrets/a%2Fb%23c%20d");
        assert_eq!(collection(Kind::SealedSecretsMeta, None), "/apis/bitnami.com/v1alpha1/sealedsecrets");
    }
}
