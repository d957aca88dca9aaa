//! A real Kubernetes control plane on loopback: etcd, API server, controller-manager. No node, no kubelet: Pods stay Pending.

use crate::process::{Process, unique};
use crate::{kubeconfig, manifests, tools};
use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, PostParams};
use kube::{Client, ResourceExt};
use rsa::pkcs8::EncodePrivateKey;
use serde_json::json;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The administrator's token (group `system:masters`), for the test itself; programs under test get their own.
const ADMIN: &str = "admin-of-a-throwaway-cluster";

const DEFINITION: &str = "sealedsecrets.bitnami.com";

/// A running control plane; dropping it stops its servers and removes its folder.
pub struct ControlPlane {
    client: Client,
    server: String,
    dir: tempfile::TempDir,
    tools: PathBuf,
    /// etcd for clients, the API server, etcd for peers.
    ports: [u16; 3],
    _manager: Process,
    /// None while it is stopped on purpose.
    api: Mutex<Option<Process>>,
    /// None while it is stopped on purpose.
    etcd: Mutex<Option<Process>>,
}

impl ControlPlane {
    /// Starts the servers, waits until they are ready and applies `deploy/crds`.
    ///
    /// # Errors
    /// When a tool is missing or a server is not ready within its time; the message ends with its log.
    pub async fn start() -> Result<Self> {
        let tools = tools::control_plane()?;
        let dir = tempfile::Builder::new().prefix("seal-plane-").tempdir()?;
        let [etcd_port, peer_port, port] = free_ports()?;
        write_credentials(dir.path())?;
        let etcd = start_etcd(&tools, dir.path(), etcd_port, peer_port)?;
        let api = start_api_server(&tools, dir.path(), etcd_port, port)?;
        let server = format!("https://127.0.0.1:{port}");
        let ca = dir.path().join("certs/apiserver.crt");
        wait_ready(&server, &api, &ca).await?;
        let admin = kubeconfig::write(&dir.path().join("kubeconfig"), &server, &ca, ADMIN, "default")?;
        let client = kubeconfig::client(&admin).await?;
        apply_crds(&client, &tools::repository().join("deploy/crds")).await?;
        // After the CRDs: the garbage collector asks which kinds exist at its start, and then only every 30 seconds.
        let manager = start_controller_manager(&tools, dir.path())?;
        let (api, etcd, ports) = (Mutex::new(Some(api)), Mutex::new(Some(etcd)), [etcd_port, port, peer_port]);
        let plane = Self { client, server, dir, tools, ports, _manager: manager, api, etcd };
        plane.settle().await?;
        Ok(plane)
    }

    /// Waits for what every namespace needs: the default service account.
    async fn settle(&self) -> Result<()> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), "kube-system");
        crate::eventually("the default service account", Duration::from_secs(30), || async {
            Ok(accounts.get_opt("default").await?.map(|_| ()))
        })
        .await
    }

    /// Kills the API server; what it stored stays.
    ///
    /// # Errors
    /// When it was not running.
    pub fn stop_api_server(&self) -> Result<()> {
        let api = self.api.lock().unwrap_or_else(PoisonError::into_inner).take();
        api.context("the API server is stopped already")?.kill()
    }

    /// Starts it again on the same port with what is stored, and waits until it is ready.
    ///
    /// # Errors
    /// When it is not ready within its time.
    pub async fn start_api_server(&self) -> Result<()> {
        let api = start_api_server(&self.tools, self.dir.path(), self.ports[0], self.ports[1])?;
        wait_ready(&self.server, &api, &self.ca()).await?;
        *self.api.lock().unwrap_or_else(PoisonError::into_inner) = Some(api);
        Ok(())
    }

    /// Copies everything stored, with the servers down for that moment.
    ///
    /// # Errors
    /// When a server does not end or does not start again.
    pub async fn back_up(&self) -> Result<()> {
        self.swap_store("etcd", "backup").await
    }

    /// Puts the copy back: what was stored since is gone, and versions begin again where they were.
    ///
    /// # Errors
    /// As [`Self::back_up`].
    pub async fn restore(&self) -> Result<()> {
        self.swap_store("backup", "etcd").await
    }

    async fn swap_store(&self, from: &str, to: &str) -> Result<()> {
        self.stop_api_server()?;
        let etcd = self.etcd.lock().unwrap_or_else(PoisonError::into_inner).take();
        etcd.context("etcd is stopped already")?.stop(Duration::from_secs(10))?;
        let (from, to) = (self.dir.path().join(from), self.dir.path().join(to));
        if to.exists() {
            std::fs::remove_dir_all(&to)?;
        }
        let copied = Command::new("cp").arg("-r").args([&from, &to]).status()?;
        ensure!(copied.success(), "{} was not copied", from.display());
        let etcd = start_etcd(&self.tools, self.dir.path(), self.ports[0], self.ports[2])?;
        *self.etcd.lock().unwrap_or_else(PoisonError::into_inner) = Some(etcd);
        self.start_api_server().await
    }

    /// Applies `deploy/crds` (again) and waits until the kind is served.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn define(&self) -> Result<()> {
        apply_crds(&self.client, &tools::repository().join("deploy/crds")).await
    }

    /// Takes the SealedSecret kind away, and with it every object of it.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn undefine(&self) -> Result<()> {
        let definitions: Api<CustomResourceDefinition> = Api::all(self.client());
        definitions.delete(DEFINITION, &DeleteParams::default()).await?;
        crate::eventually("no SealedSecret kind", Duration::from_secs(30), || async {
            Ok(definitions.get_opt(DEFINITION).await?.is_none().then_some(()))
        })
        .await
    }

    /// A client with every right, for the test itself.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// `https://127.0.0.1:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The certificate to trust for [`Self::server`].
    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("certs/apiserver.crt")
    }

    /// The administrator's kubeconfig, for kubectl and kubeseal.
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }

    /// The plane's folder: logs of all servers and programs started on it.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A fresh namespace with a name no other test has.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn namespace(&self) -> Result<String> {
        let name = format!("t{}-{:06x}", unique(), rand::random::<u32>() & 0xff_ffff);
        self.named_namespace(&name).await?;
        Ok(name)
    }

    /// A namespace of a given name; one that exists already is fine.
    ///
    /// # Errors
    /// When the API server refuses for any other reason.
    pub async fn named_namespace(&self, name: &str) -> Result<()> {
        let api: Api<Namespace> = Api::all(self.client());
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": name}}))?;
        match api.create(&PostParams::default(), &namespace).await {
            Ok(created) => ensure!(created.name_any() == name),
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error).with_context(|| format!("cannot create namespace {name}")),
        }
        Ok(())
    }
}

