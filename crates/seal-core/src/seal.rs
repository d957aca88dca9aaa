//! Sealing: a Secret in clear, and a public key or recipients, to a SealedSecret.

use rand_core::CryptoRng;
use seal_crypto::{Binding, BindingError, Item, Scope, SealError, v2::Head};
use serde_json::{Map, Value};

use crate::{
    CLUSTER_WIDE, NAMESPACE_WIDE,
    claim::{Claim, SEALED_FOR},
    seal_to::SealTo,
    sealed::{SealedObject, Template},
    secret::SecretObject,
};

/// How to seal one Secret.
#[derive(Clone, Copy, Debug, Default)]
pub struct SealOptions {
    /// Scope; `None` takes the one the Secret's annotations ask for.
    pub scope: Option<Scope>,
    /// Accept a Secret without any data.
    pub allow_empty: bool,
    /// Record what it was sealed for in an annotation (v1; v2 items always say so themselves).
    pub claim: bool,
}

/// Why a Secret was not sealed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealSecretError {
    /// Namespace or name missing or invalid for the scope.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// No data at all.
    #[error("the Secret has no data to seal")]
    Empty,
    /// More than the API server stores.
    #[error("the SealedSecret would be larger than the 1.5 MiB that the API server stores{0}")]
    TooLarge(Overhead),
    /// One value cannot be sealed.
    #[error("key {key:?}: {source}")]
    Item {
        /// Its key.
        key: String,
        /// Why.
        source: SealError,
    },
}

/// How much of an object its recipients take. Says nothing about the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overhead {
    recipients: usize,
    bytes: usize,
    items: usize,
}

impl Overhead {
    /// Of the items of an object; nothing to say about v1.
    pub fn of(object: &SealedObject) -> Self {
        let heads = object.items.values().filter_map(|text| Head::of(&Item::decode(text).ok()?).ok());
        heads.fold(Self::default(), |sum, head| Self {
            recipients: sum.recipients.max(head.claim.recipients.len()),
            // base64
            bytes: sum.bytes + head.header_bytes.div_ceil(3) * 4,
            items: sum.items + 1,
        })
    }
}

impl std::fmt::Display for Overhead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { recipients, bytes, items } = self;
        match (recipients, items) {
            (0, _) => Ok(()),
            (1, 1) => write!(f, "; its recipient takes {} KiB of that", bytes.div_ceil(1024)),
            _ => write!(f, "; {recipients} recipients for each of {items} items take {} KiB of that", bytes.div_ceil(1024)),
        }
    }
}

/// Seals every value of a Secret. Namespace and name must already be those it will have in the cluster.
pub fn seal_secret(
    secret: &SecretObject,
    options: SealOptions,
    to: &SealTo,
    rng: &mut impl CryptoRng,
) -> Result<SealedObject, SealSecretError> {
    if secret.data.is_empty() && !options.allow_empty {
        return Err(SealSecretError::Empty);
    }
    let scope = options.scope.unwrap_or_else(|| secret.scope());
    if secret.name().is_empty() {
        return Err(BindingError::Name.into());
    }
    let binding = Binding::new(scope, secret.namespace(), secret.name())?;
    let mut items = std::collections::BTreeMap::new();
    for (name, value) in &secret.data {
        let item = to.seal(value, &binding, name, rng).map_err(|source| SealSecretError::Item { key: name.clone(), source })?;
        items.insert(name.clone(), item.encode());
    }
    let mut template_metadata = secret.metadata.clone();
    set_scope(&mut template_metadata, scope);
    let mut metadata = Map::new();
    for field in ["name", "namespace"] {
        if let Some(value) = secret.metadata.get(field) {
            metadata.insert(field.into(), value.clone());
        }
    }
    set_scope(&mut metadata, scope);
    let key = to.key().filter(|_| options.claim);
    annotate(&mut metadata, SEALED_FOR, key.map(|key| Claim::new(&binding, key.fingerprint()).to_text()));
    if options.claim {
        annotate(&mut template_metadata, SEALED_FOR, None);
    }
    let template =
        Template { metadata: template_metadata, type_: secret.type_.clone(), immutable: secret.immutable, ..Template::default() };
    let object = SealedObject { metadata, items, blob: None, template };
    if object.is_too_large() { Err(SealSecretError::TooLarge(Overhead::of(&object))) } else { Ok(object) }
}

/// Makes the scope annotations say exactly `scope`.
pub fn set_scope(metadata: &mut Map<String, Value>, scope: Scope) {
    let is = |wanted| (scope == wanted).then(|| "true".to_owned());
    annotate(metadata, CLUSTER_WIDE, is(Scope::ClusterWide));
    annotate(metadata, NAMESPACE_WIDE, is(Scope::NamespaceWide));
}

/// Sets or removes one annotation; an empty map is not left behind.
pub fn annotate(metadata: &mut Map<String, Value>, name: &str, value: Option<String>) {
    match value {
        Some(text) => {
            let annotations = metadata.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
            if !annotations.is_object() {
                *annotations = Value::Object(Map::new());
            }
            annotations[name] = Value::String(text);
        }
        None => {
            if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
                annotations.remove(name);
                if annotations.is_empty() {
                    metadata.remove("annotations");
                }
            }
        }
    }
}
