//! Opening a v2 item with one identity, and the check that it is where it belongs.

use super::{CAPS, Head, frame};
use crate::{Binding, Fingerprint, Item, age};
use seal_secret::SecretBytes;

/// Where an item is found when it is opened. v1 items are bound to `binding` alone.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Scope, namespace and name of the object's own metadata.
    pub binding: &'a Binding,
    /// The item's key in `spec.encryptedData`.
    pub key: &'a str,
    /// Who opens: a cluster by its audience (empty when it has none), which opens items for everyone and for itself; `None` for
    /// people, who hold the key and want to read what it opens.
    pub audience: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// For people: any audience.
    pub fn new(binding: &'a Binding, key: &'a str) -> Self {
        Self { binding, key, audience: None }
    }
}

/// The head of an item that claims to be for this place. The claim must be what the frame says, so an item that claims another
/// place opens with no key here; that is public, and it costs no private-key operation to say so.
pub(crate) fn head(item: &Item, place: &Place<'_>) -> Option<Head> {
    let head = Head::of(item).ok()?;
    let audience = head.claim.context.audience();
    let meant = place.audience.is_none_or(|own| audience.is_empty() || audience == own);
    (meant && head.claim.context.is_for(place.binding, place.key)).then_some(head)
}

/// The value, when this identity opens the item, what is inside is a frame to the byte, and the frame says the same as the
/// claim, which [`head`] has held against the place.
pub(crate) fn open(item: &Item, head: &Head, identity: &age::Identity) -> Option<SecretBytes> {
    let (framed, _) = age::decrypt(item.as_bytes(), std::slice::from_ref(identity), &CAPS).ok()?;
    let (context, value) = frame::unframe(&framed)?;
    (context == head.claim.context).then_some(value)
}

/// An identity and the fingerprint of its recipient, which is its public name.
pub(crate) struct Held {
    pub(crate) identity: age::Identity,
    pub(crate) fingerprint: Fingerprint,
}

impl Held {
    /// Nothing for an identity that nobody can name a recipient of: passphrases, and plugins that do not say.
    pub(crate) fn new(identity: age::Identity) -> Option<Self> {
        let fingerprint = identity.recipient()?.fingerprint();
        Some(Self { identity, fingerprint })
    }
}

/// Identities that could open it, each with the private-key operations that trying it costs: the hinted one, then those the item
/// claims to be for, then the others; no more than the caps allow.
pub(crate) fn in_order<'a>(head: &Head, identities: &'a [Held], hint: Option<&Fingerprint>) -> Vec<(&'a Held, usize)> {
    let rank = |held: &Held| (hint != Some(&held.fingerprint), !head.claim.recipients.contains(&held.fingerprint));
    let mut fitting: Vec<_> =
        identities.iter().map(|held| (held, head.cost(&held.identity))).filter(|(_, cost)| *cost > 0).collect();
    fitting.sort_by_key(|(held, _)| rank(held));
    let mut operations = 0;
    fitting
        .into_iter()
        .take_while(|(_, cost)| {
            operations += cost;
            operations <= CAPS.operations
        })
        .collect()
}
