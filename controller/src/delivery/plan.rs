//! What to do about one object and its Secret, decided from what was seen. Pure: no clock, no client, no await.
//!
//! | Secret | ours by | record of the last write | what happens |
//! |---|---|---|---|
//! | absent | - | none | made |
//! | absent | - | present, owned | made again (heal), or reported |
//! | absent | - | present, not owned | left absent |
//! | there | controller reference, `managed` or `patch` | same inputs, same data | nothing |
//! | there | the same | same inputs, other data | healed or reported |
//! | there | the same | none or other inputs, or the shape shows only once opened | opened, compared, written when different |
//! | there | nothing | - | conflict; nothing is written |

use super::error::{Again, Failure};
use super::shape::{Shape, texts};
use super::source::Subject;
use crate::ports::{LiveSecret, SecretDraft};
use seal_api::SecretRecord;
use seal_api::sealed_secret::{MANAGED, PATCH};
use seal_secret::SecretBytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What the administrator wants about Secrets that others touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Heal a Secret that was edited or deleted; otherwise report it.
    pub heal: bool,
    /// Make a deleted Secret again.
    pub recreate: bool,
}

/// How a Secret that is there stands to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The object is its controlling owner.
    pub controlled: bool,
    /// It carries `managed: "true"`.
    pub managed: bool,
    /// It carries `patch: "true"`: only merge into it.
    pub merged: bool,
}

impl Standing {
    /// Reads metadata of a Secret.
    pub fn of(metadata: &Map<String, Value>, subject: &Subject) -> Self {
        let annotated = |name| metadata.get("annotations").and_then(|a| a.get(name)).and_then(Value::as_str) == Some("true");
        let owners = metadata.get("ownerReferences").and_then(Value::as_array);
        let controlled = owners.into_iter().flatten().any(|owner| {
            owner.get("controller") == Some(&Value::Bool(true))
                && owner.get("uid").and_then(Value::as_str) == Some(&subject.meta.uid)
        });
        Self { controlled, managed: annotated(MANAGED), merged: annotated(PATCH) }
    }

    /// True when the Secret may be written.
    pub fn ours(self) -> bool {
        self.controlled || self.managed || self.merged
    }

    /// True when the Secret is made again after a deletion.
    pub fn recreated(self) -> bool {
        self.controlled || self.managed
    }
}

/// What was seen before anything is opened.
pub struct Seen<'a> {
    /// The object.
    pub subject: &'a Subject,
    /// What it asks for; `None` when that shows only once it is opened.
    pub shape: Option<&'a Shape>,
    /// The record of the last write, when it is authentic and speaks of the present inputs.
    pub record: Option<&'a SecretRecord>,
    /// The Secret.
    pub live: Option<&'a LiveSecret>,
    /// Whether the Secret's data is what the record speaks of.
    pub same_data: bool,
    /// A Secret of this name that was not ours was there a moment ago: someone may be replacing it.
    pub foreign_just_gone: bool,
}

/// The decision before opening.
#[derive(Debug, PartialEq, Eq)]
pub enum First {
    /// Everything is as it should be.
    Settled,
    /// Absent on purpose; nothing to do and nothing wrong.
    LeftAbsent,
    /// The items have to be opened.
    Open,
    /// Look again in a moment.
    Wait,
    /// It cannot go on.
    Stop(Failure),
}

/// Decides what can be decided without a private key.
pub fn before_opening(seen: &Seen<'_>, policy: Policy) -> First {
    match (seen.live, seen.record) {
        (None, None) if seen.foreign_just_gone => First::Wait,
        (None, None) => First::Open,
        (None, Some(record)) if !record.owned || !policy.recreate => First::LeftAbsent,
        (None, Some(_)) if !policy.heal => First::Stop(Failure::drifted("the Secret was deleted")),
        (None, Some(_)) => First::Open,
        (Some(live), record) => with_secret(seen, live, record, policy),
    }
}

fn with_secret(seen: &Seen<'_>, live: &LiveSecret, record: Option<&SecretRecord>, policy: Policy) -> First {
    let standing = Standing::of(&live.metadata, seen.subject);
    let Some(shape) = seen.shape else { return First::Open };
    let settled = record.is_some() && seen.same_data && looks_right(live, shape, standing);
    if settled {
        return First::Settled;
    }
    if !standing.ours() {
        // Without an owner reference our own write looks foreign; only opening can tell them apart.
        return if shape.owned || record.is_some() { First::Stop(conflict(live, seen.subject)) } else { First::Open };
    }
    match record {
        Some(_) if !policy.heal => First::Stop(edited()),
        _ => First::Open,
    }
}

/// A Secret of an earlier object of this name is about to be collected: that obstacle goes by itself.
fn conflict(live: &LiveSecret, subject: &Subject) -> Failure {
    let owners = live.metadata.get("ownerReferences").and_then(Value::as_array);
    let earlier = |owner: &Value| {
        owner.get("kind") == Some(&json!(subject.names.kind)) && owner.get("name") == Some(&json!(subject.meta.name))
    };
    let failure = Failure::not_managed(subject.names.kind, &subject.meta.name);
    match owners.into_iter().flatten().any(earlier) {
        true => Failure { again: Again::Soon, ..failure },
        false => failure,
    }
}

fn edited() -> Failure {
    Failure::drifted("the Secret was edited")
}

