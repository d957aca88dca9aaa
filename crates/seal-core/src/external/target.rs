//! What happens to the target, decided from what is there and what is wanted. It names keys and never holds values.
//!
//! | creationPolicy | absent | there and ours | there and somebody else's |
//! |---|---|---|---|
//! | Owner | made, owned | made equal | `strict`: conflict; `compatible`: taken over, unless it has another controller |
//! | Orphan | made | made equal | `strict`: conflict; `compatible`: taken over |
//! | CreateOrMerge | made | our keys written | our keys written; `strict`: not over a value that is not ours |
//! | Merge | waited for | our keys written | the same |
//! | None | nothing | nothing | nothing |
//!
//! Made equal: a key that is not wanted goes, whoever put it there. Otherwise only keys that we wrote go.
//!
//! A target says itself that it may be taken over: `sealkit.dev/adopt-by` with the object's name. One that belongs to
//! another ExternalSecret is a conflict always. When nothing was fetched, `deletionPolicy` decides:
//!
//! | deletionPolicy | target ours | target not ours |
//! |---|---|---|
//! | Retain | kept | kept |
//! | Delete | deleted, once it is confirmed | kept, and told of |
//! | Merge | our keys taken out, once it is confirmed | kept |

use super::Profile;
use super::adoption::{Marks, marks};
use seal_api::external_secrets::names::{
    ADOPT_ANNOTATION, CREATED_BY_LABEL, DATA_HASH_ANNOTATION, DATA_MAC_ANNOTATION, FIELD_MANAGER_PREFIX, GROUP, MANAGED_LABEL,
};
use seal_api::external_secrets::{CreationPolicy, DeletionPolicy, ExternalSecret};
use seal_secret::SecretBytes;
use std::collections::{BTreeMap, BTreeSet};

/// One of `metadata.ownerReferences`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `name`.
    pub name: String,
    /// `uid`.
    pub uid: String,
    /// `controller`.
    pub controller: bool,
}

/// What a field manager wrote, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Of data.
    pub data: BTreeSet<String>,
    /// Of labels.
    pub labels: BTreeSet<String>,
    /// Of annotations.
    pub annotations: BTreeSet<String>,
}

/// The Secret that is there. Holds plaintext: no Debug.
#[derive(Clone, Default)]
pub struct Existing {
    /// UID.
    pub uid: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Owner references.
    pub owners: Vec<Owner>,
    /// Type.
    pub kind: String,
    /// `immutable`.
    pub immutable: bool,
    /// What each field manager claims, from `managedFields`.
    pub managers: BTreeMap<String, Claims>,
    /// Data.
    pub data: BTreeMap<String, SecretBytes>,
}

/// The Secret as it should be. Holds plaintext: no Debug.
#[derive(Clone, Default)]
pub struct Wanted {
    /// Data after the template.
    pub data: BTreeMap<String, SecretBytes>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Type; that of what is there, or Opaque, when absent.
    pub kind: Option<String>,
    /// No store had anything for any entry.
    pub nothing_fetched: bool,
    /// That is certain: it was asked twice, and the mass-deletion guard lets it go.
    pub confirmed: bool,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing, and why that is right.
    Nothing(Settled),
    /// Make it.
    Create {
        /// With an owner reference.
        owned: bool,
    },
    /// Change what is there, under its resource version.
    Write(Change),
    /// Delete it, under its UID and resource version.
    Delete,
    /// Ask once more before data goes.
    Confirm,
    /// It cannot be; nothing is written.
    Conflict(Conflict),
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is as it should be.
    InStep,
    /// There was no data, and the policy keeps the target.
    Retained,
    /// There was no data, and there is no target.
    Gone,
    /// There is no target, and it is not ours to make.
    Missing,
    /// No target is wanted.
    NoTarget,
}

/// A change of what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Keys whose value is written.
    pub set: BTreeSet<String>,
    /// Keys that go.
    pub remove: BTreeSet<String>,
    /// What happens to our owner reference.
    pub owner: OwnerChange,
    /// It was somebody else's before: worth a warning.
    pub takes_over: bool,
    /// Labels or annotations are written, or the mark `immutable`.
    pub metadata: bool,
    /// Labels of ours that are no longer wanted.
    pub drop_labels: BTreeSet<String>,
    /// Annotations of ours that are no longer wanted.
    pub drop_annotations: BTreeSet<String>,
    /// The data should change too, and may not.
    pub frozen: bool,
}

/// What happens to our owner reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnerChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is put on; one of an earlier object of our name goes.
    Set,
    /// It is taken off.
    Remove,
}

