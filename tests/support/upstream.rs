//! The real sealed-secrets controller as a process, for swap drills and for running its own suite.
//!
//! It only knows how to run in a Pod, so it gets what a Pod has: the service environment, and a mount namespace in
//! which `/var/run/secrets/kubernetes.io/serviceaccount` is there.

use crate::plane::ControlPlane;
use crate::process::{Process, unique};
use crate::{eventually, manifests, rbac, service, tools};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const IN_A_POD: &str = r#"
mount -t tmpfs tmpfs /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$1" /run/secrets/kubernetes.io/serviceaccount || exit 90
[ /var/run -ef /run ] || { mkdir -p /var/run && mount --bind /run /var/run; } || exit 90
shift; exec "$@"
"#;

/// A running upstream controller.
pub struct UpstreamController {
    /// Its home namespace.
    pub home: String,
    /// `http://10.244.0.N:8080`.
    pub http: String,
    process: Process,
}

impl UpstreamController {
    /// Starts `program` in `home` with upstream's own rights and waits for `/healthz`.
    ///
    /// # Errors
    /// When it is not up within 30 seconds; the message ends with its log.
    pub async fn start(plane: &ControlPlane, program: &Path, home: &str, args: &[&str]) -> Result<Self> {
        plane.named_namespace(home).await?;
        for (object, namespace) in rights(home) {
            manifests::apply(&plane.client(), serde_json::from_value(object)?, namespace).await?;
        }
        let address = service::pod_address();
        service::publish(plane, home, "sealed-secrets-controller", &address).await?;
        let pod = plane.dir().join(format!("upstream-{}", unique()));
        std::fs::create_dir(&pod)?;
        std::fs::write(pod.join("token"), rbac::token(plane, home, "sealed-secrets-controller").await?)?;
        std::fs::write(pod.join("namespace"), home)?;
        std::fs::copy(plane.ca(), pod.join("ca.crt"))?;
        let (host, port) = plane.server().trim_start_matches("https://").rsplit_once(':').context("a server without port")?;
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", IN_A_POD, "pod"]).arg(&pod).arg(program);
        command.arg(format!("--listen-addr={address}:8080")).arg(format!("--listen-metrics-addr={address}:8081")).args(args);
        command.env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port).env("POD_NAMESPACE", home);
        let process = Process::start("the upstream controller", &command, &pod.with_extension("log"))?;
        let http = format!("http://{address}:8080");
        let url = format!("{http}/v1/cert.pem");
        let up = eventually("the upstream controller", Duration::from_secs(60), || async {
            Ok(reqwest::get(&url).await.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        });
        up.await.with_context(|| format!("its log ends:\n{}", process.tail(30)))?;
        Ok(Self { home: home.to_owned(), http, process })
    }

    /// Everything it wrote.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// SIGTERM, ten seconds.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(self) -> Result<std::process::ExitStatus> {
        self.process.stop(Duration::from_secs(10))
    }
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
