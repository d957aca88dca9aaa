//! `seal keys` with keys of both kinds: encrypted backups and their drill, and retiring what nothing needs any more.

use super::{Lab, key};
use crate::Exit;
use rand::{SeedableRng, rngs::StdRng};
use seal_core::{
    seal::{SealOptions, seal_secret},
    seal_to::{Recipients, SealTo},
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::age::{Identity, RecipientKind};
use seal_manifest::to_yaml;
use serde_json::{Value, json};

const SECRETS: &str = "GET /api/v1/namespaces/kube-system/secrets";
const OBJECTS: &str = "GET /apis/bitnami.com/v1alpha1/sealedsecrets";
const RSA_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
const AGE_LABEL: &str = "sealkit.dev/age-identity";

fn identity(seed: u64) -> Identity {
    Identity::generate(RecipientKind::X25519, &mut StdRng::seed_from_u64(seed)).unwrap()
}

fn text(identity: &Identity) -> String {
    String::from_utf8(identity.to_text().unwrap().expose().to_vec()).unwrap()
}

fn fingerprint(identity: &Identity) -> String {
    identity.recipient().unwrap().fingerprint().to_string()
}

fn secret(name: &str, label: &str, data: &[(&str, &str)]) -> Value {
    let encode = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    let data: serde_json::Map<_, _> = data.iter().map(|(key, text)| ((*key).to_owned(), encode(text).into())).collect();
    json!({"metadata": {"name": name, "namespace": "kube-system", "labels": {label: "active"}}, "data": data})
}

fn rsa_secret(name: &str, seed: u64) -> Value {
    let (private, pem) = key(seed);
    let private = private.to_pem();
    secret(name, RSA_LABEL, &[("tls.crt", &pem), ("tls.key", std::str::from_utf8(private.expose()).unwrap())])
}

fn list(items: &[Value]) -> String {
    json!({"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": items}).to_string()
}

/// A SealedSecret `shop/NAME` with one item.
fn sealed(name: &str, to: &SealTo) -> SealedObject {
    let mut secret = SecretObject { data: [("pw".to_owned(), "v".to_owned().into())].into(), ..SecretObject::default() };
    secret.metadata.insert("name".into(), name.into());
    secret.metadata.insert("namespace".into(), "shop".into());
    seal_secret(&secret, SealOptions::default(), to, &mut StdRng::seed_from_u64(9)).unwrap()
}

fn to(identities: &[&Identity]) -> SealTo {
    let recipients = identities.iter().map(|identity| identity.recipient().unwrap().clone()).collect();
    SealTo::Recipients(Recipients { recipients, audience: String::new(), sealed_at: 0 })
}

fn json_of(object: &SealedObject) -> Value {
    serde_json::from_slice(object.to_node().to_json().expose()).unwrap()
}

#[test]
fn an_encrypted_backup_is_drilled_and_restored() {
    let (own, people) = (identity(1), identity(2));
    let both = list(&[rsa_secret("k1", 1), secret("a1", AGE_LABEL, &[("identity.agekey", &text(&own))])]);
    let lab = Lab::new(&[(SECRETS, 200, both.clone())]);
    lab.write("people.key", &text(&people));
    lab.write("other.key", &text(&identity(3)));
    let (_, out, _) = lab.run("seal keys list", "");
    assert!(out.contains("a1      active  -           -           X25519    SHA256:"), "{out}");

    let recipient = people.recipient().unwrap();
    let (exit, out, err) = lab.run(&format!("seal keys backup -r {recipient} -o @keys.age"), "");
    assert_eq!((exit, err.contains("2 private keys") && !err.contains("IN CLEAR")), (Exit::DONE, true), "{out}{err}");
    let backup = lab.read("keys.age");
    assert!(backup.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));

    let (exit, out, err) = lab.run("seal keys restore --drill -i @people.key @keys.age", "");
    assert_eq!((exit, out.as_str()), (Exit::DONE, ""), "{err}");
    assert!(err.contains("2 keys read, held against the keys in kube-system: 0 missing; it would restore everything"), "{err}");
    let (exit, _, err) = lab.run("seal keys restore --drill -i @other.key @keys.age", "");
    assert_eq!((exit, err.contains("none of the identities found opens it")), (Exit::FINDINGS, true), "{err}");
    lab.write("cut.age", &backup.replacen("\nA", "\nB", 1).replacen("\nZ", "\nY", 1).replacen("\nL", "\nK", 1));
    assert_ne!(lab.run("seal keys restore --drill -i @people.key @cut.age", "").0, Exit::DONE);

    let grown = Lab::new(&[(SECRETS, 200, list(&[rsa_secret("k1", 1), rsa_secret("k2", 2)]))]);
    grown.write("keys.age", &backup);
    grown.write("people.key", &text(&people));
    grown.write("k1.pem", &key(1).1);
    grown.write("k2.pem", &key(2).1);
    let (exit, out, err) = grown.run("seal keys restore --drill -i @people.key @keys.age", "");
    assert_eq!((exit, out.ends_with(" (Secret k2)\n")), (Exit::FINDINGS, true), "{out}");
    assert!(err.contains("1 missing; it IS NOT ENOUGH"), "{err}");
    assert_eq!(grown.run("seal keys restore --drill --cert @k1.pem -i @people.key @keys.age", "").0, Exit::DONE);
    assert_eq!(grown.run("seal keys restore --drill --cert @k2.pem -i @people.key @keys.age", "").0, Exit::FINDINGS);
    assert!(grown.server.asked().iter().all(|(route, _)| route.starts_with("GET ")), "a drill writes nothing");

    let create = "POST /api/v1/namespaces/kube-system/secrets";
    let empty = Lab::new(&[(SECRETS, 200, list(&[])), (create, 201, "{}".to_owned())]);
    empty.write("keys.age", &backup);
    empty.write("people.key", &text(&people));
    let (exit, _, err) = empty.run("seal keys restore -i @people.key @keys.age", "");
    assert_eq!(exit, Exit::DONE, "{err}");
    let sent: Vec<String> = empty.server.asked().into_iter().filter(|(route, _)| route == create).map(|(_, body)| body).collect();
    assert_eq!(sent.len(), 2, "{err}");
    let own: Value = serde_json::from_str(&sent[1]).unwrap();
    assert_eq!((&own["metadata"]["name"], &own["metadata"]["labels"][AGE_LABEL]), (&json!("a1"), &json!("active")));
}

