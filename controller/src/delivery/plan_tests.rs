//! Tables for `plan`: every standing of a Secret, every record, both policies.

use super::*;
use seal_api::SealedSecret;
use seal_api::sealed_secret::{NAMES, SKIP_OWNER};

const HEAL: Policy = Policy { heal: true, recreate: true };
const REPORT: Policy = Policy { heal: false, recreate: true };
const NO_RECREATE: Policy = Policy { heal: true, recreate: false };

/// An object, and the shape that its template asks for.
fn sealed(template: Value) -> (Subject, Shape) {
    let empty = Map::new();
    let metadata = template["metadata"].as_object().unwrap_or(&empty);
    let immutable = template["immutable"].as_bool();
    let shape = Shape::new(texts(metadata, "labels"), texts(metadata, "annotations"), template["type"].as_str(), immutable);
    let read = SealedSecret::from_value(&json!({"metadata": {"namespace": "prod", "name": "db", "uid": "u1"}, "spec": {}}));
    (Subject { names: &NAMES, meta: read.meta, status: read.status }, shape)
}

fn conflict() -> Failure {
    Failure::not_managed("SealedSecret", "db")
}

fn owner(uid: &str) -> Value {
    json!([{"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "name": "db", "uid": uid, "controller": true}])
}

fn data(entries: &[(&str, &str)]) -> BTreeMap<String, SecretBytes> {
    entries.iter().map(|(k, v)| ((*k).to_owned(), SecretBytes::from((*v).to_owned()))).collect()
}

fn secret(metadata: Value, entries: &[(&str, &str)]) -> LiveSecret {
    let metadata = metadata.as_object().unwrap().clone();
    LiveSecret {
        uid: "s1".into(),
        resource_version: "5".into(),
        metadata,
        kind: "Opaque".into(),
        immutable: None,
        data: data(entries),
    }
}

fn record(owned: bool) -> SecretRecord {
    SecretRecord { uid: "s1".into(), resource_version: "5".into(), owned, ..SecretRecord::default() }
}

fn first(
    (subject, shape): &(Subject, Shape),
    live: Option<&LiveSecret>,
    record: Option<&SecretRecord>,
    same_data: bool,
    policy: Policy,
) -> First {
    before_opening(&Seen { subject, shape: Some(shape), record, live, same_data, foreign_just_gone: false }, policy)
}

#[test]
fn an_absent_secret_is_made_healed_reported_or_left() {
    let object = sealed(json!({}));
    let (ours, loose) = (record(true), record(false));
    for (record, policy, expected) in [
        (None, HEAL, First::Open),
        (None, REPORT, First::Open),
        (Some(&ours), HEAL, First::Open),
        (Some(&ours), REPORT, First::Stop(Failure::drifted("the Secret was deleted"))),
        (Some(&ours), NO_RECREATE, First::LeftAbsent),
        (Some(&loose), HEAL, First::LeftAbsent),
    ] {
        assert_eq!(first(&object, None, record, false, policy), expected);
    }
}

#[test]
fn a_name_that_someone_else_just_freed_is_not_taken_at_once() {
    let (subject, shape) = sealed(json!({}));
    let seen =
        Seen { subject: &subject, shape: Some(&shape), record: None, live: None, same_data: false, foreign_just_gone: true };
    assert_eq!(before_opening(&seen, HEAL), First::Wait);
}

#[test]
fn a_secret_is_ours_by_owner_managed_or_patch_and_else_a_conflict() {
    let object = sealed(json!({}));
    for (metadata, expected) in [
        (json!({}), First::Stop(conflict())),
        (json!({"ownerReferences": owner("another-life")}), First::Stop(Failure { again: Again::Soon, ..conflict() })),
        (json!({"annotations": {MANAGED: "yes"}}), First::Stop(conflict())),
        (json!({"annotations": {MANAGED: "true"}}), First::Open),
        (json!({"annotations": {PATCH: "true"}}), First::Open),
        (json!({"ownerReferences": owner("u1")}), First::Open),
    ] {
        assert_eq!(first(&object, Some(&secret(metadata.clone(), &[("foo", "bar")])), None, false, HEAL), expected, "{metadata}");
    }
}

#[test]
fn with_a_record_only_a_real_difference_costs_an_opening() {
    let object = sealed(json!({"metadata": {"labels": {"a": "1"}}}));
    let ours = record(true);
    let edited = || First::Stop(edited());
    for (metadata, entries, same_data, heal, report) in [
        (
            json!({"ownerReferences": owner("u1"), "labels": {"a": "1"}}),
            vec![("foo", "bar")],
            true,
            First::Settled,
            First::Settled,
        ),
        // Labels that others add are not drift; labels of ours that others take are.
        (
            json!({"ownerReferences": owner("u1"), "labels": {"a": "1", "other": "2"}}),
            vec![("foo", "bar")],
            true,
            First::Settled,
            First::Settled,
        ),
        (json!({"ownerReferences": owner("u1")}), vec![("foo", "bar")], true, First::Open, edited()),
        (json!({"ownerReferences": owner("u1"), "labels": {"a": "1"}}), vec![("foo", "zap")], false, First::Open, edited()),
        (json!({"annotations": {MANAGED: "true"}, "labels": {"a": "1"}}), vec![("foo", "bar")], true, First::Open, edited()),
        (
            json!({"annotations": {PATCH: "true"}, "labels": {"a": "1"}}),
            vec![("foo", "bar"), ("theirs", "x")],
            true,
            First::Settled,
            First::Settled,
        ),
    ] {
        let live = secret(metadata.clone(), &entries);
        assert_eq!(first(&object, Some(&live), Some(&ours), same_data, HEAL), heal, "{metadata}");
        assert_eq!(first(&object, Some(&live), Some(&ours), same_data, REPORT), report, "{metadata}");
    }
}

#[test]
fn our_own_write_without_an_owner_is_known_again_by_its_content() {
    let object = sealed(json!({"metadata": {"annotations": {SKIP_OWNER: "true"}}}));
    let (subject, shape) = &object;
    let live = secret(json!({"annotations": {SKIP_OWNER: "true"}}), &[("foo", "bar")]);
    assert_eq!(first(&object, Some(&live), None, false, HEAL), First::Open);
    assert_eq!(first(&object, Some(&live), Some(&record(false)), true, HEAL), First::Settled);
    assert!(matches!(after_opening(subject, shape, Some(&live), data(&[("foo", "bar")]), false, HEAL), Second::Keep));
    assert!(
        matches!(after_opening(subject, shape, Some(&live), data(&[("foo", "new")]), false, HEAL), Second::Stop(f) if f == conflict())
    );
}

fn replaced((subject, shape): &(Subject, Shape), live: &LiveSecret, new: &[(&str, &str)]) -> SecretDraft {
    match after_opening(subject, shape, Some(live), data(new), false, HEAL) {
        Second::Replace(draft) => draft,
        Second::Stop(failure) => panic!("stopped: {}", failure.message),
        _ => panic!("nothing to replace"),
    }
}

#[test]
fn managed_is_taken_over_whole() {
    let live = secret(
        json!({"uid": "s1", "resourceVersion": "5", "annotations": {MANAGED: "true"}, "labels": {"mylabel": "old", "anotherlabel": "x"}, "finalizers": ["keep/me"]}),
        &[("foo", "bar1"), ("foo2", "bar2")],
    );
    let draft = replaced(&sealed(json!({"metadata": {"labels": {"mylabel": "myvalue"}}})), &live, &[("foo", "bar")]);
    assert_eq!(
        Value::Object(draft.metadata),
        json!({"uid": "s1", "resourceVersion": "5", "labels": {"mylabel": "myvalue"}, "ownerReferences": owner("u1"), "finalizers": ["keep/me"]})
    );
    assert!(draft.data == data(&[("foo", "bar")]));
}

#[test]
fn patch_merges_and_takes_ownership_only_when_also_managed() {
    let object = sealed(json!({"metadata": {"labels": {"mylabel": "myvalue"}}}));
    for (annotations, owners) in [(json!({PATCH: "true"}), None), (json!({PATCH: "true", MANAGED: "true"}), Some(owner("u1")))] {
        let live =
            secret(json!({"annotations": annotations, "labels": {"anotherlabel": "x"}}), &[("foo", "bar1"), ("foo2", "bar2")]);
        let draft = replaced(&object, &live, &[("foo", "bar")]);
        assert_eq!(draft.metadata["labels"], json!({"anotherlabel": "x", "mylabel": "myvalue"}));
        assert_eq!(draft.metadata["annotations"], annotations);
        assert_eq!(draft.metadata.get("ownerReferences"), owners.as_ref());
        assert!(draft.data == data(&[("foo", "bar"), ("foo2", "bar2")]));
    }
}

#[test]
fn patch_into_a_secret_with_nothing_in_it() {
    let live = secret(json!({"annotations": {PATCH: "true"}}), &[]);
    assert!(replaced(&sealed(json!({})), &live, &[("foo", "bar")]).data == data(&[("foo", "bar")]));
}

#[test]
fn an_equal_secret_is_not_written() {
    let object = sealed(json!({"metadata": {"labels": {}}, "type": ""}));
    let live = secret(json!({"ownerReferences": owner("u1"), "annotations": {}}), &[("foo", "bar")]);
    assert!(matches!(after_opening(&object.0, &object.1, Some(&live), data(&[("foo", "bar")]), false, HEAL), Second::Keep));
}

#[test]
fn immutable_and_type_are_told_apart_before_the_server_is_asked() {
    let mut live = secret(json!({"ownerReferences": owner("u1")}), &[("foo", "bar")]);
    let object = sealed(json!({"type": "kubernetes.io/tls"}));
    let stop = |(subject, shape): &(Subject, Shape), live: &LiveSecret, new: &str| match after_opening(
        subject,
        shape,
        Some(live),
        data(&[("foo", new)]),
        false,
        HEAL,
    ) {
        Second::Stop(failure) => failure,
        _ => panic!("not stopped"),
    };
    assert_eq!(stop(&object, &live, "bar"), Failure::type_changed("prod/db", "Opaque", "kubernetes.io/tls"));
    live.immutable = Some(true);
    let frozen = stop(&sealed(json!({})), &live, "baz");
    assert_eq!(frozen, Failure::immutable("prod/db"));
    assert!(frozen.message.contains("the target Secret is immutable"));
    // Labels of an immutable Secret may still change.
    assert!(replaced(&sealed(json!({"metadata": {"labels": {"a": "b"}}})), &live, &[("foo", "bar")]).immutable == Some(true));
}

#[test]
fn a_new_secret_carries_the_template_and_its_owner() {
    let object = sealed(
        json!({"metadata": {"labels": {"a": "b"}, "name": "elsewhere", "namespace": "other"}, "immutable": true, "type": "my/type"}),
    );
    let Second::Create(draft) = after_opening(&object.0, &object.1, None, data(&[("foo", "bar")]), false, HEAL) else {
        panic!("not created")
    };
    assert_eq!(
        Value::Object(draft.metadata),
        json!({"name": "db", "namespace": "prod", "labels": {"a": "b"}, "ownerReferences": owner("u1")})
    );
    assert_eq!((draft.kind.as_str(), draft.immutable), ("my/type", Some(true)));
}

#[test]
fn a_secret_is_made_again_when_it_is_owned_or_managed_after_the_write() {
    let standing = |controlled, managed, merged| Some(Standing { controlled, managed, merged });
    let skip = |more: Value| {
        let mut annotations = json!({SKIP_OWNER: "true"});
        annotations.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"metadata": {"annotations": annotations}})
    };
    for (template, before, expected) in [
        (json!({}), None, true),
        (json!({}), standing(false, true, false), true),
        (json!({}), standing(false, false, true), false),
        (json!({}), standing(false, true, true), true),
        (skip(json!({})), None, false),
        // The owner goes with this write.
        (skip(json!({})), standing(true, false, false), false),
        (skip(json!({MANAGED: "true"})), None, true),
    ] {
        assert_eq!(owned_after(&sealed(template.clone()).1, before), expected, "{template} {before:?}");
    }
}

#[test]
fn where_the_shape_shows_only_once_opened_opening_decides_what_else_would_be_decided_before() {
    let (subject, shape) = sealed(json!({"metadata": {"labels": {"a": "1"}}}));
    let live = secret(json!({"ownerReferences": owner("u1")}), &[("foo", "bar")]);
    let ours = record(true);
    let seen = Seen {
        subject: &subject,
        shape: None,
        record: Some(&ours),
        live: Some(&live),
        same_data: true,
        foreign_just_gone: false,
    };
    for policy in [HEAL, REPORT] {
        assert_eq!(before_opening(&seen, policy), First::Open);
    }
    let after = |untouched, policy| after_opening(&subject, &shape, Some(&live), data(&[("foo", "bar")]), untouched, policy);
    assert!(matches!(after(true, HEAL), Second::Replace(_)));
    assert!(matches!(after(true, REPORT), Second::Stop(failure) if failure == edited()));
    assert!(matches!(after(false, REPORT), Second::Replace(_)), "the object itself has changed");
}
