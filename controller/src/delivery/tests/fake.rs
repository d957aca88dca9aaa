//! An API server in a map, with what matters here: resource versions, preconditions, generations, immutability and crashes.

use crate::context::Context;
use crate::pool::Abandoned;
use crate::ports::{
    Answer, Aside, Change, Clock, Crypto, Dice, KeyView, Keys, Kind, Kube, KubeError, Lease, LiveSecret, Meter, ObjectRef, Page,
    SecretDraft, Selection, Work, Written,
};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use seal_crypto::PublicKey;
use seal_secret::SecretBytes;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A Secret as stored.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) metadata: Map<String, Value>,
    pub(crate) kind: String,
    pub(crate) immutable: Option<bool>,
    pub(crate) data: BTreeMap<String, SecretBytes>,
}

/// What happened to an object, in order.
pub(crate) enum Happened {
    Sealed(Change),
    Sops(Change),
    Secret(Change),
}

/// What a watch shows; the outer error is that it does not begin.
pub(crate) type Shown = Result<Vec<Result<Change, KubeError>>, KubeError>;

#[derive(Default)]
pub(crate) struct Store {
    pub(crate) version: u64,
    pub(crate) sealed: BTreeMap<ObjectRef, Value>,
    pub(crate) sops: BTreeMap<ObjectRef, Value>,
    pub(crate) secrets: BTreeMap<ObjectRef, Stored>,
    pub(crate) events: Vec<(String, String)>,
    pub(crate) happened: Vec<Happened>,
    /// Writes done, by what was written.
    pub(crate) writes: Vec<&'static str>,
    /// After so many writes the process is dead: nothing answers any more.
    pub(crate) crash_after: Option<usize>,
    /// So many more Secret writes find that someone else was faster.
    pub(crate) overtaken: usize,
    /// So many more status writes fail.
    pub(crate) statuses_refused: usize,
    /// Every call fails with this.
    pub(crate) outage: Option<KubeError>,
    /// No call is ever answered.
    pub(crate) silent: bool,
    /// Reads of Secrets with their data.
    pub(crate) secret_reads: usize,
    /// What the next watches show, or that they fail; a watch beyond them is never answered.
    pub(crate) watches: VecDeque<Shown>,
    /// Lists and watches asked for, in order.
    pub(crate) asked: Vec<String>,
    /// Lists asked for.
    pub(crate) lists: usize,
    /// The one Lease.
    pub(crate) lease: Option<Lease>,
    /// Reads of SealedSecrets.
    pub(crate) sealed_reads: usize,
}

#[derive(Default)]
pub(crate) struct FakeKube {
    pub(crate) store: Mutex<Store>,
}

impl Store {
    fn next(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn alive(&self) -> Result<(), KubeError> {
        match (&self.outage, self.crash_after) {
            (Some(error), _) => Err(error.clone()),
            (None, Some(left)) if self.writes.len() >= left => Err(KubeError::Transport("the process is dead")),
            _ => Ok(()),
        }
    }

    pub(crate) fn put_secret(&mut self, at: &ObjectRef, mut stored: Stored) -> Written {
        let version = self.next();
        let uid = match self.secrets.get(at) {
            Some(old) => old.metadata["uid"].as_str().unwrap_or_default().to_owned(),
            None => format!("secret-{version}"),
        };
        stored.metadata.insert("uid".into(), uid.clone().into());
        stored.metadata.insert("resourceVersion".into(), version.clone().into());
        stored.metadata.insert("namespace".into(), (&*at.namespace).into());
        stored.metadata.insert("name".into(), (&*at.name).into());
        self.happened.push(Happened::Secret(Change::Upsert(json!({"metadata": stored.metadata}))));
        self.secrets.insert(at.clone(), stored);
        Written { uid, resource_version: version }
    }

    pub(crate) fn delete_secret(&mut self, at: &ObjectRef) {
        if let Some(stored) = self.secrets.remove(at) {
            self.happened.push(Happened::Secret(Change::Delete(json!({"metadata": stored.metadata}))));
        }
    }

    /// What `kubectl apply` does: uid on create, generation on a change of spec, status untouched.
    pub(crate) fn apply(&mut self, at: &ObjectRef, mut object: Value) {
        let version = self.next();
        let sops = object["kind"] == "SopsSecret";
        let old = if sops { self.sops.get(at) } else { self.sealed.get(at) }.cloned();
        let generation = match &old {
            Some(old) => old["metadata"]["generation"].as_i64().unwrap_or(1) + i64::from(old["spec"] != object["spec"]),
            None => 1,
        };
        let uid = old.as_ref().map_or_else(|| json!(format!("sealed-{version}")), |old| old["metadata"]["uid"].clone());
        object["metadata"]["uid"] = uid;
        object["metadata"]["generation"] = generation.into();
        object["metadata"]["resourceVersion"] = version.into();
        if let Some(status) = old.as_ref().and_then(|old| old.get("status")) {
            object["status"] = status.clone();
        }
        self.shown(sops, Change::Upsert(object.clone()));
        if sops { &mut self.sops } else { &mut self.sealed }.insert(at.clone(), object);
    }

    fn shown(&mut self, sops: bool, change: Change) {
        self.happened.push(if sops { Happened::Sops(change) } else { Happened::Sealed(change) });
    }

    /// Deletes the object; Kubernetes then collects what it owns, which is left to the scenario.
    pub(crate) fn delete_sealed(&mut self, at: &ObjectRef) {
        if let Some(object) = self.sealed.remove(at) {
            self.happened.push(Happened::Sealed(Change::Delete(object)));
        }
    }

    fn overtake(&mut self, at: &ObjectRef) {
        if self.overtaken == 0 {
            return;
        }
        self.overtaken -= 1;
        if let Some(mut stored) = self.secrets.get(at).cloned() {
            let labels = stored.metadata.entry("labels").or_insert_with(|| json!({}));
            labels["touched"] = self.version.to_string().into();
            self.put_secret(at, stored);
        }
    }
}

impl FakeKube {
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Store) -> T) -> T {
        f(&mut self.store.lock().unwrap())
    }

    fn answer<'a, T: Send + 'a>(&'a self, f: impl FnOnce(&mut Store) -> Result<T, KubeError> + Send + 'a) -> Answer<'a, T> {
        async move {
            if self.with(|store| store.silent) {
                std::future::pending::<()>().await;
            }
            self.with(|store| {
                store.alive()?;
                f(store)
            })
        }
        .boxed()
    }
}

