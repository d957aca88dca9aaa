//! Flags of verbs that ask a cluster: which one, and where its controller is.

use super::{Api, ClusterError, Controller, Environment, Overrides, Target, connect};
use crate::{
    Io,
    config::{self, Source},
    report::CliError,
};
use std::path::{Path, PathBuf};

/// Which cluster, and where in it.
#[derive(clap::Args, Clone, Default)]
pub struct ClusterArgs {
    /// Kubeconfig context; the current one when absent
    #[arg(long, value_name = "NAME", conflicts_with = "cluster")]
    pub context: Option<String>,
    /// Cluster of .seal.yaml whose context to use
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Kubeconfig file
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Namespace of the controller [default: kube-system]
    #[arg(long, value_name = "NAMESPACE")]
    pub controller_namespace: Option<String>,
    /// Name of the controller's Service [default: sealed-secrets-controller, else the one labelled so]
    #[arg(long, value_name = "NAME")]
    pub controller_name: Option<String>,
}

/// A resolved choice: everything needed to connect later.
#[derive(Clone)]
pub struct Choice {
    overrides: Overrides,
    environment: Environment,
    /// Where the controller is.
    pub target: Target,
}

impl ClusterArgs {
    /// Reads `.seal.yaml` where `--cluster` names an entry of it.
    pub fn resolve(&self, io: &Io) -> Result<Choice, CliError> {
        let mut target = Target::default();
        let mut context = self.context.clone();
        if let Some(name) = &self.cluster {
            let located = config::find(Path::new("-"), io)?.ok_or_else(|| {
                CliError::usage(format!("--cluster {name}: there is no .seal.yaml here or above")).hint("give --context instead")
            })?;
            let cluster = located.cluster(name)?;
            target = super::source::target(cluster);
            match &cluster.source {
                Source::Context(named) => context = Some(named.clone()),
                _ => {
                    return Err(CliError::usage(format!("cluster {name} of .seal.yaml has no context to ask"))
                        .hint("give --context instead"));
                }
            }
        }
        if let Some(namespace) = &self.controller_namespace {
            target.namespace.clone_from(namespace);
        }
        if self.controller_name.is_some() {
            target.name.clone_from(&self.controller_name);
        }
        let overrides = Overrides { context, kubeconfig: self.kubeconfig.clone(), ..Overrides::default() };
        Ok(Choice { overrides, environment: io.environment().clone(), target })
    }
}

impl Choice {
    /// The API client.
    pub async fn api(&self) -> Result<Api, ClusterError> {
        connect(&self.overrides, &self.environment).await
    }

    /// The controller behind its Service.
    pub async fn controller(&self) -> Result<Controller, ClusterError> {
        Controller::find(&self.api().await?, &self.target).await
    }
}
