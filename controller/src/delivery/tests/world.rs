//! A world for scenarios: an API server, keys, time, and a controller that can be restarted at any moment.

use super::fake::{Counter, FakeClock, FakeKeys, FakeKube, Happened, Inline, NoDice, Stored};
use crate::config::Namespaces;
use crate::context::Context;
use crate::delivery::feed::{ObjectFeed, SecretFeed};
use crate::delivery::run::again;
use crate::delivery::source::Source;
use crate::delivery::{Reconciler, Settings};
use crate::index::{Index, Secrets};
use crate::ports::{Change, Clock, KeyView, ObjectRef};
use crate::queue::{Lane, Queue};
use crate::sealed_secret::request::AskingFeed;
use crate::sealed_secret::templates::Renderer;
use crate::sealed_secret::{self, SealedSource};
use crate::sops_secret::{self, SopsSource};
use crate::watch::Sink;
use futures::executor::block_on;
use seal_crypto::age::{Identity, parse_identities};
use seal_crypto::{Binding, InstallKey, Item, Keyring, PrivateKey, Scope};
use seal_secret::SecretBytes;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Two small keys, made once: `PEMS[0]` is the newest.
fn pems() -> &'static [SecretBytes; 2] {
    static PEMS: OnceLock<[SecretBytes; 2]> = OnceLock::new();
    PEMS.get_or_init(|| [(); 2].map(|()| PrivateKey::generate(1024, &mut rand::rng()).unwrap().to_pem()))
}

fn key(number: usize) -> PrivateKey {
    PrivateKey::from_pem(&pems()[number]).unwrap()
}

pub(crate) fn at() -> ObjectRef {
    ObjectRef::new("prod", "db")
}

/// A SealedSecret `prod/db`, sealed strictly to the first key.
pub(crate) fn sealed(items: &[(&str, &str)], template: Value) -> Value {
    sealed_with(0, &at(), items, template)
}

pub(crate) fn sealed_with(number: usize, at: &ObjectRef, items: &[(&str, &str)], template: Value) -> Value {
    let binding = Binding::new(Scope::Strict, &at.namespace, &at.name).unwrap();
    let key = key(number);
    let seal = |value: &str| {
        Item::seal(&SecretBytes::from(value.to_owned()), key.public(), &binding, &mut rand::rng()).unwrap().encode()
    };
    let items: BTreeMap<_, _> = items.iter().map(|(name, value)| (*name, seal(value))).collect();
    json!({
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {"namespace": &*at.namespace, "name": &*at.name},
        "spec": {"encryptedData": items, "template": template},
    })
}

/// What an administrator decided about each kind alone.
#[derive(Clone, Default)]
pub(crate) struct KindRules {
    pub(crate) require_v2: Namespaces,
    pub(crate) require_bound: Namespaces,
    pub(crate) audience: String,
}

pub(crate) struct World {
    pub(crate) rules: KindRules,
    pub(crate) kube: Arc<FakeKube>,
    pub(crate) clock: Arc<FakeClock>,
    keys: Arc<FakeKeys>,
    decrypts: Arc<AtomicU64>,
    pub(crate) settings: Settings,
    process: Process,
}

struct Process {
    reconciler: Arc<Reconciler>,
    questions: Arc<Queue<ObjectRef>>,
    sealed: AskingFeed,
    sops: ObjectFeed,
    secrets: SecretFeed,
}

impl World {
    pub(crate) fn new() -> Self {
        let (kube, clock) = (Arc::new(FakeKube::default()), Arc::new(FakeClock::default()));
        let keys = Arc::new(FakeKeys(Mutex::new(view(&[0]))));
        let decrypts = Arc::new(AtomicU64::new(0));
        let (settings, rules) = (Settings::new("kube-system"), KindRules::default());
        let process = process(&kube, &clock, &keys, &decrypts, &settings, &rules);
        Self { rules, kube, clock, keys, decrypts, settings, process }
    }

