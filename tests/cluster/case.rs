//! What a case has in hand: a cluster, maybe a controller, a namespace, and words for what it wants to see.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Event, Secret};
use kube::ResourceExt;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use seal_crypto::{Certificate, PublicKey};
use seal_tests::{ControlPlane, Controller, Options, Sealed, eventually, sealed};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Long enough for a loaded machine; success never waits for it.
pub(crate) const SOON: Duration = Duration::from_secs(25);

/// A cluster, with the controller that most cases share.
pub(crate) struct Stage {
    pub(crate) plane: ControlPlane,
    pub(crate) controller: Option<Controller>,
}

impl Stage {
    pub(crate) async fn empty() -> Result<Self> {
        Ok(Self { plane: ControlPlane::start().await?, controller: None })
    }

    pub(crate) async fn with_controller() -> Result<Self> {
        let mut stage = Self::empty().await?;
        stage.controller = Some(Controller::start(&stage.plane, compatible()).await?);
        Ok(stage)
    }
}

/// The profile that replaces an existing installation, with keys that are quick to make.
pub(crate) fn compatible() -> Options {
    if let Some(theirs) = std::env::var_os("SEAL_TESTS_UPSTREAM").map(PathBuf::from) {
        return Options { program: Some(theirs), upstream: true, ..Options::default() }.args(["--key-size=2048"]);
    }
    Options::default().args(["--profile=compatible", "--key-size=2048"])
}

/// The same, with arguments that upstream does not know.
pub(crate) fn compatible_and<const N: usize>(own: [&str; N]) -> Options {
    let options = compatible();
    if options.upstream { options } else { options.args(own) }
}

/// One case: its stage and its namespace.
pub(crate) struct Case {
    pub(crate) stage: Arc<Stage>,
    pub(crate) namespace: String,
}

impl Case {
    pub(crate) async fn new(stage: Arc<Stage>) -> Result<Self> {
        let namespace = stage.plane.namespace().await?;
        Ok(Self { stage, namespace })
    }

    pub(crate) fn plane(&self) -> &ControlPlane {
        &self.stage.plane
    }

    /// The shared controller.
    pub(crate) fn controller(&self) -> &Controller {
        self.stage.controller.as_ref().expect("this case runs on the shared stage")
    }

    /// The newest public key of the shared controller.
    pub(crate) async fn key(&self) -> Result<PublicKey> {
        public_key(self.controller()).await
    }

    /// A SealedSecret of this namespace for the shared controller.
    pub(crate) async fn sealed(&self, name: &str) -> Result<Sealed> {
        Ok(Sealed::new(&self.key().await?, &self.namespace, name))
    }

    pub(crate) fn objects(&self) -> Api<DynamicObject> {
        sealed::api(&self.plane().client(), &self.namespace)
    }

