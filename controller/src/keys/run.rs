//! The loop that keeps the keys: list, read, plan, put out, and make a key when the plan says so.
//!
//! Flow: something rings (a watch, the clock, a signal, gaining the lead), then one round. A round that fails is tried
//! again with back-off for ever; the keys of the last good round stay in use meanwhile.
//! Guarantees: a new key is recorded as trusted before it is created, and used only once a later listing has shown it; so
//! a crash between any two steps leaves either no trace or a key that is found at the next start.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use seal_crypto::age::{Identity, RecipientKind};
use seal_crypto::{Certificate, Fingerprint, KeyError, PrivateKey};
use seal_secret::SecretBytes;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::{
    ACTIVE, IDENTITY_LABEL, KEY_LABEL, KeyStore,
    alarm::Alarms,
    doorbell,
    identities::{IdentityPlan, RECIPIENT_ANNOTATION, identity_plan, plan::SeenIdentities},
    install::{Install, record},
    look::{Found, look},
    plan::{Because, KeyPlan, Make, Seen, begins, plan},
    port::{InstallSecret, KeyApi, NewIdentitySecret, NewKeySecret},
    snapshot::{gauges, snapshot},
};
use crate::{
    config::{KeyConfig, KeyMode},
    metrics::Metrics,
    pool::{CryptoPool, Lane},
    ports::{Clock, Dice, Kube, KubeError},
};

/// Without any ring the keys are compared this often.
const COMPARE_EVERY: Duration = Duration::from_secs(600);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// Everything the loop needs.
pub struct KeyRunner {
    /// Keys in the API server.
    pub api: Arc<dyn KeyApi>,
    /// The watch, and Events.
    pub kube: Arc<dyn Kube>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub dice: Arc<dyn Dice>,
    /// Where keys are made.
    pub pool: Arc<CryptoPool>,
    /// Where they are put out.
    pub store: Arc<KeyStore>,
    /// Where they are counted.
    pub metrics: Arc<Metrics>,
    /// Settings.
    pub config: KeyConfig,
    /// Home namespace.
    pub home: String,
    /// Whether this process leads.
    pub leads: watch::Receiver<bool>,
    /// How long the server keeps a watch open.
    pub watch_timeout: Duration,
}

/// Why a round did not end well.
#[derive(Debug, thiserror::Error)]
pub(super) enum RoundError {
    #[error("key Secrets: {0}")]
    Kube(#[from] KubeError),
    #[error("making a key: {0}")]
    Key(#[from] KeyError),
    #[error("making a certificate: {0}")]
    Certificate(#[from] seal_crypto::CertError),
}

/// What one round remembers for the next.
pub(super) struct Rounds {
    runner: KeyRunner,
    alarms: Alarms,
    /// Uid and resource version of each key Secret, and the plans made of them, as they were put out last.
    out: Option<(Vec<(String, String)>, Plans)>,
    /// The install Secret cannot be had (no right, or not readable); said once, tried again with the next compare.
    install_refused: bool,
}

/// What follows for sealing keys and for identities.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Plans {
    pub(super) keys: KeyPlan,
    pub(super) identities: IdentityPlan,
}

impl Plans {
    /// Without what only time or this replica's part in things decides.
    fn shown(&self) -> Self {
        Self {
            keys: KeyPlan { make: Make::Nothing, look_again: None, ..self.keys.clone() },
            identities: IdentityPlan { make: Vec::new(), look_again: None, ..self.identities.clone() },
        }
    }

    fn decrypt_only(&self) -> BTreeSet<Fingerprint> {
        self.keys.decrypt_only.union(&self.identities.decrypt_only).cloned().collect()
    }

    fn look_again(&self) -> Option<i64> {
        self.keys.look_again.into_iter().chain(self.identities.look_again).min()
    }

    fn makes_nothing(&self) -> bool {
        !matches!(self.keys.make, Make::Key(_)) && self.identities.make.is_empty()
    }
}

impl KeyRunner {
    /// Runs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let bell = Arc::new(Notify::new());
        let ring = |label| {
            let (kube, clock, dice) = (self.kube.clone(), self.clock.clone(), self.dice.clone());
            doorbell::ring(kube, clock, dice, self.home.clone(), label, self.watch_timeout, bell.clone())
        };
        let (keys, identities) = (ring(KEY_LABEL), ring(IDENTITY_LABEL));
        let rounds = Rounds::new(self).run(&bell);
        tokio::select! {
            () = stop.cancelled() => {}
            () = keys => {}
            () = identities => {}
            () = rounds => {}
        }
    }
}

impl Rounds {
    pub(super) fn new(runner: KeyRunner) -> Self {
        let alarms = Alarms::new(runner.kube.clone(), runner.clock.clone(), runner.dice.clone(), &runner.home);
        Self { runner, alarms, out: None, install_refused: false }
    }

