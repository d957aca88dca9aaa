//! Rounds against keys in memory: first key, renewal, faults at every write, live changes, trust.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use seal_crypto::age::{Identity, RecipientKind};
use seal_secret::SecretBytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    IDENTITY_LABEL, KEY_LABEL, KeyRunner, KeyStore,
    fake::{Created, FakeKeys, Pair, key_secret, made},
    plan::Withheld,
    port::IdentitySecret,
    run::Rounds,
};
use crate::{
    config::{Environment, Invocation, parse},
    delivery::tests::fake::{FakeClock, FakeKube, NoDice},
    metrics::Metrics,
    pool::CryptoPool,
    ports::Clock,
};

const NOW: i64 = 1_700_000_000;
const DAY: i64 = 86_400;

/// A clock whose waits are over at once.
struct Eager(Arc<FakeClock>);

impl Clock for Eager {
    fn wall(&self) -> jiff::Timestamp {
        self.0.wall()
    }
    fn now(&self) -> Duration {
        self.0.now()
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        tokio::task::yield_now().boxed()
    }
}

/// One process over keys that outlive it.
struct Process {
    rounds: Rounds,
    store: Arc<KeyStore>,
    clock: Arc<FakeClock>,
    events: Arc<FakeKube>,
    lead: watch::Sender<bool>,
}

fn start(api: &Arc<FakeKeys>, flags: &[&str]) -> Process {
    let (runner, clock, events, lead) = runner(api, flags);
    Process { store: runner.store.clone(), rounds: Rounds::new(runner), clock, events, lead }
}

fn runner(api: &Arc<FakeKeys>, flags: &[&str]) -> (KeyRunner, Arc<FakeClock>, Arc<FakeKube>, watch::Sender<bool>) {
    let Ok(Invocation::Run(config)) = parse(flags.iter().map(|f| (*f).to_owned()), &Environment::default()) else {
        panic!("{flags:?}")
    };
    let mut keys = config.keys;
    keys.size = 1024;
    let (lead, leads) = watch::channel(true);
    let (store, clock, events) = (Arc::new(KeyStore::default()), Arc::new(FakeClock::at(NOW)), Arc::new(FakeKube::default()));
    api.stored().now = NOW;
    let runner = KeyRunner {
        api: api.clone(),
        kube: events.clone(),
        clock: clock.clone(),
        dice: Arc::new(NoDice),
        pool: Arc::new(CryptoPool::new(1)),
        store,
        metrics: Arc::new(Metrics::new("v", false, clock.clone())),
        config: keys,
        home: "home".to_owned(),
        leads,
        watch_timeout: Duration::from_secs(200),
    };
    (runner, clock, events, lead)
}

impl Process {
    async fn round(&mut self) {
        self.rounds.round(false).await.unwrap_or_else(|error| panic!("{error}"));
    }

    /// The certificate that is served is the one that is stored, and its key opens.
    fn assert_served_is_stored(&self, api: &FakeKeys) {
        let snapshot = self.store.snapshot();
        let newest = snapshot.newest.as_ref().expect("a certificate is served");
        assert!(api.stored().keys.iter().any(|secret| secret.certificate == newest.pem.as_bytes()));
        assert!(snapshot.keyring.get(newest.public_key.fingerprint()).is_some());
    }
}

fn with_keys(pairs: &[(&str, &Pair)]) -> Arc<FakeKeys> {
    let api = Arc::new(FakeKeys::default());
    api.stored().keys =
        pairs.iter().enumerate().map(|(at, (name, pair))| key_secret(name, NOW - DAY + at as i64, pair)).collect();
    api
}

#[tokio::test]
async fn the_first_key_has_upstreams_form_and_is_made_once() {
    let api = with_keys(&[]);
    let mut process = start(&api, &["--privatekey-labels=team=a", "--privatekey-annotations=note=b"]);
    process.round().await;
    process.round().await;
    process.assert_served_is_stored(&api);
    let stored = api.stored();
    let [Created { labels, annotations, name }] = stored.new_keys.as_slice() else { panic!("{} keys", stored.new_keys.len()) };
    assert_eq!(
        labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(),
        [format!("{KEY_LABEL}=active"), "team=a".to_owned()]
    );
    assert_eq!(annotations.len(), 1);
    assert!(name.starts_with("sealed-secrets-key"));
    assert!(stored.keys[0].private.expose().starts_with(b"-----BEGIN RSA PRIVATE KEY-----"));
}

