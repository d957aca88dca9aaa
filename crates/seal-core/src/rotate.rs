//! Re-sealing stale items to the newest key. Scope, namespace, name, metadata and template are none of its business.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use seal_crypto::{Item, Keyring, PublicKey};

use crate::{
    open::{Unopened, open_object},
    sealed::SealedObject,
};

/// New ciphertext for the items that were not sealed to `newest` yet; empty when nothing is stale.
///
/// A deprecated blob has no items to rotate and is refused by name (`data`).
pub fn rotate_items(
    object: &SealedObject,
    keyring: &Keyring,
    newest: &PublicKey,
    rng: &mut impl CryptoRng,
) -> Result<BTreeMap<String, String>, Unopened> {
    let everything = || Unopened { items: object.items.keys().cloned().collect() };
    if object.items.is_empty() && object.blob.is_some() {
        return Err(Unopened { items: vec!["data".to_owned()] });
    }
    let binding = object.binding().map_err(|_| everything())?;
    let opened = open_object(object, keyring, None)?;
    let stale = opened.data.iter().filter(|(name, _)| opened.keys.get(*name) != Some(newest.fingerprint()));
    stale
        .map(|(name, value)| {
            let item = Item::seal(value, newest, &binding, rng).map_err(|_| Unopened { items: vec![name.clone()] })?;
            Ok((name.clone(), item.encode()))
        })
        .collect()
}
