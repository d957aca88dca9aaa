//! SopsSecrets as a user's file holds them.

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use serde_json::{Value, json};

/// SopsSecrets of one namespace.
pub fn api(client: &Client, namespace: &str) -> Api<DynamicObject> {
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("sealkit.dev", "v1alpha1", "SopsSecret"));
    Api::namespaced_with(client.clone(), namespace, &kind)
}

/// The object around a document.
pub fn object(namespace: &str, name: &str, sops: &str) -> Value {
    json!({
        "apiVersion": "sealkit.dev/v1alpha1", "kind": "SopsSecret",
        "metadata": {"name": name, "namespace": namespace}, "spec": {"sops": sops},
    })
}