    async fn run(mut self, bell: &Notify) {
        let (mut retry, mut asked) = (FIRST_RETRY, false);
        loop {
            let wait = match self.round(asked).await {
                Ok(look_again) => {
                    (retry, asked) = (FIRST_RETRY, false);
                    self.until(look_again)
                }
                Err(error) => {
                    tracing::warn!(%error, "sealing keys not refreshed, trying again");
                    let wait = retry;
                    retry = (retry * 2).min(LAST_RETRY);
                    self.runner.dice.jitter(wait, 0.5)
                }
            };
            tokio::select! {
                () = self.runner.clock.sleep(wait) => {}
                () = bell.notified() => {}
                () = self.runner.store.asked() => asked = true,
                // The sender lives as long as the process; when it is gone, the process is going.
                Ok(()) = self.runner.leads.changed() => {}
            }
        }
    }

    /// Jitter is always on the late side of a due time: being early would find nothing to do.
    fn until(&self, look_again: Option<i64>) -> Duration {
        let compare = self.runner.dice.jitter(COMPARE_EVERY, 0.2);
        let due = look_again.map(|at| Duration::from_secs(u64::try_from(at - self.now()).unwrap_or(0) + 1));
        due.map_or(compare, |due| due.min(compare))
    }

    fn now(&self) -> i64 {
        self.runner.clock.wall().as_second()
    }

    fn leads(&self) -> bool {
        *self.runner.leads.borrow()
    }

    /// One round; answers when time alone calls for the next.
    pub(super) async fn round(&mut self, asked: bool) -> Result<Option<i64>, RoundError> {
        self.ensure_install().await?;
        let plans = self.refresh(asked).await?;
        if asked && plans.makes_nothing() {
            tracing::warn!("a new key was asked for and is not made: this replica does not lead, or keys come from outside");
        }
        if plans.makes_nothing() {
            return Ok(plans.look_again());
        }
        if let Make::Key(because) = plans.keys.make {
            self.make(because).await?;
        }
        for (kind, because) in plans.identities.make {
            self.make_identity(kind, because).await?;
        }
        Ok(self.refresh(false).await?.look_again())
    }

    /// Lists, reads, plans and puts out.
    async fn refresh(&mut self, asked: bool) -> Result<Plans, RoundError> {
        let found = look(&*self.runner.api).await?;
        let any_sealed =
            found.keys.is_empty() && self.runner.config.mode == KeyMode::Generate && self.runner.api.any_sealed().await?;
        let install = self.runner.store.install();
        let trusted = install.as_ref().and_then(|install| install.trusted.as_ref());
        let plans = self.plan(&found, trusted, any_sealed, asked);
        self.tell(&found, &plans).await;
        let present = found.key_facts().into_iter().chain(found.identity_facts().into_iter().map(|(_, facts)| facts));
        let present = present.map(|facts| facts.fingerprint).collect();
        self.put_out(found, &plans);
        if let Some(install) = install {
            self.record(install, &present, &plans).await?;
        }
        Ok(plans)
    }

    fn plan(&self, found: &Found, trusted: Option<&BTreeSet<Fingerprint>>, any_sealed: bool, asked: bool) -> Plans {
        let (leads, now) = (self.leads(), self.now());
        let (keys, identities) = (found.key_facts(), found.identity_facts());
        let unreadable = found.unreadable(KEY_LABEL);
        let keys = plan(&self.runner.config, &Seen { keys: &keys, unreadable, trusted, any_sealed, asked, leads, now });
        let unreadable = found.unreadable(IDENTITY_LABEL);
        let seen = SeenIdentities { identities: &identities, unreadable, trusted, asked, leads, now };
        Plans { keys, identities: identity_plan(&self.runner.config, &seen) }
    }