/// Why the target cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Another ExternalSecret has it.
    #[error("the target is owned by the ExternalSecret {0:?}; choose another target name")]
    OtherExternalSecret(String),
    /// Another ExternalSecret made it, by its mark.
    #[error("the target was made for another ExternalSecret; choose another target name")]
    MadeForAnother,
    /// Another controller has it.
    #[error("the target is controlled by {0}; choose another target name")]
    OtherController(String),
    /// It was there before.
    #[error(
        "a Secret of this name exists that no ExternalSecret made; annotate it with sealkit.dev/adopt-by=<name of the ExternalSecret> to have it taken over, or choose another target name"
    )]
    NotOurs,
    /// A key of it has another value, by somebody else.
    #[error(
        "the target has a value of its own for the key {0:?}; take it out there, or annotate the target with sealkit.dev/adopt-by"
    )]
    ForeignKey(String),
    /// Its data may not change.
    #[error("the target is immutable and its data differs; delete it so that it is made again")]
    Immutable,
    /// Its type may not change.
    #[error("the target has type {0:?}, which Kubernetes does not let change; delete it so that it is made again")]
    Type(String),
    /// Delete was asked for a target that is not ours alone.
    #[error("the target is not deleted, since this ExternalSecret does not own it")]
    NotDeleted,
}

/// Labels and annotations that say whose a target is; templates have no say in them.
const MARKS: [&str; 4] = [MANAGED_LABEL, CREATED_BY_LABEL, DATA_HASH_ANNOTATION, DATA_MAC_ANNOTATION];

/// How the target stands to the object.
struct Standing {
    marks: Marks,
    /// We are its controller, or an earlier object of our name is.
    owned: bool,
    /// The owner reference names this very object.
    exactly: bool,
    /// Anything says that we wrote it: owner, mark, field manager, or our own record.
    ours: bool,
    invited: bool,
    claims: Claims,
}

/// The field manager of an ExternalSecret, upstream's and ours: after a swap the keys stay ours.
pub fn field_manager(name: &str) -> String {
    format!("{FIELD_MANAGER_PREFIX}{name}")
}

impl Standing {
    fn of(object: &ExternalSecret, live: &Existing, recorded_uid: Option<&str>) -> Self {
        let meta = &object.meta;
        let marks = marks((&meta.namespace, &meta.name), &live.labels, &live.annotations, &live.data);
        let controller = live.owners.iter().find(|owner| owner.controller);
        let owned = controller.is_some_and(|owner| is_external_secret(owner) && owner.name == meta.name);
        let claims = live.managers.get(&field_manager(&meta.name)).cloned().unwrap_or_default();
        let recorded = recorded_uid == Some(live.uid.as_str());
        let written = marks.managed && (marks.made_for_us || live.managers.contains_key(&field_manager(&meta.name)));
        Self {
            owned,
            exactly: owned && controller.is_some_and(|owner| owner.uid == meta.uid),
            ours: owned || written || recorded,
            invited: live.annotations.get(ADOPT_ANNOTATION) == Some(&meta.name),
            claims,
            marks,
        }
    }
}

fn is_external_secret(owner: &Owner) -> bool {
    owner.kind == "ExternalSecret" && owner.api_version.split('/').next() == Some(GROUP)
}

/// Decides. `recorded_uid`: the target's UID in an authentic record of our last write.
pub fn plan(
    object: &ExternalSecret,
    live: Option<&Existing>,
    wanted: &Wanted,
    recorded_uid: Option<&str>,
    profile: Profile,
) -> Plan {
    let policy = object.spec.target.creation;
    if policy == CreationPolicy::None {
        return Plan::Nothing(Settled::NoTarget);
    }
    let standing = live.map(|live| (live, Standing::of(object, live, recorded_uid)));
    if wanted.nothing_fetched
        && let Some(plan) = without_data(object, standing.as_ref(), wanted)
    {
        return plan;
    }
    match standing {
        None if policy == CreationPolicy::Merge => Plan::Nothing(Settled::Missing),
        None => Plan::Create { owned: policy == CreationPolicy::Owner },
        Some((live, standing)) => match obstacle(object, live, &standing, wanted, profile) {
            Some(conflict) => Plan::Conflict(conflict),
            None => change(object, live, &standing, wanted),
        },
    }
}

/// Nothing was fetched. `None`: go on as with data, of which there is none.
fn without_data(object: &ExternalSecret, standing: Option<&(&Existing, Standing)>, wanted: &Wanted) -> Option<Plan> {
    match (object.spec.target.deletion, standing) {
        (DeletionPolicy::Retain, _) => Some(Plan::Nothing(Settled::Retained)),
        (DeletionPolicy::Delete, None) => Some(Plan::Nothing(Settled::Gone)),
        (DeletionPolicy::Delete, Some((_, standing)))
            if !standing.exactly || object.spec.target.creation != CreationPolicy::Owner =>
        {
            Some(Plan::Conflict(Conflict::NotDeleted))
        }
        (DeletionPolicy::Delete, Some(_)) if !wanted.confirmed => Some(Plan::Confirm),
        (DeletionPolicy::Delete, Some(_)) => Some(Plan::Delete),
        // Without data there is nothing to make.
        (DeletionPolicy::Merge, None) => Some(Plan::Nothing(Settled::Missing)),
        (DeletionPolicy::Merge, Some((_, standing))) if !standing.ours => Some(Plan::Nothing(Settled::Retained)),
        (DeletionPolicy::Merge, Some(_)) => (!wanted.confirmed).then_some(Plan::Confirm),
    }
}

