//! Seal, open and rotate joined, on real keys.

use rand::rng;
use seal_core::{
    open::{Opening, open_object},
    rotate::rotate_items,
    seal::{SealOptions, SealSecretError, seal_secret},
    seal_to::SealTo,
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::{BindingError, Keyring, PrivateKey, Scope};
use seal_manifest::ManifestFile;
use seal_secret::SecretBytes;

fn secret(namespace: &str) -> SecretObject {
    let text = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: database, namespace: {namespace:?}, labels: {{app: shop}}}}\ntype: Opaque\n\
         stringData: {{user: shop, password: not-a-real-password}}\n"
    );
    let file = ManifestFile::parse("secret.yaml", text).expect("YAML");
    SecretObject::from_node(&file.documents[0].root).expect("a Secret")
}

fn key() -> PrivateKey {
    PrivateKey::generate(2048, &mut rng()).expect("a key")
}

fn to(key: &PrivateKey) -> SealTo {
    key.public().clone().into()
}

fn options(scope: Option<Scope>) -> SealOptions {
    SealOptions { scope, claim: true, ..SealOptions::default() }
}

#[test]
fn what_is_sealed_opens_under_its_own_name_and_nowhere_else() {
    let key = key();
    let sealed = seal_secret(&secret("shop"), options(None), &to(&key), &mut rng()).expect("sealed");
    let keyring = Keyring::new(vec![key]);
    let opened = open_object(&sealed, &keyring, &Opening::default()).expect("opens");
    assert!(opened.data["password"] == SecretBytes::from("not-a-real-password".to_owned()));
    assert_eq!(opened.tries, 2);

    for (field, value) in [("namespace", "other"), ("name", "other")] {
        let mut moved = sealed.clone();
        moved.metadata.insert(field.into(), value.into());
        let error = open_object(&moved, &keyring, &Opening::default()).err().expect("refused");
        assert_eq!(error.to_string(), "no key could decrypt secret (password, user)");
        assert!(!moved.claim().expect("claimed").matches(&moved.binding().expect("valid")));
    }
}

#[test]
fn a_wider_scope_in_the_template_opens_nothing_more() {
    let key = key();
    let mut sealed = seal_secret(&secret("shop"), options(None), &to(&key), &mut rng()).expect("sealed");
    seal_core::seal::set_scope(&mut sealed.template.metadata, Scope::ClusterWide);
    sealed.metadata.insert("namespace".into(), "attacker".into());
    assert!(open_object(&sealed, &Keyring::new(vec![key]), &Opening::default()).is_err());
}

#[test]
fn one_bad_item_is_named_alone() {
    let key = key();
    let mut sealed = seal_secret(&secret("shop"), options(None), &to(&key), &mut rng()).expect("sealed");
    sealed.items.insert("user".into(), "not base64!".into());
    let error = open_object(&sealed, &Keyring::new(vec![key]), &Opening::default()).err().expect("refused");
    assert_eq!(error.items, ["user"]);
}

#[test]
fn scopes_say_what_they_need() {
    let key = key();
    let seal = |namespace: &str, scope| seal_secret(&secret(namespace), options(Some(scope)), &to(&key), &mut rng());
    assert_eq!(seal("", Scope::Strict).err(), Some(SealSecretError::Binding(BindingError::Namespace)));
    assert_eq!(seal("", Scope::NamespaceWide).err(), Some(SealSecretError::Binding(BindingError::Namespace)));
    let wide = seal("", Scope::ClusterWide).expect("needs no namespace");
    assert_eq!(wide.scope(), Scope::ClusterWide);
}

#[test]
fn rotation_touches_stale_items_only_and_keeps_their_values() {
    let (old, new) = (key(), key());
    let mut sealed = seal_secret(&secret("shop"), options(None), &to(&old), &mut rng()).expect("sealed");
    let fresh = seal_secret(&secret("shop"), options(None), &to(&new), &mut rng()).expect("sealed");
    sealed.items.insert("user".into(), fresh.items["user"].clone());
    let newest = new.public().clone();
    let to_newest = SealTo::from(newest.clone());
    let keyring = Keyring::new(vec![new, old]);

    let changed = rotate_items(&sealed, &keyring, &to_newest, &Opening::default(), &mut rng()).expect("rotated");
    assert_eq!(changed.keys().collect::<Vec<_>>(), ["password"]);
    sealed.items.extend(changed);
    let opened = open_object(&sealed, &keyring, &Opening::default()).expect("opens");
    assert!(opened.keys.values().all(|key| key == newest.fingerprint()));
    assert!(opened.data["password"] == SecretBytes::from("not-a-real-password".to_owned()));
    assert!(rotate_items(&sealed, &keyring, &to_newest, &Opening::default(), &mut rng()).expect("nothing to do").is_empty());
}

#[test]
fn a_deprecated_blob_opens_to_the_secret_inside() {
    let key = key();
    let binding = seal_crypto::Binding::new(Scope::Strict, "shop", "database").expect("valid");
    let json = r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"x"},"type":"custom","data":{"a":"b25l"}}"#;
    let item = seal_crypto::Item::seal(&SecretBytes::from(json.to_owned()), key.public(), &binding, &mut rng()).expect("sealed");
    let value = serde_json::json!({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"name": "database", "namespace": "shop"}, "spec": {"data": item.encode(), "encryptedData": {}}});
    let opened = open_object(&SealedObject::from_json(&value).expect("read"), &Keyring::new(vec![key]), &Opening::default())
        .expect("opens");
    assert!(opened.data["a"] == SecretBytes::from("one".to_owned()));
    assert_eq!(opened.blob.expect("the Secret").type_.as_deref(), Some("custom"));
}
