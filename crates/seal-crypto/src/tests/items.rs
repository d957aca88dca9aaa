//! Sealing and opening: round trips, and everything that must not open.

use super::{key, rng, secret, test_key_pem};
use crate::v2::Place;
use crate::{Binding, Item, ItemError, Keyring, MAX_ITEM_BYTES, MAX_VALUE_BYTES, OpenError, Scope, SealError, Shape};
use aes_gcm::aead::{Aead, KeyInit, consts::U12};
use aes_gcm::{AesGcm, aes};
use proptest::prelude::*;
use std::sync::LazyLock;

static RING: LazyLock<Keyring> = LazyLock::new(|| {
    Keyring::new(vec![
        key(test_key_pem!("rsa2048.pem")),
        key(test_key_pem!("rsa2048-other.pem")),
        key(test_key_pem!("rsa1024.pem")),
    ])
});

fn strict(namespace: &str, name: &str) -> Binding {
    Binding::new(Scope::Strict, namespace, name).expect("valid names")
}

fn seal(value: &[u8], ring_index: usize, binding: &Binding) -> Item {
    let keys: Vec<_> = RING.fingerprints().cloned().collect();
    let key = RING.get(&keys[ring_index]).expect("held");
    Item::seal(&secret(value), key.public(), binding, &mut rng()).expect("small value, good key")
}

fn opens(item: &Item, binding: &Binding) -> Result<Vec<u8>, OpenError> {
    RING.open(item, &Place::new(binding, "key"), None).map(|opened| opened.value.expose().to_vec())
}

#[test]
fn every_key_size_seals_and_opens() {
    let binding = strict("prod", "db");
    for (pem, rsa_bytes) in [
        (test_key_pem!("rsa1024.pem"), 128),
        (test_key_pem!("rsa2048.pem"), 256),
        (test_key_pem!("rsa2050.pem"), 257),
        (test_key_pem!("rsa3072.pem"), 384),
        (test_key_pem!("rsa4096.pem"), 512),
    ] {
        let key = key(pem);
        let item = Item::seal(&secret(b"value"), key.public(), &binding, &mut rng()).expect("seals");
        assert_eq!(item.shape(), Ok(Shape { rsa_bytes, gcm_bytes: 5 + 16 }));
        let item = Item::decode(&item.encode()).expect("our own text");
        // The two back ends are the same one without feature aws-lc, and must agree with it.
        let (block, _) = item.parts().expect("well formed");
        let (fast, portable) = (key.unwrap(block, b"prod/db"), key.unwrap_portable(block, b"prod/db"));
        assert!(fast.is_some() && fast == portable);
        assert!(key.unwrap(block, b"prod/d").is_none() && key.unwrap_portable(block, b"prod/d").is_none());
        let opened = Keyring::new(vec![key]).open(&item, &Place::new(&binding, "key"), None).expect("opens");
        assert!(opened.value == secret(b"value"));
        assert_eq!(opened.tries, 1);
    }
}

/// With feature aws-lc the later items of a key are sealed by the other back end.
#[test]
fn every_one_of_hundreds_of_items_opens() {
    for scope in [Scope::Strict, Scope::ClusterWide] {
        let binding = Binding::new(scope, "prod", "db").expect("valid names");
        for number in 0..300_u16 {
            let item = seal(&number.to_be_bytes(), 0, &binding);
            assert_eq!(opens(&item, &binding), Ok(number.to_be_bytes().to_vec()), "item {number}, {scope:?}");
        }
        let fingerprint = RING.fingerprints().next().expect("three keys").clone();
        let public = RING.get(&fingerprint).expect("held").public();
        let too_much = vec![0; 256 - 66 + 1];
        assert_eq!(public.wrap(&too_much, Vec::new(), &mut rng()), None);
    }
}

