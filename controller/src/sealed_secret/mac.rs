//! The record of the last write, authenticated: what lets a restart skip an unchanged object without a private-key operation.
//!
//! Three keyed digests. `inputs` covers everything the Secret is made from, `data` its data with the object's identity,
//! `seal` the record itself. A digest is keyed, so it says nothing about a value to someone without the install key.
//! They are compared in constant time, since whoever may write a status could else find one byte by byte. The only effect
//! of a record may be "skip": a changed rule, a key that is no longer held or a missing record ends the skip.

use super::shape::Shape;
use seal_api::SealedSecret;
use seal_api::sealed_secret::{CLUSTER_WIDE, NAMESPACE_WIDE, SecretRecord};
use seal_crypto::{InstallKey, Mac};
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

/// Raised whenever the same inputs would make another Secret than before.
const RULES: &str = "1";

/// Digest over everything the Secret is made from, and the keys that opened it.
pub fn inputs(install: &InstallKey, sealed: &SealedSecret, keys: &[String]) -> Mac {
    let meta = &sealed.meta;
    let scope =
        [sealed.is_annotated(CLUSTER_WIDE), sealed.is_annotated(NAMESPACE_WIDE)].map(|b| if b { "1" } else { "0" }).concat();
    let shape = Shape::of(sealed).canonical();
    let templates = serde_json::json!(sealed.spec.template.data).to_string();
    let counts = format!("{}/{}", sealed.spec.encrypted_data.len(), keys.len());
    let mut fields: Vec<&[u8]> = vec![RULES.as_bytes(), meta.uid.as_bytes(), meta.namespace.as_bytes(), meta.name.as_bytes()];
    fields.extend([scope.as_bytes(), shape.as_bytes(), templates.as_bytes(), counts.as_bytes()]);
    fields.push(sealed.spec.data.as_deref().unwrap_or_default().as_bytes());
    for (key, item) in &sealed.spec.encrypted_data {
        fields.extend([key.as_bytes(), item.as_bytes()]);
    }
    fields.extend(keys.iter().map(String::as_bytes));
    install.mac("sealkit.dev/record/inputs", fields)
}

/// Digest over data, bound to the object that made it.
pub fn data<'a>(install: &InstallKey, sealed: &SealedSecret, data: impl Iterator<Item = (&'a String, &'a SecretBytes)>) -> Mac {
    let meta = &sealed.meta;
    let mut fields: Vec<&[u8]> = vec![RULES.as_bytes(), meta.uid.as_bytes(), meta.namespace.as_bytes(), meta.name.as_bytes()];
    for (key, value) in data {
        fields.extend([key.as_bytes(), value.expose()]);
    }
    install.mac("sealkit.dev/record/data", fields)
}

/// Digest over the record, so that an old resource version cannot be paired with a new digest.
fn seal(install: &InstallKey, sealed: &SealedSecret, record: &SecretRecord) -> Mac {
    let owned = if record.owned { "1" } else { "0" };
    let fields = [&sealed.meta.uid, &record.uid, &record.resource_version, owned, &record.inputs, &record.data];
    install.mac("sealkit.dev/record/seal", fields.map(str::as_bytes))
}

/// Finishes a record by sealing it.
pub fn sealed_record(install: &InstallKey, sealed: &SealedSecret, mut record: SecretRecord) -> SecretRecord {
    record.seal = seal(install, sealed, &record).as_str().to_owned();
    record
}

/// The record of an object when it is ours and whole, its inputs are the present ones and every key that opened them is still held.
pub fn trusted<'a>(
    install: &InstallKey,
    sealed: &SealedSecret,
    record: &'a SecretRecord,
    keys: &[String],
    held: &dyn Fn(&str) -> bool,
) -> Option<&'a SecretRecord> {
    let whole = seal(install, sealed, record).matches(&record.seal) && inputs(install, sealed, keys).matches(&record.inputs);
    let opened_by_held_keys = keys.iter().all(|key| held(key)) && (!keys.is_empty() || sealed.spec.encrypted_data.is_empty());
    (whole && opened_by_held_keys).then_some(record)
}

/// The part of a Secret's data that this object is answerable for: all of it, or in a merged Secret its own keys.
pub fn own_data<'a>(
    sealed: &SealedSecret,
    live: &'a BTreeMap<String, SecretBytes>,
    merged: bool,
) -> impl Iterator<Item = (&'a String, &'a SecretBytes)> {
    live.iter().filter(move |(key, _)| !merged || sealed.spec.encrypted_data.contains_key(*key))
}
