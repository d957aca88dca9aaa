//! Verbs that ask a cluster, against a scripted API server: what is asked, what is taken from the answer, how failures read.

mod keys;
mod login;

use super::fake::{Answers, Fake};
use crate::{Exit, Io};
use rand::SeedableRng;
use seal_core::bundle::Bundle;
use seal_crypto::{Certificate, PrivateKey, SigningKey};
use serde_json::{Value, json};

const SERVICE: &str = "GET /api/v1/namespaces/kube-system/services/sealed-secrets-controller";
pub(super) const PROXY: &str = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:http/proxy";

/// A folder with keys and a server that knows a controller.
pub(super) struct Lab {
    pub(super) folder: tempfile::TempDir,
    pub(super) pem: String,
    pub(super) server: Fake,
}

pub(super) fn key(seed: u64) -> (PrivateKey, String) {
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let key = PrivateKey::generate(1024, &mut rng).unwrap();
    let pem = Certificate::self_signed(&key, "", 0, 86400, &mut rng).unwrap().pem;
    (key, pem)
}

fn service(name: &str) -> String {
    json!({"metadata": {"name": name, "namespace": "kube-system"}, "spec": {"ports": [{"name": "http", "port": 8080}]}})
        .to_string()
}

impl Lab {
    pub(super) fn new(more: &[(&str, u16, String)]) -> Self {
        Self::acting(more, |_, _, _| {})
    }

    pub(super) fn acting(
        more: &[(&str, u16, String)],
        effect: impl Fn(&str, &str, &mut Answers) + Send + Sync + 'static,
    ) -> Self {
        let (_, pem) = key(1);
        let cert = format!("GET {PROXY}/v1/cert.pem");
        let mut answers = vec![(SERVICE, 200, service("sealed-secrets-controller")), (cert.as_str(), 200, pem.clone())];
        answers.extend(more.iter().cloned());
        let server = Fake::new(&answers, effect);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config"), server.kubeconfig()).unwrap();
        Self { folder, pem, server }
    }

    pub(super) fn run(&self, line: &str, input: &str) -> (Exit, String, String) {
        let (io, out, err) = Io::scripted(input.as_bytes(), 100, &[]);
        let mut io = io.with_env("KUBECONFIG", &self.folder.path().join("config").display().to_string());
        let args = line.split(' ').map(|word| word.replace('@', &format!("{}/", self.folder.path().display())));
        let exit = crate::run(args.map(Into::into).collect(), &mut io);
        (exit, out.text(), err.text())
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

fn not_found() -> String {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "services \"sealed-secrets-controller\" not found", "reason": "NotFound", "code": 404}).to_string()
}

pub(super) fn item(value: &str) -> String {
    let lab = Lab::new(&[]);
    lab.run("kubeseal --raw --scope cluster-wide", value).1
}

pub(super) const SEALED: &str = "# whose this is\napiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata:\n  name: db\n  namespace: shop\n  labels: {team: a}\n  annotations:\n    argocd.argoproj.io/sync-wave: \"1\"\nspec:\n  encryptedData:\n    pw: ITEM # never mind\n  template:\n    metadata:\n      annotations:\n        sealedsecrets.bitnami.com/managed: \"true\"\n    data:\n      url: 'x{{ .pw }}'\n";

#[test]
fn the_certificate_comes_through_the_service_proxy() {
    let lab = Lab::new(&[]);
    let (exit, out, err) = lab.run("kubeseal --fetch-cert", "");
    assert_eq!((exit, out.as_str()), (Exit(0), lab.pem.as_str()), "{err}");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {a: b}\n";
    let (exit, out, _) = lab.run("kubeseal -o yaml", secret);
    assert_eq!((exit, out.contains("  namespace: team\n")), (Exit(0), true));
    let (exit, out, err) = lab.run("seal cert fetch", "");
    assert_eq!((exit, out.as_str(), err.starts_with("fingerprint SHA256:")), (Exit::DONE, lab.pem.as_str(), true));
}