#[test]
fn the_hinted_key_goes_first_and_other_sizes_cost_nothing() {
    let binding = strict("prod", "db");
    let fingerprints: Vec<_> = RING.fingerprints().cloned().collect();
    let (newest, second, small) = (&fingerprints[0], &fingerprints[1], &fingerprints[2]);
    for (ring_index, hint, expected_tries) in [
        (0, None, 1),
        (0, Some(second), 2),
        (1, None, 2),
        (1, Some(second), 1),
        (1, Some(newest), 2),
        (1, Some(small), 2), // a hint of another size is no candidate
        (2, None, 1),
    ] {
        let item = seal(b"v", ring_index, &binding);
        let opened = RING.open(&item, &Place::new(&binding, "key"), hint).expect("opens");
        assert_eq!((&opened.key, opened.tries), (&fingerprints[ring_index], expected_tries));
    }
    assert_eq!(RING.candidates(&seal(b"v", 0, &binding)), 2);
    assert_eq!(RING.candidates(&seal(b"v", 2, &binding)), 1);
    assert_eq!(RING.candidates(&Item::from_bytes(vec![])), 0);
}

#[test]
fn a_key_that_comes_twice_is_tried_once() {
    let twice = Keyring::new(vec![
        key(test_key_pem!("rsa2048.pem")),
        key(test_key_pem!("rsa1024.pem")),
        key(test_key_pem!("rsa2048.pem")),
    ]);
    assert_eq!(twice.candidates(&seal(b"v", 0, &strict("prod", "db"))), 1);
    assert_eq!(twice.fingerprints().count(), 2);
}

/// A pool of threads opens with one shared keyring.
#[test]
fn one_keyring_opens_on_many_threads() {
    let item = seal(b"v", 0, &strict("prod", "db"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(opens(&item, &strict("prod", "db")), Ok(b"v".to_vec())));
        }
    });
}

#[test]
fn a_moved_item_does_not_open() {
    let binding = |scope, namespace, name| Binding::new(scope, namespace, name).expect("valid names");
    let places = [
        binding(Scope::Strict, "prod", "db"),
        binding(Scope::Strict, "prod", "db2"),
        binding(Scope::Strict, "prod2", "db"),
        binding(Scope::NamespaceWide, "prod", "db"),
        binding(Scope::NamespaceWide, "prod2", "db"),
        binding(Scope::ClusterWide, "prod", "db"),
    ];
    for (from, sealed_for) in places.iter().enumerate() {
        let item = seal(b"v", 0, sealed_for);
        for (to, opened_as) in places.iter().enumerate() {
            assert_eq!(opens(&item, opened_as).is_ok(), from == to, "{sealed_for:?} as {opened_as:?}");
        }
    }
    let anywhere = seal(b"v", 0, &binding(Scope::ClusterWide, "", ""));
    assert_eq!(opens(&anywhere, &binding(Scope::ClusterWide, "elsewhere", "other")), Ok(b"v".to_vec()));
    let namespace = seal(b"v", 0, &binding(Scope::NamespaceWide, "prod", "a"));
    assert_eq!(opens(&namespace, &binding(Scope::NamespaceWide, "prod", "b")), Ok(b"v".to_vec()));
}

#[test]
fn malformed_items_have_reasons_but_opening_has_one_answer() {
    let good = seal(b"v", 0, &strict("prod", "db"));
    let bytes = good.as_bytes();
    let huge = [bytes, &vec![0; MAX_ITEM_BYTES]].concat();
    let lying = [&[0xFF, 0xFF], &bytes[2..]].concat();
    let table: [(&[u8], Option<ItemError>); 8] = [
        (b"", Some(ItemError::TooShort)),
        (b"\x01", Some(ItemError::TooShort)),
        (b"\0\0", None), // a zero-length block: well formed, never opens
        (&bytes[..257], Some(ItemError::TooShort)),
        (&bytes[..258], None), // no tag
        (&bytes[..bytes.len() - 1], None),
        (&lying, Some(ItemError::TooShort)),
        (&huge, Some(ItemError::TooLong)),
    ];
    for (bytes, reason) in table {
        let item = Item::from_bytes(bytes.to_vec());
        assert_eq!(item.shape().err(), reason);
        assert_eq!(opens(&item, &strict("prod", "db")), Err(OpenError));
    }
    assert_eq!(Item::decode("AgA"), Err(ItemError::Base64));
    assert_eq!(Item::decode(&"A".repeat(2 * MAX_ITEM_BYTES + 4)), Err(ItemError::TooLong));
    assert_eq!(Keyring::default().open(&good, &Place::new(&strict("prod", "db"), "key"), None).err(), Some(OpenError));
}

