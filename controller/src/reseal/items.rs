//! Items that are not sealed to the newest key yet, sealed to it. Knows no template, and changes neither scope nor format.

use rand::CryptoRng;
use seal_core::{open::Opening, rotate::rotate_items, seal_to::SealTo, sealed::SealedObject};
use seal_crypto::{Keyring, PublicKey};
use serde_json::Value;
use std::collections::BTreeMap;

use super::budget::{Budget, Stopped};
use crate::pool::Abandoned;

/// What came of it: new ciphertext by item name, or the names of all items that do not open; and what it cost.
#[derive(Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The one or the other.
    pub items: Result<BTreeMap<String, String>, Vec<String>>,
    /// Private-key operations.
    pub operations: usize,
}

/// Looks at every item, also after one did not open: what it takes tells nothing about which one it was.
pub fn fresh_items(
    object: &SealedObject,
    keyring: &Keyring,
    newest: &PublicKey,
    rng: &mut impl CryptoRng,
    abandoned: &Abandoned,
) -> Result<Fresh, Stopped> {
    let mut budget = Budget::new(object.items.len(), abandoned)?;
    let (mut fresh, mut unopened) = (BTreeMap::new(), Vec::new());
    let newest = SealTo::from(newest.clone());
    // Items of v2 keep all their recipients by being left alone; those of v1 know no audience.
    let ours = Opening { hint: None, audience: Some("") };
    for (name, item) in &object.items {
        budget.check()?;
        match rotate_items(&single(object, name, item), keyring, &newest, &ours, rng) {
            // The newest key is tried first, so an item that is sealed to it cost one operation.
            Ok(items) if items.is_empty() => budget.spend(1),
            Ok(items) => {
                budget.spend(Budget::cost_of_failure(keyring, item));
                fresh.extend(items);
            }
            Err(failed) => {
                budget.spend(Budget::cost_of_failure(keyring, item));
                unopened.extend(failed.items);
            }
        }
    }
    let operations = budget.spent();
    Ok(Fresh { items: if unopened.is_empty() { Ok(fresh) } else { Err(unopened) }, operations })
}

/// The object with one of its items only, and without what a caller claims about keys: the work on each item is
/// counted, and no key is tried out of turn because somebody said so.
pub fn single(object: &SealedObject, name: &str, item: &str) -> SealedObject {
    let mut metadata = object.metadata.clone();
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(seal_core::claim::SEALED_FOR);
    }
    SealedObject {
        metadata,
        items: [(name.to_owned(), item.to_owned())].into(),
        blob: None,
        template: seal_core::sealed::Template::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_core::claim::{Claim, SEALED_FOR};
    use seal_crypto::{Binding, Scope};
    use serde_json::json;

    #[test]
    fn what_is_worked_on_is_one_item_without_claim_or_template() {
        let binding = Binding::new(Scope::Strict, "prod", "db").unwrap();
        let key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".parse().unwrap();
        let claim = Claim::new(&binding, &key).to_text();
        let object = SealedObject::from_json(&json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": "db", "namespace": "prod", "annotations": {SEALED_FOR: claim, "sealedsecrets.bitnami.com/namespace-wide": "true"}},
            "spec": {"encryptedData": {"a": "AgA=", "b": "AgB="}, "template": {"data": {"c": "{{ .a }}"}}},
        }))
        .unwrap();
        assert!(object.claim().is_some());
        let one = single(&object, "a", &object.items["a"]);
        assert_eq!((one.claim(), one.items.len(), one.scope()), (None, 1, Scope::NamespaceWide));
        assert_eq!(one.template, seal_core::sealed::Template::default());
    }
}
