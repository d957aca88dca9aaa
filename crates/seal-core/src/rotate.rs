//! Re-sealing stale items, and moving items from one format to the other. Scope, namespace, name, metadata and template are none of
//! its business.

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use seal_crypto::{Item, Keyring};

use crate::{
    open::{Opening, Unopened, open_object},
    seal_to::SealTo,
    sealed::SealedObject,
};

/// New ciphertext for the items of the format of `to` that are not sealed to it yet; empty when nothing is stale. Items of the other
/// format are neither opened nor changed.
///
/// A deprecated blob has no items to rotate and is refused by name (`data`).
pub fn rotate_items(
    object: &SealedObject,
    keyring: &Keyring,
    to: &SealTo,
    opening: &Opening<'_>,
    rng: &mut impl CryptoRng,
) -> Result<BTreeMap<String, String>, Unopened> {
    let mut same = object.clone();
    same.items.retain(|_, text| crate::sealed::kind_of(text) == to.kind());
    if same.items.is_empty() && !object.items.is_empty() {
        return Ok(BTreeMap::new());
    }
    migrate_items(&same, keyring, to, opening, rng)
}

/// As [`rotate_items`], whatever format the items are of: all of them are sealed to `to` afterwards.
///
/// v1 does not bind items to their names: whoever changed the file may have exchanged two items, and the exchange would become
/// binding. So a person looks at the names first.
pub fn migrate_items(
    object: &SealedObject,
    keyring: &Keyring,
    to: &SealTo,
    opening: &Opening<'_>,
    rng: &mut impl CryptoRng,
) -> Result<BTreeMap<String, String>, Unopened> {
    let everything = || Unopened { items: object.items.keys().cloned().collect() };
    if object.items.is_empty() && object.blob.is_some() {
        return Err(Unopened { items: vec!["data".to_owned()] });
    }
    let binding = object.binding().map_err(|_| everything())?;
    let opened = open_object(object, keyring, opening)?;
    let current = |name: &String| {
        let item = object.items.get(name).and_then(|text| Item::decode(text).ok());
        item.zip(opened.keys.get(name)).is_some_and(|(item, key)| to.is_what_opened(&item, key))
    };
    let stale = opened.data.iter().filter(|(name, _)| !current(name));
    stale
        .map(|(name, value)| {
            let item = to.seal(value, &binding, name, rng).map_err(|_| Unopened { items: vec![name.clone()] })?;
            Ok((name.clone(), item.encode()))
        })
        .collect()
}