#[tokio::test]
async fn after_a_crash_or_a_lost_answer_at_any_write_there_is_one_key() {
    for failing in 0..4 {
        for done in [false, true] {
            let api = with_keys(&[]);
            api.stored().faults = (0..failing).map(|_| None).chain([Some(done)]).collect();
            let first = start(&api, &["--profile=strict"]).rounds.round(false).await;
            // The process is gone; another one starts.
            let mut process = start(&api, &["--profile=strict"]);
            process.round().await;
            process.assert_served_is_stored(&api);
            assert_eq!(
                api.stored().keys.len(),
                1,
                "write {failing} {}: {first:?}",
                if done { "done, answer lost" } else { "not done" }
            );
        }
    }
}

#[tokio::test]
async fn a_follower_makes_nothing_and_takes_over_when_it_leads() {
    let api = with_keys(&[]);
    let mut process = start(&api, &[]);
    process.lead.send_replace(false);
    process.round().await;
    assert!(process.store.snapshot().loaded && process.store.snapshot().newest.is_none());
    assert!(api.stored().calls.iter().all(|call| !call.contains("create")));
    process.lead.send_replace(true);
    process.round().await;
    process.assert_served_is_stored(&api);
}

#[tokio::test]
async fn renewal_keeps_the_old_key_for_opening() {
    let old = made(NOW - 31 * DAY);
    let api = with_keys(&[("old", &old)]);
    let mut process = start(&api, &[]);
    process.round().await;
    process.assert_served_is_stored(&api);
    let snapshot = process.store.snapshot();
    assert_eq!(api.stored().keys.len(), 2);
    assert_ne!(snapshot.newest.as_ref().map(|c| c.public_key.fingerprint().clone()), Some(old.fingerprint.clone()));
    assert!(snapshot.keyring.get(&old.fingerprint).is_some());
    let look_again = process.rounds.round(false).await.expect("a round");
    assert_eq!(look_again, Some(NOW + 30 * DAY));
    process.clock.advance_to(Duration::from_secs((NOW + 30 * DAY) as u64));
    process.round().await;
    assert_eq!(api.stored().keys.len(), 3);
}

#[tokio::test]
async fn a_key_can_be_asked_for() {
    let api = with_keys(&[("a", &made(NOW - DAY))]);
    let mut process = start(&api, &["--key-renew-period=0"]);
    process.round().await;
    process.rounds.round(true).await.expect("a round");
    assert_eq!(api.stored().keys.len(), 2);
    process.assert_served_is_stored(&api);
}

#[tokio::test]
async fn keys_come_and_go_live() {
    let (a, b) = (made(NOW - 2 * DAY), made(NOW - DAY));
    let api = with_keys(&[("a", &a)]);
    let mut process = start(&api, &[]);
    let mut changed = process.store.changed();
    process.round().await;
    let newest = |process: &Process| process.store.snapshot().newest.as_ref().map(|c| c.public_key.fingerprint().clone());
    assert_eq!(newest(&process), Some(a.fingerprint.clone()));
    changed.borrow_and_update();
    process.round().await;
    assert!(!changed.has_changed().expect("open"), "nothing changed, nobody is told");
    api.stored().keys.push(key_secret("b", NOW, &b));
    process.round().await;
    assert_eq!(newest(&process), Some(b.fingerprint.clone()));
    assert!(changed.has_changed().expect("open"));
    api.stored().keys.retain(|secret| secret.name != "b");
    process.round().await;
    assert_eq!(newest(&process), Some(a.fingerprint));
    assert!(process.store.snapshot().keyring.get(&b.fingerprint).is_none(), "a removed key is forgotten");
}

#[tokio::test]
async fn a_bad_key_secret_hurts_only_itself_and_is_told_once() {
    let good = made(NOW - DAY);
    let api = with_keys(&[("good", &good), ("rubbish", &good)]);
    api.stored().keys[1].private = b"rubbish".to_vec().into();
    let mut process = start(&api, &[]);
    process.round().await;
    process.round().await;
    assert_eq!(process.store.snapshot().newest.as_ref().map(|c| c.public_key.fingerprint().clone()), Some(good.fingerprint));
    let events = process.events.with(|store| store.events.clone());
    let message = format!("sealing key left out: tls.key: {}", seal_crypto::KeyError::NoKey);
    assert_eq!(events, [("BadSealingKey".to_owned(), message)]);
    let mut follower = start(&api, &[]);
    follower.lead.send_replace(false);
    follower.round().await;
    assert!(follower.events.with(|store| store.events.is_empty()), "one Event, from the one that leads");
}