    async fn tell(&mut self, found: &Found, plans: &Plans) {
        let (leads, mut current) = (self.leads(), BTreeSet::new());
        for left_out in &found.left_out {
            current.insert(self.alarms.unreadable(left_out, leads).await);
        }
        let mut wants = Vec::new();
        if let Make::Withheld(withheld) = plans.keys.make {
            wants.push(withheld.to_string());
        }
        if plans.identities.withheld {
            wants.push("no age identity is made, because identity Secrets exist that cannot be read: repair or restore them, or start once with --force-first-key".to_owned());
        }
        for told in wants {
            if self.alarms.is_new(&told) {
                tracing::error!("{told}");
            }
            current.insert(told);
        }
        for fingerprint in &plans.decrypt_only() {
            let told = format!(
                "key {fingerprint} opens but is not sealed to: it appeared after the first start; --import-keys={fingerprint} imports it"
            );
            if self.alarms.is_new(&told) {
                tracing::warn!("{told}");
            }
            current.insert(told);
        }
        self.alarms.keep(&current);
    }

    fn put_out(&mut self, found: Found, plans: &Plans) {
        let shown = plans.shown();
        let withheld = if let Make::Withheld(withheld) = plans.keys.make { Some(withheld) } else { None };
        let current = self.runner.store.snapshot();
        let same = |(stamp, plans): &(Vec<(String, String)>, Plans)| *stamp == found.stamp && *plans == shown;
        if current.loaded && current.withheld == withheld && self.out.as_ref().is_some_and(same) {
            return;
        }
        let (stamp, unreadable) = (found.stamp.clone(), found.left_out.len());
        let identities = found.identity_facts();
        let snapshot = snapshot(found, plans, withheld);
        self.runner.metrics.keys(gauges(&snapshot, &identities, unreadable));
        tracing::info!(
            keys = plans.keys.order.len(),
            identities = plans.identities.order.len(),
            unreadable,
            newest = plans.keys.newest.as_ref().map(Fingerprint::as_str),
            "sealing keys changed"
        );
        self.runner.store.set(snapshot);
        self.out = Some((stamp, shown));
    }

    /// Writes down which keys are trusted. Only the leader writes.
    async fn record(&mut self, install: Install, present: &BTreeSet<Fingerprint>, plans: &Plans) -> Result<(), RoundError> {
        let wanted = record(install.trusted.as_ref(), present, &plans.decrypt_only());
        let Some(trusted) = wanted.filter(|_| self.leads()) else { return Ok(()) };
        self.write_record(install, trusted).await
    }

    async fn write_record(&mut self, install: Install, trusted: BTreeSet<Fingerprint>) -> Result<(), RoundError> {
        let recorded = self.runner.api.record_trusted(&install.resource_version, &trusted).await;
        if matches!(recorded, Err(KubeError::Forbidden(_))) && !self.runner.config.import_required {
            // Without the right to write it the record is only missed by the day somebody asks for imports.
            return Ok(());
        }
        let install = Install { trusted: Some(trusted), resource_version: recorded?, ..install };
        self.runner.store.set_install(install);
        Ok(())
    }

    /// Makes a key off the async threads, trusts it, stores it. What is in memory is dropped: the listing that follows shows
    /// what was stored, and that is what is used.
    async fn make(&mut self, because: Because) -> Result<(), RoundError> {
        tracing::info!(?because, "making a sealing key");
        let config = self.runner.config.clone();
        let begins = begins(self.runner.store.snapshot().newest.as_ref().map(|newest| newest.not_before), self.now());
        let (key, certificate) = self.runner.pool.run(Lane::Background, move || new_key(&config, begins)).await?;
        if !self.leads() {
            return Ok(());
        }
        self.trust(key.fingerprint()).await?;
        let labels = self.labels(KEY_LABEL);
        let config = &self.runner.config;
        let new = NewKeySecret {
            generate_name: config.prefix.clone(),
            labels,
            annotations: config.annotations.clone(),
            certificate: certificate.pem.clone(),
            private: key.to_pem(),
        };
        let name = self.runner.api.create_key(&new).await?;
        self.runner.metrics.key_made();
        tracing::info!(namespace = self.runner.home, name, fingerprint = %key.fingerprint(), certificate = certificate.pem, "sealing key stored");
        Ok(())
    }

