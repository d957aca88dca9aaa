//! The one decrypt entry point of both programs. It knows no template: what it answers depends on ciphertext, label and keys alone.

use std::collections::BTreeMap;

use seal_crypto::{Binding, Fingerprint, Item, Keyring, Kind, v2::Place};
use seal_manifest::ManifestFile;
use seal_secret::SecretBytes;

use crate::{sealed::SealedObject, secret::SecretObject};

/// An opened object. Holds plaintext: no Debug.
pub struct OpenedObject {
    /// Values by item name.
    pub data: BTreeMap<String, SecretBytes>,
    /// The key that opened each item (one entry named `data` for a deprecated blob).
    pub keys: BTreeMap<String, Fingerprint>,
    /// The whole Secret of a deprecated `spec.data` blob, whose type and metadata it carries.
    pub blob: Option<SecretObject>,
    /// Private-key operations spent.
    pub tries: u32,
}

impl OpenedObject {
    /// The Secret as it would be in the cluster, templates not rendered: metadata, type and `immutable` of the template (of the
    /// blob, when that is what was opened), name and namespace of the object.
    pub fn into_secret(self, object: &SealedObject) -> SecretObject {
        let mut secret = self.blob.unwrap_or_else(|| SecretObject {
            metadata: object.template.metadata.clone(),
            type_: object.template.type_.clone(),
            immutable: object.template.immutable,
            data: BTreeMap::new(),
        });
        crate::secret::strip_server_fields(&mut secret.metadata);
        for field in ["name", "namespace"] {
            match object.metadata.get(field) {
                Some(own) => secret.metadata.insert(field.to_owned(), own.clone()),
                None => secret.metadata.remove(field),
            };
        }
        secret.data = self.data;
        secret
    }
}

/// Who opens, and what is known about the keys beforehand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opening<'a> {
    /// The key to try first.
    pub hint: Option<&'a Fingerprint>,
    /// A cluster by its audience (empty when it has none), which opens v2 items for everyone and for itself; `None` for people who
    /// hold a key.
    pub audience: Option<&'a str>,
}

/// What could not be opened, by item name. Never says why: every reason looks the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key could decrypt secret ({})", items.join(", "))]
pub struct Unopened {
    /// Item names, sorted.
    pub items: Vec<String>,
}

/// Opens all items, or names those that no key opens. The key the object claims is tried first, or else the hinted one and then
/// the key that opened the item before; the others follow, newest first.
pub fn open_object(object: &SealedObject, keyring: &Keyring, opening: &Opening<'_>) -> Result<OpenedObject, Unopened> {
    let blob_only = object.items.is_empty() && object.blob.is_some();
    let Ok(binding) = object.binding() else {
        let items = if blob_only { vec!["data".to_owned()] } else { object.items.keys().cloned().collect() };
        return Err(Unopened { items });
    };
    match &object.blob {
        Some(blob) if blob_only => open_blob(blob, &binding, keyring, opening.hint),
        _ => open_items(object, &binding, keyring, opening),
    }
}

fn open_items(
    object: &SealedObject,
    binding: &Binding,
    keyring: &Keyring,
    opening: &Opening<'_>,
) -> Result<OpenedObject, Unopened> {
    let claim = object.claim();
    let mut opened = OpenedObject { data: BTreeMap::new(), keys: BTreeMap::new(), blob: None, tries: 0 };
    let mut failed = Vec::new();
    let mut last = opening.hint.cloned();
    for (name, text) in &object.items {
        let first = claim.as_ref().and_then(|claim| claim.key_of(name)).filter(|key| keyring.holds(key)).or_else(|| last.clone());
        let place = Place { binding, key: name, audience: opening.audience };
        match Item::decode(text).ok().and_then(|item| keyring.open(&item, &place, first.as_ref()).ok()) {
            Some(one) => {
                opened.tries += one.tries;
                opened.data.insert(name.clone(), one.value);
                opened.keys.insert(name.clone(), one.key.clone());
                last = Some(one.key);
            }
            None => failed.push(name.clone()),
        }
    }
    if failed.is_empty() { Ok(opened) } else { Err(Unopened { items: failed }) }
}

/// Deprecated v1 data: one blob whose plaintext is a whole Secret in JSON.
fn open_blob(text: &str, binding: &Binding, keyring: &Keyring, hint: Option<&Fingerprint>) -> Result<OpenedObject, Unopened> {
    let unopened = || Unopened { items: vec!["data".to_owned()] };
    let item = Item::decode(text).ok().filter(|item| item.kind() == Kind::V1).ok_or_else(unopened)?;
    let one = keyring.open(&item, &Place::new(binding, ""), hint).map_err(|_| unopened())?;
    let file = ManifestFile::parse("spec.data", one.value).map_err(|_| unopened())?;
    let secret = file.documents.first().and_then(|document| SecretObject::from_node(&document.root).ok()).ok_or_else(unopened)?;
    Ok(OpenedObject {
        data: secret.data.clone(),
        keys: BTreeMap::from([("data".to_owned(), one.key)]),
        blob: Some(secret),
        tries: one.tries,
    })
}
