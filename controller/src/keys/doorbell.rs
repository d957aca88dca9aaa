//! Rings when key Secrets changed. It carries nothing: whoever hears it lists them anew, so a lost or repeated ring is harmless.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::sync::Notify;

use super::{ACTIVE, KEY_LABEL};
use crate::ports::{Change, Clock, Dice, Kind, Kube, KubeError, Selection};

/// Below the shortest silence after which load balancers cut a connection (240 s).
const WATCH_TIMEOUT: Duration = Duration::from_secs(200);
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Watches the metadata of key Secrets for ever.
pub(super) async fn ring(kube: Arc<dyn Kube>, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, home: String, bell: Arc<Notify>) {
    let selection = Selection { kind: Kind::SecretsMeta, namespace: Some(home), labels: format!("{KEY_LABEL}={ACTIVE}") };
    let mut wait = SHORTEST_WAIT;
    loop {
        match watch(&*kube, &*clock, &selection, &bell, &mut wait).await {
            Ok(never) => match never {},
            Err(error) => tracing::debug!(%error, "watch of key Secrets ended"),
        }
        clock.sleep(dice.jitter(wait, 0.5)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        // What happened meanwhile is unknown.
        bell.notify_one();
    }
}

async fn watch(
    kube: &dyn Kube,
    clock: &dyn Clock,
    selection: &Selection,
    bell: &Notify,
    wait: &mut Duration,
) -> Result<std::convert::Infallible, KubeError> {
    let mut from = kube.list(selection, 1, "").await?.resource_version;
    bell.notify_one();
    loop {
        let mut changes = kube.watch(selection, &from, WATCH_TIMEOUT).await?;
        *wait = SHORTEST_WAIT;
        while let Some(change) = changes.next().await {
            match change? {
                Change::Bookmark(version) => from = version,
                Change::Upsert(object) | Change::Delete(object) => {
                    if let Some(version) = object.pointer("/metadata/resourceVersion").and_then(|v| v.as_str()) {
                        version.clone_into(&mut from);
                    }
                    bell.notify_one();
                }
            }
        }
        // A server that ends every watch at once must not be asked in a tight loop.
        clock.sleep(SHORTEST_WAIT).await;
    }
}
