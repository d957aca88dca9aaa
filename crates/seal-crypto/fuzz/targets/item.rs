//! Item text and item bytes of both formats: decode, print, take apart, open. Whatever it is, it may not panic; what opens must say so twice.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_crypto::age::parse_identities;
use seal_crypto::v2::{Head, Place};
use seal_crypto::{Binding, Item, Keyring, Kind, PrivateKey, Scope};
use std::sync::LazyLock;

static RING: LazyLock<Keyring> = LazyLock::new(|| {
    let pem = include_bytes!("../../../../tests/vectors/keys/rsa1024.pem");
    let identity = include_bytes!("../../../../tests/vectors/v2/x25519-a.agekey").to_vec().into();
    let key = PrivateKey::from_pem(&pem.to_vec().into()).expect("a test key");
    Keyring::with_identities(vec![key], parse_identities("a", &identity).expect("a test key"))
});

fuzz_target!(|bytes: &[u8]| {
    // A vector file's headers are in the way of the fuzzer's dictionary; the item comes after them.
    let text = std::str::from_utf8(bytes).map(|text| text.split_once("\n\n").map_or(text, |(_, item)| item));
    let decoded = text.ok().and_then(|text| Item::decode(text).ok());
    let binding = Binding::new(Scope::ClusterWide, "", "").expect("cluster-wide needs no names");
    for item in [Some(Item::from_bytes(bytes.to_vec())), decoded].into_iter().flatten() {
        assert!(item.as_bytes().len() > seal_crypto::MAX_ITEM_BYTES || Item::decode(&item.encode()).as_ref() == Ok(&item));
        let opened = RING.open(&item, &Place::new(&binding, "password"), None);
        let sound = match item.kind() {
            Kind::V1 => item.shape().is_ok_and(|shape| shape.rsa_bytes == 128 && shape.gcm_bytes >= 16),
            Kind::V2 => Head::of(&item).is_ok_and(|head| head.claim.context.is_for(&binding, "password")),
        };
        assert!(opened.is_err() || sound);
    }
});
