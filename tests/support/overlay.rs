//! A variant of `deploy/overlays` as kustomize renders it: its rights for a controller under test, and its arguments.

use crate::{manifests, peers, tools};
use anyhow::{Context, Result, ensure};
use kube::api::DynamicObject;
use std::process::Command;

/// The namespace that the overlay `namespaced` serves, as an example to be changed.
const EXAMPLE: &str = "shop";

/// A rendered variant.
#[derive(Clone)]
pub struct Overlay {
    /// Everything it holds.
    pub(crate) objects: Vec<DynamicObject>,
    /// Stand in for the example namespace.
    pub(crate) served: Vec<String>,
}

impl Overlay {
    /// Renders `deploy/overlays/NAME`; nothing when kustomize cannot be had (which has been said loudly then). `served` are
    /// the namespaces that take the place of the example in it.
    ///
    /// # Errors
    /// When it does not render.
    pub fn render(name: &str, served: &[&str]) -> Result<Option<Self>> {
        let Some(kustomize) = peers::tool("kustomize") else { return Ok(None) };
        let folder = tools::repository().join("deploy/overlays").join(name);
        let output = Command::new(kustomize).arg("build").arg(&folder).output().context("cannot run kustomize")?;
        ensure!(output.status.success(), "{name} does not render: {}", String::from_utf8_lossy(&output.stderr));
        let objects = manifests::parse(&String::from_utf8(output.stdout)?, name)?;
        Ok(Some(Self { objects, served: served.iter().map(|name| (*name).to_owned()).collect() }))
    }

    /// What its Deployment starts the controller with, served namespaces put in.
    ///
    /// # Errors
    /// When it holds no Deployment of one container.
    pub(crate) fn args(&self) -> Result<Vec<String>> {
        let kind = |object: &&DynamicObject| object.types.as_ref().is_some_and(|types| types.kind == "Deployment");
        let deployment = self.objects.iter().find(kind).context("no Deployment")?;
        let args = deployment.data["spec"]["template"]["spec"]["containers"][0]["args"].as_array().context("no arguments")?;
        let args = args.iter().map(|arg| arg.as_str().unwrap_or_default());
        Ok(args.map(|arg| arg.replace(&format!("={EXAMPLE}"), &format!("={}", self.served.join(",")))).collect())
    }

    /// The namespaces that an object of the overlay belongs to here.
    pub(crate) fn places<'a>(&'a self, object: &DynamicObject, home: &'a str) -> Vec<&'a str> {
        match object.metadata.namespace.as_deref() == Some(EXAMPLE) {
            true => self.served.iter().map(String::as_str).collect(),
            false => vec![home],
        }
    }
}