#[tokio::test]
async fn no_new_first_key_hides_a_loss() {
    let good = made(NOW);
    let unreadable = with_keys(&[("bad", &good)]);
    unreadable.stored().keys[0].certificate = Vec::new();
    let unopened = with_keys(&[]);
    unopened.stored().any_sealed = true;
    for (api, expected) in [(&unreadable, Withheld::Unreadable), (&unopened, Withheld::Unopened)] {
        let mut process = start(api, &[]);
        process.round().await;
        assert_eq!(process.store.snapshot().withheld, Some(expected));
        assert!(api.stored().new_keys.is_empty());
        // The keys come back from a backup: picked up without a restart.
        let back = key_secret("back", NOW - DAY, &good);
        api.stored().keys.push(back);
        process.round().await;
        assert_eq!((process.store.snapshot().withheld, process.store.snapshot().newest.is_some()), (None, true));
        api.stored().keys.pop();
        let mut forced = start(api, &["--force-first-key"]);
        forced.round().await;
        forced.assert_served_is_stored(api);
    }
}

#[tokio::test]
async fn external_keys_are_never_made() {
    let api = with_keys(&[]);
    let mut process = start(&api, &["--key-mode=external"]);
    process.rounds.round(true).await.expect("a round");
    assert_eq!(process.store.snapshot().withheld, Some(Withheld::External));
    assert!(api.stored().new_keys.is_empty());
}

#[tokio::test]
async fn strict_seals_only_to_keys_of_the_first_start_its_own_and_imported_ones() {
    let (first, later) = (made(NOW - 3 * DAY), made(NOW - DAY));
    let api = with_keys(&[("first", &first)]);
    let mut process = start(&api, &["--profile=strict"]);
    process.round().await;
    assert_eq!(api.stored().install.as_ref().and_then(|i| i.trusted.clone()), Some(BTreeSet::from([first.fingerprint.clone()])));
    api.stored().keys.push(key_secret("later", NOW, &later));
    process.round().await;
    let snapshot = process.store.snapshot();
    assert_eq!(snapshot.newest.as_ref().map(|c| c.public_key.fingerprint().clone()), Some(first.fingerprint.clone()));
    assert!(snapshot.keyring.get(&later.fingerprint).is_some(), "it opens");
    assert_eq!(snapshot.certificates.len(), 1, "it is not published");
    // An own key is trusted, also by a replica that did not make it.
    process.rounds.round(true).await.expect("a round");
    let mut replica = start(&api, &["--profile=strict"]);
    replica.lead.send_replace(false);
    replica.round().await;
    replica.assert_served_is_stored(&api);
    assert_eq!(replica.store.snapshot().certificates.len(), 2);
    let mut importing = start(&api, &["--profile=strict", &format!("--import-keys={}", later.fingerprint)]);
    importing.round().await;
    assert_eq!(importing.store.snapshot().certificates.len(), 3);
    assert!(api.stored().install.as_ref().and_then(|i| i.trusted.clone()).is_some_and(|t| t.contains(&later.fingerprint)));
}

#[tokio::test]
async fn the_installations_keys_are_made_once_and_restored_while_they_are_in_memory() {
    let api = with_keys(&[("a", &made(NOW - DAY))]);
    let mut process = start(&api, &[]);
    process.round().await;
    let pinned = process.store.install().expect("an installation").verifying_key;
    let mut again = start(&api, &[]);
    again.round().await;
    assert_eq!(again.store.install().expect("an installation").verifying_key, pinned);
    api.stored().install = None;
    again.round().await;
    assert!(api.stored().install.is_some());
    let mut third = start(&api, &[]);
    third.round().await;
    assert_eq!(third.store.install().expect("an installation").verifying_key, pinned);
    // What cannot be read is not replaced.
    api.stored().install.as_mut().expect("stored").signing_key = b"short".to_vec().into();
    let mut fourth = start(&api, &[]);
    fourth.round().await;
    assert!(fourth.store.install().is_none() && fourth.store.snapshot().newest.is_some());
    assert!(api.stored().install.as_ref().expect("stored").signing_key == b"short".to_vec().into());
}

