//! What is measured: upstream's series under upstream's names, ours beside them, as Prometheus text.
//!
//! No value, length or item name of a secret is ever a label; names of SealedSecrets can be left out.

mod names;
mod text;

pub use text::{OPENMETRICS_TEXT, PLAIN_TEXT};

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use prometheus_client::registry::Registry;
use seal_api::ConditionType;

use crate::ports::{Clock, Kind, Meter, ObjectRef};
use names::Series;

/// How long the longest wait of the queue is shown.
const LAG_WINDOW: Duration = Duration::from_secs(60);

/// Counters and gauges of one process. Shared behind an `Arc`; every method may be called from anywhere.
pub struct Metrics {
    registry: Registry,
    series: Series,
    omit_names: bool,
    clock: Arc<dyn Clock>,
    moments: Mutex<Moments>,
}

/// What is shown as an age and therefore computed when it is asked for. Times are the clock's monotonic ones, but for keys.
#[derive(Default)]
struct Moments {
    lag: Option<(Duration, Duration)>,
    alive: BTreeMap<&'static str, Duration>,
    keys: Vec<(String, i64)>,
    identities: Vec<(String, &'static str, i64)>,
}

/// State of the sealing keys, for their gauges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyGauges {
    /// Fingerprint and time (seconds since 1970) of each key that opens.
    pub usable: Vec<(String, i64)>,
    /// Fingerprint, kind and time of each age identity that opens.
    pub identities: Vec<(String, &'static str, i64)>,
    /// Key Secrets that cannot be read.
    pub unreadable: usize,
    /// End of the served certificate, seconds since 1970.
    pub not_after: Option<i64>,
    /// No first key is made.
    pub withheld: bool,
}

impl Metrics {
    /// Fresh series; `omit_names` keeps names of SealedSecrets out of them.
    pub fn new(version: &str, omit_names: bool, clock: Arc<dyn Clock>) -> Self {
        let mut registry = Registry::default();
        let series = Series::register(&mut registry, version);
        Self { registry, series, omit_names, clock, moments: Mutex::default() }
    }

    /// The exposition; OpenMetrics when the scraper asked for it, else the plain text format.
    pub fn render(&self, openmetrics: bool) -> String {
        self.refresh_ages();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("writing to a String cannot fail");
        if openmetrics { text } else { text::plain(&text) }
    }

    fn refresh_ages(&self) {
        let (now, wall) = (self.clock.now(), self.clock.wall().as_second());
        let moments = self.moments();
        let lag =
            moments.lag.filter(|(_, seen)| now.saturating_sub(*seen) < LAG_WINDOW).map_or(0.0, |(lag, _)| lag.as_secs_f64());
        self.series.queue_lag.set(lag);
        for (kind, seen) in &moments.alive {
            self.series
                .watch_freshness
                .get_or_create(&vec![("kind", (*kind).to_owned())])
                .set(now.saturating_sub(*seen).as_secs_f64());
        }
        self.series.key_age.clear();
        for (fingerprint, time) in &moments.keys {
            self.series.key_age.get_or_create(&vec![("fingerprint", fingerprint.clone())]).set(wall.saturating_sub(*time) as f64);
        }
        self.series.identity_age.clear();
        for (fingerprint, kind, time) in &moments.identities {
            let labels = vec![("fingerprint", fingerprint.clone()), ("kind", (*kind).to_owned())];
            self.series.identity_age.get_or_create(&labels).set(wall.saturating_sub(*time) as f64);
        }
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request to the public server was answered.
    pub fn http_request(&self, path: &'static str, method: &str, code: u16, took: Duration) {
        // Methods are a caller's text: anything unusual is one label, so that nobody makes series at will.
        let method = ["get", "post", "head", "put", "delete", "patch", "options"]
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(method))
            .unwrap_or("unknown");
        self.series
            .http_requests
            .get_or_create(&vec![("path", path.to_owned()), ("code", code.to_string()), ("method", method.to_owned())])
            .inc();
        self.series
            .http_duration
            .get_or_create(&vec![("path", path.to_owned()), ("method", method.to_owned())])
            .observe(took.as_secs_f64());
    }

