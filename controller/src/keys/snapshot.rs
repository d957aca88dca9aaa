//! From a listing and its plans to the keys as everybody else sees them.

use super::{
    Snapshot,
    look::{Found, FoundIdentity},
    plan::Withheld,
    read::{KeyFacts, LoadedKey},
    run::Plans,
};
use crate::metrics::KeyGauges;
use seal_crypto::age::{Identity, Recipient, RecipientKind, parse_identities};
use seal_crypto::{Fingerprint, Keyring};

/// Puts the keys in the order of the plans.
pub(super) fn snapshot(found: Found, plans: &Plans, withheld: Option<Withheld>) -> Snapshot {
    let keys = in_order(found.keys, &plans.keys.order, |key: &LoadedKey| &key.facts.fingerprint);
    let identities = in_order(found.identities, &plans.identities.order, |found: &FoundIdentity| &found.facts.fingerprint);
    let sealable = |key: &&LoadedKey| !plans.keys.decrypt_only.contains(&key.facts.fingerprint);
    let is_newest = |key: &&LoadedKey| Some(&key.facts.fingerprint) == plans.keys.newest.as_ref();
    let newest = keys.iter().find(is_newest).map(|key| key.certificate.clone());
    let certificates = match &newest {
        Some(_) => keys.iter().filter(sealable).map(|key| key.certificate.clone()).collect(),
        None => Vec::new(),
    };
    let recipient = |fingerprint: &Fingerprint| -> Option<Recipient> {
        identities.iter().find(|found| found.facts.fingerprint == *fingerprint).map(|found| found.loaded.recipient.clone())
    };
    let recipients = plans.identities.newest.iter().filter_map(recipient).collect();
    let identities: Vec<Identity> = identities.into_iter().map(|found| found.loaded.identity).collect();
    Snapshot {
        certificates,
        newest,
        recipients,
        keyring: Keyring::with_identities(
            keys.into_iter().map(|key| key.key).collect(),
            identities.iter().filter_map(twin).collect(),
        ),
        identities: identities.into(),
        generation: 0,
        withheld,
        loaded: true,
    }
}

/// A second copy: the keyring keeps one with what it needs to know of it, SOPS documents are opened by a bare list.
fn twin(identity: &Identity) -> Option<Identity> {
    parse_identities("identity", &identity.to_text()?).ok()?.pop()
}

fn in_order<T>(mut all: Vec<T>, order: &[Fingerprint], name: impl Fn(&T) -> &Fingerprint) -> Vec<T> {
    let mut ordered = Vec::with_capacity(order.len());
    for fingerprint in order {
        if let Some(at) = all.iter().position(|one| name(one) == fingerprint) {
            ordered.push(all.swap_remove(at));
        }
    }
    ordered
}

/// What is measured of them; the time of an identity is that of its Secret.
pub(super) fn gauges(snapshot: &Snapshot, identities: &[(RecipientKind, KeyFacts)], unreadable: usize) -> KeyGauges {
    let kind = |kind: RecipientKind| if kind == RecipientKind::PostQuantum { "pq" } else { "x25519" };
    let identity = |(of, facts): &(RecipientKind, KeyFacts)| (facts.fingerprint.to_string(), kind(*of), facts.created);
    KeyGauges {
        usable: snapshot.certificates.iter().map(|c| (c.public_key.fingerprint().to_string(), c.not_before)).collect(),
        identities: identities.iter().map(identity).collect(),
        unreadable,
        not_after: snapshot.newest.as_ref().map(|certificate| certificate.not_after),
        withheld: snapshot.withheld.is_some(),
    }
}