/// What stands in the way of writing.
fn obstacle(
    object: &ExternalSecret,
    live: &Existing,
    standing: &Standing,
    wanted: &Wanted,
    profile: Profile,
) -> Option<Conflict> {
    let policy = object.spec.target.creation;
    let merges = matches!(policy, CreationPolicy::Merge | CreationPolicy::CreateOrMerge);
    if let Some(controller) = live.owners.iter().find(|owner| owner.controller)
        && !standing.owned
    {
        if is_external_secret(controller) {
            return Some(Conflict::OtherExternalSecret(controller.name.clone()));
        }
        if policy == CreationPolicy::Owner || (profile == Profile::Strict && !merges) {
            return Some(Conflict::OtherController(format!("{} {:?}", controller.kind, controller.name)));
        }
    }
    if standing.marks.made_for_another && !merges {
        return Some(Conflict::MadeForAnother);
    }
    if profile == Profile::Strict && !standing.ours && !standing.invited {
        if !merges {
            return Some(Conflict::NotOurs);
        }
        let foreign = |(key, value): &(&String, &SecretBytes)| live.data.get(*key).is_some_and(|there| there != *value);
        if let Some((key, _)) = wanted.data.iter().find(foreign) {
            return Some(Conflict::ForeignKey(key.clone()));
        }
    }
    let other = wanted.kind.as_ref().is_some_and(|kind| *kind != live.kind) && !merges;
    other.then(|| Conflict::Type(live.kind.clone()))
}

fn change(object: &ExternalSecret, live: &Existing, standing: &Standing, wanted: &Wanted) -> Plan {
    let policy = object.spec.target.creation;
    let owned = policy == CreationPolicy::Owner;
    let whole = matches!(policy, CreationPolicy::Owner | CreationPolicy::Orphan);
    let differs = |(key, value): &(&String, &SecretBytes)| live.data.get(*key) != Some(*value);
    let goes = |key: &&String| !wanted.data.contains_key(*key) && (whole || standing.claims.data.contains(*key));
    let mut change = Change {
        set: wanted.data.iter().filter(differs).map(|(key, _)| key.clone()).collect(),
        remove: live.data.keys().filter(goes).cloned().collect(),
        owner: match (owned, standing.owned, standing.exactly) {
            (true, _, true) | (false, false, _) => OwnerChange::Keep,
            (true, _, false) => OwnerChange::Set,
            (false, true, _) => OwnerChange::Remove,
        },
        takes_over: !standing.ours,
        metadata: !metadata_is_right(object, live, standing, wanted),
        drop_labels: stale(&standing.claims.labels, &live.labels, &wanted.labels),
        drop_annotations: stale(&standing.claims.annotations, &live.annotations, &wanted.annotations),
        frozen: false,
    };
    change.metadata |= !change.drop_labels.is_empty() || !change.drop_annotations.is_empty();
    let moves = !change.set.is_empty() || !change.remove.is_empty();
    let still = change.owner == OwnerChange::Keep && !change.metadata;
    if moves && (live.immutable || object.spec.target.immutable) {
        if still {
            return Plan::Conflict(Conflict::Immutable);
        }
        // Metadata may change; data may not.
        return Plan::Write(Change { set: BTreeSet::new(), remove: BTreeSet::new(), frozen: true, ..change });
    }
    change.metadata |= object.spec.target.immutable && !live.immutable;
    if moves || !still || change.metadata { Plan::Write(change) } else { Plan::Nothing(Settled::InStep) }
}

/// What we wrote and no longer want; our marks are not part of it.
fn stale(ours: &BTreeSet<String>, there: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> BTreeSet<String> {
    let goes = |key: &&String| there.contains_key(*key) && !wanted.contains_key(*key) && !MARKS.contains(&key.as_str());
    ours.iter().filter(goes).cloned().collect()
}

/// The labels and annotations that are asked for, and our marks. Upstream's digest may be there or not: it is not
/// rewritten for its own sake, so that taking over writes nothing.
fn metadata_is_right(object: &ExternalSecret, live: &Existing, standing: &Standing, wanted: &Wanted) -> bool {
    let has = |there: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>| {
        wanted.iter().all(|(key, value)| MARKS.contains(&key.as_str()) || there.get(key) == Some(value))
    };
    let made = if object.spec.target.creation == CreationPolicy::Owner {
        standing.marks.made_for_us
    } else {
        !live.labels.contains_key(CREATED_BY_LABEL) || standing.marks.made_for_another
    };
    standing.marks.managed && made && has(&live.labels, &wanted.labels) && has(&live.annotations, &wanted.annotations)
}

/// Whether a Secret of another name is one that we made before `target.name` changed, and may go.
pub fn is_left_behind(object: &ExternalSecret, name: &str, live: &Existing) -> bool {
    let standing = Standing::of(object, live, None);
    let wanted = object.spec.target.creation == CreationPolicy::Owner && name != object.target_name();
    wanted && standing.marks.managed && standing.marks.made_for_us && standing.exactly
}

#[cfg(test)]
#[path = "tests/target.rs"]
mod tests;
