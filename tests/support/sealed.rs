//! SealedSecrets as JSON, sealed in this process, without this project's API types in between: what a user's file holds.

use anyhow::Result;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use seal_crypto::{Binding, Item, PublicKey, Scope};
use seal_secret::SecretBytes;
use serde_json::{Map, Value, json};

/// The kind.
pub fn resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("bitnami.com", "v1alpha1", "SealedSecret"))
}

/// SealedSecrets of one namespace.
pub fn api(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &resource())
}

/// A SealedSecret in the making. It is sealed for `namespace` and `name` unless [`Sealed::sealed_for`] says otherwise.
#[derive(Clone)]
pub struct Sealed {
    key: PublicKey,
    scope: Scope,
    name: String,
    bound: (String, String),
    object: Map<String, Value>,
    template: Value,
}

impl Sealed {
    /// An object without items.
    pub fn new(key: &PublicKey, namespace: &str, name: &str) -> Self {
        let object = json!({"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": {"name": name, "namespace": namespace}, "spec": {"encryptedData": {}}});
        let object = object.as_object().expect("an object").clone();
        let bound = (namespace.to_owned(), name.to_owned());
        Self { key: key.clone(), scope: Scope::Strict, name: name.to_owned(), bound, object, template: json!({}) }
    }

    /// Seals the items that follow for another namespace and name than the object has.
    #[must_use]
    pub fn sealed_for(mut self, namespace: &str, name: &str) -> Self {
        self.bound = (namespace.to_owned(), name.to_owned());
        self
    }

    /// Seals the items that follow under this scope, and annotates the object with it.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        match scope {
            Scope::Strict => self,
            wide => self.annotation(&format!("sealedsecrets.bitnami.com/{}", wide.as_str()), "true"),
        }
    }

    /// Adds one sealed item.
    ///
    /// # Panics
    /// When namespace or name are not valid; a test's own mistake.
    #[must_use]
    pub fn item(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        let binding = Binding::new(self.scope, &self.bound.0, &self.bound.1).expect("a valid namespace and name");
        let value = SecretBytes::from(value.as_ref().to_vec());
        let item = Item::seal(&value, &self.key, &binding, &mut rand::rng()).expect("a value of ordinary size");
        self.raw_item(key, &item.encode())
    }

    /// Adds an item as text, sealed or not.
    #[must_use]
    pub fn raw_item(mut self, key: &str, text: &str) -> Self {
        self.object["spec"]["encryptedData"][key] = text.into();
        self
    }

    /// Annotates the SealedSecret itself.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.object["metadata"]["annotations"][key] = value.into();
        self
    }

    /// Labels the SealedSecret itself.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.object["metadata"]["labels"][key] = value.into();
        self
    }

    /// What the Secret is to look like: `metadata`, `type`, `immutable`, `data`.
    #[must_use]
    pub fn template(mut self, template: Value) -> Self {
        self.template = template;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The JSON a user would apply.
    pub fn json(&self) -> Value {
        let mut object = self.object.clone();
        if self.template != json!({}) {
            object["spec"]["template"] = self.template.clone();
        }
        Value::Object(object)
    }

    /// The same, for the client.
    ///
    /// # Errors
    /// Never for objects made here.
    pub fn object(&self) -> Result<DynamicObject> {
        Ok(serde_json::from_value(self.json())?)
    }
}
