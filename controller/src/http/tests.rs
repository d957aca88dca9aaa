//! Every route in process: statuses, limits, what rotate keeps, and that no template can move an answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use futures::{FutureExt, future::BoxFuture};
use http::{Request, StatusCode};
use rand::RngExt;
use seal_core::sealed::SealedObject;
use seal_crypto::age::{Identity, RecipientKind};
use seal_crypto::{Binding, Certificate, Item, Keyring, PrivateKey, Scope, v2::Place};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Public, ROUTES, metrics_router, public_router};
use crate::{
    config::{Environment, HttpConfig, Invocation, parse},
    keys::{KeyStore, Snapshot},
    metrics::Metrics,
    pool::CryptoPool,
    ports::Clock,
};

#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, Ordering::Relaxed))
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }
}

/// A clock that stands still, for limits.
struct Still;

impl Clock for Still {
    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
    fn now(&self) -> Duration {
        Duration::ZERO
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }
}

struct Lab {
    router: Router,
    keys: Arc<KeyStore>,
    metrics: Arc<Metrics>,
    newest: Certificate,
    old: Certificate,
}

fn settings(flags: &[&str]) -> HttpConfig {
    let Ok(Invocation::Run(config)) = parse(flags.iter().map(|f| (*f).to_owned()), &Environment::default()) else {
        panic!("{flags:?}")
    };
    config.http
}

fn lab_with(flags: &[&str], clock: Arc<dyn Clock>) -> Lab {
    let mut rng = rand::rng();
    let mut pair = || {
        let key = PrivateKey::generate(1024, &mut rng).expect("a small key");
        let certificate = Certificate::self_signed(&key, "", 0, 1 << 30, &mut rng).expect("a certificate");
        (key, certificate)
    };
    let ((newest_key, newest), (old_key, old)) = (pair(), pair());
    let keys = Arc::new(KeyStore::default());
    keys.set(Snapshot {
        keyring: Keyring::new(vec![newest_key, old_key]),
        newest: Some(newest.clone()),
        certificates: vec![newest.clone(), old.clone()],
        loaded: true,
        ..Snapshot::default()
    });
    let metrics = Arc::new(Metrics::new("v", false, clock.clone()));
    let router = public_router(Public {
        keys: keys.clone(),
        pool: Arc::new(CryptoPool::new(1)),
        metrics: metrics.clone(),
        clock,
        config: settings(flags),
        accept_v1_data: true,
        audience: "".into(),
        ready: Arc::new(|| true),
    });
    Lab { router, keys, metrics, newest, old }
}

fn lab(flags: &[&str]) -> Lab {
    lab_with(flags, Arc::new(Hand::default()))
}

impl Lab {
    async fn send(&self, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, String) {
        let request = Request::builder().method(method).uri(path).body(body.into()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router cannot fail");
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.expect("a body");
        (status, String::from_utf8(bytes.into()).expect("text"))
    }

    async fn post(&self, path: &str, object: &Value) -> (u16, String) {
        let (status, body) = self.send("POST", path, object.to_string()).await;
        (status.as_u16(), body)
    }
}

fn item(value: &str, to: &Certificate, scope: Scope) -> String {
    let binding = Binding::new(scope, "shop", "db").expect("valid");
    Item::seal(&value.as_bytes().to_vec().into(), &to.public_key, &binding, &mut rand::rng()).expect("sealed").encode()
}

fn sealed(items: &[(&str, String)]) -> Value {
    let items: serde_json::Map<String, Value> = items.iter().map(|(name, item)| ((*name).to_owned(), json!(item))).collect();
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"name": "db", "namespace": "shop", "labels": {"team": "a"}, "annotations": {"argocd.argoproj.io/sync-wave": "1"}},
        "spec": {
            "encryptedData": items,
            "template": {
                "metadata": {"labels": {"l": "1"}, "annotations": {"sealedsecrets.bitnami.com/managed": "true"}},
                "type": "Opaque",
                "data": {"url": "{{ .user }}"},
            },
        },
    })
}

