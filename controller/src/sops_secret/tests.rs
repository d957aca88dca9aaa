//! Scenarios: SopsSecrets against an API server in a map, in virtual time. What is the same for every kind is told by the
//! scenarios of SealedSecrets; these are about what a SOPS document brings with it.

use crate::delivery::tests::world::{World, at, sealed};
use crate::ports::ObjectRef;
use seal_crypto::age::{Identity, RecipientKind};
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{EncryptOptions, Selector, SopsFile, Store, unwrap};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const DB: &str = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\n  namespace: prod\n  labels:\n    app: shop\ntype: Opaque\nstringData:\n  password: correct horse # comment\n";

struct Key {
    text: SecretBytes,
    identity: Identity,
}

fn key() -> Key {
    let identity = Identity::generate(RecipientKind::X25519, &mut rand::rng()).unwrap();
    Key { text: identity.to_text().unwrap(), identity }
}

fn encrypted(text: &str, key: &Key, selector: Selector, strong: bool) -> String {
    let store = if text.starts_with('{') { Store::Json } else { Store::Yaml };
    let file = SopsFile::parse("db", store, text.to_owned()).unwrap_or_else(|error| panic!("{error}"));
    let data_key = DataKey::generate(&mut rand::rng());
    let recipients = [vec![key.identity.recipient().unwrap().clone()]];
    let groups = unwrap::wrap(&data_key, &recipients, None, false, &mut rand::rng()).unwrap();
    let options = EncryptOptions { groups, threshold: None, selector, mac_only_encrypted: false, strong, previous: None };
    let sealed = file.encrypt(&options, &data_key, jiff::Timestamp::UNIX_EPOCH, &mut rand::rng());
    String::from_utf8(sealed.unwrap_or_else(|error| panic!("{error}")).expose().to_vec()).unwrap()
}

/// Values of data alone, as Flux users have it.
fn selective() -> Selector {
    Selector::EncryptedRegex("^(data|stringData)$".to_owned())
}

fn document(text: &str, key: &Key) -> String {
    encrypted(text, key, selective(), false)
}

fn object(sops: &str) -> Value {
    object_at(&at(), sops)
}

fn object_at(at: &ObjectRef, sops: &str) -> Value {
    json!({
        "apiVersion": "sealkit.dev/v1alpha1",
        "kind": "SopsSecret",
        "metadata": {"namespace": &*at.namespace, "name": &*at.name},
        "spec": {"sops": sops},
    })
}

