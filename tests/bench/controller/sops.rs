//! Many SopsSecrets: first sync, then a restart with nothing changed.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, PostParams};
use seal_crypto::age::RecipientKind;
use seal_tests::{AgeKey, ControlPlane, Controller, Options, eventually, sops_secret};

use crate::{LONG, fleet, metric, process, quiet, wait_settled};

/// Namespace of all objects.
const NAMESPACE: &str = "documents";

/// `objects` documents of four values each, all for one identity of the installation.
pub(crate) async fn at_scale(objects: usize) -> Result<()> {
    let plane = ControlPlane::start().await?;
    let client = plane.client();
    let home = plane.namespace().await?;
    let key = AgeKey::fresh(RecipientKind::X25519)?;
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &home);
    secrets.create(&PostParams::default(), &serde_json::from_value(key.secret("sops-age", true))?).await?;
    plane.named_namespace(NAMESPACE).await?;
    store(&plane, &key, objects).await?;

    for round in 0..=2 {
        let before = process::requests(&client).await?;
        let start = Instant::now();
        let mut controller = Controller::start(&plane, Options::default().home(&home)).await?;
        if round == 0 {
            eventually("all SopsSecrets synced", LONG, || async {
                Ok((fleet::synced(&client, NAMESPACE, "app-").await? >= objects).then_some(()))
            })
            .await?;
        } else {
            wait_settled(&controller, objects).await?;
        }
        let wall = start.elapsed();
        let pid = controller.process().pid();
        let (cpu, peak) = (process::cpu(pid)?, process::peak_mib(pid)?);
        quiet(&client).await?;
        let writes = (process::requests(&client).await? - before).writes;
        let opened = metric(&controller, "seal_controller_decrypts_total").await?;
        println!(
            "{} of {objects} SopsSecrets of {} values: {:.2} s wall, {:.2} s CPU, {opened:.0} identities tried, {writes:.0} writes but the Lease, peak {peak:.0} MiB",
            if round == 0 { "first sync".to_owned() } else { format!("restart {round}") },
            fleet::ITEMS,
            wall.as_secs_f64(),
            cpu.as_secs_f64(),
        );
        controller.stop()?;
    }
    Ok(())
}

async fn store(plane: &ControlPlane, key: &AgeKey, objects: usize) -> Result<()> {
    let api = sops_secret::api(&plane.client(), NAMESPACE);
    let start = Instant::now();
    let mut sealing = Duration::ZERO;
    let mut sealed = Vec::new();
    for index in 0..objects {
        let name = format!("app-{index:05}");
        let values: String =
            (0..fleet::ITEMS).map(|item| format!("  item-{item}: not a real value {item} of {name}\n")).collect();
        let document =
            format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n  namespace: {NAMESPACE}\nstringData:\n{values}");
        let begun = Instant::now();
        let text = key.bound(&document)?;
        sealing += begun.elapsed();
        sealed.push(sops_secret::object(NAMESPACE, &name, &text));
    }
    stream::iter(sealed)
        .map(|object| {
            let api = api.clone();
            async move { anyhow::Ok(api.create(&PostParams::default(), &serde_json::from_value(object)?).await.map(drop)?) }
        })
        .buffer_unordered(16)
        .try_collect::<()>()
        .await?;
    let each = sealing.as_secs_f64() * 1e3 / objects as f64;
    println!("stored {objects} SopsSecrets in {:.0} s, of which {each:.2} ms each for encrypting", start.elapsed().as_secs_f64());
    Ok(())
}