    /// A new process over the same cluster: memory is empty, everything is listed, Secrets first.
    pub(crate) fn restart(&mut self) {
        self.process = process(&self.kube, &self.clock, &self.keys, &self.decrypts, &self.settings, &self.rules);
        let (secrets, objects, sops) = self.kube.with(|store| {
            store.happened.clear();
            store.crash_after = None;
            let secrets: Vec<Value> = store.secrets.values().map(|s| json!({"metadata": s.metadata})).collect();
            let all = |objects: &BTreeMap<ObjectRef, Value>| objects.values().cloned().collect::<Vec<_>>();
            (secrets, all(&store.sealed), all(&store.sops))
        });
        let secrets = secrets.iter().filter(|_| self.settings.watch_secrets);
        secrets.for_each(|object| self.process.secrets.upsert(object, Lane::Backlog));
        objects.iter().for_each(|object| self.process.sealed.upsert(object, Lane::Backlog));
        sops.iter().for_each(|object| self.process.sops.upsert(object, Lane::Backlog));
    }

    /// Delivers what happened and works until nothing is due; time stands still.
    pub(crate) fn settle(&self) {
        for round in 0.. {
            assert!(round < 1000, "the controller never comes to rest");
            let mut happened = self.kube.with(|store| std::mem::take(&mut store.happened));
            happened.retain(|one| self.settings.watch_secrets || !matches!(one, Happened::Secret(_)));
            let quiet = happened.is_empty();
            happened.into_iter().for_each(|one| self.process.deliver(&one));
            let answered = self.process.answer();
            let worked = [&self.process.sealed.objects, &self.process.sops].map(|feed| {
                let taken = feed.queue.try_take()?;
                let next = block_on(feed.reconciler.reconcile(&taken.key));
                again(&feed.queue, &taken.key, next);
                feed.queue.done(&taken.key);
                Some(())
            });
            if quiet && !answered && worked == [None, None] {
                return;
            }
        }
    }

    /// Lets time pass, with everything that falls due in it.
    pub(crate) fn pass(&self, time: Duration) {
        let end = self.clock.now() + time;
        self.settle();
        let process = &self.process;
        let queues = [&process.sealed.objects.queue, &process.sops.queue, &process.questions];
        let next = || queues.into_iter().filter_map(|queue| queue.next_due()).min();
        while let Some(due) = next().filter(|due| *due <= end) {
            self.clock.advance_to(due);
            self.settle();
        }
        self.clock.advance_to(end);
        self.settle();
    }

    pub(crate) fn apply(&self, object: Value) {
        let at = ObjectRef::new(object["metadata"]["namespace"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap());
        self.kube.with(|store| store.apply(&at, object));
    }

    /// Puts a Secret there as a user would.
    pub(crate) fn user_secret(&self, metadata: Value, data: &[(&str, &str)]) {
        let stored = Stored {
            metadata: metadata.as_object().unwrap().clone(),
            kind: "Opaque".into(),
            immutable: None,
            data: data.iter().map(|(k, v)| ((*k).to_owned(), SecretBytes::from((*v).to_owned()))).collect(),
        };
        self.kube.with(|store| store.put_secret(&at(), stored));
    }

    /// Puts some other Secret there as a user would.
    pub(crate) fn put_secret(&self, at: &ObjectRef, metadata: Value, data: &[(&str, SecretBytes)]) {
        let stored = Stored {
            metadata: metadata.as_object().unwrap().clone(),
            kind: "Opaque".into(),
            immutable: None,
            data: data.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
        };
        self.kube.with(|store| store.put_secret(at, stored));
    }

    /// Changes the Secret as a user would.
    pub(crate) fn edit_secret(&self, change: impl FnOnce(&mut Stored)) {
        self.kube.with(|store| {
            let mut stored = store.secrets[&at()].clone();
            change(&mut stored);
            store.put_secret(&at(), stored);
        });
    }

    pub(crate) fn delete_secret(&self) {
        self.kube.with(|store| store.delete_secret(&at()));
    }

    /// The Secret's data as text; `None` when there is no Secret.
    pub(crate) fn data(&self) -> Option<BTreeMap<String, String>> {
        let text = |bytes: &SecretBytes| String::from_utf8(bytes.expose().to_vec()).unwrap();
        self.kube.with(|store| store.secrets.get(&at()).map(|s| s.data.iter().map(|(k, v)| (k.clone(), text(v))).collect()))
    }

    /// Of the SealedSecret, or where there is none of the SopsSecret.
    pub(crate) fn status(&self) -> Value {
        self.kube.with(|store| store.sealed.get(&at()).unwrap_or_else(|| &store.sops[&at()])["status"].clone())
    }

    /// `True`/`False`, reason and message of the first condition.
    pub(crate) fn synced(&self) -> (String, String, String) {
        let condition = self.status()["conditions"][0].clone();
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("type"), "Synced");
        (text("status"), text("reason"), text("message"))
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.synced().0 == "True"
    }