    /// The sealing keys changed.
    pub fn keys(&self, gauges: KeyGauges) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.series.usable_keys.set(count(gauges.usable.len()));
        self.series.bad_keys.set(count(gauges.unreadable));
        self.series.certificate_expires.set(gauges.not_after.unwrap_or_default() as f64);
        self.series.key_withheld.set(i64::from(gauges.withheld));
        let mut moments = self.moments();
        (moments.keys, moments.identities) = (gauges.usable, gauges.identities);
    }

    /// A key was made and stored.
    pub fn key_made(&self) {
        self.series.keys_made.inc();
    }

    /// This process leads (1) or not (0).
    pub fn leading(&self, leads: bool) {
        self.series.leader.set(i64::from(leads));
    }

    fn own_labels(kind: Kind, at: &ObjectRef, condition: &str) -> Vec<(&'static str, String)> {
        let texts = [kind.name(), &at.namespace, &at.name, condition];
        ["kind", "namespace", "name", "condition"].into_iter().zip(texts.map(str::to_owned)).collect()
    }

    fn condition_labels(at: &ObjectRef, condition: &str, instance: &str) -> Vec<(&'static str, String)> {
        vec![
            ("namespace", at.namespace.to_string()),
            ("name", at.name.to_string()),
            ("condition", condition.to_owned()),
            ("ss_app_kubernetes_io_instance", instance.to_owned()),
        ]
    }
}

impl Meter for Metrics {
    fn unseal_requested(&self) {
        self.series.unseal_requests.inc();
    }

    fn unseal_failed(&self, reason: &'static str, namespace: &str) {
        let namespace = if self.omit_names { String::new() } else { namespace.to_owned() };
        self.series.unseal_errors.get_or_create(&vec![("reason", reason.to_owned()), ("namespace", namespace)]).inc();
    }

    fn skipped(&self) {
        self.series.noops.inc();
        self.series.last_success.set(self.clock.wall().as_second() as f64);
    }

    fn decrypts(&self, tries: u64) {
        self.series.decrypts.inc_by(tries);
        self.series.last_success.set(self.clock.wall().as_second() as f64);
    }

    fn queue_lag(&self, lag: Duration) {
        let now = self.clock.now();
        let mut moments = self.moments();
        let longer = moments.lag.is_some_and(|(longest, seen)| longest > lag && now.saturating_sub(seen) < LAG_WINDOW);
        if !longer {
            moments.lag = Some((lag, now));
        }
    }

    fn condition(&self, kind: Kind, at: &ObjectRef, instance: &str, condition: &'static str, value: i64) {
        if self.omit_names {
            return;
        }
        if kind != Kind::SealedSecrets {
            self.series.own_conditions.get_or_create(&Self::own_labels(kind, at, condition)).set(value);
            return;
        }
        let mut known = self.series.instances.lock().unwrap_or_else(PoisonError::into_inner);
        let labels = Self::condition_labels(at, condition, instance);
        let conditions = known.entry(at.clone()).or_default();
        if let Some(before) = conditions.insert(condition, instance.to_owned())
            && before != instance
        {
            self.series.conditions.remove(&Self::condition_labels(at, condition, &before));
        }
        self.series.conditions.get_or_create(&labels).set(value);
    }

    fn forget(&self, kind: Kind, at: &ObjectRef) {
        if kind != Kind::SealedSecrets {
            for condition in [ConditionType::Synced, ConditionType::Ready] {
                self.series.own_conditions.remove(&Self::own_labels(kind, at, condition.as_str()));
            }
            return;
        }
        let mut known = self.series.instances.lock().unwrap_or_else(PoisonError::into_inner);
        for (condition, instance) in known.remove(at).unwrap_or_default() {
            self.series.conditions.remove(&Self::condition_labels(at, condition, &instance));
        }
    }

    fn watch_alive(&self, kind: Kind) {
        self.moments().alive.insert(kind.name(), self.clock.now());
    }

    fn objects_per_key(&self, counts: &BTreeMap<String, u64>) {
        self.series.objects_per_key.clear();
        for (fingerprint, count) in counts {
            let count = i64::try_from(*count).unwrap_or(i64::MAX);
            self.series.objects_per_key.get_or_create(&vec![("fingerprint", fingerprint.clone())]).set(count);
        }
    }
}

#[cfg(test)]
mod tests;
