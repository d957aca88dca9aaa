//! The definitions of ExternalSecret and its relatives on a real API server: taken whole, and in place of a webhook.

use crate::case::{Case, SOON};
use crate::runner::tests;
use anyhow::{Context, Result, bail, ensure};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams};
use kube::{Client, ResourceExt};
use seal_tests::{eventually, manifests, tools};
use std::path::PathBuf;

tests![what_upstream_takes_is_stored_as_it_is_and_what_its_webhook_refuses_is_refused];

const CLUSTER_SCOPED: [&str; 3] = ["ClusterSecretStore", "ClusterExternalSecret", "ClusterGenerator"];

fn api(client: &Client, object: &DynamicObject, namespace: &str) -> Result<Api<DynamicObject>> {
    let types = object.types.as_ref().context("an object without kind")?;
    let mut resource = ApiResource::from_gvk(&GroupVersionKind::try_from(types)?);
    // The guess at the plural does not know that this one is a word already.
    if types.kind == "SSHKey" {
        resource.plural = "sshkeys".into();
    }
    Ok(match CLUSTER_SCOPED.contains(&types.kind.as_str()) {
        true => Api::all_with(client.clone(), &resource),
        false => Api::namespaced_with(client.clone(), namespace, &resource),
    })
}

fn samples(folder: &str) -> Result<Vec<PathBuf>> {
    let folder = tools::repository().join("tests/external-secrets").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    ensure!(files.len() > 9, "the samples are not where they should be");
    Ok(files)
}

async fn what_upstream_takes_is_stored_as_it_is_and_what_its_webhook_refuses_is_refused(case: &Case) -> Result<()> {
    let client = case.plane().client();
    for object in manifests::read_dir(&tools::repository().join("deploy/crds/external-secrets"))? {
        manifests::apply(&client, object, None).await?;
    }
    let try_it = PostParams { dry_run: true, ..PostParams::default() };
    for file in samples("accepted")? {
        for object in manifests::read(&file)? {
            let api = api(&client, &object, &case.namespace)?;
            eventually("the kind", SOON, || async { Ok(api.list(&ListParams::default().limit(1)).await.ok().map(|_| ())) })
                .await?;
            let stored = api.create(&try_it, &object).await.with_context(|| format!("{} is refused", file.display()))?;
            ensure!(
                stored.data.get("spec") == object.data.get("spec"),
                "{}: {} is stored as something else",
                file.display(),
                stored.name_any()
            );
        }
    }
    for file in samples("refused")? {
        let text = std::fs::read_to_string(&file)?;
        let expected =
            text.lines().next().and_then(|line| line.strip_prefix("# expect: ")).context("a sample says what it expects")?;
        for object in manifests::read(&file)? {
            match api(&client, &object, &case.namespace)?.create(&try_it, &object).await {
                Err(kube::Error::Api(status)) if status.code == 422 && status.message.contains(expected) => {}
                Err(error) => bail!("{}: {error} does not say {expected:?}", file.display()),
                Ok(_) => bail!("{} is taken", file.display()),
            }
        }
    }
    Ok(())
}
