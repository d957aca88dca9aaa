//! The loop that keeps the keys: list, read, plan, put out, and make a key when the plan says so.
//!
//! Flow: something rings (a watch, the clock, a signal, gaining the lead), then one round. A round that fails is tried
//! again with back-off for ever; the keys of the last good round stay in use meanwhile.
//! Guarantees: a new key is recorded as trusted before it is created, and used only once a later listing has shown it; so
//! a crash between any two steps leaves either no trace or a key that is found at the next start.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use seal_crypto::{Certificate, Fingerprint, KeyError, PrivateKey};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::{
    ACTIVE, KEY_LABEL, KeyStore, Snapshot,
    alarm::Alarms,
    doorbell,
    install::{Install, record},
    plan::{Because, KeyPlan, Make, Seen, begins, plan},
    port::{InstallSecret, KeyApi, KeySecret, NewKeySecret},
    read::{self, KeyFacts, KeyFault, LoadedKey},
};
use crate::{
    config::{KeyConfig, KeyMode},
    metrics::{KeyGauges, Metrics},
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
    /// Uid and resource version of each key Secret, and the plan made of them, as they were put out last.
    out: Option<(Vec<(String, String)>, KeyPlan)>,
    /// The install Secret cannot be had (no right, or not readable); said once, tried again with the next compare.
    install_refused: bool,
}

impl KeyRunner {
    /// Runs until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let bell = Arc::new(Notify::new());
        let ring = doorbell::ring(self.kube.clone(), self.clock.clone(), self.dice.clone(), self.home.clone(), bell.clone());
        let rounds = Rounds::new(self).run(&bell);
        tokio::select! {
            () = stop.cancelled() => {}
            () = ring => {}
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
        let plan = self.refresh(asked).await?;
        if asked && !matches!(plan.make, Make::Key(_)) {
            tracing::warn!("a new key was asked for and is not made: this replica does not lead, or keys come from outside");
        }
        let Make::Key(because) = plan.make else { return Ok(plan.look_again) };
        self.make(because).await?;
        Ok(self.refresh(false).await?.look_again)
    }

    /// Lists, reads, plans and puts out.
    async fn refresh(&mut self, asked: bool) -> Result<KeyPlan, RoundError> {
        let secrets = self.runner.api.key_secrets().await?;
        let stamp: Vec<_> = secrets.iter().map(|secret| (secret.uid.clone(), secret.resource_version.clone())).collect();
        let (loaded, faults, secrets) = read_all(secrets).await;
        let any_sealed =
            loaded.is_empty() && self.runner.config.mode == KeyMode::Generate && self.runner.api.any_sealed().await?;
        let facts: Vec<KeyFacts> = loaded.iter().map(|key| key.facts.clone()).collect();
        let install = self.runner.store.install();
        let seen = Seen {
            keys: &facts,
            unreadable: faults.len(),
            trusted: install.as_ref().and_then(|install| install.trusted.as_ref()),
            any_sealed,
            asked,
            leads: self.leads(),
            now: self.now(),
        };
        let plan = plan(&self.runner.config, &seen);
        self.tell(&secrets, &faults, &plan).await;
        self.put_out(stamp, loaded, faults.len(), &plan);
        if let Some(install) = install {
            self.record(install, &facts, &plan).await?;
        }
        Ok(plan)
    }

