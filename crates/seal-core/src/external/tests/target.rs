//! Every policy against every kind of target.

use super::super::adoption::created_by;
use super::*;
use serde_json::json;

const UID: &str = "es-uid";

fn object(creation: &str, deletion: &str) -> ExternalSecret {
    let read = ExternalSecret::from_value(&json!({
        "metadata": {"name": "db", "namespace": "prod", "uid": UID},
        "spec": {"secretStoreRef": {"name": "s"}, "target": {"creationPolicy": creation, "deletionPolicy": deletion},
                 "data": [{"secretKey": "k", "remoteRef": {"key": "k"}}]},
    }));
    assert_eq!(read.problems, vec![]);
    read
}

fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretBytes> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), SecretBytes::from((*v).to_owned()))).collect()
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn owner(kind: &str, name: &str, uid: &str) -> Owner {
    let api_version = if kind == "ExternalSecret" { "external-secrets.io/v1beta1" } else { "apps/v1" };
    Owner { api_version: api_version.into(), kind: kind.into(), name: name.into(), uid: uid.into(), controller: true }
}

/// A Secret that nobody manages.
fn foreign(pairs: &[(&str, &str)]) -> Existing {
    Existing { uid: "secret".into(), kind: "Opaque".into(), data: data(pairs), ..Existing::default() }
}

/// A Secret as upstream leaves it under `Owner`.
fn owned(pairs: &[(&str, &str)]) -> Existing {
    let keys = pairs.iter().map(|(k, _)| (*k).to_owned()).collect();
    Existing {
        labels: texts(&[(MANAGED_LABEL, "true"), (CREATED_BY_LABEL, &created_by("prod", "db"))]),
        owners: vec![owner("ExternalSecret", "db", UID)],
        managers: BTreeMap::from([(field_manager("db"), Claims { data: keys, ..Claims::default() })]),
        ..foreign(pairs)
    }
}

/// A Secret as upstream leaves it under every other policy.
fn orphan(pairs: &[(&str, &str)]) -> Existing {
    Existing { labels: texts(&[(MANAGED_LABEL, "true")]), owners: vec![], ..owned(pairs) }
}

fn wanted(pairs: &[(&str, &str)]) -> Wanted {
    Wanted { data: data(pairs), ..Wanted::default() }
}