    /// The same for an age identity.
    async fn make_identity(&mut self, kind: RecipientKind, because: Because) -> Result<(), RoundError> {
        let made = Identity::generate(kind, &mut rand::rng());
        let parts = made.as_ref().and_then(|made| Some((made.recipient()?.clone(), made.to_text()?)));
        let Some((recipient, text)): Option<(_, SecretBytes)> = parts.filter(|_| self.leads()) else { return Ok(()) };
        let fingerprint = recipient.fingerprint();
        tracing::info!(?because, ?kind, "making an age identity");
        self.trust(&fingerprint).await?;
        let mut annotations = self.runner.config.annotations.clone();
        annotations.insert(RECIPIENT_ANNOTATION.to_owned(), recipient.as_str().to_owned());
        let new = NewIdentitySecret { labels: self.labels(IDENTITY_LABEL), annotations, identity: text };
        let name = self.runner.api.create_identity(&new).await?;
        self.runner.metrics.key_made();
        tracing::info!(namespace = self.runner.home, name, %fingerprint, recipient = recipient.short(), "age identity stored");
        Ok(())
    }

    /// Writes down that a key about to be stored is ours.
    async fn trust(&mut self, fingerprint: &Fingerprint) -> Result<(), RoundError> {
        let Some(install) = self.runner.store.install() else { return Ok(()) };
        let mut trusted = install.trusted.clone().unwrap_or_default();
        trusted.insert(fingerprint.clone());
        self.write_record(install, trusted).await
    }

    fn labels(&self, label: &str) -> std::collections::BTreeMap<String, String> {
        let mut labels = self.runner.config.labels.clone();
        labels.insert(label.to_owned(), ACTIVE.to_owned());
        labels
    }

    /// Reads the installation's own Secret, with every round, because the leader of the moment writes down which keys are
    /// trusted. The leader creates it when there is none; from memory when it was deleted under a running controller.
    async fn ensure_install(&mut self) -> Result<(), RoundError> {
        match self.read_install().await {
            Err(error @ KubeError::Forbidden(_)) => {
                if self.runner.store.install().is_none() && !std::mem::replace(&mut self.install_refused, true) {
                    tracing::warn!(%error, "without its own Secret {} the controller skips nothing and publishes no signed keys", super::INSTALL_SECRET);
                }
                Ok(())
            }
            other => Ok(other?),
        }
    }

    async fn read_install(&mut self) -> Result<(), KubeError> {
        let secret = match self.runner.api.install().await? {
            Some(secret) => secret,
            None if self.leads() => {
                let known = self.runner.store.install().map(|install| install.to_secret());
                let mut secret = known.unwrap_or_else(|| InstallSecret::generate(&mut rand::rng()));
                secret.resource_version = self.runner.api.create_install(&secret).await?;
                secret
            }
            None => return Ok(()),
        };
        match Install::read(secret) {
            Ok(install) => self.runner.store.set_install(install),
            Err(fault) => {
                if !std::mem::replace(&mut self.install_refused, true) {
                    tracing::error!(%fault, "Secret {} cannot be used: restore it from a backup, or delete it to start a new installation identity", super::INSTALL_SECRET);
                }
            }
        }
        Ok(())
    }
}

fn new_key(config: &KeyConfig, begins: i64) -> Result<(PrivateKey, Certificate), RoundError> {
    let mut rng = rand::rng();
    let key = PrivateKey::generate(config.size, &mut rng)?;
    let ttl = i64::try_from(config.ttl.as_secs()).unwrap_or(i64::MAX);
    let certificate = Certificate::self_signed(&key, &config.common_name, begins, ttl, &mut rng)?;
    Ok((key, certificate))
}
