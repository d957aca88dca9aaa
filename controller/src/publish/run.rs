//! The loop that keeps the published bundle true.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::plan::{Publication, plan};
use crate::{
    keys::{
        KeyStore,
        port::{BundleObject, KeyApi},
    },
    ports::{Clock, Dice, KubeError},
};

const COMPARE_EVERY: Duration = Duration::from_secs(600);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// Everything the loop needs.
pub struct Publisher {
    /// The ConfigMap.
    pub api: Arc<dyn KeyApi>,
    /// Keys, and where the bundle is put out for the HTTP server.
    pub keys: Arc<KeyStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub dice: Arc<dyn Dice>,
    /// Whether this process leads.
    pub leads: watch::Receiver<bool>,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// What is served is what is published.
    Done,
    /// The leader has yet to write what this replica knows.
    Behind,
    /// Nothing to publish, or no right to.
    Idle,
}

impl Publisher {
    /// Runs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        tokio::select! { () = stop.cancelled() => {}, () = self.rounds() => {} }
    }

    async fn rounds(mut self) {
        let mut changed = self.keys.changed();
        let (mut retry, mut refused) = (FIRST_RETRY, false);
        loop {
            changed.borrow_and_update();
            let wait = match self.round().await {
                Ok(Round::Done | Round::Idle) => {
                    retry = FIRST_RETRY;
                    COMPARE_EVERY
                }
                Err(error @ KubeError::Forbidden(_)) => {
                    if !std::mem::replace(&mut refused, true) {
                        tracing::warn!(%error, "the signed keys are not published: the controller may not write its ConfigMap");
                    }
                    COMPARE_EVERY
                }
                Ok(Round::Behind) => next(&mut retry),
                Err(error) => {
                    tracing::warn!(%error, "the signed keys are not published, trying again");
                    next(&mut retry)
                }
            };
            tokio::select! {
                () = self.clock.sleep(self.dice.jitter(wait, 0.2)) => {}
                Ok(()) = changed.changed() => {}
                Ok(()) = self.leads.changed() => {}
            }
        }
    }

    async fn round(&self) -> Result<Round, KubeError> {
        let Some(install) = self.keys.install() else { return Ok(Round::Idle) };
        let snapshot = self.keys.snapshot();
        let present = self.api.bundle().await?;
        let text = present.as_ref().map(|object| object.text.as_str());
        let now = self.clock.wall().as_second();
        match (plan(text, &install.signing_key, &snapshot.certificates, &snapshot.recipients, now), present) {
            (Publication::Keep, Some(present)) => {
                self.keys.set_bundle(present.text.into());
                Ok(Round::Done)
            }
            (Publication::Write { text, .. }, present) if *self.leads.borrow() => {
                let resource_version = present.map(|present| present.resource_version).unwrap_or_default();
                let bundle = BundleObject { resource_version, text };
                self.api.put_bundle(&bundle).await?;
                self.keys.set_bundle(bundle.text.into());
                tracing::info!(
                    certificates = snapshot.certificates.len(),
                    recipients = snapshot.recipients.len(),
                    installation = install.verifying_key.as_str(),
                    "signed keys published"
                );
                Ok(Round::Done)
            }
            (Publication::Write { serve_meanwhile: true, .. }, Some(present)) => {
                self.keys.set_bundle(present.text.into());
                Ok(Round::Behind)
            }
            (Publication::Write { .. }, _) => Ok(Round::Behind),
            _ => Ok(Round::Idle),
        }
    }
}

/// This wait, and twice as long the next time.
fn next(retry: &mut Duration) -> Duration {
    let wait = *retry;
    *retry = (*retry * 2).min(LAST_RETRY);
    wait
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use seal_crypto::Certificate;
    use tokio::sync::watch;

    use super::{Publisher, Round};
    use crate::{
        delivery::tests::fake::{FakeClock, NoDice},
        keys::{
            KeyStore, Snapshot,
            fake::{FakeKeys, made},
            install::Install,
            port::InstallSecret,
        },
        ports::KubeError,
    };

    fn replica(api: &Arc<FakeKeys>, leads: bool) -> Publisher {
        let keys = Arc::new(KeyStore::default());
        let mut stored = api.stored();
        let install = stored.install.get_or_insert_with(|| InstallSecret::generate(&mut rand::rng()));
        let copy = InstallSecret {
            resource_version: "1".to_owned(),
            install_key: install.install_key.clone(),
            signing_key: install.signing_key.clone(),
            trusted: None,
        };
        keys.set_install(Install::read(copy).unwrap_or_else(|fault| panic!("{fault}")));
        Publisher {
            api: api.clone(),
            keys,
            clock: Arc::new(FakeClock::at(1_700_000_000)),
            dice: Arc::new(NoDice),
            leads: watch::channel(leads).1,
        }
    }

    fn show(replica: &Publisher, certificates: &[&Certificate]) {
        let certificates = certificates.iter().map(|certificate| (*certificate).clone()).collect();
        replica.keys.set(Snapshot { certificates, loaded: true, ..Snapshot::default() });
    }

    #[tokio::test]
    async fn the_leader_writes_once_and_followers_serve_the_same_text() {
        let api = Arc::new(FakeKeys::default());
        let certificate = || Certificate::from_pem(made(5).certificate.as_bytes()).expect("a certificate");
        let (a, b) = (certificate(), certificate());
        let (leader, follower) = (replica(&api, true), replica(&api, false));
        assert_eq!(leader.round().await, Ok(Round::Idle), "no key yet");
        show(&leader, &[&a]);
        show(&follower, &[&a]);
        assert_eq!(follower.round().await, Ok(Round::Behind));
        assert_eq!(follower.keys.bundle(), None);
        assert_eq!(leader.round().await, Ok(Round::Done));
        assert_eq!(leader.round().await, Ok(Round::Done));
        assert_eq!(follower.round().await, Ok(Round::Done));
        assert_eq!(api.stored().calls.iter().filter(|call| **call == "put bundle").count(), 1);
        let first = leader.keys.bundle();
        assert!(first.is_some() && first == follower.keys.bundle());
        // A renewal: the follower sees the key first, and serves the old bundle until the leader has written.
        show(&follower, &[&b, &a]);
        assert_eq!(follower.round().await, Ok(Round::Behind));
        assert_eq!(follower.keys.bundle(), first);
        show(&leader, &[&b, &a]);
        api.stored().faults.push_back(Some(false));
        assert_eq!(leader.round().await, Err(KubeError::Transport("connection lost")));
        assert_eq!(leader.keys.bundle(), first, "served is what is stored");
        assert_eq!(leader.round().await, Ok(Round::Done));
        assert_eq!(follower.round().await, Ok(Round::Done));
        assert!(follower.keys.bundle() == leader.keys.bundle() && leader.keys.bundle() != first);
    }
}
