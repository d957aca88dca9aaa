//! The keys as they are now. Everybody else reads them here; only the loop in `run` writes.

use std::sync::{Arc, PoisonError, RwLock};

use seal_crypto::age::{Identity, Recipient};
use seal_crypto::{Certificate, Keyring, PublicKey};
use tokio::sync::{Notify, watch};

use super::{install::Install, plan::Withheld};
use crate::ports::{KeyView, Keys};

/// One state of the keys. Never changes once it is out.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// Keys to open with, the newest first.
    pub keyring: Keyring,
    /// The certificate to seal to.
    pub newest: Option<Certificate>,
    /// Certificates of all keys that may be sealed to, that one first.
    pub certificates: Vec<Certificate>,
    /// age identities to open with, in the order they are tried.
    pub identities: Arc<[Identity]>,
    /// Recipients to seal to, the newest of each kind, the strongest kind first.
    pub recipients: Vec<Recipient>,
    /// Grows with every change.
    pub generation: u64,
    /// A key is needed and not made, and why.
    pub withheld: Option<Withheld>,
    /// False until the key Secrets were listed once.
    pub loaded: bool,
}

impl Snapshot {
    /// True once there is a certificate to serve, or it is certain that none will come by waiting. While the first key is
    /// being made this is false: who asks a ready process for its certificate gets one.
    pub fn settled(&self) -> bool {
        self.loaded && (self.newest.is_some() || self.withheld.is_some())
    }
}

struct State {
    snapshot: Arc<Snapshot>,
    install: Option<Install>,
    bundle: Option<Arc<str>>,
}

/// The keys, shared by the whole process.
pub struct KeyStore {
    state: RwLock<State>,
    changed: watch::Sender<u64>,
    asked: Notify,
}

impl Default for KeyStore {
    fn default() -> Self {
        Self {
            state: RwLock::new(State { snapshot: Arc::default(), install: None, bundle: None }),
            changed: watch::Sender::new(0),
            asked: Notify::new(),
        }
    }
}

impl KeyStore {
    /// The keys as they are now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.read(|state| state.snapshot.clone())
    }

    /// Tells of every change, with the new generation.
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The installation's own keys, once they are there.
    pub fn install(&self) -> Option<Install> {
        self.read(|state| state.install.clone())
    }

    /// The signed bundle as last published.
    pub fn bundle(&self) -> Option<Arc<str>> {
        self.read(|state| state.bundle.clone())
    }

    /// Asks for a new key now (SIGUSR1).
    pub fn ask_for_key(&self) {
        self.asked.notify_one();
    }

    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    /// Puts out a new state of the keys; the generation is given here.
    pub(crate) fn set(&self, snapshot: Snapshot) {
        let generation = self.write(|state| {
            let generation = state.snapshot.generation + 1;
            state.snapshot = Arc::new(Snapshot { generation, ..snapshot });
            generation
        });
        self.changed.send_replace(generation);
    }

    /// Whoever skips by MAC must look again once the install key is there, so that counts as a change.
    pub(crate) fn set_install(&self, install: Install) {
        let first = self.write(|state| state.install.replace(install).is_none());
        if first {
            let snapshot = Snapshot::clone(&self.snapshot());
            self.set(snapshot);
        }
    }

    /// Puts out the bundle as it stands in the cluster.
    pub fn set_bundle(&self, text: Arc<str>) {
        self.write(|state| state.bundle = Some(text));
    }

    fn read<T>(&self, f: impl FnOnce(&State) -> T) -> T {
        f(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keys for KeyStore {
    fn view(&self) -> KeyView {
        self.read(|state| KeyView {
            ring: state.snapshot.keyring.clone(),
            identities: state.snapshot.identities.clone(),
            generation: state.snapshot.generation,
            install: state.install.as_ref().map(|install| install.install_key.clone()),
        })
    }

    fn newest(&self) -> Option<PublicKey> {
        self.snapshot().newest.as_ref().map(|certificate| certificate.public_key.clone())
    }
}