#[tokio::test]
async fn the_loop_retries_listens_and_stops() {
    let api = with_keys(&[]);
    api.stored().broken_reads = 5;
    let (mut runner, clock, _events, _lead) = runner(&api, &[]);
    runner.clock = Arc::new(Eager(clock));
    let (store, stop) = (runner.store.clone(), CancellationToken::new());
    let mut changed = store.changed();
    let task = tokio::spawn(runner.run(stop.clone()));
    let mut wait_for = async |keys: usize| {
        while store.snapshot().keyring.fingerprints().count() != keys {
            changed.changed().await.expect("the store is there");
        }
    };
    wait_for(1).await;
    assert_eq!(api.stored().broken_reads, 0);
    store.ask_for_key();
    wait_for(2).await;
    api.stored().keys.pop();
    wait_for(1).await;
    stop.cancel();
    task.await.expect("no panic");
}

#[tokio::test]
async fn identities_are_made_when_asked_for_published_renewed_and_kept_for_opening() {
    let api = with_keys(&[("a", &made(NOW - DAY))]);
    let mut process = start(&api, &["--generate-age-identity=both"]);
    process.round().await;
    process.round().await;
    let recipients = |process: &Process| {
        process.store.snapshot().recipients.iter().map(|one| (one.kind(), one.as_str().to_owned())).collect::<Vec<_>>()
    };
    let first = recipients(&process);
    assert_eq!(first.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), [RecipientKind::PostQuantum, RecipientKind::X25519]);
    {
        let stored = api.stored();
        assert_eq!(stored.identities.len(), 2, "each once");
        let [Created { labels, annotations, name }, _] = stored.new_keys.as_slice() else { panic!("not two") };
        assert_eq!(labels.get(IDENTITY_LABEL).map(String::as_str), Some("active"));
        assert!(name.starts_with("sealkit-age-") && annotations.values().any(|text| *text == first[0].1));
    }
    process.clock.advance_to(Duration::from_secs((NOW + 30 * DAY) as u64));
    api.stored().now = NOW + 30 * DAY;
    process.round().await;
    let second = recipients(&process);
    assert!(first.iter().all(|old| !second.contains(old)), "new ones are sealed to");
    assert_eq!(process.store.snapshot().identities.len(), 4, "old ones open");
    api.stored().identities.clear();
    process.round().await;
    assert_eq!(process.store.snapshot().identities.len(), 2, "removed ones are forgotten, and the wanted kinds made again");
}

#[tokio::test]
async fn after_a_crash_or_a_lost_answer_at_any_write_there_is_one_identity() {
    for failing in 0..5 {
        for done in [false, true] {
            let api = with_keys(&[("a", &made(NOW - DAY))]);
            let flags = ["--profile=strict", "--generate-age-identity=x25519"];
            api.stored().faults = (0..failing).map(|_| None).chain([Some(done)]).collect();
            let first = start(&api, &flags).rounds.round(false).await;
            let mut process = start(&api, &flags);
            process.round().await;
            assert_eq!(
                (api.stored().identities.len(), process.store.snapshot().recipients.len()),
                (1, 1),
                "{failing} {done}: {first:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_identity_that_appears_later_is_not_published_under_strict_and_a_bad_one_is_told() {
    let api = with_keys(&[("a", &made(NOW - DAY))]);
    let mut process = start(&api, &["--profile=strict"]);
    process.round().await;
    let identity = Identity::generate(RecipientKind::X25519, &mut rand::rng()).expect("a kind of ours");
    let secret = |name: &str, text: SecretBytes| IdentitySecret {
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        resource_version: "1".to_owned(),
        created: NOW,
        data: [("age.agekey".to_owned(), text)].into(),
    };
    let text = identity.to_text().expect("a kind of ours");
    api.stored().identities = vec![secret("flux", text), secret("bad", SecretBytes::from(b"hunter2".to_vec()))];
    process.round().await;
    let snapshot = process.store.snapshot();
    assert_eq!((snapshot.identities.len(), snapshot.recipients.len()), (1, 0));
    let told = "age identity left out: age.agekey:1: not an age identity: it does not begin with AGE-SECRET-KEY-";
    assert_eq!(process.events.with(|store| store.events.clone()), [("BadSealingKey".to_owned(), told.to_owned())]);
}