    async fn tell(&mut self, secrets: &[KeySecret], faults: &[(usize, KeyFault)], plan: &KeyPlan) {
        let (leads, mut current) = (self.leads(), BTreeSet::new());
        for (at, fault) in faults {
            current.insert(self.alarms.unreadable(&secrets[*at], fault, leads).await);
        }
        if let Make::Withheld(withheld) = plan.make {
            let told = withheld.to_string();
            if self.alarms.is_new(&told) {
                tracing::error!("{told}");
            }
            current.insert(told);
        }
        for fingerprint in &plan.decrypt_only {
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

    fn put_out(&mut self, stamp: Vec<(String, String)>, loaded: Vec<LoadedKey>, unreadable: usize, plan: &KeyPlan) {
        let shown = KeyPlan { make: Make::Nothing, look_again: None, ..plan.clone() };
        let withheld = if let Make::Withheld(withheld) = plan.make { Some(withheld) } else { None };
        let current = self.runner.store.snapshot();
        if current.loaded && current.withheld == withheld && self.out.as_ref().is_some_and(|(s, p)| *s == stamp && *p == shown) {
            return;
        }
        let snapshot = snapshot(loaded, plan, withheld);
        self.runner.metrics.keys(gauges(&snapshot, unreadable));
        tracing::info!(
            keys = plan.order.len(),
            unreadable,
            newest = plan.newest.as_ref().map(Fingerprint::as_str),
            "sealing keys changed"
        );
        self.runner.store.set(snapshot);
        self.out = Some((stamp, shown));
    }

    /// Writes down which keys are trusted. Only the leader writes.
    async fn record(&mut self, install: Install, facts: &[KeyFacts], plan: &KeyPlan) -> Result<(), RoundError> {
        let present = facts.iter().map(|key| key.fingerprint.clone()).collect();
        let Some(trusted) = record(install.trusted.as_ref(), &present, &plan.decrypt_only).filter(|_| self.leads()) else {
            return Ok(());
        };
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
        if let Some(install) = self.runner.store.install() {
            let mut trusted = install.trusted.clone().unwrap_or_default();
            trusted.insert(key.fingerprint().clone());
            self.write_record(install, trusted).await?;
        }
        let config = &self.runner.config;
        let mut labels = config.labels.clone();
        labels.insert(KEY_LABEL.to_owned(), ACTIVE.to_owned());
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

    /// Reads the installation's own Secret, with every round, because the leader of the moment writes down which keys are
    /// trusted. The leader creates it when there is none; from memory when it was deleted under a running controller.
    async fn ensure_install(&mut self) -> Result<(), RoundError> {
        match self.read_install().await {
            Err(error @ KubeError::Forbidden(_)) => {
                if !std::mem::replace(&mut self.install_refused, true) {
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

/// Reads all key Secrets on a blocking thread: parsing costs about a millisecond a key.
async fn read_all(secrets: Vec<KeySecret>) -> (Vec<LoadedKey>, Vec<(usize, KeyFault)>, Vec<KeySecret>) {
    let work = move || {
        let (mut loaded, mut faults) = (Vec::new(), Vec::new());
        for (at, secret) in secrets.iter().enumerate() {
            match read::read(secret) {
                Ok(key) => loaded.push(key),
                Err(fault) => faults.push((at, fault)),
            }
        }
        (loaded, faults, secrets)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(all) => all,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => std::future::pending().await,
        },
    }
}

fn snapshot(mut loaded: Vec<LoadedKey>, plan: &KeyPlan, withheld: Option<super::plan::Withheld>) -> Snapshot {
    let mut ordered = Vec::with_capacity(plan.order.len());
    for fingerprint in &plan.order {
        if let Some(at) = loaded.iter().position(|key| key.facts.fingerprint == *fingerprint) {
            ordered.push(loaded.swap_remove(at));
        }
    }
    let sealable = |key: &&LoadedKey| !plan.decrypt_only.contains(&key.facts.fingerprint);
    let newest =
        ordered.iter().find(|key| Some(&key.facts.fingerprint) == plan.newest.as_ref()).map(|key| key.certificate.clone());
    Snapshot {
        certificates: if newest.is_some() {
            ordered.iter().filter(sealable).map(|key| key.certificate.clone()).collect()
        } else {
            Vec::new()
        },
        newest,
        keyring: seal_crypto::Keyring::new(ordered.into_iter().map(|key| key.key).collect()),
        generation: 0,
        withheld,
        loaded: true,
    }
}

fn gauges(snapshot: &Snapshot, unreadable: usize) -> KeyGauges {
    KeyGauges {
        usable: snapshot.certificates.iter().map(|c| (c.public_key.fingerprint().to_string(), c.not_before)).collect(),
        unreadable,
        not_after: snapshot.newest.as_ref().map(|certificate| certificate.not_after),
        withheld: snapshot.withheld.is_some(),
    }
}

fn new_key(config: &KeyConfig, begins: i64) -> Result<(PrivateKey, Certificate), RoundError> {
    let mut rng = rand::rng();
    let key = PrivateKey::generate(config.size, &mut rng)?;
    let ttl = i64::try_from(config.ttl.as_secs()).unwrap_or(i64::MAX);
    let certificate = Certificate::self_signed(&key, &config.common_name, begins, ttl, &mut rng)?;
    Ok((key, certificate))
}