#[test]
fn a_key_goes_when_nothing_opens_with_it_alone() {
    let (old, new) = (identity(1), identity(2));
    let keys = list(&[
        rsa_secret("k1", 1),
        secret("old", AGE_LABEL, &[("identity.agekey", &text(&old))]),
        secret("new", AGE_LABEL, &[("identity.agekey", &text(&new))]),
    ]);
    let patch = "PATCH /api/v1/namespaces/kube-system/secrets/old";
    let cluster = |objects: &[SealedObject]| {
        let objects = json!({"items": objects.iter().map(json_of).collect::<Vec<_>>()}).to_string();
        Lab::new(&[(SECRETS, 200, keys.clone()), (OBJECTS, 200, objects), (patch, 200, "{}".to_owned())])
    };
    let retire = |lab: &Lab, more: &str| lab.run(format!("seal keys retire {} {more}", fingerprint(&old)).trim(), "");
    let patched = |lab: &Lab| lab.server.asked().iter().any(|(route, _)| route.starts_with("PATCH "));

    let needed = cluster(&[sealed("db", &to(&[&old])), sealed("free", &to(&[&old, &new]))]);
    let (exit, out, err) = retire(&needed, "");
    assert_eq!((exit, out.as_str()), (Exit::FINDINGS, "SealedSecret shop/db: pw\n"), "{err}");
    assert!(err.contains("is still needed in the cluster: nothing was changed") && !patched(&needed), "{err}");

    let free = cluster(&[sealed("free", &to(&[&old, &new])), sealed("v1", &key(1).0.public().clone().into())]);
    let file = String::from_utf8(to_yaml(&sealed("in-git", &to(&[&old])).to_node()).expose().to_vec()).unwrap();
    free.write("db.yaml", &file);
    let (exit, out, _) = retire(&free, "@db.yaml");
    assert_eq!((exit, out.ends_with("db.yaml: SealedSecret shop/in-git: pw\n")), (Exit::FINDINGS, true), "{out}");
    let sops = format!(
        "pw: ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\nsops:\n  age:\n  - recipient: {}\n",
        old.recipient().unwrap()
    );
    free.write("sops.yaml", &sops);
    let (exit, out, _) = retire(&free, "@sops.yaml");
    assert_eq!((exit, out.ends_with("sops.yaml: SOPS file\n")), (Exit::FINDINGS, true), "{out}");
    free.write("broken.yaml", "a: [");
    assert_eq!(retire(&free, "@broken.yaml").0, Exit::FAILED, "what cannot be read may hold anything");
    let (exit, _, err) = retire(&free, "--dry-run");
    assert_eq!((exit, err.contains("would label Secret old retired"), patched(&free)), (Exit::DONE, true, false), "{err}");

    let (exit, _, err) = retire(&free, "");
    assert_eq!((exit, err.contains("only the cluster was looked at")), (Exit::DONE, true), "{err}");
    let sent = free.server.asked().into_iter().find(|(route, _)| route == patch).unwrap().1;
    assert_eq!(sent, json!({"metadata": {"labels": {AGE_LABEL: "retired"}}}).to_string());
}

#[test]
fn the_newest_rsa_key_and_unknown_ones_stay() {
    let lab = Lab::new(&[(SECRETS, 200, list(&[rsa_secret("k1", 1)])), (OBJECTS, 200, json!({"items": []}).to_string())]);
    let (newest, other) = (key(1).0.fingerprint().to_string(), key(2).0.fingerprint().to_string());
    let (exit, _, err) = lab.run(&format!("seal keys retire {newest}"), "");
    assert_eq!((exit, err.contains("everybody seals to it")), (Exit::FINDINGS, true), "{err}");
    let (exit, _, err) = lab.run(&format!("seal keys retire {other}"), "");
    assert_eq!((exit, err.contains("no key Secret in kube-system holds")), (Exit::FINDINGS, true), "{err}");
}

#[test]
fn a_sops_secret_of_the_cluster_needs_its_identity() {
    let old = identity(1);
    let keys = list(&[secret("old", AGE_LABEL, &[("identity.agekey", &text(&old))])]);
    let objects = json!({"items": [{"metadata": {"namespace": "shop", "name": "db"}, "spec": {"sops": format!("sops: {{age: [{{recipient: {}}}]}}", old.recipient().unwrap())}}]});
    let lab = Lab::new(&[
        (SECRETS, 200, keys),
        (OBJECTS, 200, json!({"items": []}).to_string()),
        ("GET /apis/sealkit.dev/v1alpha1/sopssecrets", 200, objects.to_string()),
    ]);
    let (exit, out, err) = lab.run(&format!("seal keys retire {}", fingerprint(&old)), "");
    assert_eq!((exit, out.as_str()), (Exit::FINDINGS, "SopsSecret shop/db\n"), "{err}");
}