/// Applies a folder of CRDs and waits until the kind is served, a moment after it is stored.
async fn apply_crds(client: &Client, dir: &Path) -> Result<()> {
    for object in manifests::read_dir(dir)? {
        manifests::apply(client, object, None).await?;
    }
    for objects in [crate::sealed::api(client, "default"), crate::sops_secret::api(client, "default")] {
        crate::eventually("our kinds", Duration::from_secs(20), || async {
            Ok(objects.list(&kube::api::ListParams::default().limit(1)).await.ok().map(|_| ()))
        })
        .await?;
    }
    Ok(())
}

/// Ports that were free a moment ago. Inside the lab nobody else can take them.
fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let held: Vec<TcpListener> = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// The key that signs service-account tokens, and the administrator's token.
fn write_credentials(dir: &Path) -> Result<()> {
    let key = rsa::PrivateKey::new(&mut rand::rng(), 2048)?;
    std::fs::write(dir.join("sa.key"), key.to_pkcs8_pem(rsa::pkcs8::LineEnding::LF)?.as_bytes())?;
    std::fs::write(dir.join("tokens.csv"), format!("{ADMIN},admin,admin,\"system:masters\"\n"))?;
    Ok(())
}

fn start_etcd(tools: &Path, dir: &Path, port: u16, peer: u16) -> Result<Process> {
    let mut command = Command::new(tools.join("etcd"));
    let client = format!("http://127.0.0.1:{port}");
    command.arg("--data-dir").arg(dir.join("etcd"));
    command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
    command.args(["--listen-peer-urls", &format!("http://127.0.0.1:{peer}")]);
    command.args(["--unsafe-no-fsync", "--log-level", "error"]);
    Process::start("etcd", &command, &dir.join("etcd.log"))
}

fn start_api_server(tools: &Path, dir: &Path, etcd: u16, port: u16) -> Result<Process> {
    let key = dir.join("sa.key");
    let mut command = Command::new(tools.join("kube-apiserver"));
    command.arg(format!("--etcd-servers=http://127.0.0.1:{etcd}")).arg(format!("--secure-port={port}"));
    command.args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
    command.arg(format!("--cert-dir={}", dir.join("certs").display()));
    command.arg(format!("--service-account-key-file={}", key.display()));
    command.arg(format!("--service-account-signing-key-file={}", key.display()));
    command.args(["--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24"]);
    command.arg(format!("--token-auth-file={}", dir.join("tokens.csv").display()));
    command.args(["--authorization-mode=RBAC", "--allow-privileged"]);
    Process::start("kube-apiserver", &command, &dir.join("kube-apiserver.log"))
}

fn start_controller_manager(tools: &Path, dir: &Path) -> Result<Process> {
    let mut command = Command::new(tools.join("kube-controller-manager"));
    command.arg(format!("--kubeconfig={}", dir.join("kubeconfig").display()));
    command.arg(format!("--service-account-private-key-file={}", dir.join("sa.key").display()));
    command.args(["--use-service-account-credentials=false", "--leader-elect=false", "--secure-port=0"]);
    // Only what tests lean on: service accounts, namespaces and garbage collection need no node and no cloud.
    command.arg("--controllers=serviceaccount-controller,serviceaccount-token-controller,namespace-controller,garbage-collector-controller,root-ca-certificate-publisher-controller");
    Process::start("kube-controller-manager", &command, &dir.join("kube-controller-manager.log"))
}

async fn wait_ready(server: &str, api: &Process, ca: &Path) -> Result<()> {
    // The certificate appears during start-up, so readiness is asked without checking it; every later client checks.
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy().build()?;
    let url = format!("{server}/readyz");
    let ready = crate::eventually("the API server", Duration::from_secs(90), || async {
        let answer = http.get(&url).bearer_auth(ADMIN).send().await;
        Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
    });
    ready.await.with_context(|| format!("its log ends:\n{}", api.tail(15)))?;
    ensure!(ca.is_file(), "the API server wrote no certificate to {}", ca.display());
    Ok(())
}