    /// Writes and private-key operations since the last call.
    pub(crate) fn spent(&self) -> (Vec<&'static str>, u64) {
        (self.kube.with(|store| std::mem::take(&mut store.writes)), self.decrypts.swap(0, Ordering::SeqCst))
    }

    /// What happens every ten minutes where Secrets are not watched.
    pub(crate) fn poll(&self) {
        self.process.sealed.objects.look_again();
        self.process.sops.look_again();
    }

    pub(crate) fn set_keys(&self, numbers: &[usize]) {
        let identities = self.keys.0.lock().unwrap().identities.clone();
        self.change_keys(KeyView { identities, ..view(numbers) });
    }

    /// Gives the installation these age identities, the newest first.
    pub(crate) fn set_identities(&self, texts: &[SecretBytes]) {
        let read = || -> Vec<Identity> { texts.iter().map(|text| parse_identities("i", text).unwrap().pop().unwrap()).collect() };
        let ring = Keyring::with_identities(vec![key(0)], read());
        self.change_keys(KeyView { ring, identities: read().into(), ..view(&[0]) });
    }

    fn change_keys(&self, view: KeyView) {
        *self.keys.0.lock().unwrap() = view;
        self.process.sealed.objects.keys_changed();
        self.process.sops.keys_changed();
    }
}

impl Process {
    /// Answers one question, when there is one.
    fn answer(&self) -> bool {
        let Some(taken) = self.questions.try_take() else { return false };
        let next = block_on(self.reconciler.answer(&taken.key));
        again(&self.questions, &taken.key, next);
        self.questions.done(&taken.key);
        true
    }

    fn deliver(&self, happened: &Happened) {
        let (sink, change): (&dyn Sink, _) = match happened {
            Happened::Sealed(change) => (&self.sealed, change),
            Happened::Sops(change) => (&self.sops, change),
            Happened::Secret(change) => (&self.secrets, change),
        };
        match change {
            Change::Upsert(object) => sink.upsert(object, Lane::Edit),
            Change::Delete(object) => sink.delete(object),
            Change::Bookmark(_) => {}
        }
    }
}

fn view(numbers: &[usize]) -> KeyView {
    KeyView {
        ring: Keyring::new(numbers.iter().map(|n| key(*n)).collect()),
        identities: Arc::default(),
        generation: 1,
        install: InstallKey::new(SecretBytes::from(vec![7; 32])).map(Arc::new),
    }
}

fn process(
    kube: &Arc<FakeKube>,
    clock: &Arc<FakeClock>,
    keys: &Arc<FakeKeys>,
    decrypts: &Arc<AtomicU64>,
    settings: &Settings,
    rules: &KindRules,
) -> Process {
    let context = Context {
        kube: kube.clone(),
        clock: clock.clone(),
        dice: Arc::new(NoDice),
        keys: keys.clone(),
        crypto: Arc::new(Inline),
        meter: Arc::new(Counter(decrypts.clone())),
    };
    let queue = || Arc::new(Queue::new(context.clock.clone(), context.dice.clone()));
    let questions = queue();
    let secrets = Arc::new(Secrets::default());
    let feed = |source: Arc<dyn Source>, elder: Option<Arc<Index>>| {
        let (context, settings, index) = (context.clone(), settings.clone(), Arc::new(Index::new(secrets.clone())));
        ObjectFeed {
            reconciler: Arc::new(Reconciler { context, settings, index, source, elder, slow: Semaphore::new(1) }),
            queue: queue(),
        }
    };
    let sealed_rules = sealed_secret::Rules {
        accept_blob: true,
        templates: Renderer(clock.clone()),
        require_v2: rules.require_v2.clone(),
        audience: rules.audience.clone(),
    };
    let objects = feed(Arc::new(SealedSource(Arc::new(sealed_rules))), None);
    let sops_rules = sops_secret::Rules { bound: rules.require_bound.clone() };
    let sops = feed(Arc::new(SopsSource(Arc::new(sops_rules))), Some(objects.reconciler.index.clone()));
    Process {
        reconciler: objects.reconciler.clone(),
        secrets: SecretFeed { kinds: vec![objects.clone(), sops.clone()], secrets },
        sealed: AskingFeed { objects, questions: settings.update_status.then(|| questions.clone()) },
        sops,
        questions,
    }
}