#[test]
fn a_service_of_another_name_is_found_by_label_in_the_same_namespace_only() {
    let list = |namespace: &str| {
        json!({"items": [
        {"metadata": {"name": "sealed-secrets-metrics", "namespace": namespace}, "spec": {"ports": [{"name": "metrics", "port": 8081}]}},
        {"metadata": {"name": "sealed-secrets", "namespace": namespace}, "spec": {"ports": [{"name": "http", "port": 8080}]}}]}).to_string()
    };
    let by_label = "GET /api/v1/namespaces/kube-system/services";
    let cert = "GET /api/v1/namespaces/kube-system/services/http:sealed-secrets:http/proxy/v1/cert.pem";
    let lab = Lab::new(&[(SERVICE, 404, not_found()), (by_label, 200, list("kube-system")), (cert, 200, key(1).1)]);
    assert_eq!(lab.run("kubeseal --fetch-cert", "").0, Exit(0));

    let lab = Lab::new(&[
        (SERVICE, 404, not_found()),
        (by_label, 200, json!({"items": []}).to_string()),
        ("GET /api/v1/services", 200, list("tools")),
    ]);
    let (exit, _, err) = lab.run("kubeseal --fetch-cert", "");
    assert_eq!(exit, Exit(1));
    assert!(
        err.starts_with("error: cannot get sealed secret service: ") && err.contains("look like one: tools/sealed-secrets.\n"),
        "{err}"
    );
    assert!(err.contains("--controller-name and --controller-namespace"), "{err}");

    let lab = Lab::new(&[(SERVICE, 404, not_found()), (by_label, 200, list("kube-system"))]);
    let (exit, _, err) = lab.run("kubeseal --fetch-cert --controller-name=sealed-secrets-controller", "");
    assert_eq!((exit, err.contains("services \"sealed-secrets-controller\" not found")), (Exit(1), true), "{err}");
}

#[test]
fn without_a_controller_that_answers_the_published_bundle_gives_the_certificate() {
    let mut rng = rand::rngs::StdRng::seed_from_u64(3);
    let bundle = Bundle {
        sequence: 1,
        issued: 0,
        expires: 1000,
        previous: None,
        installation: String::new(),
        certificates: vec![key(1).1],
        recipients: Vec::new(),
    };
    let map = json!({"data": {"bundle.json": bundle.sign(&SigningKey::generate(&mut rng))}}).to_string();
    let config_map = "GET /api/v1/namespaces/kube-system/configmaps/sealkit-public-keys";
    let cert = format!("GET {PROXY}/v1/cert.pem");
    let no_pod = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "no endpoints available", "reason": "ServiceUnavailable", "code": 503}).to_string();
    for broken in [(SERVICE, 404, not_found()), (cert.as_str(), 503, no_pod.clone())] {
        let lab = Lab::new(&[broken.clone(), (config_map, 200, map.clone())]);
        let (exit, out, err) = lab.run("seal cert fetch", "");
        assert_eq!((exit, out.as_str()), (Exit::DONE, lab.pem.as_str()), "{err}");
        let lab = Lab::new(&[broken]);
        let (exit, _, err) = lab.run("seal cert fetch", "");
        assert_eq!((exit, err.contains("hint: ")), (Exit::FAILED, true), "{err}");
        let mut asked: Vec<_> = lab.server.asked().into_iter().map(|(route, _)| route).collect();
        let all = asked.len();
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), all, "nothing is asked twice: {asked:?}");
    }
}

#[test]
fn validate_answers_yes_no_or_could_not_ask() {
    let sealed = SEALED.replace("ITEM", &item("v"));
    let verify = format!("POST {PROXY}/v1/verify");
    for (code, exit, message) in [
        (200, 0, ""),
        (409, 1, "error: unable to decrypt sealed secret: db\n"),
        (500, 1, "error: cannot validate sealed secret: "),
    ] {
        let lab = Lab::new(&[(verify.as_str(), code, "template says hidden-canary".to_owned())]);
        let (ended, out, err) = lab.run("kubeseal --validate", &sealed);
        assert_eq!((ended, out.as_str()), (Exit(exit), ""), "{err}");
        assert!(err.starts_with(message) && !err.contains("hidden-canary"), "{err}");
        let asked: Value = serde_json::from_str(&lab.server.asked().last().unwrap().1).unwrap();
        assert_eq!(asked["spec"].get("template"), None, "the controller is sent no template");
    }
}

