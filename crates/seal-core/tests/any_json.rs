//! Whatever stands where a SealedSecret should be: reading it never panics, and a wrong type hurts nothing but itself.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use seal_api::SealedSecret;
use seal_core::{
    open::{Opening, open_object},
    seal::{SealOptions, seal_secret},
    sealed::SealedObject,
    secret::SecretObject,
    verify::{Expectation, verify},
};
use seal_crypto::{Keyring, PrivateKey};
use seal_manifest::{ManifestFile, Node};
use serde_json::{Map, Value, json};

const CANARY: &str = "canary-value";

/// A sealed object with every field a template has, and the key that opens it.
static GOOD: LazyLock<(Value, Keyring)> = LazyLock::new(|| {
    let mut rng = StdRng::seed_from_u64(7);
    let key = PrivateKey::generate(1024, &mut rng).expect("a key");
    let text =
        "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, type: t/x, stringData: {a: '1', b: '2', c: '3'}}";
    let file = ManifestFile::parse("f", text.to_owned()).expect("YAML");
    let secret = SecretObject::from_node(&file.documents[0].root).expect("a Secret");
    let options = SealOptions { claim: true, ..SealOptions::default() };
    let sealed = seal_secret(&secret, options, &key.public().clone().into(), &mut rng).expect("sealed");
    let mut value = sealed.to_node().to_public_json();
    value["spec"]["template"]["metadata"]["labels"] = json!({"l": "1", "m": "2"});
    value["spec"]["template"]["immutable"] = true.into();
    value["spec"]["template"]["data"] = json!({"t": "{{ .a }}", "u": null});
    value["status"] = json!({"observedGeneration": 1, "conditions": [{"type": "Synced", "status": "True"}]});
    (value, Keyring::new(vec![key]))
});

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("metadata".to_owned()),
        Just("spec".to_owned()),
        Just("annotations".to_owned()),
        Just("encryptedData".to_owned()),
        Just("template".to_owned()),
        Just("data".to_owned()),
        Just("name".to_owned()),
        "\\PC{0,8}",
    ];
    let text = prop_oneof![Just(CANARY.to_owned()), "[A-Za-z0-9+/]{0,40}={0,2}", "\\PC{0,12}"];
    let number = prop_oneof![any::<i64>().prop_map(Value::from), Just(Value::from(0.5)), Just(Value::from(u64::MAX))];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool), number, text.prop_map(Value::String)];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|pairs| Value::Object(Map::from_iter(pairs))),
        ]
    })
}

/// Pointers to every node of a value, itself excluded.
fn pointers(value: &Value, at: &str, into: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, child)| (key.replace('~', "~0").replace('/', "~1"), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let below = format!("{at}/{key}");
        pointers(child, &below, into);
        into.push(below);
    }
}

/// Everything both programs do with what they were given, before a decision.
fn read_in_every_way(value: &Value) {
    let tolerant = SealedSecret::from_value(value);
    assert!(!tolerant.problems.join(" ").contains(CANARY), "a problem repeats a value");
    if let Ok(object) = SealedObject::from_json(value) {
        assert_eq!((object.namespace(), object.name()), (&*tolerant.meta.namespace, &*tolerant.meta.name));
        if let Err(unopened) = open_object(&object, &Keyring::default(), &Opening::default()) {
            assert!(object.blob.is_some() || unopened.items.iter().eq(object.items.keys()));
        }
        let again = SealedObject::from_node(&object.to_node()).expect("what was printed is read");
        assert_eq!((&again.items, &again.blob, &again.template), (&object.items, &object.blob, &object.template));
    }
    if let Ok(findings) = verify(&Node::from_json(value), &Expectation::default()) {
        assert!(findings.iter().all(|finding| !finding.message.is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_json_is_read_or_refused(mut value in any_json(), typed in any::<bool>()) {
        read_in_every_way(&value);
        if let Value::Object(map) = &mut value && typed {
            map.insert("apiVersion".into(), "bitnami.com/v1alpha1".into());
            map.insert("kind".into(), "SealedSecret".into());
            map.entry("metadata").or_insert_with(|| json!({}));
            map.entry("spec").or_insert_with(|| json!({}));
            read_in_every_way(&value);
        }
    }

    #[test]
    fn anything_in_any_one_place_hurts_only_that_place(which in any::<prop::sample::Index>(), other in any_json()) {
        let (good, keyring) = &*GOOD;
        let mut all = Vec::new();
        pointers(good, "", &mut all);
        let place = which.get(&all);
        let mut bent = good.clone();
        *bent.pointer_mut(place).expect("it is there") = other;
        read_in_every_way(&bent);
        let whole = SealedObject::from_json(good).expect("read");
        let Ok(object) = SealedObject::from_json(&bent) else {
            let heads = ["/apiVersion", "/kind", "/metadata", "/spec"];
            prop_assert!(heads.contains(&place.as_str()), "{place} hurts the whole object");
            return Ok(());
        };
        if !place.starts_with("/metadata") {
            prop_assert_eq!(object.binding().ok(), whole.binding().ok(), "{} moves the object", place);
        }
        if !place.starts_with("/spec/encryptedData") && place != "/spec" {
            prop_assert_eq!(&object.items, &whole.items);
        }
        if let Some(item) = place.strip_prefix("/spec/encryptedData/") {
            let others = |object: &SealedObject| object.items.iter().filter(|(key, _)| *key != item).map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>();
            prop_assert_eq!(others(&object), others(&whole));
            prop_assert_eq!(&object.template, &whole.template);
            if object.items != whole.items {
                let failed = open_object(&object, keyring, &Opening::default()).err().map(|unopened| unopened.items);
                prop_assert_eq!(failed, Some(vec![item.to_owned()]), "the others open and this one is named");
            }
        }
    }

    #[test]
    fn problems_name_the_place_that_is_wrong(which in any::<prop::sample::Index>()) {
        let good = &GOOD.0;
        let mut all = Vec::new();
        pointers(good, "", &mut all);
        // Name and namespace of the template are not looked at.
        let looked_at = |place: &String| !place.ends_with("/template/metadata/name") && !place.ends_with("/template/metadata/namespace");
        all.retain(|place| place.starts_with("/spec/") && looked_at(place) || place.starts_with("/metadata/annotations"));
        let place = which.get(&all);
        let mut bent = good.clone();
        // A list of a text is a wrong type wherever a SealedSecret has a field.
        *bent.pointer_mut(place).expect("it is there") = json!([CANARY]);
        let problems: BTreeSet<_> = SealedSecret::from_value(&bent).problems.into_iter().collect();
        prop_assert_eq!(problems, BTreeSet::from([place[1..].replace('/', ".").replace("~1", "/")]));
    }
}
