//! Both formats of items: what opens, what a namespace may demand, and what is said of objects with both.

use crate::delivery::tests::world::{World, sealed};
use seal_crypto::age::{Identity, RecipientKind};
use seal_crypto::{Binding, Scope, v2};
use seal_secret::SecretBytes;
use serde_json::{Value, json};
use std::time::Duration;

fn identity(kind: RecipientKind) -> Identity {
    Identity::generate(kind, &mut rand::rng()).unwrap()
}

/// The text of an item for `prod/db`.
fn item(identity: &Identity, name: &str, value: &str, audience: &str) -> String {
    let binding = Binding::new(Scope::Strict, "prod", "db").unwrap();
    let context = v2::Context::new(&binding, name, audience, 7).unwrap();
    let recipients = [identity.recipient().unwrap().clone()];
    v2::seal(&SecretBytes::from(value.to_owned()), &context, &recipients, &mut rand::rng()).unwrap().encode()
}

/// A SealedSecret with these v1 items and these texts.
fn object(v1: &[(&str, &str)], texts: &[(&str, String)]) -> Value {
    let mut object = sealed(v1, json!({}));
    for (name, text) in texts {
        object["spec"]["encryptedData"][*name] = text.as_str().into();
    }
    object
}

fn world(identities: &[&Identity]) -> World {
    let world = World::new();
    let texts: Vec<SecretBytes> = identities.iter().map(|identity| identity.to_text().unwrap()).collect();
    world.set_identities(&texts);
    world
}

fn weak(world: &World) -> Option<String> {
    let status = world.status();
    let conditions = status["conditions"].as_array().unwrap();
    let weak = conditions.iter().find(|condition| condition["type"] == "Weak")?;
    assert_eq!((&weak["status"], &weak["reason"]), (&json!("True"), &json!("MixedItems")));
    Some(weak["message"].as_str().unwrap().to_owned())
}

#[test]
fn items_for_age_recipients_open_and_a_restart_costs_nothing() {
    for kind in [RecipientKind::X25519, RecipientKind::PostQuantum] {
        let one = identity(kind);
        let mut world = world(&[&one]);
        world.apply(object(&[], &[("a", item(&one, "a", "1", "")), ("b", item(&one, "b", "2", ""))]));
        world.settle();
        assert!(world.is_synced(), "{:?}", world.synced());
        assert_eq!(world.data().unwrap().into_values().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(world.status()["keys"], json!([one.recipient().unwrap().fingerprint().to_string()]));
        assert_eq!((world.spent().1, weak(&world)), (2, None));
        world.restart();
        world.pass(Duration::from_secs(3600));
        assert_eq!(world.spent(), (vec![], 0));
    }
}

#[test]
fn an_item_elsewhere_than_it_was_sealed_for_does_not_open() {
    let (one, other) = (identity(RecipientKind::X25519), identity(RecipientKind::X25519));
    for (name, text, audience, opens) in [
        ("a", item(&one, "a", "1", ""), "", true),
        ("renamed", item(&one, "a", "1", ""), "", false),
        ("a", item(&one, "a", "1", "eu-1"), "", false),
        ("a", item(&one, "a", "1", "eu-1"), "eu-1", true),
        ("a", item(&one, "a", "1", "eu-1"), "us-1", false),
        ("a", item(&one, "a", "1", ""), "us-1", true),
        ("a", item(&other, "a", "1", ""), "", false),
    ] {
        let mut world = world(&[&one]);
        world.rules.audience = audience.to_owned();
        world.restart();
        world.apply(object(&[], &[(name, text)]));
        world.settle();
        let expected = if opens {
            ("Unsealed".to_owned(), String::new())
        } else {
            ("NoKey".to_owned(), format!("no key could decrypt secret ({name})"))
        };
        let (_, reason, message) = world.synced();
        assert_eq!((reason, message), expected, "{name} for {audience:?}");
    }
}

#[test]
fn an_audience_that_was_changed_ends_the_skip() {
    let one = identity(RecipientKind::X25519);
    let mut world = world(&[&one]);
    world.rules.audience = "eu-1".to_owned();
    world.restart();
    world.apply(object(&[], &[("a", item(&one, "a", "1", "eu-1"))]));
    world.settle();
    assert!(world.is_synced());
    world.rules.audience = "eu-2".to_owned();
    world.restart();
    world.settle();
    assert_eq!(world.synced().1, "NoKey");
}

#[test]
fn a_namespace_that_demands_v2_refuses_objects_with_a_v1_item_and_writes_nothing() {
    let one = identity(RecipientKind::X25519);
    let v2 = || item(&one, "b", "2", "");
    for (demanded, v1, reason) in [
        ("prod", &[("a", "1")][..], "V2Required"),
        ("*", &[("a", "1")][..], "V2Required"),
        ("prod", &[][..], "Unsealed"),
        ("test", &[("a", "1")][..], "Unsealed"),
    ] {
        let mut world = world(&[&one]);
        world.rules.require_v2 = demanded.parse().unwrap();
        world.restart();
        world.apply(object(v1, &[("b", v2())]));
        world.settle();
        assert_eq!(world.synced().1, reason, "{demanded}");
        assert_eq!(world.data().is_some(), reason == "Unsealed");
        if reason == "V2Required" {
            assert!(world.synced().2.contains(": a;"), "{}", world.synced().2);
            assert_eq!(world.spent().1, 0, "nothing is opened");
        }
    }
}

#[test]
fn a_demand_for_v2_that_was_added_ends_the_skip_and_keeps_the_secret() {
    let one = identity(RecipientKind::X25519);
    let mut world = world(&[&one]);
    world.apply(object(&[("a", "1")], &[]));
    world.settle();
    world.rules.require_v2 = "*".parse().unwrap();
    world.restart();
    world.settle();
    assert_eq!(world.synced().1, "V2Required");
    assert!(world.data().is_some());
}

#[test]
fn an_object_with_both_formats_is_told_once_that_it_is_weak_until_it_is_not() {
    let one = identity(RecipientKind::X25519);
    let mut world = world(&[&one]);
    world.apply(object(&[("a", "1")], &[("b", item(&one, "b", "2", ""))]));
    world.settle();
    assert!(world.is_synced());
    assert!(weak(&world).is_some_and(|message| message.contains(": a;")));
    let told = |world: &World| world.kube.with(|store| store.events.iter().filter(|(reason, _)| reason == "MixedItems").count());
    assert_eq!(told(&world), 1);
    world.restart();
    world.pass(Duration::from_secs(3600));
    world.edit_secret(|s| drop(s.data.insert("a".into(), SecretBytes::from("evil".to_owned()))));
    world.settle();
    assert_eq!(told(&world), 1);
    world.apply(object(&[], &[("a", item(&one, "a", "1", "")), ("b", item(&one, "b", "2", ""))]));
    world.settle();
    assert_eq!((weak(&world), told(&world)), (None, 1));
}
