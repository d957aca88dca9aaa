//! Scenarios of questions in an object's annotation: who asks, what comes back, what it costs.

use crate::delivery::tests::world::{World, at, sealed, sealed_with};
use crate::ports::KubeError;
use seal_api::sealed_secret::{ROTATE_REQUEST, Rotation};
use serde_json::{Value, json};
use std::time::Duration;

const ID: &str = "0123456789abcdef";

fn ask(world: &World, id: Value) {
    let mut object = world.kube.with(|store| store.sealed[&at()].clone());
    object["metadata"]["annotations"][ROTATE_REQUEST] = id;
    world.apply(object);
}

fn answer(world: &World) -> Option<Rotation> {
    world.kube.with(|store| Rotation::of(&store.sealed[&at()]))
}

/// Sealed to the older of two keys and synced.
fn stale() -> World {
    let world = World::new();
    world.set_keys(&[0, 1]);
    world.apply(sealed_with(1, &at(), &[("a", "1"), ("b", "2")], json!({"data": {}})));
    world.settle();
    assert!(world.is_synced());
    world.spent();
    world
}

#[test]
fn stale_items_come_back_sealed_to_the_newest_key_and_open_to_the_same_values() {
    let world = stale();
    ask(&world, json!(ID));
    world.settle();
    let told = answer(&world).expect("an answer");
    assert_eq!((told.request.as_str(), told.observed_generation, told.scope.as_str()), (ID, 1, "strict"));
    assert_eq!(told.items.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(world.spent(), (vec!["status"], 4), "two keys are tried for each of two items");
    let mut object = world.kube.with(|store| store.sealed[&at()].clone());
    object["spec"]["encryptedData"] = json!(told.items);
    object["metadata"]["annotations"] = json!({});
    world.set_keys(&[0]);
    world.apply(object);
    world.settle();
    assert_eq!(world.data(), super::map(&[("a", "1"), ("b", "2")]));
    assert!(world.is_synced());
}

#[test]
fn one_id_is_answered_once_and_the_answer_goes_with_the_annotation() {
    let mut world = stale();
    ask(&world, json!(ID));
    world.settle();
    let told = answer(&world);
    world.spent();
    world.restart();
    world.pass(Duration::from_secs(3600));
    assert_eq!((world.spent(), answer(&world)), ((vec![], 0), told.clone()), "neither again nor after a restart");
    ask(&world, json!("another-id"));
    world.settle();
    assert_eq!(answer(&world).map(|told| told.request), Some("another-id".into()));
    world.spent();
    ask(&world, Value::Null);
    world.settle();
    assert_eq!((world.spent(), answer(&world)), ((vec!["status"], 0), None));
    assert!(world.is_synced(), "the rest of the status stays");
}

#[test]
fn what_is_current_costs_one_operation_an_item_and_gives_no_items() {
    let world = World::new();
    world.apply(sealed(&[("a", "1"), ("b", "2")], json!({})));
    world.settle();
    world.spent();
    ask(&world, json!(ID));
    world.settle();
    let told = answer(&world).expect("an answer");
    assert_eq!((told.items.len(), told.problem.as_str()), (0, ""));
    assert_eq!(world.spent(), (vec!["status"], 2));
}

#[test]
fn what_no_key_opens_is_said_by_name_and_a_template_is_none_of_its_business() {
    let world = stale();
    world.set_keys(&[0]);
    world.settle();
    world.spent();
    ask(&world, json!(ID));
    world.settle();
    assert_eq!(answer(&world).map(|told| told.problem), Some("no key could decrypt secret (a, b)".into()));

    let world = World::new();
    world.apply(sealed(&[("a", "1")], json!({"data": {"url": "{{ fail .a }}"}})));
    world.settle();
    assert_eq!(world.synced().1, "TemplateFailed");
    ask(&world, json!(ID));
    world.settle();
    assert_eq!(answer(&world).map(|told| told.problem), Some(String::new()));
    assert_eq!(world.data(), None, "no Secret is made for an answer");
}

#[test]
fn what_is_no_id_is_no_question_and_nothing_is_answered_without_a_status() {
    let world = stale();
    for id in [json!("x"), json!("NOT AN ID"), json!(7), json!("a".repeat(65))] {
        ask(&world, id);
        world.settle();
        assert_eq!((world.spent(), answer(&world)), ((vec![], 0), None));
    }
    let mut world = stale();
    world.settings.update_status = false;
    world.restart();
    ask(&world, json!(ID));
    world.settle();
    assert_eq!(answer(&world), None);
}

#[test]
fn an_outage_delays_an_answer_and_does_not_lose_it() {
    let world = stale();
    ask(&world, json!(ID));
    world.kube.with(|store| store.outage = Some(KubeError::Server { code: 503, retry_after: None }));
    world.pass(Duration::from_secs(600));
    world.kube.with(|store| store.outage = None);
    world.pass(Duration::from_secs(600));
    assert_eq!(answer(&world).map(|told| told.items.len()), Some(2));
}