/// What upstream's controller answers: metadata and template reduced.
fn rotated(item: &str) -> String {
    json!({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"encryptedData": {"pw": item}, "template": {"metadata": {"name": "db", "namespace": "shop"}}}})
    .to_string()
}

#[test]
fn re_encrypting_takes_the_ciphertext_and_keeps_everything_else() {
    let (old, new) = (item("old"), item("new"));
    let sealed = SEALED.replace("ITEM", &old);
    let rotate = format!("POST {PROXY}/v1/rotate");
    let lab = Lab::new(&[(rotate.as_str(), 200, rotated(&new))]);
    let (exit, out, err) = lab.run("kubeseal --re-encrypt -o yaml", &sealed);
    assert_eq!((exit, out.as_str()), (Exit(0), SEALED.replace("ITEM", &new).as_str()), "{err}");
    lab.write("db.txt", &sealed);
    let (exit, out, _) = lab.run("kubeseal --re-encrypt -f @db.txt", "");
    assert_eq!((exit, out.as_str(), lab.read("db.txt")), (Exit(0), "", SEALED.replace("ITEM", &new)));
    let (_, json, _) = lab.run("kubeseal --rotate", &sealed);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["metadata"]["labels"]["team"], "a");
    assert_eq!(json["spec"]["template"]["data"]["url"], "x{{ .pw }}");
    assert_eq!(json["spec"]["encryptedData"]["pw"], new.as_str());
}

#[test]
fn an_answer_with_other_items_is_not_used() {
    let sealed = SEALED.replace("ITEM", &item("v"));
    let rotate = format!("POST {PROXY}/v1/rotate");
    for answer in [
        rotated("AAAA!"),
        json!({"spec": {"encryptedData": {"other": item("v")}}}).to_string(),
        "{}".to_owned(),
        "no json".to_owned(),
    ] {
        let lab = Lab::new(&[(rotate.as_str(), 200, answer)]);
        lab.write("db.yaml", &sealed);
        let (exit, _, err) = lab.run("kubeseal --re-encrypt -f @db.yaml", "");
        assert_eq!((exit, err.contains("cannot re-encrypt secret")), (Exit(1), true), "{err}");
        assert_eq!(lab.read("db.yaml"), sealed);
    }
}

