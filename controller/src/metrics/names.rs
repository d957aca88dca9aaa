//! The series and their names. Upstream's names and labels are a promise to other people's alerts and dashboards.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, atomic::AtomicU64},
};

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::ports::ObjectRef;

/// Buckets of Go's Prometheus client, which upstream's histogram has.
const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

type Labels = Vec<(&'static str, String)>;
type Seconds = Gauge<f64, AtomicU64>;

/// All series of the process.
pub(super) struct Series {
    pub(super) unseal_requests: Counter,
    pub(super) unseal_errors: Family<Labels, Counter>,
    pub(super) conditions: Family<Labels, Gauge>,
    pub(super) http_requests: Family<Labels, Counter>,
    pub(super) http_duration: Family<Labels, Histogram, fn() -> Histogram>,
    pub(super) usable_keys: Gauge,
    pub(super) bad_keys: Gauge,
    pub(super) key_age: Family<Labels, Seconds>,
    pub(super) identity_age: Family<Labels, Seconds>,
    pub(super) certificate_expires: Seconds,
    pub(super) key_withheld: Gauge,
    pub(super) keys_made: Counter,
    pub(super) objects_per_key: Family<Labels, Gauge>,
    pub(super) queue_lag: Seconds,
    pub(super) decrypts: Counter,
    pub(super) noops: Counter,
    pub(super) last_success: Seconds,
    pub(super) watch_freshness: Family<Labels, Seconds>,
    pub(super) leader: Gauge,
    /// Conditions shown for an object and the instance label they were shown under, so that they can be taken back.
    pub(super) own_conditions: Family<Labels, Gauge>,
    pub(super) instances: Mutex<HashMap<ObjectRef, BTreeMap<&'static str, String>>>,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Series {
    pub(super) fn register(registry: &mut Registry, version: &str) -> Self {
        let series = Self {
            unseal_requests: Counter::default(),
            unseal_errors: Family::default(),
            conditions: Family::default(),
            http_requests: Family::default(),
            http_duration: Family::new_with_constructor(histogram),
            usable_keys: Gauge::default(),
            bad_keys: Gauge::default(),
            key_age: Family::default(),
            identity_age: Family::default(),
            certificate_expires: Seconds::default(),
            key_withheld: Gauge::default(),
            keys_made: Counter::default(),
            objects_per_key: Family::default(),
            queue_lag: Seconds::default(),
            decrypts: Counter::default(),
            noops: Counter::default(),
            last_success: Seconds::default(),
            watch_freshness: Family::default(),
            leader: Gauge::default(),
            own_conditions: Family::default(),
            instances: Mutex::default(),
        };
        series.register_upstream(registry.sub_registry_with_prefix("sealed_secrets_controller"), version);
        series.register_own(registry.sub_registry_with_prefix("seal_controller"));
        series
    }

    fn register_upstream(&self, registry: &mut Registry, version: &str) {
        let build: Family<Labels, Gauge> = Family::default();
        build.get_or_create(&vec![("revision", version.to_owned())]).set(0);
        registry.register("build_info", "Build information", build);
        registry.register("unseal_requests", "Reconciles of SealedSecrets begun", self.unseal_requests.clone());
        registry.register("unseal_errors", "Reconciles failed, by reason", self.unseal_errors.clone());
        registry.register("condition_info", "Condition of a SealedSecret: -1 false, 0 unknown, 1 true", self.conditions.clone());
        registry.register("http_requests", "Requests answered by the public server", self.http_requests.clone());
        registry.register("http_request_duration_seconds", "Time to answer a request", self.http_duration.clone());
    }

    fn register_own(&self, registry: &mut Registry) {
        registry.register("usable_keys", "Sealing keys that open", self.usable_keys.clone());
        registry.register("bad_key_secrets", "Key Secrets that cannot be read", self.bad_keys.clone());
        registry.register("key_age_seconds", "Age of a sealing key", self.key_age.clone());
        registry.register("identity_age_seconds", "Age of an age identity", self.identity_age.clone());
        registry.register(
            "certificate_not_after_timestamp_seconds",
            "When the served certificate ends",
            self.certificate_expires.clone(),
        );
        registry.register(
            "key_withheld",
            "1 while no first key is made, to not seal to a key that opens nothing",
            self.key_withheld.clone(),
        );
        registry.register("keys_made", "Keys made and stored by this process", self.keys_made.clone());
        registry.register("objects_per_key", "Objects that a key opens", self.objects_per_key.clone());
        registry.register("queue_lag_seconds", "Longest wait of an object in the last minute", self.queue_lag.clone());
        registry.register("decrypts", "Private-key operations spent on opening", self.decrypts.clone());
        registry.register("noops", "Reconciles that found nothing to do", self.noops.clone());
        registry.register(
            "last_success_timestamp_seconds",
            "When an object was last opened or found in order",
            self.last_success.clone(),
        );
        registry.register("watch_freshness_seconds", "Time since a watch showed a sign of life", self.watch_freshness.clone());
        registry.register(
            "condition_info",
            "Condition of an object of our own kinds: -1 false, 0 unknown, 1 true",
            self.own_conditions.clone(),
        );
        registry.register("leader", "1 while this process leads", self.leader.clone());
    }
}
