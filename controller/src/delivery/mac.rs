//! The record of the last write, authenticated: what lets a restart skip an unchanged object without a private-key operation.
//!
//! Three keyed digests. `inputs` covers everything the Secret is made from, `data` its data with the object's identity,
//! `seal` the record itself. A digest is keyed, so it says nothing about a value to someone without the install key.
//! They are compared in constant time, since whoever may write a status could else find one byte by byte. The only effect
//! of a record may be "skip": a changed rule, a key that is no longer held or a missing record ends the skip.

use super::source::{Content, Subject};
use crate::index::Version;
use seal_api::SecretRecord;
use seal_crypto::{InstallKey, Mac};
use seal_secret::SecretBytes;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Raised whenever the same inputs would make another Secret than before.
const RULES: &str = "1";

/// What authenticates a record: the install key, and what the record must have been made from.
pub struct Recorder<'a> {
    /// The install key.
    pub install: &'a InstallKey,
    /// The object.
    pub subject: &'a Subject,
    /// What it holds.
    pub content: &'a dyn Content,
    /// The Secret whose keys it names, as it is now; none when it names none.
    pub own_keys: Option<&'a Version>,
}

impl Recorder<'_> {
    fn identity(&self) -> [&[u8]; 5] {
        let meta = &self.subject.meta;
        [RULES, self.subject.names.kind, &meta.uid, &meta.namespace, &meta.name].map(str::as_bytes)
    }

    /// Digest over everything the Secret is made from, and the keys that opened it.
    pub fn inputs(&self, keys: &[String]) -> Mac {
        let content = self.content.inputs();
        let counts = format!("{}/{}", content.len(), keys.len());
        let own = self.own_keys.map(|version| [&*version.uid, &*version.resource_version]).unwrap_or_default();
        let mut fields: Vec<&[u8]> = self.identity().to_vec();
        fields.extend([counts.as_bytes(), own[0].as_bytes(), own[1].as_bytes()]);
        fields.extend(content.iter().map(Cow::as_ref));
        fields.extend(keys.iter().map(String::as_bytes));
        self.install.mac("sealkit.dev/record/inputs", fields)
    }

    /// Digest over data, bound to the object that made it.
    pub fn data<'a>(&self, data: impl Iterator<Item = (&'a String, &'a SecretBytes)>) -> Mac {
        let mut fields: Vec<&[u8]> = self.identity().to_vec();
        for (key, value) in data {
            fields.extend([key.as_bytes(), value.expose()]);
        }
        self.install.mac("sealkit.dev/record/data", fields)
    }

    /// Digest over the record, so that an old resource version cannot be paired with a new digest.
    fn seal(&self, record: &SecretRecord) -> Mac {
        let owned = if record.owned { "1" } else { "0" };
        let fields = [&self.subject.meta.uid, &record.uid, &record.resource_version, owned, &record.inputs, &record.data];
        self.install.mac("sealkit.dev/record/seal", fields.map(str::as_bytes))
    }

    /// Finishes a record by sealing it.
    pub fn sealed(&self, mut record: SecretRecord) -> SecretRecord {
        record.seal = self.seal(&record).as_str().to_owned();
        record
    }

    /// The record of the object when it is ours and whole, its inputs are the present ones and every key that opened them
    /// is still held.
    pub fn trusted(&self, held: &dyn Fn(&str) -> bool) -> Option<&SecretRecord> {
        let (record, keys) = (self.subject.status.secret.as_ref()?, &self.subject.status.keys);
        let whole = self.seal(record).matches(&record.seal) && self.inputs(keys).matches(&record.inputs);
        // The version of named keys is among the inputs: while it is the present one, what opened once opens still.
        let held = self.own_keys.is_some() || keys.iter().all(|key| held(key));
        let opened = !keys.is_empty() || self.content.needs_no_key();
        (whole && held && opened).then_some(record)
    }

    /// The part of a Secret's data that this object is answerable for: all of it, or in a merged Secret its own keys.
    pub fn own_data<'a>(
        &self,
        live: &'a BTreeMap<String, SecretBytes>,
        merged: bool,
    ) -> impl Iterator<Item = (&'a String, &'a SecretBytes)> {
        live.iter().filter(move |(key, _)| !merged || self.content.answers_for(key))
    }
}
