//! The real sealed-secrets controller as a process, for swap drills and for running its own suite.
//!
//! It only knows how to run in a Pod, so it gets what a Pod has: the service environment, and a mount namespace in
//! which `/var/run/secrets/kubernetes.io/serviceaccount` is there.

use crate::controller::{Controller, Options};
use crate::plane::ControlPlane;
use crate::process::unique;
use crate::{manifests, rbac, tools};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const IN_A_POD: &str = r#"
mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$1" /run/secrets/kubernetes.io/serviceaccount || exit 90
[ /var/run -ef /run ] || { mkdir -p /var/run && mount --bind /run /var/run; } || exit 90
shift; exec "$@"
"#;

/// The command for `program` as if it ran in a Pod of `home` with upstream's own rights, the API server being at `server`.
///
/// # Errors
/// When the API server refuses or the plane's folder cannot be written.
pub async fn in_a_pod(plane: &ControlPlane, program: &Path, home: &str, server: &str) -> Result<Command> {
    for (object, namespace) in rights(home) {
        manifests::apply(&plane.client(), serde_json::from_value(object)?, namespace).await?;
    }
    let pod = plane.dir().join(format!("pod-{}", unique()));
    std::fs::create_dir(&pod)?;
    std::fs::write(pod.join("token"), rbac::token(plane, home, "sealed-secrets-controller").await?)?;
    std::fs::write(pod.join("namespace"), home)?;
    std::fs::copy(plane.ca(), pod.join("ca.crt"))?;
    let (host, port) = server.trim_start_matches("https://").rsplit_once(':').context("a server without port")?;
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", IN_A_POD, "pod"]).arg(&pod).arg(program);
    command.env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port).env("POD_NAMESPACE", home);
    Ok(command)
}

/// The real controller with its own defaults and these arguments, ready.
///
/// # Errors
/// As [`Controller::start`].
pub async fn start(plane: &ControlPlane, program: &Path, home: &str, args: &[&str]) -> Result<Controller> {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let options = Options { program: Some(program.to_owned()), upstream: true, args, ..Options::default() };
    Controller::start(plane, options.home(home)).await
}

/// The folder of upstream's own module, with its suite and its CRD.
///
/// # Errors
/// When Go is missing or the module cannot be fetched.
pub fn module() -> Result<PathBuf> {
    let output = Command::new("go")
        .current_dir(tools::repository().join("tests/peers"))
        .args(["list", "-m", "-f", "{{if .Replace}}{{.Replace.Dir}}{{else}}{{.Dir}}{{end}}", "github.com/bitnami/sealed-secrets"])
        .output()
        .context("cannot run go")?;
    ensure!(output.status.success(), "go list failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// What upstream's manifest grants, without the binding to every identity of the cluster.
fn rights(home: &str) -> Vec<(Value, Option<&str>)> {
    let name = "sealed-secrets-controller";
    let cluster = format!("secrets-unsealer-{home}");
    let rbac = "rbac.authorization.k8s.io/v1";
    let subjects = json!([{"kind": "ServiceAccount", "name": name, "namespace": home}]);
    let group = "rbac.authorization.k8s.io";
    vec![
        (json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}), Some(home)),
        (
            json!({"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": cluster}, "rules": [
                {"apiGroups": ["bitnami.com"], "resources": ["sealedsecrets"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["bitnami.com"], "resources": ["sealedsecrets/status"], "verbs": ["update"]},
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list", "create", "update", "delete", "watch"]},
                {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
                {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
            ]}),
            None,
        ),
        (
            json!({"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": cluster}, "subjects": subjects, "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": cluster}}),
            None,
        ),
        (
            json!({"apiVersion": rbac, "kind": "Role", "metadata": {"name": "sealed-secrets-key-admin"}, "rules": [
                {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "list", "get"]},
            ]}),
            Some(home),
        ),
        (
            json!({"apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": name}, "subjects": subjects, "roleRef": {"apiGroup": group, "kind": "Role", "name": "sealed-secrets-key-admin"}}),
            Some(home),
        ),
    ]
}
