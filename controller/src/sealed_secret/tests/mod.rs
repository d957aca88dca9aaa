//! Scenarios: a controller against an API server in a map, in virtual time. What a user would see, and what it cost.

mod asking;
mod formats;

use crate::delivery::tests::world::{World, at, sealed, sealed_with};
use crate::ports::KubeError;
use seal_api::sealed_secret::{MANAGED, PATCH, SKIP_OWNER};
use seal_secret::SecretBytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

fn map(entries: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    Some(entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

fn started(items: &[(&str, &str)], template: Value) -> World {
    let world = World::new();
    world.apply(sealed(items, template));
    world.settle();
    world
}

#[test]
fn a_sealed_secret_becomes_a_secret_with_one_write_one_status_and_one_event() {
    let world = started(&[("user", "bob"), ("password", "s3cret")], json!({"metadata": {"labels": {"a": "b"}}}));
    assert_eq!(world.data(), map(&[("user", "bob"), ("password", "s3cret")]));
    assert_eq!(world.spent(), (vec!["create", "status", "event"], 2));
    let status = world.status();
    assert_eq!(status["observedGeneration"], 1);
    assert_eq!(status["conditions"][1]["type"], "Ready");
    assert_eq!(status["conditions"][0]["lastUpdateTime"], status["conditions"][0]["lastTransitionTime"]);
    world.kube.with(|store| {
        assert_eq!(store.events, [("Unsealed".to_owned(), "SealedSecret unsealed successfully".to_owned())]);
        assert_eq!(store.secrets[&at()].metadata["ownerReferences"][0]["kind"], "SealedSecret");
    });
}

#[test]
fn a_restart_with_nothing_changed_opens_nothing_reads_no_secret_and_writes_nothing() {
    let mut world = World::new();
    for name in 0..20 {
        let at = crate::ports::ObjectRef::new("prod", &format!("s{name}"));
        world.apply(sealed_with(0, &at, &[("a", "1"), ("b", "2")], json!({})));
    }
    world.settle();
    world.spent();
    world.kube.with(|store| store.secret_reads = 0);
    for _ in 0..3 {
        world.restart();
        world.pass(Duration::from_secs(3600));
        assert_eq!(world.spent(), (vec![], 0));
        assert_eq!(world.kube.with(|store| store.secret_reads), 0);
    }
}

#[test]
fn the_echo_of_our_own_writes_costs_not_even_a_read() {
    let world = started(&[("a", "1")], json!({}));
    let reads = world.kube.with(|store| (store.secret_reads, store.sealed_reads));
    assert_eq!(reads, (1, 1));
}

#[test]
fn a_secret_that_only_moved_is_read_and_not_opened_after_a_restart() {
    let mut world = started(&[("a", "1")], json!({}));
    world.edit_secret(|s| drop(s.metadata.insert("annotations".into(), json!({"someone": "else"}))));
    world.settle();
    world.spent();
    world.restart();
    world.settle();
    assert_eq!(world.spent(), (vec![], 0));
    assert!(world.is_synced());
}

#[test]
fn an_edit_of_spec_is_opened_once_and_the_times_part() {
    let world = started(&[("a", "1")], json!({}));
    world.spent();
    world.clock.advance_to(Duration::from_secs(5));
    world.apply(sealed(&[("a", "2"), ("c", "3")], json!({})));
    world.settle();
    assert_eq!(world.data(), map(&[("a", "2"), ("c", "3")]));
    assert_eq!(world.spent(), (vec!["replace", "status", "event"], 2));
    let status = world.status();
    assert_eq!(status["observedGeneration"], 2);
    assert_ne!(status["conditions"][0]["lastUpdateTime"], status["conditions"][0]["lastTransitionTime"]);
}

#[test]
fn an_edit_of_labels_of_the_object_costs_nothing() {
    let world = started(&[("a", "1")], json!({}));
    world.spent();
    let mut object = world.kube.with(|store| store.sealed[&at()].clone());
    object["metadata"]["labels"] = json!({"app.kubernetes.io/instance": "argo"});
    world.apply(object);
    world.settle();
    assert_eq!(world.spent(), (vec![], 0));
}

#[test]
fn a_sealing_key_or_identity_that_is_there_is_never_written_whatever_its_annotations_allow() {
    for (labels, kind) in [
        (json!({"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}), "kubernetes.io/tls"),
        (json!({}), "kubernetes.io/service-account-token"),
    ] {
        for allowed in [MANAGED, PATCH] {
            let world = World::new();
            world.user_secret(json!({"labels": labels, "annotations": {allowed: "true"}}), &[("tls.key", "theirs")]);
            world.edit_secret(|secret| secret.kind = kind.into());
            world.apply(sealed(&[("tls.key", "planted")], json!({"type": kind_or_none(kind)})));
            world.settle();
            assert_eq!(world.synced().1, "Refused", "{kind} {allowed}");
            assert_eq!(world.data(), map(&[("tls.key", "theirs")]), "{kind} {allowed}");
        }
    }
}

/// A type that a template may have.
fn kind_or_none(kind: &str) -> &str {
    if kind == "kubernetes.io/tls" { kind } else { "" }
}

#[test]
fn a_scope_annotation_alone_is_noticed() {
    let world = started(&[("a", "1")], json!({}));
    let mut object = world.kube.with(|store| store.sealed[&at()].clone());
    object["metadata"]["annotations"] = json!({"sealedsecrets.bitnami.com/cluster-wide": "true"});
    world.apply(object);
    world.settle();
    assert_eq!(world.synced(), ("False".into(), "NoKey".into(), "no key could decrypt secret (a)".into()));
    assert_eq!(world.data(), map(&[("a", "1")]), "the last good Secret stays");
}

#[test]
fn an_edited_secret_is_healed_or_reported() {
    let world = started(&[("a", "1")], json!({"metadata": {"labels": {"l": "1"}}}));
    world.spent();
    world.edit_secret(|s| drop(s.data.insert("a".into(), SecretBytes::from("evil".to_owned()))));
    world.settle();
    assert_eq!(world.data(), map(&[("a", "1")]));
    world.edit_secret(|s| drop(s.metadata.remove("labels")));
    world.settle();
    assert_eq!(world.kube.with(|store| store.secrets[&at()].metadata["labels"].clone()), json!({"l": "1"}));

    let mut world = World::new();
    world.settings.policy.heal = false;
    world.restart();
    world.apply(sealed(&[("a", "1")], json!({})));
    world.settle();
    world.edit_secret(|s| drop(s.data.insert("a".into(), SecretBytes::from("evil".to_owned()))));
    world.settle();
    assert_eq!(world.data(), map(&[("a", "evil")]));
    assert_eq!(world.synced().1, "Drifted");
}

#[test]
fn foreign_labels_are_left_alone_and_cause_no_war() {
    let world = started(&[("a", "1")], json!({}));
    world.spent();
    world.edit_secret(|s| drop(s.metadata.insert("labels".into(), json!({"theirs": "x"}))));
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.spent(), (vec![], 0));
}

#[test]
fn a_deleted_secret_comes_back_when_it_was_owned_or_managed() {
    let world = started(&[("a", "1")], json!({}));
    world.delete_secret();
    world.settle();
    assert_eq!(world.data(), map(&[("a", "1")]));
}

#[test]
fn a_deleted_secret_without_owner_stays_deleted_also_after_a_restart() {
    let mut world = started(&[("a", "1")], json!({"metadata": {"annotations": {SKIP_OWNER: "true"}}}));
    assert!(world.is_synced());
    world.delete_secret();
    world.pass(Duration::from_secs(60));
    world.restart();
    world.pass(Duration::from_secs(60));
    assert_eq!(world.data(), None);
    assert!(world.is_synced());
}

#[test]
fn a_conflict_is_told_once_tried_slowly_for_ever_and_ends_when_the_obstacle_goes() {
    let world = World::new();
    world.user_secret(json!({}), &[("a", "theirs")]);
    world.apply(sealed(&[("a", "1")], json!({})));
    world.pass(Duration::from_secs(7200));
    let message = "failed update: Resource \"db\" already exists and is not managed by SealedSecret";
    assert_eq!(world.synced(), ("False".into(), "NotManaged".into(), message.into()));
    assert_eq!(world.data(), map(&[("a", "theirs")]));
    assert_eq!(world.spent(), (vec!["status", "event"], 0), "nothing is opened for a conflict");
    world.delete_secret();
    world.settle();
    assert_eq!(world.data(), None, "a name just freed by someone is not taken at once");
    world.pass(Duration::from_secs(6));
    assert_eq!(world.data(), map(&[("a", "1")]));
    assert!(world.is_synced());
}

#[test]
fn managed_and_patch_secrets_are_taken_over_and_merged_and_then_left_alone() {
    for (annotations, expected, back) in [
        (json!({MANAGED: "true"}), map(&[("foo", "bar")]), true),
        (json!({MANAGED: "true", PATCH: "true"}), map(&[("foo", "bar"), ("foo2", "old")]), true),
        (json!({PATCH: "true"}), map(&[("foo", "bar"), ("foo2", "old")]), false),
    ] {
        let mut world = World::new();
        world.user_secret(json!({"annotations": annotations}), &[("foo", "old"), ("foo2", "old")]);
        world.apply(sealed(&[("foo", "bar")], json!({})));
        world.settle();
        assert_eq!(world.data(), expected, "{annotations}");
        world.spent();
        world.restart();
        world.pass(Duration::from_secs(60));
        assert_eq!(world.spent(), (vec![], 0), "{annotations}");
        world.delete_secret();
        world.pass(Duration::from_secs(60));
        assert_eq!(world.data().is_some(), back, "{annotations}");
    }
}

#[test]
fn deleting_and_making_the_object_again_ends_with_a_secret_whenever_the_old_one_is_collected() {
    for collected_late in [false, true] {
        let world = started(&[("a", "1")], json!({}));
        world.kube.with(|store| store.delete_sealed(&at()));
        if !collected_late {
            world.delete_secret();
        }
        world.apply(sealed(&[("a", "2")], json!({})));
        world.settle();
        if collected_late {
            assert_eq!(world.data(), map(&[("a", "1")]), "a Secret of an earlier life is not ours to write");
            world.delete_secret();
            world.settle();
        }
        assert_eq!(world.data(), map(&[("a", "2")]), "late: {collected_late}");
        assert!(world.is_synced());
    }
}

#[test]
fn a_crash_after_any_write_converges_after_the_restart() {
    let change = |world: &World, step: usize| match step {
        0 => world.apply(sealed(&[("a", "1")], json!({}))),
        1 => world.apply(sealed(&[("a", "2")], json!({"metadata": {"labels": {"x": "y"}}}))),
        _ => world.delete_secret(),
    };
    for step in 0..3 {
        for crash_after in 0..4 {
            let mut world = World::new();
            (0..step).for_each(|earlier| {
                change(&world, earlier);
                world.settle();
            });
            world.spent();
            change(&world, step);
            world.kube.with(|store| store.crash_after = Some(crash_after));
            world.settle();
            let in_time = world.data() == map(&[("a", if step == 0 { "1" } else { "2" })]);
            assert!(in_time || crash_after == 0 || !world.is_synced(), "synced is never said of a Secret that is not there");
            world.restart();
            world.settle();
            assert_eq!(world.data(), map(&[("a", if step == 0 { "1" } else { "2" })]), "step {step}, crash after {crash_after}");
            assert!(world.is_synced());
            world.spent();
            world.restart();
            world.settle();
            assert_eq!(world.spent(), (vec![], 0), "step {step}, crash after {crash_after}: at rest");
        }
    }
}

#[test]
fn being_overtaken_leads_to_another_look_and_never_to_a_blind_write() {
    for times in [1, 3, 9] {
        let world = started(&[("a", "1")], json!({}));
        world.kube.with(|store| store.overtaken = times);
        world.apply(sealed(&[("a", "2")], json!({})));
        world.pass(Duration::from_secs(30));
        assert_eq!(world.data(), map(&[("a", "2")]), "overtaken {times} times");
        assert!(world.is_synced());
    }
}

#[test]
fn an_outage_of_an_hour_leaves_secrets_alone_and_ends_within_half_a_minute() {
    let world = started(&[("a", "1")], json!({}));
    world.apply(sealed(&[("a", "2")], json!({})));
    world.kube.with(|store| store.outage = Some(KubeError::Server { code: 503, retry_after: None }));
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.data(), map(&[("a", "1")]));
    world.kube.with(|store| store.outage = None);
    world.pass(Duration::from_secs(30));
    assert_eq!(world.data(), map(&[("a", "2")]));
}

#[test]
fn no_key_is_told_with_the_names_of_all_items_and_heals_when_the_key_comes() {
    let world = World::new();
    world.apply(sealed_with(1, &at(), &[("b", "2"), ("a", "1")], json!({})));
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.synced(), ("False".into(), "NoKey".into(), "no key could decrypt secret (a, b)".into()));
    assert_eq!(world.data(), None);
    world.kube.with(|store| {
        let expected = ("ErrUnsealFailed".to_owned(), "Failed to unseal: no key could decrypt secret (a, b)".to_owned());
        assert_eq!(store.events, [expected]);
    });
    world.set_keys(&[0, 1]);
    world.settle();
    assert!(world.is_synced());
    assert_eq!(world.data(), map(&[("a", "1"), ("b", "2")]));
}

#[test]
fn a_failure_is_not_told_again_by_a_restart() {
    let mut world = World::new();
    world.apply(sealed_with(1, &at(), &[("a", "1")], json!({})));
    world.settle();
    world.spent();
    world.restart();
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.spent().0, Vec::<&str>::new());
}

#[test]
fn a_key_that_is_taken_away_ends_the_skip() {
    let mut world = started(&[("a", "1")], json!({}));
    world.set_keys(&[1]);
    world.settle();
    assert_eq!(world.synced().1, "NoKey");
    world.restart();
    world.settle();
    assert_eq!(world.synced().1, "NoKey");
    world.set_keys(&[1, 0]);
    world.settle();
    assert!(world.is_synced());
}

#[test]
fn an_immutable_secret_is_told_clearly() {
    let world = started(&[("a", "1")], json!({"immutable": true}));
    assert!(world.is_synced());
    world.apply(sealed(&[("a", "2")], json!({"immutable": true})));
    world.pass(Duration::from_secs(60));
    let (synced, reason, message) = world.synced();
    assert_eq!((synced.as_str(), reason.as_str()), ("False", "Immutable"));
    assert!(message.contains("the target Secret is immutable"));
    assert_eq!(world.status()["observedGeneration"], 2);
    world.delete_secret();
    world.settle();
    assert_eq!(world.data(), map(&[("a", "2")]));
}

#[test]
fn templates_see_what_was_opened_and_an_item_wins() {
    let mut world =
        started(&[("a", "1")], json!({"data": {"url": "x{{ .a }}{{ .b }}", "b": "plain", "a": "not me", "none": null}}));
    assert_eq!(world.data(), map(&[("a", "1"), ("b", "plain"), ("url", "x1plain")]));
    world.spent();
    world.restart();
    world.settle();
    assert_eq!(world.spent(), (vec![], 0), "a restart renders nothing");
    world.apply(sealed(&[("a", "1")], json!({"data": {"url": "y{{ .a }}"}})));
    world.settle();
    assert_eq!(world.data(), map(&[("a", "1"), ("url", "y1")]));
}

#[test]
fn a_template_alone_needs_no_key() {
    let world = World::new();
    world.set_keys(&[]);
    world.apply(sealed(&[], json!({"data": {"url": "{{ list 1 2 | join \",\" }}"}})));
    world.settle();
    assert_eq!(world.data(), map(&[("url", "1,2")]));
}

#[test]
fn what_is_no_template_costs_no_private_key_and_writes_nothing() {
    let world = started(&[("a", "1")], json!({"data": {"url": "x{{ .a"}}));
    let (synced, reason, message) = world.synced();
    assert_eq!((synced.as_str(), reason.as_str()), ("False", "TemplateFailed"));
    assert_eq!(message, "spec.template.data: url:1:7: not a template: an action is not closed");
    assert_eq!((world.data(), world.spent().1), (None, 0));
}

#[test]
fn a_template_that_fails_leaves_the_secret_and_tells_no_value() {
    let world = started(&[("a", "s3cret")], json!({"data": {"url": "{{ .a }}"}}));
    for (template, message) in [
        ("{{ fail .a }}", "spec.template.data: url:1:4: fail: the template calls `fail` here"),
        ("{{ .a.b }}", "spec.template.data: url:1:4: a field of something that has no fields"),
        ("{{ range 9000000000 }}{{ end }}", "spec.template.data: url:1:4: stopped: too many steps"),
    ] {
        world.apply(sealed(&[("a", "new")], json!({"data": {"url": template}})));
        world.settle();
        assert_eq!(world.synced(), ("False".into(), "TemplateFailed".into(), message.into()));
        assert_eq!(world.data(), map(&[("a", "s3cret"), ("url", "s3cret")]), "{template}");
    }
}

#[test]
fn a_malformed_object_hurts_only_itself() {
    let world = World::new();
    let other = crate::ports::ObjectRef::new("prod", "fine");
    world.apply(json!({
        "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
        "metadata": {"namespace": "prod", "name": "db"}, "spec": {"encryptedData": {"a": {"not": "text"}}},
    }));
    world.apply(sealed_with(0, &other, &[("a", "1")], json!({})));
    world.settle();
    let (synced, reason, message) = world.synced();
    assert_eq!((synced.as_str(), reason.as_str()), ("False", "Invalid"));
    assert!(message.contains("spec.encryptedData.a"), "{message}");
    world.kube.with(|store| assert!(store.secrets.contains_key(&other)));
}

#[test]
fn both_formats_at_once_are_refused_with_the_known_words() {
    let world = World::new();
    let mut object = sealed(&[("a", "1")], json!({}));
    object["spec"]["data"] = "AgA=".into();
    world.apply(object);
    world.settle();
    assert_eq!(world.synced().2, "cannot use the field 'encryptedData' and the deprecated field 'data' at the same time");
}

#[test]
fn without_status_updates_nothing_is_written_but_secret_and_event() {
    let mut world = World::new();
    world.settings.update_status = false;
    world.restart();
    world.apply(sealed(&[("a", "1")], json!({})));
    world.settle();
    assert_eq!(world.spent(), (vec!["create", "event"], 1));
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.spent(), (vec![], 0));
}

