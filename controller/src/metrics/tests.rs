//! Names and labels that other people's alerts rely on, and that nobody can make series at will.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;

use super::{KeyGauges, Metrics};
use crate::ports::{Clock, Kind, Meter, ObjectRef};

/// A clock that is moved by hand.
#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(1_000_000 + self.now().as_secs() as i64).expect("in range")
    }
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

fn fresh(omit_names: bool) -> Metrics {
    Metrics::new("v1.2.3", omit_names, Arc::new(Hand::default()))
}

fn lines(metrics: &Metrics, start: &str) -> Vec<String> {
    metrics.render(false).lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn upstreams_series_keep_their_names_and_labels() {
    let metrics = fresh(false);
    metrics.unseal_requested();
    metrics.unseal_failed("unseal", "shop");
    metrics.condition(Kind::SealedSecrets, &ObjectRef::new("shop", "db"), "argo", "Synced", -1);
    metrics.http_request("/v1/cert.pem", "GET", 200, Duration::from_millis(3));
    for expected in [
        "# TYPE sealed_secrets_controller_unseal_requests_total counter",
        "sealed_secrets_controller_unseal_requests_total 1",
        "sealed_secrets_controller_unseal_errors_total{reason=\"unseal\",namespace=\"shop\"} 1",
        "sealed_secrets_controller_condition_info{namespace=\"shop\",name=\"db\",condition=\"Synced\",ss_app_kubernetes_io_instance=\"argo\"} -1",
        "sealed_secrets_controller_build_info{revision=\"v1.2.3\"} 0",
        "sealed_secrets_controller_http_requests_total{path=\"/v1/cert.pem\",code=\"200\",method=\"get\"} 1",
        "sealed_secrets_controller_http_request_duration_seconds_count{path=\"/v1/cert.pem\",method=\"get\"} 1",
    ] {
        assert_eq!(lines(&metrics, expected).first().map(String::as_str), Some(expected), "{}", metrics.render(false));
    }
    assert!(metrics.render(true).ends_with("# EOF\n") && !metrics.render(false).contains("# EOF"));
}

#[test]
fn conditions_go_with_their_object_and_move_with_its_instance() {
    let metrics = fresh(false);
    let at = ObjectRef::new("shop", "db");
    metrics.condition(Kind::SealedSecrets, &at, "one", "Synced", 1);
    metrics.condition(Kind::SealedSecrets, &at, "two", "Synced", 1);
    metrics.condition(Kind::SealedSecrets, &at, "two", "Ready", 0);
    let series = lines(&metrics, "sealed_secrets_controller_condition_info{");
    assert_eq!(series.len(), 2, "{series:?}");
    assert!(series.iter().all(|line| line.contains("=\"two\"")), "{series:?}");
    metrics.forget(Kind::SealedSecrets, &at);
    assert_eq!(lines(&metrics, "sealed_secrets_controller_condition_info{"), Vec::<String>::new());
}

#[test]
fn names_can_be_left_out() {
    let metrics = fresh(true);
    metrics.condition(Kind::SealedSecrets, &ObjectRef::new("shop", "db"), "", "Synced", 1);
    metrics.unseal_failed("unseal", "shop");
    assert!(!metrics.render(false).contains("shop"));
}

#[test]
fn a_callers_method_makes_no_series_of_its_own() {
    let metrics = fresh(false);
    for method in ["X1", "X2", "X3"] {
        metrics.http_request("/v1/verify", method, 405, Duration::ZERO);
    }
    assert_eq!(
        lines(&metrics, "sealed_secrets_controller_http_requests_total{"),
        ["sealed_secrets_controller_http_requests_total{path=\"/v1/verify\",code=\"405\",method=\"unknown\"} 3"]
    );
}

#[test]
fn ages_are_those_of_the_moment_they_are_asked_for() {
    let clock = Arc::new(Hand::default());
    let metrics = Metrics::new("v", false, clock.clone());
    metrics.keys(KeyGauges {
        usable: vec![("SHA256:a".to_owned(), 999_000)],
        identities: vec![("SHA256:i".to_owned(), "pq", 999_500)],
        unreadable: 3,
        not_after: Some(7),
        withheld: true,
    });
    metrics.watch_alive(Kind::SecretsMeta);
    metrics.queue_lag(Duration::from_secs(9));
    metrics.queue_lag(Duration::from_secs(2));
    metrics.objects_per_key(&BTreeMap::from([("SHA256:a".to_owned(), 4)]));
    metrics.objects_per_key(&BTreeMap::from([("SHA256:b".to_owned(), 5)]));
    clock.0.store(30, Ordering::Relaxed);
    for expected in [
        "seal_controller_key_age_seconds{fingerprint=\"SHA256:a\"} 1030.0",
        "seal_controller_identity_age_seconds{fingerprint=\"SHA256:i\",kind=\"pq\"} 530.0",
        "seal_controller_watch_freshness_seconds{kind=\"Secret\"} 30.0",
        "seal_controller_queue_lag_seconds 9.0",
        "seal_controller_bad_key_secrets 3",
        "seal_controller_key_withheld 1",
        "seal_controller_objects_per_key{fingerprint=\"SHA256:b\"} 5",
    ] {
        assert_eq!(lines(&metrics, expected.rsplit_once(' ').expect("has a value").0), [expected]);
    }
    clock.0.store(61, Ordering::Relaxed);
    assert_eq!(lines(&metrics, "seal_controller_queue_lag_seconds"), ["seal_controller_queue_lag_seconds 0.0"]);
}

#[test]
fn kinds_of_our_own_have_a_series_of_their_own_that_goes_with_the_object() {
    let at = ObjectRef::new("shop", "db");
    let (metrics, nameless) = (fresh(false), fresh(true));
    for metrics in [&metrics, &nameless] {
        metrics.condition(Kind::SopsSecrets, &at, "", "Synced", -1);
        metrics.condition(Kind::SopsSecrets, &at, "", "Ready", -1);
    }
    let start = "seal_controller_condition_info{";
    let expected = format!("{start}kind=\"SopsSecret\",namespace=\"shop\",name=\"db\",condition=\"Synced\"}} -1");
    assert!(lines(&metrics, start).contains(&expected), "{:?}", lines(&metrics, start));
    assert!(lines(&nameless, start).is_empty() && lines(&metrics, "sealed_secrets_controller_condition_info{").is_empty());
    metrics.forget(Kind::SopsSecrets, &at);
    assert!(lines(&metrics, start).is_empty());
}
