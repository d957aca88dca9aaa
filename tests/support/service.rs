//! The path kubeseal takes: a Service whose one endpoint is a "Pod" that is really a process of ours.
//!
//! The API server's proxy reads the Endpoints object (Kubernetes 1.36, not the slices) and dials only addresses whose
//! `targetRef` is a Pod with that address, so a Pod object is made; nothing runs it.

use crate::manifests;
use crate::plane::ControlPlane;
use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, Patch, PatchParams};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// An address of the lab that no other "Pod" of this process has. Outside the lab it cannot be bound.
pub fn pod_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Comes round again long after the first ones have ended.
    format!("10.244.0.{}", 2 + NEXT.fetch_add(1, Ordering::Relaxed) % 250)
}

/// Publishes `address`:8080 as Service `name` in `namespace`, port name `http`, as both projects' manifests do.
///
/// # Errors
/// When the API server refuses.
pub async fn publish(plane: &ControlPlane, namespace: &str, name: &str, address: &str) -> Result<()> {
    let pods: Api<Pod> = Api::namespaced(plane.client(), namespace);
    pods.delete(name, &DeleteParams::default().grace_period(0)).await.ok();
    let labels = json!({"app.kubernetes.io/name": name});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels},
        "spec": {"automountServiceAccountToken": false, "containers": [{"name": "controller", "image": "none", "ports": [{"containerPort": 8080, "name": "http"}]}]},
    });
    put(plane, namespace, pod).await?;
    let status = json!({"status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [{"type": "Ready", "status": "True"}]}});
    pods.patch_status(name, &PatchParams::default(), &Patch::Merge(&status)).await?;
    put(
        plane,
        namespace,
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels},
            "spec": {"ports": [{"name": "http", "port": 8080, "targetPort": 8080}]},
        }),
    )
    .await?;
    put(
        plane,
        namespace,
        json!({
            "apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": name, "labels": labels},
            "subsets": [{
                "addresses": [{"ip": address, "targetRef": {"kind": "Pod", "name": name, "namespace": namespace}}],
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }],
        }),
    )
    .await
}

async fn put(plane: &ControlPlane, namespace: &str, object: Value) -> Result<()> {
    manifests::apply(&plane.client(), serde_json::from_value(object)?, Some(namespace)).await?;
    Ok(())
}