fn stored(draft: &SecretDraft) -> Stored {
    Stored { metadata: draft.metadata.clone(), kind: draft.kind.clone(), immutable: draft.immutable, data: draft.data.clone() }
}

impl Kube for FakeKube {
    fn list<'a>(&'a self, what: &'a Selection, _: u32, _: &'a str) -> Answer<'a, Page> {
        self.answer(move |store| {
            store.lists += 1;
            store.asked.push(format!("list {}", what.labels));
            let items = match what.kind {
                Kind::SealedSecrets | Kind::SealedSecretsMeta | Kind::SopsSecrets | Kind::SopsSecretsMeta => {
                    store.sealed.values().cloned().collect()
                }
                Kind::SecretsMeta => store.secrets.values().map(|s| json!({"metadata": s.metadata})).collect(),
            };
            Ok(Page { items, next: String::new(), resource_version: store.version.to_string() })
        })
    }

    fn watch<'a>(
        &'a self,
        _: &'a Selection,
        from: &'a str,
        _: Duration,
    ) -> Answer<'a, BoxStream<'static, Result<Change, KubeError>>> {
        let shown = self.with(|store| {
            store.asked.push(format!("watch {from}"));
            store.watches.pop_front()
        });
        match shown {
            Some(shown) => self.answer(|_| shown.map(|shown| stream::iter(shown).boxed())),
            None => std::future::pending().boxed(),
        }
    }

    fn object<'a>(&'a self, kind: Kind, at: &'a ObjectRef) -> Answer<'a, Option<Value>> {
        self.answer(move |store| {
            store.sealed_reads += 1;
            Ok(if kind == Kind::SopsSecrets { store.sops.get(at) } else { store.sealed.get(at) }.cloned())
        })
    }

    fn secret<'a>(&'a self, at: &'a ObjectRef) -> Answer<'a, Option<LiveSecret>> {
        self.answer(move |store| {
            store.secret_reads += 1;
            Ok(store.secrets.get(at).map(|s| LiveSecret {
                uid: s.metadata["uid"].as_str().unwrap_or_default().into(),
                resource_version: s.metadata["resourceVersion"].as_str().unwrap_or_default().into(),
                metadata: s.metadata.clone(),
                kind: s.kind.clone(),
                immutable: s.immutable,
                data: s.data.clone(),
            }))
        })
    }

    fn create_secret<'a>(&'a self, at: &'a ObjectRef, draft: &'a SecretDraft) -> Answer<'a, Written> {
        self.answer(move |store| {
            if store.secrets.contains_key(at) {
                return Err(KubeError::AlreadyExists);
            }
            store.writes.push("create");
            Ok(store.put_secret(at, stored(draft)))
        })
    }

    fn replace_secret<'a>(&'a self, at: &'a ObjectRef, draft: &'a SecretDraft) -> Answer<'a, Written> {
        self.answer(move |store| {
            store.overtake(at);
            let Some(old) = store.secrets.get(at) else { return Err(KubeError::NotFound) };
            let same = |field| old.metadata.get(field) == draft.metadata.get(field);
            if !same("resourceVersion") || !same("uid") {
                return Err(KubeError::Conflict);
            }
            if old.immutable == Some(true) && old.data != draft.data {
                return Err(KubeError::Immutable);
            }
            store.writes.push("replace");
            Ok(store.put_secret(at, stored(draft)))
        })
    }

    fn patch_status<'a>(&'a self, kind: Kind, at: &'a ObjectRef, uid: &'a str, status: Value) -> Answer<'a, ()> {
        self.answer(move |store| {
            if let Some(left) = store.statuses_refused.checked_sub(1) {
                store.statuses_refused = left;
                return Err(KubeError::Forbidden("no right to the status".into()));
            }
            let version = store.next();
            let sops = kind == Kind::SopsSecrets;
            let objects = if sops { &mut store.sops } else { &mut store.sealed };
            let Some(object) = objects.get_mut(at).filter(|object| object["metadata"]["uid"] == uid) else {
                return Err(KubeError::NotFound);
            };
            let mut fields = object["status"].as_object().cloned().unwrap_or_default();
            fields.extend(status.as_object().cloned().unwrap_or_default());
            fields.retain(|_, value| !value.is_null());
            object["status"] = Value::Object(fields);
            object["metadata"]["resourceVersion"] = version.into();
            let shown = object.clone();
            store.writes.push("status");
            store.shown(sops, Change::Upsert(shown));
            Ok(())
        })
    }

    fn event<'a>(&'a self, _: &'a str, _: &'a str, body: Value) -> Answer<'a, ()> {
        self.answer(move |store| {
            let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
            store.writes.push("event");
            store.events.push((text("reason"), text("message")));
            Ok(())
        })
    }

    fn lease<'a>(&'a self, _: &'a ObjectRef) -> Answer<'a, Option<Lease>> {
        self.answer(|store| Ok(store.lease.clone()))
    }

    fn put_lease<'a>(&'a self, _: &'a ObjectRef, lease: &'a Lease) -> Answer<'a, Lease> {
        self.answer(move |store| {
            let there = store.lease.as_ref().map(|lease| lease.resource_version.clone()).unwrap_or_default();
            if there != lease.resource_version {
                return Err(KubeError::Conflict);
            }
            let lease = Lease { resource_version: store.next(), ..lease.clone() };
            store.lease = Some(lease.clone());
            Ok(lease)
        })
    }
}