#[tokio::test]
async fn statuses_are_those_of_upstream() {
    let lab = lab(&[]);
    let good = sealed(&[("user", item("u", &lab.newest, Scope::Strict))]);
    let mut moved = good.clone();
    moved["metadata"]["name"] = json!("other");
    let mut widened = good.clone();
    widened["spec"]["template"]["metadata"]["annotations"] = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
    widened["metadata"]["namespace"] = json!("mine");
    let yaml = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: shop}\nspec: {encryptedData: {}}\n";
    let two = format!("{yaml}---\n{yaml}");
    for (method, path, body, status, answer) in [
        ("GET", "/healthz", String::new(), 200, Some("ok\n")),
        ("HEAD", "/healthz", String::new(), 200, Some("")),
        ("GET", "/readyz", String::new(), 200, Some("ok\n")),
        ("GET", "/v1/cert.pem", String::new(), 200, Some(lab.newest.pem.as_str())),
        ("GET", "/v1/bundle", String::new(), 404, Some("no key bundle is published yet\n")),
        ("POST", "/v1/verify", good.to_string(), 200, Some("")),
        ("POST", "/v1/verify", yaml.to_owned(), 200, Some("")),
        ("POST", "/v1/verify", moved.to_string(), 409, Some("")),
        ("POST", "/v1/verify", widened.to_string(), 409, Some("")),
        ("POST", "/v1/verify", two, 500, Some("expected exactly one SealedSecret as JSON or YAML\n")),
        ("POST", "/v1/verify", String::new(), 500, None),
        ("POST", "/v1/verify", "{".to_owned(), 500, None),
        ("POST", "/v1/verify", "{\"kind\":\"Secret\",\"apiVersion\":\"v1\"}".to_owned(), 500, None),
        ("POST", "/v1/rotate", good.to_string(), 200, None),
        ("POST", "/v1/rotate", moved.to_string(), 500, Some("no key could decrypt secret (user)\n")),
        ("POST", "/v1/rotate", widened.to_string(), 500, Some("no key could decrypt secret (user)\n")),
        ("GET", "/v1/verify", String::new(), 405, None),
        ("DELETE", "/v1/rotate", String::new(), 405, None),
        ("POST", "/v1/cert.pem", String::new(), 405, None),
        ("GET", "/metrics", String::new(), 404, None),
        ("GET", "/v1/verify/x", String::new(), 404, None),
    ] {
        let (got, text) = lab.send(method, path, body).await;
        assert_eq!(got.as_u16(), status, "{method} {path}: {text}");
        if let Some(answer) = answer {
            assert_eq!(text, answer, "{method} {path}");
        }
    }
    let counted = lab.metrics.render(false);
    assert!(
        counted.contains("sealed_secrets_controller_http_requests_total{path=\"/v1/verify\",code=\"409\",method=\"post\"} 2"),
        "{counted}"
    );
}

