//! Interoperation with the real kubeseal, in both directions, and its verdict on every golden item.
//!
//! That the golden items open with ours is tested inside seal-crypto, by both RSA back ends.

mod kubeseal;
mod reader;
mod v2;
mod v2_reader;

use kubeseal::Kubeseal;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader::Expect;
use seal_crypto::{Binding, Certificate, Item, Keyring, PrivateKey, Scope, v2::Place};
use seal_secret::SecretBytes;
use std::path::Path;

const SCOPES: [Scope; 3] = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide];
/// 2026-11-25, and ten years: long enough not to fail this test before anybody has forgotten it.
const NOW: i64 = 1_795_564_800;
const TTL: i64 = 3650 * 86_400;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"))
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(2)
}

fn read_key(name: &str) -> PrivateKey {
    let pem = std::fs::read(folder().join("keys").join(name).with_extension("pem")).expect("a published test key");
    PrivateKey::from_pem(&pem.into()).expect("a published test key")
}

/// Values that have been trouble somewhere, up to the most that a Secret can hold.
fn values() -> Vec<(String, Vec<u8>)> {
    let all_bytes = (0..=u8::MAX).collect();
    let values = [vec![], vec![0], b"secret\n".to_vec(), "p\u{e4}ssword".into(), all_bytes, vec![b'x'; 1 << 20]];
    values.into_iter().enumerate().map(|(index, value)| (format!("key-{index}"), value)).collect()
}

#[test]
fn kubeseal_has_the_same_verdict_on_every_vector() {
    let Some(kubeseal) = Kubeseal::find() else { return };
    // kubeseal reads the deprecated blob only in the controller.
    for vector in reader::all(folder()).into_iter().filter(|vector| vector.file != "blob") {
        let scope = vector.scope.parse().expect("a scope");
        let sealed = kubeseal::sealed_secret(scope, &vector.namespace, &vector.name, [("item", vector.item.as_str())]);
        let keys: Vec<_> = vector.keys.iter().map(|name| folder().join("keys").join(name).with_extension("pem")).collect();
        let opened = kubeseal.unseal(&sealed, &keys);
        let expected = (vector.expect == Expect::Opens).then(|| vec![("item".to_owned(), vector.value)]);
        assert!(opened == expected, "{}: kubeseal disagrees", vector.file);
    }
}

#[test]
fn what_kubeseal_seals_to_our_certificate_opens_here() {
    let Some(kubeseal) = Kubeseal::find() else { return };
    for (name, common_name) in [("rsa2048", ""), ("rsa3072", "seal.example"), ("rsa4096", "k\u{e4}se & co")] {
        let key = read_key(name);
        let certificate = Certificate::self_signed(&key, common_name, NOW, TTL, &mut rng()).expect("valid");
        let keyring = Keyring::new(vec![key]);
        for scope in SCOPES {
            let binding = Binding::new(scope, "prod", "db").expect("valid names");
            let sealed = kubeseal.seal(&certificate.pem, scope, "prod", "db", &values());
            assert_eq!(sealed.len(), values().len());
            for ((key, text), (expected_key, value)) in sealed.iter().zip(values()) {
                let item = Item::decode(text).expect("kubeseal's own text");
                let opened = keyring.open(&item, &Place::new(&binding, "key"), None).expect("it opens");
                assert!(*key == expected_key && opened.value == SecretBytes::from(value), "{name} {scope:?} {key}");
            }
        }
    }
}

#[test]
fn what_is_sealed_here_opens_with_kubeseal() {
    let Some(kubeseal) = Kubeseal::find() else { return };
    let mut rng = rng();
    let made = PrivateKey::generate(2048, &mut rng).expect("a supported size");
    for key in [made, read_key("rsa1024"), read_key("rsa2050"), read_key("rsa3072"), read_key("rsa4096")] {
        let file = kubeseal.write("key.pem", key.to_pem().expose());
        for scope in SCOPES {
            let binding = Binding::new(scope, "prod", "db").expect("valid names");
            let mut seal =
                |value: Vec<u8>| Item::seal(&value.into(), key.public(), &binding, &mut rng).expect("it seals").encode();
            let items: Vec<_> = values().into_iter().map(|(name, value)| (name, seal(value))).collect();
            let borrowed = items.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            let sealed = kubeseal::sealed_secret(scope, "prod", "db", borrowed);
            assert!(kubeseal.unseal(&sealed, &[&file]) == Some(values()), "{} bits, {scope:?}", key.public().bits());
        }
    }
}

#[test]
fn a_key_backup_of_ours_is_read_by_kubeseal_with_several_keys() {
    let Some(kubeseal) = Kubeseal::find() else { return };
    let (newest, oldest) = (read_key("rsa2048"), read_key("rsa2048-other"));
    let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid names");
    let item = Item::seal(&b"v".to_vec().into(), oldest.public(), &binding, &mut rng()).expect("it seals").encode();
    let files = [kubeseal.write("newest.pem", newest.to_pem().expose()), kubeseal.write("oldest.pem", oldest.to_pem().expose())];
    let sealed = kubeseal::sealed_secret(Scope::Strict, "prod", "db", [("k", item.as_str())]);
    assert!(kubeseal.unseal(&sealed, &files) == Some(vec![("k".to_owned(), b"v".to_vec())]));
    assert!(kubeseal.unseal(&sealed, &files[..1]).is_none(), "the newest key alone cannot open it");
}
