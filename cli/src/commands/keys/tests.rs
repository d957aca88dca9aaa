//! Key Secrets: listed by their public facts, restored without overwriting.

use super::{
    LABEL, Listed,
    generate::key_secret,
    listed,
    restore::{Step, decide},
};
use rand::SeedableRng;
use seal_crypto::{Certificate, PrivateKey};
use seal_manifest::{ManifestFile, to_yaml};

fn key(seed: u64) -> (PrivateKey, Certificate) {
    let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
    let key = PrivateKey::generate(1024, &mut rng).unwrap();
    let certificate = Certificate::self_signed(&key, "", 0, 86400, &mut rng).unwrap();
    (key, certificate)
}

#[test]
fn a_made_key_secret_lists_with_its_public_facts_only() {
    let (key, certificate) = key(1);
    let yaml = to_yaml(&key_secret(&key, &certificate, "kube-system").to_node());
    let all = listed(&[ManifestFile::parse("f", yaml).unwrap()]);
    let expected = Listed {
        name: all[0].name.clone(),
        state: "active".to_owned(),
        kind: "RSA",
        label: LABEL,
        fingerprint: Some(key.fingerprint().clone()),
        bits: 1024,
        validity: Some((0, 86400)),
    };
    assert_eq!(all, [expected]);
    assert!(all[0].name.starts_with("sealed-secrets-key-"), "{}", all[0].name);
}

#[test]
fn a_list_without_kinds_is_read_and_rubbish_is_shown_as_such() {
    let text = r#"{"metadata": {}, "items": [{"metadata": {"name": "k", "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}}, "data": {"tls.key": "eA=="}}]}"#;
    let all = listed(&[ManifestFile::parse("f", text.to_owned()).unwrap()]);
    assert_eq!((all.len(), all[0].name.as_str(), all[0].fingerprint.clone()), (1, "k", None));
}

#[test]
fn restoring_never_overwrites() {
    let (one, _) = key(1);
    let (two, _) = key(2);
    let there = Listed {
        name: "a".into(),
        state: "active".into(),
        kind: "RSA",
        label: LABEL,
        fingerprint: Some(one.fingerprint().clone()),
        bits: 1024,
        validity: None,
    };
    let present = [there];
    assert_eq!(decide(&present, "b", &[one.fingerprint().clone()]), Step::Present("a".into()));
    assert_eq!(decide(&present, "a", &[two.fingerprint().clone()]), Step::Conflict);
    assert_eq!(decide(&present, "b", &[two.fingerprint().clone()]), Step::Create);
}
