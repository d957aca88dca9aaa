//! Any JSON where a SealedSecret should be: reading, verifying and opening never panic, and what is printed
//! is read again as the same object.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seal_api::SealedSecret;
use seal_core::{open::open_object, sealed::SealedObject, verify};
use seal_crypto::Keyring;
use seal_manifest::Node;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return };
    read(&value);
    if let Some(map) = value.as_object_mut() {
        map.insert("apiVersion".into(), "bitnami.com/v1alpha1".into());
        map.insert("kind".into(), "SealedSecret".into());
        read(&value);
    }
});

fn read(value: &Value) {
    let tolerant = SealedSecret::from_value(value);
    let _ = verify::verify(&Node::from_json(value), &verify::Expectation::default());
    let Ok(object) = SealedObject::from_json(value) else { return };
    assert_eq!((object.namespace(), object.name()), (&*tolerant.meta.namespace, &*tolerant.meta.name));
    if let Err(unopened) = open_object(&object, &Keyring::default(), None) {
        assert!(object.blob.is_some() || unopened.items.iter().eq(object.items.keys()));
    }
    let again = SealedObject::from_node(&object.to_node()).expect("what was printed is read");
    assert_eq!((again.items, again.blob), (object.items, object.blob));
}