#[test]
fn a_status_that_cannot_be_written_keeps_no_secret_back_and_comes_when_it_can() {
    let world = World::new();
    world.kube.with(|store| store.statuses_refused = 8);
    world.apply(sealed(&[("a", "1")], json!({})));
    world.settle();
    assert_eq!(world.spent(), (vec!["create", "event"], 1));
    assert_eq!(world.data(), map(&[("a", "1")]));
    world.pass(Duration::from_secs(300));
    assert!(world.is_synced());
    assert_eq!(world.spent().0, ["status"], "told once, written once");
}

#[test]
fn a_server_that_drops_our_status_fields_causes_no_loop() {
    let world = World::new();
    world.apply(sealed(&[("a", "1")], json!({})));
    world.settle();
    world.kube.with(|store| {
        let mut object = store.sealed[&at()].clone();
        object["status"].as_object_mut().unwrap().retain(|field, _| field == "conditions" || field == "observedGeneration");
        store.sealed.insert(at(), object.clone());
        store.apply(&at(), object);
    });
    world.spent();
    world.pass(Duration::from_secs(3600));
    assert_eq!(world.spent(), (vec![], 0));
}

#[test]
fn a_forged_record_is_not_believed() {
    let mut world = started(&[("a", "1")], json!({}));
    world.edit_secret(|s| drop(s.data.insert("a".into(), SecretBytes::from("evil".to_owned()))));
    world.kube.with(|store| {
        let version = store.secrets[&at()].metadata["resourceVersion"].clone();
        let object = store.sealed.get_mut(&at()).unwrap();
        object["status"]["secret"]["resourceVersion"] = version;
    });
    world.restart();
    world.settle();
    assert_eq!(world.data(), map(&[("a", "1")]));
}

