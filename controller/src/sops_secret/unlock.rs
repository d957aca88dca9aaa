//! From a document's `sops` block and the identities at hand to the data key. Bounded before any private key is used.

use crate::delivery::error::Failure;
use seal_crypto::Fingerprint;
use seal_crypto::age::Identity;
use seal_crypto::sops::DataKey;
use seal_sops::unwrap::{NoKey, data_key};
use seal_sops::{AgeKey, KeyGroup, Metadata};
use std::collections::BTreeSet;
use std::slice::from_ref;

/// Wrapped keys that are tried in one group; sops writes one for each recipient.
const MOST_KEYS: usize = 4;
/// Key groups of one document.
const MOST_GROUPS: usize = 16;

/// A data key, and what it took. It holds a key: no Debug.
pub(super) struct Unlocked {
    pub(super) key: DataKey,
    /// Fingerprints of the identities that did it.
    pub(super) opened_by: BTreeSet<String>,
    /// Identities tried.
    pub(super) tries: u32,
}

/// Tries the identities whose recipients the block names: the hinted one first, then in their order.
pub(super) fn unlock(metadata: &Metadata, identities: &[Identity], hint: Option<&Fingerprint>) -> Result<Unlocked, Failure> {
    if metadata.groups.len() > MOST_GROUPS {
        return Err(Failure::invalid(format!("spec.sops has more than {MOST_GROUPS} key groups; use fewer")));
    }
    let named = named(metadata, identities, hint);
    let block = block_for(metadata, &named);
    let groups_needed = block.groups_needed();
    let mut tries = 0;
    if groups_needed == 1 {
        for identity in &named {
            tries += 1;
            if let Ok(key) = data_key(&block, from_ref(*identity)) {
                return Ok(Unlocked { key, opened_by: names(&[identity]), tries });
            }
        }
    } else if !named.is_empty()
        && let Ok(key) = data_key(&block, identities)
    {
        // Which groups took which identity does not show: all that the block names are said.
        return Ok(Unlocked { key, opened_by: names(&named), tries: u32::try_from(named.len()).unwrap_or(u32::MAX) });
    }
    Err(no_key(metadata, &block, identities.len()))
}

fn recipient(identity: &Identity) -> &str {
    identity.recipient().map(seal_crypto::age::Recipient::as_str).unwrap_or_default()
}

fn names(identities: &[&Identity]) -> BTreeSet<String> {
    identities.iter().filter_map(|identity| identity.recipient()).map(|one| one.fingerprint().to_string()).collect()
}

fn named<'a>(metadata: &Metadata, identities: &'a [Identity], hint: Option<&Fingerprint>) -> Vec<&'a Identity> {
    let recipients: BTreeSet<&str> = metadata.age_keys().map(|key| key.recipient.as_str()).collect();
    let mut named: Vec<&Identity> = identities.iter().filter(|identity| recipients.contains(recipient(identity))).collect();
    let is_hinted = |identity: &&Identity| identity.recipient().map(|one| one.fingerprint()).as_ref() == hint;
    named.sort_by_key(|identity| !(hint.is_some() && is_hinted(identity)));
    named
}

/// The block with those wrapped keys alone that these identities may open.
fn block_for(metadata: &Metadata, named: &[&Identity]) -> Metadata {
    let held = |key: &&AgeKey| named.iter().any(|identity| recipient(identity) == key.recipient);
    let group =
        |group: &KeyGroup| KeyGroup { age: group.age.iter().filter(held).take(MOST_KEYS).cloned().collect(), others: Vec::new() };
    Metadata { groups: metadata.groups.iter().map(group).collect(), ..metadata.clone() }
}

/// Says what the document needs; recipients and names of keys are public.
fn no_key(metadata: &Metadata, tried: &Metadata, identities: usize) -> Failure {
    let needs = NoKey::Identity {
        identities,
        age: metadata.age_keys().map(|key| key.recipient.clone()).collect(),
        others: metadata.foreign_keys().map(|key| (key.kind.clone(), key.name.clone())).collect(),
    };
    let damaged = if tried.age_keys().next().is_some() { " (a key for an identity held here does not open)" } else { "" };
    Failure::no_key(format!("spec.sops: {needs}{damaged}"))
}