#[test]
fn values_up_to_the_limit_seal_and_larger_ones_do_not() {
    let binding = strict("prod", "db");
    for length in [0, 1, MAX_VALUE_BYTES] {
        assert_eq!(opens(&seal(&vec![7; length], 0, &binding), &binding).map(|v| v.len()), Ok(length));
    }
    let key = key(test_key_pem!("rsa2048.pem"));
    let refused = Item::seal(&secret(&vec![7; MAX_VALUE_BYTES + 1]), key.public(), &binding, &mut rng());
    assert_eq!(refused, Err(SealError::TooLarge));
}

/// Upstream opens with whatever AES key OAEP yields, so items of other encoders may hold shorter ones.
#[test]
fn session_keys_of_every_aes_length_open_and_no_other() {
    let key = key(test_key_pem!("rsa2048.pem"));
    let binding = strict("prod", "db");
    let with = |session_key: &[u8], sealed: Vec<u8>| {
        let block = key.public().wrap(session_key, binding.label(), &mut rng()).expect("short message");
        opens(&Item::from_bytes([&[1, 0], block.as_slice(), &sealed].concat()), &binding)
    };
    fn gcm<A>(session_key: &[u8]) -> Vec<u8>
    where
        AesGcm<A, U12>: KeyInit + Aead<NonceSize = U12>,
    {
        AesGcm::<A, U12>::new_from_slice(session_key)
            .expect("length")
            .encrypt(&Default::default(), b"v".as_slice())
            .expect("small")
    }
    assert_eq!(with(&[3; 16], gcm::<aes::Aes128>(&[3; 16])), Ok(b"v".to_vec()));
    assert_eq!(with(&[3; 24], gcm::<aes::Aes192>(&[3; 24])), Ok(b"v".to_vec()));
    assert_eq!(with(&[3; 32], gcm::<aes::Aes256>(&[3; 32])), Ok(b"v".to_vec()));
    for length in [0, 1, 15, 17, 31, 33, 64] {
        assert_eq!(with(&vec![3; length], gcm::<aes::Aes256>(&[3; 32])), Err(OpenError), "{length}");
    }
}

#[test]
fn each_sealing_draws_a_new_session_key() {
    let key = key(test_key_pem!("rsa2048.pem"));
    let mut rng = rng();
    let mut seal = || Item::seal(&secret(b"same"), key.public(), &strict("prod", "db"), &mut rng).expect("seals");
    let (one, two) = (seal(), seal());
    assert_ne!(one.parts().map(|p| p.0), two.parts().map(|p| p.0));
    assert_ne!(one.parts().map(|p| p.1), two.parts().map(|p| p.1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sealed_opens(value: Vec<u8>, namespace in "[a-z0-9]{1,20}", name in "[a-z0-9]{1,9}(\\.[a-z]{1,9})?", scope in 0..3usize) {
        let scope = [Scope::Strict, Scope::NamespaceWide, Scope::ClusterWide][scope];
        let binding = Binding::new(scope, &namespace, &name).expect("valid names");
        prop_assert_eq!(opens(&seal(&value, 2, &binding), &binding), Ok(value));
    }

    #[test]
    fn no_flipped_bit_opens(value: Vec<u8>, position: prop::sample::Index, bit in 0..8u32) {
        let binding = strict("prod", "db");
        let mut bytes = seal(&value, 2, &binding).as_bytes().to_vec();
        bytes[position.index(value.len() + 2 + 128 + 16)] ^= 1 << bit;
        prop_assert_eq!(opens(&Item::from_bytes(bytes), &binding), Err(OpenError));
    }

    #[test]
    fn no_truncated_item_opens(value: Vec<u8>, cut: prop::sample::Index) {
        let binding = strict("prod", "db");
        let item = seal(&value, 2, &binding);
        let shorter = item.as_bytes()[..cut.index(item.as_bytes().len())].to_vec();
        prop_assert_eq!(opens(&Item::from_bytes(shorter), &binding), Err(OpenError));
    }
}