#[test]
fn no_plaintext_is_in_status_or_events() {
    let world = started(&[("a", "c4nary-value")], json!({}));
    world.edit_secret(|s| s.kind = "other".into());
    world.apply(sealed(&[("a", "c4nary-value")], json!({"type": "third"})));
    world.pass(Duration::from_secs(600));
    let told = world.kube.with(|store| format!("{:?} {}", store.events, store.sealed[&at()]));
    for form in ["c4nary-value", "YzRuYXJ5LXZhbHVl", "63346e6172792d76616c7565"] {
        assert!(!told.contains(form), "{form}");
    }
}

#[test]
fn without_a_watch_of_secrets_an_edit_and_a_deletion_are_found_by_the_next_look() {
    for recreate in [true, false] {
        let mut world = World::new();
        (world.settings.watch_secrets, world.settings.policy.recreate) = (false, recreate);
        world.restart();
        world.apply(sealed(&[("a", "1")], json!({})));
        world.settle();
        world.edit_secret(|s| drop(s.data.insert("a".into(), SecretBytes::from("evil".to_owned()))));
        world.poll();
        world.settle();
        assert_eq!(world.data(), map(&[("a", "1")]));
        world.delete_secret();
        world.poll();
        world.settle();
        assert_eq!(world.data().is_some(), recreate);
        assert!(world.is_synced());
        world.spent();
        world.poll();
        world.settle();
        assert_eq!(world.spent(), (vec![], 0), "at rest");
    }
}
