//! Rings when key Secrets changed. It carries nothing: whoever hears it lists them anew, so a lost or repeated ring is harmless.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use super::ACTIVE;
use crate::ports::{Change, Clock, Dice, Kind, Kube, KubeError, Selection};
use crate::watch;

const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Watches the metadata of Secrets whose label is at `active`, for ever.
pub(super) async fn ring(
    kube: Arc<dyn Kube>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    home: String,
    label: &'static str,
    timeout: Duration,
    bell: Arc<Notify>,
) {
    let selection = Selection { kind: Kind::SecretsMeta, namespace: Some(home), labels: format!("{label}={ACTIVE}") };
    let mut wait = SHORTEST_WAIT;
    loop {
        match follow(&*kube, &*clock, &selection, timeout, &bell, &mut wait).await {
            Ok(never) => match never {},
            Err(error) => tracing::debug!(%error, "watch of key Secrets ended"),
        }
        clock.sleep(dice.jitter(wait, 0.5)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        // What happened meanwhile is unknown.
        bell.notify_one();
    }
}

async fn follow(
    kube: &dyn Kube,
    clock: &dyn Clock,
    selection: &Selection,
    timeout: Duration,
    bell: &Notify,
    wait: &mut Duration,
) -> Result<std::convert::Infallible, KubeError> {
    let mut from = kube.list(selection, 1, "").await?.resource_version;
    bell.notify_one();
    loop {
        let mut changes = kube.watch(selection, &from, timeout).await?;
        *wait = SHORTEST_WAIT;
        while let Some(change) = watch::next(&mut changes, clock, timeout).await {
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

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use futures::{FutureExt, future::BoxFuture};
    use serde_json::json;
    use tokio::sync::Notify;

    use super::ring;
    use crate::delivery::tests::fake::{FakeKube, NoDice};
    use crate::keys::KEY_LABEL;
    use crate::ports::{Change, Clock, KubeError};

    const OPEN: Duration = Duration::from_secs(200);

    /// Writes down how long somebody wanted to wait, and does not; listening for silence apart.
    #[derive(Default)]
    struct Waits(Mutex<Vec<u64>>);

    impl Clock for Waits {
        fn wall(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }
        fn now(&self) -> Duration {
            Duration::ZERO
        }
        fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
            if time > OPEN {
                return std::future::pending().boxed();
            }
            self.0.lock().expect("not poisoned").push(time.as_secs());
            std::future::ready(()).boxed()
        }
    }

    #[test]
    fn it_follows_on_where_it_was_and_lists_anew_after_trouble() {
        let object = |version: &str| json!({"metadata": {"resourceVersion": version}});
        let down = || Err(KubeError::Transport("down"));
        let script = VecDeque::from([
            Ok(vec![Ok(Change::Upsert(object("11"))), Ok(Change::Bookmark("12".to_owned()))]),
            Ok(vec![Ok(Change::Delete(object("13")))]),
            Ok(vec![Err(KubeError::Gone)]),
            down(),
            down(),
            down(),
            Ok(vec![]),
        ]);
        let server = Arc::new(FakeKube::default());
        server.with(|store| (store.watches, store.version) = (script, 10));
        let (waits, bell) = (Arc::new(Waits::default()), Arc::new(Notify::new()));
        let rings = ring(server.clone(), waits.clone(), Arc::new(NoDice), "home".to_owned(), KEY_LABEL, OPEN, bell.clone());
        assert!(rings.now_or_never().is_none(), "a doorbell never ends by itself");
        assert!(bell.notified().now_or_never().is_some(), "it rang");
        let list = "list sealedsecrets.bitnami.com/sealed-secrets-key=active";
        let asked = server.with(|store| store.asked.clone());
        let expected = [
            list, "watch 10", "watch 12", "watch 13", list, "watch 10", list, "watch 10", list, "watch 10", list, "watch 10",
            "watch 10",
        ];
        assert_eq!(asked, expected);
        assert_eq!(waits.0.lock().expect("not poisoned")[..6], [1, 1, 1, 2, 4, 8], "1 s after an end, then doubling");
    }
}