#[test]
fn a_tree_is_rotated_through_the_controller_and_its_claims_follow() {
    let (old, new) = (item("old"), item("new"));
    let rotate = format!("POST {PROXY}/v1/rotate");
    let lab = Lab::new(&[(rotate.as_str(), 200, rotated(&new))]);
    let claim = json!({"key": "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "scope": "strict", "namespace": "shop", "name": "db"});
    let sealed = SEALED
        .replace("ITEM", &old)
        .replace("  annotations:\n    argocd", &format!("  annotations:\n    sealkit.dev/sealed-for: '{claim}'\n    argocd"));
    lab.write("db.yaml", &sealed);
    let (exit, out, err) = lab.run("seal rotate --context fake @db.yaml", "");
    assert_eq!((exit, out.contains("shop/db: resealed pw\n")), (Exit::DONE, true), "{out}{err}");
    let newest = key(1).0.fingerprint().to_string();
    assert!(lab.read("db.yaml").contains(&newest) && lab.read("db.yaml").contains("# never mind"), "{}", lab.read("db.yaml"));
    let asked = lab.server.asked().len();
    let (exit, _, err) = lab.run("seal rotate --check --context fake @db.yaml", "");
    assert_eq!((exit, err.as_str()), (Exit::DONE, "1 current, 0 stale, 0 failed\n"));
    assert_eq!(
        lab.server.asked()[asked..].iter().filter(|(route, _)| route.starts_with("POST")).count(),
        0,
        "what claims the newest key is not asked about"
    );
}

#[test]
fn pinning_prefers_the_installation_and_refuses_another_one() {
    let mut rng = rand::rngs::StdRng::seed_from_u64(3);
    let (ours, foreign) = (SigningKey::generate(&mut rng), SigningKey::generate(&mut rng));
    let (sealing, pem) = key(1);
    let bundle = |signer: &SigningKey| {
        Bundle {
            sequence: 1,
            issued: 0,
            expires: 9999,
            previous: None,
            installation: String::new(),
            certificates: vec![pem.clone()],
            recipients: Vec::new(),
        }
        .sign(signer)
    };
    let map = "GET /api/v1/namespaces/kube-system/configmaps/sealkit-public-keys";
    let published = |signer: &SigningKey| json!({"data": {"bundle.json": bundle(signer)}}).to_string();
    let lab = Lab::new(&[(map, 200, published(&ours))]);
    lab.write(".seal.yaml", "# ours\nclusters:\n  prod: {context: fake}\n");
    let file = crate::config::parse("f", lab.read(".seal.yaml").into()).unwrap();
    let cluster = crate::config::Cluster { installation: Some(ours.verifying_key()), ..file.clusters["prod"].clone() };
    let ask = |lab: &Lab, cluster: &crate::config::Cluster| {
        let (io, ..) = Io::scripted(b"", 100, &[]);
        let mut io = io.with_env("KUBECONFIG", &lab.folder.path().join("config").display().to_string());
        super::certificate(cluster, &mut io)
    };
    assert_eq!(ask(&lab, &cluster).unwrap(), pem.as_bytes());
    let other = Lab::new(&[(map, 200, published(&foreign))]);
    assert!(ask(&other, &cluster).unwrap_err().message.contains("not signed by the pinned"));
    let bare = Lab::new(&[]);
    assert!(ask(&bare, &cluster).unwrap_err().message.contains("publishes no signed key bundle"));
    assert_eq!(sealing.public().bits(), 1024);
}

#[test]
fn keys_are_listed_backed_up_and_restored_without_overwriting() {
    let (private, pem) = key(1);
    let secrets = "GET /api/v1/namespaces/kube-system/secrets";
    let create = "POST /api/v1/namespaces/kube-system/secrets";
    let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let list = json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": [{"metadata": {"name": "k1", "namespace": "kube-system", "uid": "u", "resourceVersion": "5", "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}, "type": "kubernetes.io/tls", "data": {"tls.crt": encode(pem.as_bytes()), "tls.key": encode(private.to_pem().expose())}}]});
    let lab = Lab::new(&[(secrets, 200, list.to_string())]);
    let (exit, out, err) = lab.run("seal keys list", "");
    assert_eq!(
        (exit, out.contains("k1      active  1970-01-01  1970-01-02  RSA 1024  SHA256:")),
        (Exit::DONE, true),
        "{out}{err}"
    );
    assert!(!out.contains("PRIVATE"));
    let (exit, _, err) = lab.run("seal keys backup -o @keys.yaml", "");
    assert_eq!((exit, err.contains("PRIVATE KEY IN CLEAR")), (Exit::DONE, true), "{err}");
    assert!(!lab.read("keys.yaml").contains("resourceVersion"));
    let (exit, _, err) = lab.run("seal keys restore @keys.yaml", "");
    assert_eq!((exit, err.contains("is there already, as k1")), (Exit::DONE, true), "{err}");

    let empty = Lab::new(&[(secrets, 200, json!({"items": []}).to_string()), (create, 201, "{}".to_owned())]);
    empty.write("keys.yaml", &lab.read("keys.yaml"));
    let (exit, _, err) = empty.run("seal keys restore @keys.yaml", "");
    assert_eq!((exit, err.contains("created Secret kube-system/k1")), (Exit::DONE, true), "{err}");
    let sent: Value = serde_json::from_str(&empty.server.asked().iter().find(|(route, _)| route == create).unwrap().1).unwrap();
    assert_eq!(
        (&sent["type"], &sent["metadata"]["labels"]["sealedsecrets.bitnami.com/sealed-secrets-key"]),
        (&json!("kubernetes.io/tls"), &json!("active"))
    );
}