/// True when everything that is asked for besides data is there. Labels and annotations that others added are theirs.
fn looks_right(live: &LiveSecret, shape: &Shape, standing: Standing) -> bool {
    let has = |field, wanted: &BTreeMap<String, String>| {
        let there = texts(&live.metadata, field);
        wanted.iter().all(|(key, value)| there.get(key) == Some(value))
    };
    let owner = !wants_owner(shape, standing) || standing.controlled;
    let kind = standing.merged || live.kind == shape.kind();
    let frozen = standing.merged || shape.immutable != Some(true) || live.immutable == Some(true);
    has("labels", &shape.labels) && has("annotations", &shape.annotations) && owner && kind && frozen
}

fn wants_owner(shape: &Shape, standing: Standing) -> bool {
    shape.owned && (!standing.merged || standing.managed)
}

/// The decision after opening.
pub enum Second {
    /// Nothing to write: the Secret is already so.
    Keep,
    /// Make it.
    Create(SecretDraft),
    /// Replace exactly the Secret that was seen.
    Replace(SecretDraft),
    /// It cannot be written.
    Stop(Failure),
}

/// Decides what to write, with the opened data in hand. `untouched`: the object is as it was at the last write, so that a
/// difference is somebody's edit of the Secret.
pub fn after_opening(
    subject: &Subject,
    shape: &Shape,
    live: Option<&LiveSecret>,
    data: BTreeMap<String, SecretBytes>,
    untouched: bool,
    policy: Policy,
) -> Second {
    let Some(live) = live else { return Second::Create(fresh(subject, shape, data)) };
    let standing = Standing::of(&live.metadata, subject);
    let draft = revised(subject, shape, live, standing, data);
    let at = || format!("{}/{}", subject.meta.namespace, subject.meta.name);
    if equal(live, &draft) {
        return Second::Keep;
    }
    if !standing.ours() {
        return Second::Stop(conflict(live, subject));
    }
    if untouched && !policy.heal {
        return Second::Stop(edited());
    }
    if live.kind != draft.kind {
        return Second::Stop(Failure::type_changed(&at(), &live.kind, &draft.kind));
    }
    if live.immutable == Some(true) && live.data != draft.data {
        return Second::Stop(Failure::immutable(&at()));
    }
    Second::Replace(draft)
}

/// Whether the Secret, once written, is made again after a deletion. In a merged Secret we are a guest unless it is `managed`.
pub fn owned_after(shape: &Shape, before: Option<Standing>) -> bool {
    let managed = shape.annotations.get(MANAGED).is_some_and(|v| v == "true");
    match before {
        Some(standing) if standing.merged => managed || standing.recreated(),
        _ => managed || shape.owned,
    }
}

fn fresh(subject: &Subject, shape: &Shape, data: BTreeMap<String, SecretBytes>) -> SecretDraft {
    let mut metadata = Map::new();
    metadata.insert("name".into(), subject.meta.name.clone().into());
    metadata.insert("namespace".into(), subject.meta.namespace.clone().into());
    put_texts(&mut metadata, "labels", shape.labels.clone());
    put_texts(&mut metadata, "annotations", shape.annotations.clone());
    if let Some(owner) = shape.owner(subject) {
        metadata.insert("ownerReferences".into(), json!([owner]));
    }
    SecretDraft { metadata, kind: shape.kind().to_owned(), immutable: shape.immutable, data }
}

fn revised(
    subject: &Subject,
    shape: &Shape,
    live: &LiveSecret,
    standing: Standing,
    data: BTreeMap<String, SecretBytes>,
) -> SecretDraft {
    let mut metadata = live.metadata.clone();
    metadata.remove("managedFields");
    let owner = shape.owner(subject).map(|owner| json!([owner]));
    if !standing.merged {
        put_texts(&mut metadata, "labels", shape.labels.clone());
        put_texts(&mut metadata, "annotations", shape.annotations.clone());
        put(&mut metadata, "ownerReferences", owner);
        let immutable = if shape.immutable == Some(true) { shape.immutable } else { live.immutable };
        return SecretDraft { metadata, kind: shape.kind().to_owned(), immutable, data };
    }
    let labels = merged(texts(&metadata, "labels"), &shape.labels);
    let annotations = merged(texts(&metadata, "annotations"), &shape.annotations);
    let managed = annotations.get(MANAGED).is_some_and(|v| v == "true");
    put_texts(&mut metadata, "labels", labels);
    put_texts(&mut metadata, "annotations", annotations);
    if managed {
        put(&mut metadata, "ownerReferences", owner);
    }
    let mut all = live.data.clone();
    all.extend(data);
    let kind = shape.kind.clone().unwrap_or_else(|| live.kind.clone());
    SecretDraft { metadata, kind, immutable: live.immutable, data: all }
}

fn merged(mut there: BTreeMap<String, String>, ours: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    there.extend(ours.iter().map(|(k, v)| (k.clone(), v.clone())));
    there
}

fn put_texts(metadata: &mut Map<String, Value>, field: &str, texts: BTreeMap<String, String>) {
    put(metadata, field, (!texts.is_empty()).then(|| json!(texts)));
}

fn put(metadata: &mut Map<String, Value>, field: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(metadata.insert(field.into(), value)),
        None => drop(metadata.remove(field)),
    }
}

fn equal(live: &LiveSecret, draft: &SecretDraft) -> bool {
    let field = |metadata: &Map<String, Value>, name| metadata.get(name).filter(|v| !is_empty(v)).cloned();
    let same = |name| field(&live.metadata, name) == field(&draft.metadata, name);
    same("labels")
        && same("annotations")
        && same("ownerReferences")
        && live.kind == draft.kind
        && live.immutable.unwrap_or(false) == draft.immutable.unwrap_or(false)
        && live.data == draft.data
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
