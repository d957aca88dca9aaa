//! Kubeconfig files for one user with one token.

use anyhow::{Context, Result};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Writes a kubeconfig and returns its path.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, server: &str, ca: &Path, token: &str, namespace: &str) -> Result<PathBuf> {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "t",
        "clusters": [{"name": "t", "cluster": {"server": server, "certificate-authority": ca}}],
        "users": [{"name": "t", "user": {"token": token}}],
        "contexts": [{"name": "t", "context": {"cluster": "t", "user": "t", "namespace": namespace}}],
    });
    std::fs::write(path, serde_json::to_vec_pretty(&config)?).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.to_owned())
}

/// A client for a kubeconfig, ignoring the environment.
///
/// # Errors
/// When the file is not a kubeconfig.
pub async fn client(path: &Path) -> Result<Client> {
    let config = Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}