#[test]
fn status_reads_a_cluster_and_a_refusal_is_not_green() {
    let path = "GET /apis/bitnami.com/v1alpha1/sealedsecrets";
    let object = json!({"metadata": {"namespace": "shop", "name": "db", "generation": 1}, "spec": {"encryptedData": {"pw": "x"}}, "status": {"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "True"}]}});
    let lab = Lab::new(&[(path, 200, json!({"items": [object]}).to_string())]);
    let (exit, out, err) = lab.run("seal status", "");
    assert_eq!((exit, out.lines().count(), err.as_str()), (Exit::DONE, 2, "1 SealedSecret, 0 not ready\n"));
    let sops = json!({"metadata": {"namespace": "shop", "name": "mail", "generation": 1}, "spec": {"sops": "k: v"}, "status": {"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "False", "message": "no key"}, {"type": "Ready", "status": "False", "reason": "NoKey"}]}});
    let more = "GET /apis/sealkit.dev/v1alpha1/sopssecrets";
    let lab = Lab::new(&[(path, 200, json!({"items": [object]}).to_string()), (more, 200, json!({"items": [sops]}).to_string())]);
    let (exit, out, err) = lab.run("seal status", "");
    assert_eq!((exit, err.as_str()), (Exit::FINDINGS, "1 SealedSecret, 1 SopsSecret, 1 not ready\n"));
    assert!(out.contains("SopsSecret    shop       mail  False  NoKey"), "{out}");
    let forbidden = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "sopssecrets.sealkit.dev is forbidden", "reason": "Forbidden", "code": 403}).to_string();
    let group = "GET /apis/sealkit.dev/v1alpha1";
    let lab = Lab::new(&[(path, 200, json!({"items": []}).to_string()), (more, 403, forbidden.clone())]);
    assert_eq!(lab.run("seal status", "").0, Exit::DONE, "there is no such kind");
    let lab = Lab::new(&[(path, 200, json!({"items": []}).to_string()), (more, 403, forbidden), (group, 200, "{}".to_owned())]);
    let (exit, _, err) = lab.run("seal status", "");
    assert_eq!((exit, err.contains("sopssecrets.sealkit.dev is forbidden")), (Exit::FAILED, true), "{err}");
    let refused = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "sealedsecrets.bitnami.com is forbidden", "reason": "Forbidden", "code": 403}).to_string();
    let lab = Lab::new(&[(path, 403, refused)]);
    let (exit, _, err) = lab.run("seal status", "");
    assert_eq!((exit, err.contains("is forbidden")), (Exit::FAILED, true), "{err}");
}

#[test]
fn doctor_finds_the_hazards_of_a_migration() {
    let crd = json!({"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "spec": {"versions": [{"name": "v1alpha1", "served": true}]}});
    let deployment = |name: &str, image: &str| json!({"metadata": {"namespace": "kube-system", "name": name}, "spec": {"replicas": 1, "template": {"spec": {"containers": [{"image": image}]}}}});
    let deployments = json!({"items": [deployment("sealed-secrets-controller", "bitnami/sealed-secrets-controller:0.40.0"), deployment("seal-controller", "x/seal-controller:0.1.0")]});
    let health = format!("GET {PROXY}/healthz");
    let lab = Lab::new(&[
        ("GET /version", 200, json!({"gitVersion": "v1.36.3"}).to_string()),
        ("GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/sealedsecrets.bitnami.com", 200, crd.to_string()),
        ("GET /apis/apps/v1/deployments", 200, deployments.to_string()),
        (health.as_str(), 200, "ok".to_owned()),
    ]);
    let (exit, out, err) = lab.run("seal doctor", "");
    assert_eq!(exit, Exit::FINDINGS, "{out}{err}");
    for words in [
        "ok        api-server   Kubernetes v1.36.3",
        "warning   deletion ",
        "problem   controllers  an old controller still runs",
        "ok        controller   kube-system/sealed-secrets-controller answers",
    ] {
        assert!(out.contains(words), "{words}\n{out}");
    }
    let (exit, out, _) = Lab::new(&[]).run("seal doctor", "");
    assert_eq!((exit, out.contains("unknown   api-server")), (Exit::FAILED, true), "{out}");
}
