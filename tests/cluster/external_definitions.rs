//! The definitions of ExternalSecret and its relatives on a real API server: taken whole, and in place of a webhook.

use crate::case::{Case, SOON};
use crate::runner::tests;
use anyhow::{Context, Result, bail, ensure};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams, PostParams};
use kube::{Client, ResourceExt};
use seal_api::external_secrets::ExternalSecret;
use seal_tests::{eventually, manifests, tools};
use serde_json::{Value, json};
use std::path::PathBuf;

tests![
    what_upstream_takes_is_stored_as_it_is_and_what_its_webhook_refuses_is_refused,
    a_thousand_manifests_of_the_shapes_that_teams_have_are_stored_as_they_are
];

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

async fn define(client: &Client) -> Result<()> {
    for object in manifests::read_dir(&tools::repository().join("deploy/crds/external-secrets"))? {
        manifests::apply(client, object, None).await?;
    }
    Ok(())
}

async fn what_upstream_takes_is_stored_as_it_is_and_what_its_webhook_refuses_is_refused(case: &Case) -> Result<()> {
    let client = case.plane().client();
    define(&client).await?;
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

/// Specs of every combination: store, interval, what is fetched, what is made of it. A prime step spreads them.
fn shape(n: usize) -> Value {
    let pick = |from: &[Value], step: usize| from[n / step % from.len()].clone();
    let store = pick(
        &[
            json!({"name": "vault", "kind": "ClusterSecretStore"}),
            json!({"name": "aws", "kind": "SecretStore"}),
            json!({"name": "x"}),
        ],
        1,
    );
    let interval = pick(&["10s", "1h", "5m", "12h", "0", "15m", "15s", "1h0m0s", "24h"].map(Value::from), 3);
    let template = pick(
        &[
            json!(null),
            json!({"data": {"url": "{{ .user }}:{{ .password }}"}}),
            json!({"type": "kubernetes.io/dockerconfigjson", "engineVersion": "v2", "data": {".dockerconfigjson": "{{ .config | toString }}"}}),
            json!({"metadata": {"labels": {"a": "b"}}, "data": {"auth": "{{ printf \"%s\" .user | b64enc }}"}}),
        ],
        27,
    );
    let policies = pick(
        &[
            json!({}),
            json!({"deletionPolicy": "Delete"}),
            json!({"creationPolicy": "Orphan"}),
            json!({"creationPolicy": "Owner", "immutable": true}),
        ],
        7,
    );
    let mut target = policies;
    if !template.is_null() {
        target["template"] = template;
    }
    let mut spec = json!({"secretStoreRef": store, "target": target});
    if !n.is_multiple_of(3) {
        spec["refreshInterval"] = interval;
    }
    match n % 5 {
        0 => spec["dataFrom"] = json!([{"extract": {"key": format!("apps/{n}")}}]),
        1 => {
            spec["dataFrom"] = json!([{"extract": {"key": "a"}, "rewrite": [{"regexp": {"source": "(.*)", "target": "DB_$1"}}]}, {"extract": {"key": "b"}}])
        }
        2 => {
            spec["dataFrom"] = json!([{"sourceRef": {"generatorRef": {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "name": "p"}}}])
        }
        _ => {
            let entry = |k: usize| json!({"secretKey": format!("KEY_{k}"), "remoteRef": {"key": "apps/db", "property": format!("tls.{k}")}});
            spec["data"] = (0..=n % 7).map(entry).collect();
        }
    }
    spec
}

async fn a_thousand_manifests_of_the_shapes_that_teams_have_are_stored_as_they_are(case: &Case) -> Result<()> {
    let client = case.plane().client();
    define(&client).await?;
    let object = |n: usize| -> Result<DynamicObject> {
        Ok(serde_json::from_value(json!({
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": format!("es-{n}")}, "spec": shape(n),
        }))?)
    };
    let api = api(&client, &object(0)?, &case.namespace)?;
    eventually("the kind", SOON, || async { Ok(api.list(&ListParams::default().limit(1)).await.ok().map(|_| ())) }).await?;
    let try_it = PostParams { dry_run: true, ..PostParams::default() };
    for n in 0..1000 {
        let object = object(n)?;
        let read = ExternalSecret::from_value(&serde_json::to_value(&object)?);
        ensure!(read.problems.is_empty(), "{n}: {:?}", read.problems);
        let stored = api.create(&try_it, &object).await.with_context(|| format!("{n} is refused"))?;
        ensure!(stored.data.get("spec") == object.data.get("spec"), "{n} is stored as something else");
    }
    Ok(())
}
