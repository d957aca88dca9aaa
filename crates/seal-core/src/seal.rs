//! Sealing: a Secret in clear and a public key to a SealedSecret.

use rand_core::CryptoRng;
use seal_crypto::{Binding, BindingError, Item, PublicKey, Scope, SealError};
use serde_json::{Map, Value};

use crate::{
    CLUSTER_WIDE, NAMESPACE_WIDE,
    claim::{Claim, SEALED_FOR},
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
    /// Record what it was sealed for in an annotation.
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
    /// One value cannot be sealed.
    #[error("key {key:?}: {source}")]
    Item {
        /// Its key.
        key: String,
        /// Why.
        source: SealError,
    },
}

/// Seals every value of a Secret. Namespace and name must already be those it will have in the cluster.
pub fn seal_secret(
    secret: &SecretObject,
    options: SealOptions,
    key: &PublicKey,
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
        let item = Item::seal(value, key, &binding, rng).map_err(|source| SealSecretError::Item { key: name.clone(), source })?;
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
    if options.claim {
        annotate(&mut metadata, SEALED_FOR, Some(Claim::new(&binding, key.fingerprint()).to_text()));
        annotate(&mut template_metadata, SEALED_FOR, None);
    }
    let template =
        Template { metadata: template_metadata, type_: secret.type_.clone(), immutable: secret.immutable, ..Template::default() };
    Ok(SealedObject { metadata, items, blob: None, template })
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