fn decide(creation: &str, live: Option<&Existing>, wanted: &Wanted, profile: Profile) -> Plan {
    plan(&object(creation, "Retain"), live, wanted, None, profile)
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

const PROFILES: [Profile; 2] = [Profile::Strict, Profile::Compatible];

#[test]
fn an_absent_target_is_made_as_the_policy_says() {
    for (creation, expected) in [
        ("Owner", Plan::Create { owned: true }),
        ("Orphan", Plan::Create { owned: false }),
        ("CreateOrMerge", Plan::Create { owned: false }),
        ("Merge", Plan::Nothing(Settled::Missing)),
        ("None", Plan::Nothing(Settled::NoTarget)),
    ] {
        for profile in PROFILES {
            assert_eq!(decide(creation, None, &wanted(&[("a", "1")]), profile), expected, "{creation} {profile:?}");
        }
    }
}

#[test]
fn what_upstream_left_is_taken_over_without_a_write() {
    for (creation, live) in [
        ("Owner", owned(&[("a", "1")])),
        ("Orphan", orphan(&[("a", "1")])),
        ("Merge", orphan(&[("a", "1")])),
        ("CreateOrMerge", orphan(&[("a", "1")])),
    ] {
        for profile in PROFILES {
            let plan = decide(creation, Some(&live), &wanted(&[("a", "1")]), profile);
            assert_eq!(plan, Plan::Nothing(Settled::InStep), "{creation} {profile:?}");
        }
    }
}

#[test]
fn a_target_of_ours_is_made_equal_and_in_a_shared_one_only_our_keys_move() {
    let change = |remove: &[&str]| Plan::Write(Change { set: set(&["a", "b"]), remove: set(remove), ..Change::default() });
    let new = wanted(&[("a", "2"), ("b", "1")]);
    for (creation, mut live, expected) in [
        ("Owner", owned(&[("a", "1"), ("old", "1")]), change(&["old", "theirs"])),
        ("Orphan", orphan(&[("a", "1"), ("old", "1")]), change(&["old", "theirs"])),
        ("Merge", orphan(&[("a", "1"), ("old", "1")]), change(&["old"])),
        ("CreateOrMerge", orphan(&[("a", "1"), ("old", "1")]), change(&["old"])),
    ] {
        live.data.extend(data(&[("theirs", "x")]));
        assert_eq!(decide(creation, Some(&live), &new, Profile::Strict), expected, "{creation}");
    }
}

#[test]
fn labels_and_annotations_that_we_wrote_go_when_they_are_no_longer_wanted() {
    let mut live = owned(&[("a", "1")]);
    live.labels.extend(texts(&[("old", "1"), ("theirs", "1")]));
    live.annotations.extend(texts(&[("old", "1"), (DATA_HASH_ANNOTATION, "x")]));
    let ours = |keys: &[&str]| set(keys);
    live.managers.insert(
        field_manager("db"),
        Claims {
            data: ours(&["a"]),
            labels: ours(&["old", "new", MANAGED_LABEL, CREATED_BY_LABEL]),
            annotations: ours(&["old", DATA_HASH_ANNOTATION]),
        },
    );
    let new = Wanted { labels: texts(&[("new", "1")]), ..wanted(&[("a", "1")]) };
    let expected = Change { metadata: true, drop_labels: ours(&["old"]), drop_annotations: ours(&["old"]), ..Change::default() };
    assert_eq!(decide("Owner", Some(&live), &new, Profile::Strict), Plan::Write(expected));
}

#[test]
fn a_secret_that_nobody_made_for_us_is_a_conflict_unless_it_or_the_profile_says_otherwise() {
    let live = foreign(&[("a", "1"), ("b", "1")]);
    let over = |owner, remove: &[&str]| {
        Plan::Write(Change {
            set: set(&["a"]),
            remove: set(remove),
            owner,
            takes_over: true,
            metadata: true,
            ..Change::default()
        })
    };
    let new = wanted(&[("a", "2")]);
    let invited = Existing { annotations: texts(&[(ADOPT_ANNOTATION, "db")]), ..live.clone() };
    let misinvited = Existing { annotations: texts(&[(ADOPT_ANNOTATION, "other")]), ..live.clone() };
    for (creation, live, profile, expected) in [
        ("Owner", &live, Profile::Strict, Plan::Conflict(Conflict::NotOurs)),
        ("Orphan", &live, Profile::Strict, Plan::Conflict(Conflict::NotOurs)),
        ("Merge", &live, Profile::Strict, Plan::Conflict(Conflict::ForeignKey("a".into()))),
        ("CreateOrMerge", &live, Profile::Strict, Plan::Conflict(Conflict::ForeignKey("a".into()))),
        ("Owner", &misinvited, Profile::Strict, Plan::Conflict(Conflict::NotOurs)),
        ("Owner", &invited, Profile::Strict, over(OwnerChange::Set, &["b"])),
        ("Merge", &invited, Profile::Strict, over(OwnerChange::Keep, &[])),
        ("Owner", &live, Profile::Compatible, over(OwnerChange::Set, &["b"])),
        ("Orphan", &live, Profile::Compatible, over(OwnerChange::Keep, &["b"])),
        ("Merge", &live, Profile::Compatible, over(OwnerChange::Keep, &[])),
    ] {
        assert_eq!(decide(creation, Some(live), &new, profile), expected, "{creation} {profile:?}");
    }
    // A key that is not there yet, or has the same value, is no conflict.
    let plan = decide("Merge", Some(&live), &wanted(&[("b", "1"), ("c", "1")]), Profile::Strict);
    assert_eq!(plan, Plan::Write(Change { set: set(&["c"]), takes_over: true, metadata: true, ..Change::default() }));
    // Our own record of having written it says enough.
    let plan = plan_recorded(&live, &new);
    assert_eq!(plan, Plan::Write(Change { set: set(&["a"]), remove: set(&["b"]), metadata: true, ..Change::default() }));
}

fn plan_recorded(live: &Existing, new: &Wanted) -> Plan {
    plan(&object("Orphan", "Retain"), Some(live), new, Some("secret"), Profile::Strict)
}

#[test]
fn a_target_of_somebody_else_is_left_alone() {
    let of = |owner: Owner| Existing { owners: vec![owner], ..foreign(&[("a", "1")]) };
    let other = of(owner("ExternalSecret", "other", "x"));
    let deployment = of(owner("Deployment", "web", "x"));
    let made =
        Existing { labels: texts(&[(MANAGED_LABEL, "true"), (CREATED_BY_LABEL, &created_by("prod", "other"))]), ..foreign(&[]) };
    let controller = || Conflict::OtherController("Deployment \"web\"".into());
    for (creation, live, profile, expected) in [
        ("Owner", &other, Profile::Compatible, Conflict::OtherExternalSecret("other".into())),
        ("Merge", &other, Profile::Compatible, Conflict::OtherExternalSecret("other".into())),
        ("Owner", &deployment, Profile::Compatible, controller()),
        ("Orphan", &deployment, Profile::Strict, controller()),
        ("Owner", &made, Profile::Compatible, Conflict::MadeForAnother),
        ("Orphan", &made, Profile::Compatible, Conflict::MadeForAnother),
    ] {
        let plan = decide(creation, Some(live), &wanted(&[("a", "2")]), profile);
        assert_eq!(plan, Plan::Conflict(expected), "{creation} {profile:?}");
    }
}

#[test]
fn an_object_that_was_made_anew_keeps_its_target() {
    let live = Existing { owners: vec![owner("ExternalSecret", "db", "an earlier uid")], ..owned(&[("a", "1")]) };
    let plan = decide("Owner", Some(&live), &wanted(&[("a", "1")]), Profile::Strict);
    assert_eq!(plan, Plan::Write(Change { owner: OwnerChange::Set, ..Change::default() }));
}

#[test]
fn a_change_of_policy_takes_the_owner_off() {
    let plan = decide("Orphan", Some(&owned(&[("a", "1")])), &wanted(&[("a", "1")]), Profile::Strict);
    assert_eq!(plan, Plan::Write(Change { owner: OwnerChange::Remove, metadata: true, ..Change::default() }));
}

#[test]
fn immutable_data_is_never_written_and_metadata_is() {
    let live = Existing { immutable: true, ..owned(&[("a", "1")]) };
    assert_eq!(decide("Owner", Some(&live), &wanted(&[("a", "2")]), Profile::Strict), Plan::Conflict(Conflict::Immutable));
    assert_eq!(decide("Owner", Some(&live), &wanted(&[("a", "1")]), Profile::Strict), Plan::Nothing(Settled::InStep));
    let labelled = Wanted { labels: texts(&[("x", "y")]), ..wanted(&[("a", "2")]) };
    let expected = Plan::Write(Change { metadata: true, frozen: true, ..Change::default() });
    assert_eq!(decide("Owner", Some(&live), &labelled, Profile::Strict), expected);
}

#[test]
fn a_type_that_cannot_change_is_said() {
    let tls = Wanted { kind: Some("kubernetes.io/tls".into()), ..wanted(&[("a", "1")]) };
    let plan = decide("Owner", Some(&owned(&[("a", "1")])), &tls, Profile::Strict);
    assert_eq!(plan, Plan::Conflict(Conflict::Type("Opaque".into())));
}

#[test]
fn data_that_is_gone_goes_only_where_the_policy_says_so_twice() {
    let nothing = |confirmed| Wanted { nothing_fetched: true, confirmed, ..Wanted::default() };
    let (ours, merged, theirs) = (owned(&[("a", "1")]), orphan(&[("a", "1")]), foreign(&[("a", "1")]));
    let taken = Plan::Write(Change { remove: set(&["a"]), ..Change::default() });
    for (creation, deletion, live, confirmed, expected) in [
        ("Owner", "Retain", Some(&ours), true, Plan::Nothing(Settled::Retained)),
        ("Owner", "Retain", None, true, Plan::Nothing(Settled::Retained)),
        ("Owner", "Delete", Some(&ours), false, Plan::Confirm),
        ("Owner", "Delete", Some(&ours), true, Plan::Delete),
        ("Owner", "Delete", None, true, Plan::Nothing(Settled::Gone)),
        ("Owner", "Delete", Some(&theirs), true, Plan::Conflict(Conflict::NotDeleted)),
        ("Orphan", "Delete", Some(&merged), true, Plan::Conflict(Conflict::NotDeleted)),
        ("Owner", "Merge", Some(&ours), false, Plan::Confirm),
        ("Owner", "Merge", Some(&ours), true, taken.clone()),
        ("Merge", "Merge", Some(&merged), true, taken),
        ("Merge", "Merge", Some(&theirs), true, Plan::Nothing(Settled::Retained)),
        ("Owner", "Merge", None, true, Plan::Nothing(Settled::Missing)),
    ] {
        for profile in PROFILES {
            let found = plan(&object(creation, deletion), live, &nothing(confirmed), None, profile);
            assert_eq!(found, expected, "{creation} {deletion} {confirmed} {profile:?}");
        }
    }
}

#[test]
fn only_what_this_object_made_is_left_behind() {
    let object = object("Owner", "Retain");
    let ours = owned(&[("a", "1")]);
    let earlier = Existing { owners: vec![owner("ExternalSecret", "db", "an earlier uid")], ..ours.clone() };
    for (name, live, expected) in [
        ("old-name", &ours, true),
        ("db", &ours, false),
        ("old-name", &earlier, false),
        ("old-name", &foreign(&[]), false),
        ("old-name", &orphan(&[]), false),
    ] {
        assert_eq!(is_left_behind(&object, name, live), expected, "{name}");
    }
}