#[tokio::test]
async fn nothing_in_the_template_moves_an_answer() {
    let lab = lab(&[]);
    let good = sealed(&[("user", item("u", &lab.newest, Scope::Strict)), ("pass", item("p", &lab.newest, Scope::Strict))]);
    let mut bad = good.clone();
    bad["metadata"]["name"] = json!("other");
    let templates = [
        json!(null),
        json!({}),
        json!("text"),
        json!([1, 2]),
        json!({"data": {"x": "{{ fail .pass }}"}}),
        json!({"data": {"x": "{{ if eq .user \"u\" }}{{ fail \"yes\" }}{{ end }}"}}),
        json!({"data": {"user": null}}),
        json!({"data": {"x": 7}}),
        json!({"metadata": {"name": "other", "namespace": "other"}}),
        json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/cluster-wide": "true"}}}),
        json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/namespace-wide": "true"}}}),
        json!({"type": "kubernetes.io/service-account-token", "immutable": "x"}),
    ];
    for (path, _) in ROUTES.into_iter().filter(|(_, route)| route.is_private()) {
        for object in [&good, &bad] {
            let (status, body) = lab.post(path, object).await;
            for template in &templates {
                let mut mutated = object.clone();
                mutated["spec"]["template"] = template.clone();
                let (other_status, other_body) = lab.post(path, &mutated).await;
                assert_eq!(other_status, status, "{path} {template}");
                let without = |text: &str| {
                    serde_json::from_str::<Value>(text).map(|mut value| {
                        let template = value["spec"].as_object_mut().and_then(|spec| spec.remove("template"));
                        (value, template)
                    })
                };
                match (without(&body), without(&other_body)) {
                    (Ok((a, _)), Ok((b, carried))) => {
                        assert_eq!(a, b, "{path} {template}");
                        assert_eq!(carried.as_ref(), Some(template), "the template comes back as it went");
                    }
                    _ => assert_eq!(body, other_body, "{path} {template}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn damaged_requests_are_answered() {
    let lab = lab(&[]);
    let object = sealed(&[("a", item("v", &lab.newest, Scope::Strict)), ("b", item("w", &lab.old, Scope::Strict))]);
    let text = object.to_string().into_bytes();
    let mut rng = rand::rng();
    for (path, _) in ROUTES.into_iter().filter(|(_, route)| route.is_private()) {
        for _ in 0..150 {
            let mut damaged = text.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..damaged.len());
                damaged[at] ^= 1 << rng.random_range(0..8);
            }
            damaged.truncate(if rng.random_ratio(1, 4) { rng.random_range(0..damaged.len()) } else { damaged.len() });
            let (status, body) = lab.send("POST", path, damaged).await;
            assert!(matches!(status.as_u16(), 200 | 409 | 500), "{path}: {status} {body}");
        }
    }
}

#[tokio::test]
async fn rotate_seals_stale_items_anew_and_keeps_all_the_rest() {
    let lab = lab(&[]);
    let fresh = item("kept", &lab.newest, Scope::Strict);
    let mut object = sealed(&[("fresh", fresh.clone()), ("stale", item("moved on", &lab.old, Scope::Strict))]);
    object["metadata"]["resourceVersion"] = json!("7");
    object["metadata"]["finalizers"] = json!(["a/b"]);
    object["status"] = json!({"observedGeneration": 1});
    object["spec"]["added-later"] = json!({"x": [1.5, true, null]});
    let (status, body) = lab.post("/v1/rotate", &object).await;
    assert_eq!(status, 200, "{body}");
    let mut rotated: Value = serde_json::from_str(&body).expect("JSON");
    let ring = lab.keys.snapshot().keyring.clone();
    let view = SealedObject::from_json(&rotated).expect("a SealedSecret");
    let opened = ring
        .open(&Item::decode(&view.items["stale"]).expect("an item"), &Place::new(&view.binding().expect("valid"), "stale"), None)
        .expect("opens");
    assert_eq!((opened.value.expose(), &opened.key), (b"moved on".as_slice(), lab.newest.public_key.fingerprint()));
    assert_eq!(rotated["spec"]["encryptedData"]["fresh"], json!(fresh));
    rotated["spec"]["encryptedData"]["stale"] = object["spec"]["encryptedData"]["stale"].clone();
    object.as_object_mut().expect("a map").remove("status");
    object["metadata"].as_object_mut().expect("a map").remove("resourceVersion");
    assert_eq!(rotated, object);
}

#[tokio::test]
async fn rotate_keeps_each_scope_and_a_claim_true() {
    let lab = lab(&[]);
    for (scope, annotation) in [
        (Scope::NamespaceWide, "sealedsecrets.bitnami.com/namespace-wide"),
        (Scope::ClusterWide, "sealedsecrets.bitnami.com/cluster-wide"),
    ] {
        let mut object = sealed(&[("a", item("v", &lab.old, scope))]);
        let claim = json!({"key": lab.old.public_key.fingerprint().as_str(), "scope": scope.as_str()}).to_string();
        object["metadata"]["annotations"] = json!({annotation: "true", "sealkit.dev/sealed-for": claim});
        let (status, body) = lab.post("/v1/rotate", &object).await;
        assert_eq!(status, 200, "{body}");
        let rotated: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(rotated["metadata"]["annotations"][annotation], "true");
        let claim = rotated["metadata"]["annotations"]["sealkit.dev/sealed-for"].as_str().expect("a claim");
        assert!(claim.contains(lab.newest.public_key.fingerprint().as_str()) && claim.contains(scope.as_str()), "{claim}");
        assert_eq!(lab.post("/v1/verify", &rotated).await.0, 200);
    }
}

#[tokio::test]
async fn a_key_that_was_put_out_of_use_rotates_nothing() {
    let lab = lab(&[]);
    let object = sealed(&[("a", item("v", &lab.old, Scope::Strict))]);
    let mut rng = rand::rng();
    let key = PrivateKey::generate(1024, &mut rng).expect("a small key");
    let newest = Certificate::self_signed(&key, "", 0, 1 << 30, &mut rng).expect("a certificate");
    lab.keys.set(Snapshot { keyring: Keyring::new(vec![key]), newest: Some(newest), loaded: true, ..Snapshot::default() });
    assert_eq!(lab.post("/v1/rotate", &object).await, (500, "no key could decrypt secret (a)\n".to_owned()));
    assert_eq!(lab.post("/v1/verify", &object).await, (409, String::new()));
}

#[tokio::test]
async fn strict_answers_neither() {
    let lab = lab(&["--profile=strict"]);
    let object = sealed(&[("a", item("v", &lab.newest, Scope::Strict))]);
    for path in ["/v1/verify", "/v1/rotate"] {
        let (status, text) = lab.post(path, &object).await;
        assert_eq!(status, 404);
        assert!(text.contains("turned off here"), "{text}");
    }
}

#[tokio::test]
async fn the_rate_is_limited_for_each_path_and_no_header_helps() {
    let lab = lab_with(&[], Arc::new(Still));
    let mut statuses = Vec::new();
    for n in 0..5 {
        let request =
            Request::post("/v1/verify").header("x-forwarded-for", format!("10.0.0.{n}")).body(Body::empty()).expect("a request");
        let response = lab.router.clone().oneshot(request).await.expect("answers");
        statuses.push((response.status().as_u16(), response.headers().get("retry-after").is_some()));
    }
    assert_eq!(statuses, [(500, false), (500, false), (500, false), (429, true), (429, true)]);
    assert_eq!(lab.send("POST", "/v1/rotate", "").await.0, 500);
    for _ in 0..20 {
        assert_eq!(lab.send("GET", "/v1/cert.pem", "").await.0, 200);
    }
}

#[tokio::test]
async fn large_requests_are_refused() {
    let lab = lab(&["--profile=strict", "--verify-endpoint", "--rotate-endpoint"]);
    let large = " ".repeat((1 << 20) + 1);
    let streamed = Body::from_stream(futures::stream::iter((0..17).map(|_| Ok::<_, std::io::Error>(" ".repeat(1 << 16)))));
    assert_eq!(lab.send("POST", "/v1/verify", large).await.0, 413);
    assert_eq!(lab.send("POST", "/v1/rotate", streamed).await.0, 413);
    let many: serde_json::Map<String, Value> = (0..2_001).map(|n| (n.to_string(), json!("AQA="))).collect();
    let mut object = sealed(&[]);
    object["spec"]["encryptedData"] = Value::Object(many);
    assert_eq!(lab.post("/v1/verify", &object).await.0, 413);
    assert_eq!(lab.post("/v1/rotate", &object).await.0, 413);
}

#[tokio::test]
async fn it_is_ready_with_a_key_or_when_none_will_come() {
    let lab = lab(&[]);
    let withheld = Some(crate::keys::plan::Withheld::Unopened);
    lab.keys.set(Snapshot { loaded: true, withheld, ..Snapshot::default() });
    assert_eq!(lab.send("GET", "/readyz", "").await.0, 200);
    assert_eq!(
        lab.send("GET", "/v1/cert.pem", "").await,
        (StatusCode::INTERNAL_SERVER_ERROR, "cannot get certificate\n".to_owned())
    );
    // The first key is being made.
    lab.keys.set(Snapshot { loaded: true, ..Snapshot::default() });
    assert_eq!(lab.send("GET", "/readyz", "").await, (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()));
    assert_eq!(lab.send("GET", "/healthz", "").await.0, 200);
}

#[tokio::test]
async fn metrics_come_in_the_format_that_was_asked_for() {
    let metrics = Arc::new(Metrics::new("v", false, Arc::new(Still)));
    for (accept, kind) in
        [("*/*", "text/plain; version=0.0.4"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")]
    {
        let request = Request::get("/metrics").header("accept", accept).body(Body::empty()).expect("a request");
        let response = metrics_router(metrics.clone()).oneshot(request).await.expect("answers");
        let content_type = response.headers()["content-type"].to_str().expect("text").to_owned();
        assert!(response.status() == 200 && content_type.starts_with(kind), "{content_type}");
    }
}

mod sockets {
    use std::time::Duration;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    use tokio_util::sync::CancellationToken;

    use super::lab;
    use crate::http::{bind, serve};

    #[tokio::test]
    async fn a_slow_head_is_cut_off_and_a_stop_lets_requests_finish() {
        let listener = bind(&["127.0.0.1:0".parse().expect("an address")]).await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let stop = CancellationToken::new();
        let server = tokio::spawn(serve(listener, lab(&[]).router, Duration::from_millis(200), stop.clone()));

        let mut slow = TcpStream::connect(address).await.expect("connects");
        slow.write_all(b"GET /healthz HTTP/1.1\r\nhost:").await.expect("sent");
        let mut rest = Vec::new();
        tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await.expect("cut off").ok();
        assert!(!String::from_utf8_lossy(&rest).contains(" 200 "));

        let mut good = TcpStream::connect(address).await.expect("connects");
        good.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
        let mut answer = String::new();
        good.read_to_string(&mut answer).await.expect("answered");
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");

        stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), server).await.expect("ends").expect("no panic");
        assert!(TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn recipients_are_served_of_each_kind_and_all_together() {
    let lab = lab(&[]);
    assert_eq!(lab.send("GET", "/v1/recipients", "").await.0, StatusCode::NOT_FOUND);
    let make = |kind| Identity::generate(kind, &mut rand::rng()).expect("a kind of ours").recipient().expect("known").clone();
    let [pq, classic] = [RecipientKind::PostQuantum, RecipientKind::X25519].map(make);
    lab.keys.set(Snapshot { recipients: vec![pq.clone(), classic.clone()], loaded: true, ..Snapshot::default() });
    for (path, expected) in [
        ("/v1/recipients", format!("{}\n{}\n", pq.as_str(), classic.as_str())),
        ("/v1/recipients/pq", format!("{}\n", pq.as_str())),
        ("/v1/recipients/x25519", format!("{}\n", classic.as_str())),
    ] {
        assert_eq!(lab.send("GET", path, "").await, (StatusCode::OK, expected), "{path}");
    }
}
