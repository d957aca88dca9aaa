//! Golden v2 items, sound and spoiled, made by an encoder of its own (`examples/v2_vectors.rs`).

use crate::age::parse_identities;
use crate::v2::{Head, Place};
use crate::{Binding, Item, Keyring, Kind, OpenError};
use std::collections::BTreeMap;
use std::path::Path;

#[path = "../../../../tests/vectors/v2_reader.rs"]
mod reader;

#[test]
fn every_vector_gets_the_verdict_it_states() {
    let mut seen = BTreeMap::<String, u32>::new();
    for vector in reader::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/v2")) {
        let file = &vector.file;
        let identities = vector.identities.iter().flat_map(|path| {
            let text = std::fs::read(path).expect("a published test key").into();
            parse_identities("vector", &text).expect("a published test key")
        });
        let ring = Keyring::with_identities(Vec::new(), identities.collect());
        let binding = Binding::new(vector.scope.parse().expect("a scope"), &vector.namespace, &vector.name).expect("valid names");
        let place = Place { binding: &binding, key: &vector.key, audience: vector.audience.as_deref() };
        let item = Item::decode(&vector.item).expect("base64");
        let opened = ring.open(&item, &place, None).map(|opened| opened.value.expose().to_vec());
        let expected = if vector.expect == "opens" { Ok(vector.value) } else { Err(OpenError) };
        assert!(opened == expected, "{file}: {:?}", opened.map(|_| "opened"));
        let verdict = match (item.kind(), Head::of(&item)) {
            (Kind::V1, _) => "not-v2",
            (Kind::V2, Err(_)) => "malformed",
            (Kind::V2, Ok(_)) if expected.is_ok() => "opens",
            (Kind::V2, Ok(_)) => "refused",
        };
        assert_eq!(verdict, vector.expect, "{file}");
        *seen.entry(vector.expect).or_default() += 1;
    }
    assert!(["opens", "refused", "malformed", "not-v2"].iter().all(|verdict| seen.contains_key(*verdict)), "{seen:?}");
}