/// Time that stands still until a scenario moves it.
#[derive(Default)]
pub(crate) struct FakeClock(AtomicU64);

impl FakeClock {
    /// Standing at this second of the epoch.
    pub(crate) fn at(second: i64) -> Self {
        let clock = Self::default();
        clock.advance_to(Duration::from_secs(second.try_into().unwrap()));
        clock
    }

    pub(crate) fn advance_to(&self, moment: Duration) {
        self.0.fetch_max(u64::try_from(moment.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn wall(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH + self.now()
    }
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        std::future::pending().boxed()
    }
}

/// Time that passes as soon as somebody waits for it.
#[derive(Default)]
pub(crate) struct EagerClock(Arc<FakeClock>);

impl Clock for EagerClock {
    fn wall(&self) -> jiff::Timestamp {
        self.0.wall()
    }
    fn now(&self) -> Duration {
        self.0.now()
    }
    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        let clock = self.0.clone();
        async move { clock.advance_to(clock.now() + time) }.boxed()
    }
}

/// A context over the fakes, for what needs no keys.
pub(crate) fn context(kube: Arc<FakeKube>, clock: Arc<dyn Clock>) -> Context {
    let view = KeyView { ring: seal_crypto::Keyring::default(), identities: Arc::default(), generation: 0, install: None };
    Context {
        kube,
        clock,
        dice: Arc::new(NoDice),
        keys: Arc::new(FakeKeys(Mutex::new(view))),
        crypto: Arc::new(Inline),
        meter: Arc::new(Counter::default()),
    }
}

/// Dice that always fall the same way.
pub(crate) struct NoDice;
impl Dice for NoDice {
    fn roll(&self) -> u64 {
        0
    }
}

/// Keys that a scenario swaps.
pub(crate) struct FakeKeys(pub(crate) Mutex<KeyView>);
impl Keys for FakeKeys {
    fn view(&self) -> KeyView {
        self.0.lock().unwrap().clone()
    }
    fn newest(&self) -> Option<PublicKey> {
        let ring = &self.0.lock().unwrap().ring;
        Some(ring.get(ring.fingerprints().next()?)?.public().clone())
    }
}

/// Private-key work at once, in place.
pub(crate) struct Inline;
impl Crypto for Inline {
    fn run(&self, work: Work) -> BoxFuture<'static, ()> {
        async move { work() }.boxed()
    }
    fn run_slow(&self, work: Work) -> BoxFuture<'static, ()> {
        self.run(work)
    }
    fn run_aside(&self, work: Aside) -> BoxFuture<'static, ()> {
        async move { work(&Abandoned::default()) }.boxed()
    }
}

/// Counts private-key operations.
#[derive(Default)]
pub(crate) struct Counter(pub(crate) Arc<AtomicU64>);
impl Meter for Counter {
    fn decrypts(&self, tries: u64) {
        self.0.fetch_add(tries, Ordering::SeqCst);
    }
}