fn map(entries: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    Some(entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

/// A world that holds the key, with one SopsSecret in it.
fn started(key: &Key, sops: &str) -> World {
    let world = World::new();
    world.set_identities(std::slice::from_ref(&key.text));
    world.apply(object(sops));
    world.settle();
    world
}

#[test]
fn a_sops_secret_becomes_a_secret_and_a_restart_costs_nothing() {
    let key = key();
    for (selector, shape_in_clear) in [(selective(), true), (Selector::default(), false)] {
        let mut world = started(&key, &encrypted(DB, &key, selector, false));
        assert_eq!(world.synced(), ("True".into(), "Unsealed".into(), String::new()));
        assert_eq!(world.data(), map(&[("password", "correct horse")]));
        assert_eq!(world.spent(), (vec!["create", "status", "event"], 1));
        world.kube.with(|store| {
            let metadata = &store.secrets[&at()].metadata;
            assert_eq!(metadata["labels"], json!({"app": "shop"}));
            assert_eq!(
                (&metadata["ownerReferences"][0]["kind"], &metadata["ownerReferences"][0]["apiVersion"]),
                (&json!("SopsSecret"), &json!("sealkit.dev/v1alpha1"))
            );
            assert_eq!(store.events, [("Unsealed".to_owned(), "SopsSecret unsealed successfully".to_owned())]);
            store.secret_reads = 0;
        });
        let fingerprint = key.identity.recipient().unwrap().fingerprint().to_string();
        assert_eq!(world.status()["keys"], json!([fingerprint]));
        for _ in 0..2 {
            world.restart();
            world.pass(Duration::from_secs(3600));
            assert_eq!(world.spent(), (vec![], 0));
            assert_eq!(world.kube.with(|store| store.secret_reads), 0);
        }
        // Somebody else's annotation moves the Secret: it is read, and opened only where the shape does not show.
        world.edit_secret(|s| drop(s.metadata.insert("annotations".into(), json!({"someone": "else"}))));
        world.settle();
        assert_eq!(world.spent().1, u64::from(!shape_in_clear));
    }
}

#[test]
fn json_documents_are_read_too() {
    let key = key();
    let text = r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "data": {"a": "aGk="}, "immutable": true}"#;
    let world = started(&key, &document(text, &key));
    assert_eq!(world.data(), map(&[("a", "hi")]), "{:?}", world.synced());
    assert_eq!(world.kube.with(|store| store.secrets[&at()].immutable), Some(true));
}

#[test]
fn a_secret_that_was_edited_or_deleted_is_healed() {
    let key = key();
    let world = started(&key, &document(DB, &key));
    world.edit_secret(|s| drop(s.data.insert("password".into(), SecretBytes::from("evil".to_owned()))));
    world.settle();
    assert_eq!(world.data(), map(&[("password", "correct horse")]));
    world.edit_secret(|s| drop(s.data.insert("more".into(), SecretBytes::from("evil".to_owned()))));
    world.settle();
    assert_eq!(world.data(), map(&[("password", "correct horse")]));
    world.delete_secret();
    world.settle();
    assert_eq!(world.data(), map(&[("password", "correct horse")]));
}

#[test]
fn what_was_tampered_with_is_refused_and_the_last_good_secret_stays() {
    let key = key();
    let good = document(DB, &key);
    let world = started(&key, &good);
    for (from, to, reason) in [
        ("app: shop", "app: other", "MacMismatch"),
        ("type: Opaque", "type: my/type", "MacMismatch"),
        ("ENC[AES256_GCM,data:", "ENC[AES256_GCM,data:AAAA", "MacMismatch"),
        ("kind: Secret", "kind: ConfigMap", "MacMismatch"),
        ("  name: db", "  name: other", "MacMismatch"),
        ("sops:", "other:", "Invalid"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        world.apply(object(&bad));
        world.settle();
        assert_eq!(world.synced().1, reason, "{from}: {:?}", world.synced());
        assert!(!world.synced().2.contains("horse"));
        assert_eq!(world.data(), map(&[("password", "correct horse")]));
    }
    world.apply(object(&good));
    world.settle();
    assert!(world.is_synced());
}

#[test]
fn a_document_of_another_object_is_refused_and_one_without_names_goes_anywhere_unless_binding_is_demanded() {
    let key = key();
    let nameless = DB.replace("  name: db\n  namespace: prod\n", "");
    let elsewhere = DB.replace("namespace: prod", "namespace: test");
    let nameless_of = |lines: &str| DB.replace("  name: db\n  namespace: prod\n", lines);
    for (text, strong, demanded, reason) in [
        (DB, false, false, "Unsealed"),
        (&*nameless, false, false, "Unsealed"),
        (&*elsewhere, false, false, "Invalid"),
        (&*DB.replace("name: db", "name: other"), false, false, "Invalid"),
        (DB, false, true, "BindingRequired"),
        (DB, true, true, "Unsealed"),
        (DB, true, false, "Unsealed"),
        (&*nameless, true, true, "BindingRequired"),
        (&*nameless_of("  name: db\n"), true, true, "BindingRequired"),
        (&*elsewhere, true, true, "Invalid"),
    ] {
        let mut world = World::new();
        world.set_identities(std::slice::from_ref(&key.text));
        world.rules.require_bound = if demanded { "prod" } else { "other" }.parse().unwrap();
        world.restart();
        world.apply(object(&encrypted(text, &key, selective(), strong)));
        world.settle();
        assert_eq!(world.synced().1, reason, "strong {strong}, demanded {demanded}: {text}{:?}", world.synced());
        assert_eq!(world.data().is_some(), reason == "Unsealed");
    }
}

#[test]
fn a_rule_that_was_added_ends_the_skip() {
    let key = key();
    let mut world = started(&key, &document(DB, &key));
    world.rules.require_bound = "*".parse().unwrap();
    world.restart();
    world.settle();
    assert_eq!(world.synced().1, "BindingRequired");
    assert_eq!(world.data(), map(&[("password", "correct horse")]), "the last good Secret stays");
}

#[test]
fn without_its_key_the_message_says_what_is_needed_and_the_key_heals_it() {
    let (key, other) = (key(), key());
    let world = started(&other, &document(DB, &key));
    let (status, reason, message) = world.synced();
    assert_eq!((status.as_str(), reason.as_str()), ("False", "NoKey"));
    assert!(message.contains(key.identity.recipient().unwrap().as_str()), "{message}");
    world.set_identities(&[other.text.clone(), key.text.clone()]);
    world.settle();
    assert!(world.is_synced());
    world.set_identities(std::slice::from_ref(&other.text));
    world.settle();
    assert_eq!(world.synced().1, "NoKey", "a key that is taken away ends the skip");
    assert_eq!(world.data(), map(&[("password", "correct horse")]));
}

#[test]
fn a_named_key_secret_opens_and_nothing_else_does() {
    let (own, home) = (key(), key());
    let mut world = World::new();
    world.set_identities(std::slice::from_ref(&home.text));
    let named = |text: &str| {
        let mut object = object(text);
        object["spec"]["keySecretRef"] = json!({"name": "team-keys"});
        object
    };
    world.apply(named(&document(DB, &own)));
    world.settle();
    assert_eq!(world.synced().1, "NoKey");
    assert!(world.synced().2.contains("\"team-keys\""), "{}", world.synced().2);
    let keys = ObjectRef::new("prod", "team-keys");
    world.put_secret(&keys, json!({}), &[("age.agekey", own.text.clone())]);
    world.settle();
    assert!(world.is_synced(), "the key Secret came: {:?}", world.synced());
    world.spent();
    world.kube.with(|store| store.secret_reads = 0);
    world.restart();
    world.pass(Duration::from_secs(60));
    assert_eq!((world.spent(), world.kube.with(|store| store.secret_reads)), ((vec![], 0), 0), "a restart reads no keys");
    // The installation's identity would open this one, and is not asked.
    world.apply(named(&document(DB, &home)));
    world.settle();
    assert_eq!(world.synced().1, "NoKey");
    world.apply(named(&document(DB, &own)));
    world.settle();
    assert!(world.is_synced());
    world.put_secret(&keys, json!({}), &[("age.agekey", SecretBytes::from(b"hunter2".to_vec()))]);
    world.settle();
    let (_, reason, message) = world.synced();
    assert_eq!(reason, "NoKey");
    assert!(message.contains("age.agekey:1") && !message.contains("hunter2"), "{message}");
    assert_eq!(world.data(), map(&[("password", "correct horse")]));
}

#[test]
fn while_suspended_nothing_is_done_and_afterwards_it_is_made_up_for() {
    let key = key();
    let world = started(&key, &document(DB, &key));
    let suspended = |on: bool| {
        let mut object = object(&document(&DB.replace("correct horse", "battery"), &key));
        object["spec"]["suspend"] = on.into();
        object
    };
    world.apply(suspended(true));
    world.settle();
    world.spent();
    world.edit_secret(|s| drop(s.data.insert("password".into(), SecretBytes::from("by hand".to_owned()))));
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.spent(), (vec![], 0));
    assert_eq!(world.data(), map(&[("password", "by hand")]));
    world.apply(suspended(false));
    world.settle();
    assert_eq!(world.data(), map(&[("password", "battery")]));
}

#[test]
fn where_a_sealed_secret_of_the_same_name_is_it_keeps_the_secret() {
    let key = key();
    let world = World::new();
    world.set_identities(std::slice::from_ref(&key.text));
    let template = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/managed": "true", "sealedsecrets.bitnami.com/patch": "true"}}});
    world.apply(sealed(&[("password", "sealed")], template));
    world.settle();
    world.apply(object(&document(DB, &key)));
    world.pass(Duration::from_secs(7200));
    assert_eq!(world.data(), map(&[("password", "sealed")]));
    let condition = world.kube.with(|store| store.sops[&at()]["status"]["conditions"][0].clone());
    assert_eq!((&condition["status"], &condition["reason"]), (&json!("False"), &json!("NotManaged")));
    assert!(world.is_synced(), "the SealedSecret is");
}

#[test]
fn where_the_sops_secret_has_the_secret_already_it_keeps_it_without_a_war() {
    let key = key();
    let mut world = started(&key, &document(DB, &key));
    world.apply(sealed(&[("password", "sealed")], json!({})));
    for _ in 0..2 {
        world.pass(Duration::from_secs(3600));
        assert_eq!(world.data(), map(&[("password", "correct horse")]));
        assert_eq!(world.synced().1, "NotManaged", "the SealedSecret's");
        let condition = world.kube.with(|store| store.sops[&at()]["status"]["conditions"][0].clone());
        assert_eq!(condition["status"], json!("True"));
        world.edit_secret(|s| drop(s.data.insert("password".into(), SecretBytes::from("evil".to_owned()))));
        world.restart();
    }
    world.settle();
    world.spent();
    world.pass(Duration::from_secs(24 * 3600));
    assert_eq!(world.spent(), (vec![], 0), "at rest");
}

#[test]
fn what_is_never_written_is_never_written() {
    let key = key();
    for (from, to) in [
        ("type: Opaque", "type: kubernetes.io/service-account-token"),
        ("app: shop", "sealkit.dev/age-identity: active"),
        ("app: shop", "sealedsecrets.bitnami.com/sealed-secrets-key: active"),
    ] {
        for selector in [selective(), Selector::default()] {
            let world = started(&key, &encrypted(&DB.replace(from, to), &key, selector, false));
            assert_eq!(world.synced().1, "Refused", "{to}");
            assert_eq!(world.data(), None);
        }
    }
}
