//! Golden items made by real kubeseal programs, and spoiled ones, by both RSA back ends.

use super::key;
use crate::v2::Place;
use crate::{Binding, Item, ItemError, Keyring, OpenError, PrivateKey};
use std::collections::BTreeMap;
use std::path::Path;

#[path = "../../../../tests/vectors/reader.rs"]
mod reader;
use reader::{Expect, Vector};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors"))
}

fn read_key(name: &str) -> PrivateKey {
    key(&std::fs::read(folder().join("keys").join(name).with_extension("pem")).expect("a published test key"))
}

fn binding(vector: &Vector) -> Binding {
    let scope = vector.scope.parse().expect("a scope");
    Binding::new(scope, &vector.namespace, &vector.name).expect("valid names")
}

#[test]
fn every_vector_has_the_outcome_it_says() {
    for vector in reader::all(folder()) {
        let keyring = Keyring::new(vector.keys.iter().map(|name| read_key(name)).collect());
        let decoded = Item::decode(&vector.item);
        let shape = decoded.as_ref().map_err(|_| ItemError::Base64).and_then(Item::shape);
        let opened = decoded.as_ref().map(|item| keyring.open(item, &Place::new(&binding(&vector), "key"), None));
        let file = &vector.file;
        match vector.expect {
            Expect::Opens => {
                let opened = opened.expect(file).expect(file);
                assert!(opened.value.expose() == vector.value, "{file}: another value");
            }
            Expect::Refused => {
                assert!(shape.is_ok(), "{file}");
                assert_eq!(opened.expect(file).err(), Some(OpenError), "{file}");
            }
            Expect::Base64 => assert_eq!(decoded, Err(ItemError::Base64), "{file}"),
            Expect::TooShort => {
                assert_eq!(shape.err(), Some(ItemError::TooShort), "{file}");
                assert_eq!(opened.expect(file).err(), Some(OpenError), "{file}");
            }
        }
    }
}

/// With feature aws-lc the two are different code; without it this holds one against itself.
#[test]
fn both_back_ends_answer_the_same_on_every_vector() {
    let names = ["rsa1024", "rsa2048", "rsa2048-other", "rsa2050", "rsa3072", "rsa4096"];
    let keys: BTreeMap<_, _> = names.map(|name| (name, read_key(name))).into();
    for vector in reader::all(folder()) {
        let Ok(item) = Item::decode(&vector.item) else { continue };
        let Some((block, _)) = item.parts() else { continue };
        let label = binding(&vector).label();
        for (name, key) in &keys {
            let (fast, portable) = (key.unwrap(block, &label), key.unwrap_portable(block, &label));
            assert!(fast == portable, "{}: the back ends differ with {name}", vector.file);
        }
    }
}
