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
    let needs = NoKey::identity(&metadata.groups, identities);
    let damaged = if tried.age_keys().next().is_some() { " (a key for an identity held here does not open)" } else { "" };
    Failure::no_key(format!("spec.sops: {needs}{damaged}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_api::Reason;
    use seal_crypto::age::RecipientKind;
    use seal_sops::ForeignKey;
    use seal_sops::unwrap::wrap;

    fn identities(count: usize) -> Vec<Identity> {
        (0..count).map(|_| Identity::generate(RecipientKind::X25519, &mut rand::rng()).unwrap()).collect()
    }

    fn block(key: &DataKey, groups: &[&[&Identity]], threshold: Option<u32>) -> Metadata {
        let recipients: Vec<Vec<_>> =
            groups.iter().map(|group| group.iter().map(|one| one.recipient().unwrap().clone()).collect()).collect();
        Metadata {
            groups: wrap(key, &recipients, threshold, false, &mut rand::rng()).unwrap(),
            shamir_threshold: threshold,
            ..Metadata::default()
        }
    }

    /// Who opened it and how many were tried, or the reason why not.
    fn outcome(
        metadata: &Metadata,
        identities: &[Identity],
        hint: Option<&Fingerprint>,
    ) -> Result<(usize, u32), (Reason, String)> {
        match unlock(metadata, identities, hint) {
            Ok(unlocked) => Ok((unlocked.opened_by.len(), unlocked.tries)),
            Err(failure) => Err((failure.reason, failure.message)),
        }
    }

    #[test]
    fn only_identities_that_the_block_names_are_tried_and_the_hinted_one_first() {
        let (key, held) = (DataKey::generate(&mut rand::rng()), identities(20));
        let metadata = block(&key, &[&[&held[7], &held[12]]], None);
        assert_eq!(outcome(&metadata, &held, None), Ok((1, 1)));
        let hint = held[12].recipient().unwrap().fingerprint();
        let unlocked = unlock(&metadata, &held, Some(&hint)).unwrap_or_else(|failure| panic!("{}", failure.message));
        assert_eq!((unlocked.opened_by.into_iter().next(), unlocked.tries), (Some(hint.to_string()), 1));
        let (reason, message) = outcome(&metadata, &held[..5], None).unwrap_err();
        assert_eq!(reason, Reason::NoKey);
        assert!(message.contains(held[7].recipient().unwrap().as_str()), "{message}");
    }

    #[test]
    fn key_groups_open_with_as_many_as_the_block_needs() {
        let (key, held) = (DataKey::generate(&mut rand::rng()), identities(3));
        for (threshold, hold, opens) in [(2, 0..2, true), (2, 1..3, true), (2, 0..1, false), (3, 0..2, false), (3, 0..3, true)] {
            let metadata = block(&key, &[&[&held[0]], &[&held[1]], &[&held[2]]], Some(threshold));
            let answer = unlock(&metadata, &held[hold.clone()], None);
            assert_eq!(answer.is_ok_and(|unlocked| unlocked.opened_by.len() == hold.len()), opens, "{threshold} {hold:?}");
        }
    }

    #[test]
    fn a_block_of_thousands_costs_a_few_operations_and_foreign_keys_are_named_and_never_asked() {
        let (key, held) = (DataKey::generate(&mut rand::rng()), identities(1));
        let mut metadata = block(&key, &[&[&held[0]]], None);
        let good = metadata.groups[0].age[0].clone();
        let foreign = block(&key, &[&[&identities(1)[0]]], None).groups[0].age[0].enc.clone();
        let damaged = AgeKey { enc: foreign, ..good.clone() };
        metadata.groups[0].age = vec![damaged; 5000];
        metadata.groups[0].age.push(good);
        metadata.groups[0].others =
            vec![ForeignKey { kind: "hc_vault".into(), name: "https://vault.example/k".into(), fields: vec![] }];
        assert_eq!(block_for(&metadata, &[&held[0]]).age_keys().count(), MOST_KEYS);
        let (reason, message) = outcome(&metadata, &held, None).unwrap_err();
        assert_eq!(reason, Reason::NoKey);
        assert!(message.contains("does not open") && message.len() < 2000, "{message}");
        metadata.groups[0].age.clear();
        assert!(outcome(&metadata, &held, None).unwrap_err().1.contains("hc_vault https://vault.example/k"));
        metadata.groups = vec![KeyGroup::default(); MOST_GROUPS + 1];
        assert_eq!(outcome(&metadata, &held, None).unwrap_err().0, Reason::Invalid);
    }
}