    pub(crate) fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.plane().client(), &self.namespace)
    }

    /// Creates it or replaces its whole spec and metadata, as `kubectl replace` does.
    pub(crate) async fn put(&self, sealed: &Sealed) -> Result<DynamicObject> {
        let api = self.objects();
        let mut object = sealed.object()?;
        match api.get_opt(sealed.name()).await? {
            None => Ok(api.create(&PostParams::default(), &object).await?),
            Some(_) => {
                for _ in 0..20 {
                    object.metadata.resource_version = api.get(sealed.name()).await?.resource_version();
                    match api.replace(sealed.name(), &PostParams::default(), &object).await {
                        Err(kube::Error::Api(status)) if status.code == 409 => {}
                        other => return Ok(other?),
                    }
                }
                anyhow::bail!("twenty conflicts in a row while replacing {}", sealed.name())
            }
        }
    }

    pub(crate) async fn patch(&self, name: &str, patch: Value) -> Result<DynamicObject> {
        Ok(self.objects().patch(name, &PatchParams::default(), &Patch::Merge(&patch)).await?)
    }

    pub(crate) async fn create_secret(&self, secret: Value) -> Result<Secret> {
        Ok(self.secrets().create(&PostParams::default(), &serde_json::from_value(secret)?).await?)
    }

    /// Waits until the Secret holds exactly this.
    pub(crate) async fn expect_data(&self, name: &str, wanted: &[(&str, &str)]) -> Result<Secret> {
        let wanted = data(wanted);
        let api = self.secrets();
        let what = format!("Secret {name} with the keys {:?}", wanted.keys());
        let seen = eventually(&what, SOON, || async {
            let secret = api.get_opt(name).await?;
            Ok(secret.filter(|secret| data_of(secret) == wanted))
        });
        match seen.await {
            Ok(secret) => Ok(secret),
            Err(error) => Err(error.context(self.describe(name).await)),
        }
    }

    /// Waits until a condition has this status and reason (any reason when empty) for the newest generation.
    pub(crate) async fn expect_condition(&self, name: &str, kind: &str, status: &str, reason: &str) -> Result<Value> {
        let what = format!("condition {kind}={status} {reason} on SealedSecret {name}");
        let seen = eventually(&what, SOON, || async {
            let object = self.objects().get(name).await?;
            let current = object.data["status"]["observedGeneration"] == Value::from(object.metadata.generation);
            let found = condition(&object, kind)
                .filter(|condition| condition["status"] == status && (reason.is_empty() || condition["reason"] == reason));
            Ok(found.filter(|_| current))
        });
        match seen.await {
            Ok(condition) => Ok(condition),
            Err(error) => Err(error.context(self.describe(name).await)),
        }
    }

    /// Upstream's condition.
    pub(crate) async fn expect_synced(&self, name: &str) -> Result<Value> {
        self.expect_condition(name, "Synced", "True", "").await
    }

    /// Upstream's condition, with its message.
    pub(crate) async fn expect_not_synced(&self, name: &str) -> Result<String> {
        let condition = self.expect_condition(name, "Synced", "False", "").await?;
        Ok(condition["message"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits for an event on the SealedSecret with this reason.
    pub(crate) async fn expect_event(&self, name: &str, reason: &str) -> Result<Event> {
        eventually(&format!("event {reason} on {name}"), SOON, || async {
            let events = self.events(name).await?;
            Ok(events.into_iter().find(|event| event.reason.as_deref() == Some(reason)))
        })
        .await
    }

    /// All events about an object of this namespace.
    pub(crate) async fn events(&self, name: &str) -> Result<Vec<Event>> {
        let api: Api<Event> = Api::namespaced(self.plane().client(), &self.namespace);
        let filter = ListParams::default().fields(&format!("involvedObject.name={name}"));
        Ok(api.list(&filter).await?.items)
    }

    /// What a failed wait should show: status and events, never data.
    async fn describe(&self, name: &str) -> String {
        let status = self.objects().get(name).await.map(|object| object.data["status"].to_string());
        let events = self.events(name).await.unwrap_or_default();
        let events: Vec<String> = events.iter().map(|event| format!("{:?}: {:?}", event.reason, event.message)).collect();
        let log = self.stage.controller.as_ref().map(Controller::log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(self.namespace.as_str())).collect();
        let lines = lines[lines.len().saturating_sub(8)..].join("\n");
        format!("status {status:?}\nevents {events:?}\n{lines}")
    }
}

/// The newest public key a controller serves. Asked once: who is ready serves it, or will not for want of one.
pub(crate) async fn public_key(controller: &Controller) -> Result<PublicKey> {
    let (status, pem) = controller.get("/v1/cert.pem").await?;
    ensure!(status == 200, "/v1/cert.pem of a ready controller answers {status}: {pem}");
    Ok(Certificate::from_pem(pem.as_bytes()).context("/v1/cert.pem is no certificate")?.public_key)
}

/// A condition of an object by its type.
pub(crate) fn condition(object: &DynamicObject, kind: &str) -> Option<Value> {
    object.data["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind).cloned()
}

fn data(pairs: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

/// A Secret's data as plain bytes.
pub(crate) fn data_of(secret: &Secret) -> BTreeMap<String, Vec<u8>> {
    secret.data.clone().unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)).collect()
}
