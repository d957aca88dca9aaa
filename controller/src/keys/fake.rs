//! Keys in memory, with faults at will.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard},
};

use futures::FutureExt;
use seal_crypto::{Certificate, Fingerprint, PrivateKey};
use seal_secret::SecretBytes;

use super::identities::{IDENTITY_ENTRY, IDENTITY_PREFIX};
use super::port::{BundleObject, IdentitySecret, InstallSecret, KeyApi, KeySecret, NewIdentitySecret, NewKeySecret};
use crate::ports::{Answer, KubeError};

/// A key pair as texts.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) private: SecretBytes,
    pub(crate) fingerprint: Fingerprint,
}

/// A small key valid from then on.
pub(crate) fn made(not_before: i64) -> Pair {
    let mut rng = rand::rng();
    let key = PrivateKey::generate(1024, &mut rng).expect("a small key");
    let certificate = Certificate::self_signed(&key, "", not_before, 1 << 30, &mut rng).expect("a certificate");
    Pair { certificate: certificate.pem, private: key.to_pem(), fingerprint: key.fingerprint().clone() }
}

/// A key Secret of a pair.
pub(crate) fn key_secret(name: &str, created: i64, pair: &Pair) -> KeySecret {
    KeySecret {
        name: name.to_owned(),
        uid: format!("uid-{name}"),
        resource_version: "1".to_owned(),
        created,
        certificate: pair.certificate.clone().into_bytes(),
        private: pair.private.clone(),
    }
}

/// A key Secret that was created: labels, annotations and name.
pub(crate) struct Created {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) name: String,
}

/// What is stored, and what goes wrong.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) keys: Vec<KeySecret>,
    pub(crate) identities: Vec<IdentitySecret>,
    pub(crate) new_keys: Vec<Created>,
    pub(crate) install: Option<InstallSecret>,
    pub(crate) bundle: Option<BundleObject>,
    pub(crate) any_sealed: bool,
    /// Calls made, by name.
    pub(crate) calls: Vec<&'static str>,
    /// The next writes: `true` = done and the answer lost, `false` = not done.
    pub(crate) faults: VecDeque<Option<bool>>,
    pub(crate) now: i64,
    /// So many of the next reads fail.
    pub(crate) broken_reads: usize,
    version: u64,
}

/// The port over [`Stored`].
#[derive(Default)]
pub(crate) struct FakeKeys(Mutex<Stored>);

fn copy(secret: &KeySecret) -> KeySecret {
    KeySecret {
        name: secret.name.clone(),
        uid: secret.uid.clone(),
        resource_version: secret.resource_version.clone(),
        created: secret.created,
        certificate: secret.certificate.clone(),
        private: secret.private.clone(),
    }
}

fn copy_identity(secret: &IdentitySecret) -> IdentitySecret {
    IdentitySecret {
        name: secret.name.clone(),
        uid: secret.uid.clone(),
        resource_version: secret.resource_version.clone(),
        created: secret.created,
        data: secret.data.clone(),
    }
}

fn copy_install(install: &InstallSecret) -> InstallSecret {
    InstallSecret {
        resource_version: install.resource_version.clone(),
        install_key: install.install_key.clone(),
        signing_key: install.signing_key.clone(),
        trusted: install.trusted.clone(),
    }
}

impl FakeKeys {
    pub(crate) fn stored(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().expect("no test panics while holding it")
    }

    /// Carries out a write under the next fault.
    fn write<T: Send + 'static>(
        &self,
        call: &'static str,
        act: impl FnOnce(&mut Stored, String) -> Result<T, KubeError>,
    ) -> Answer<'static, T> {
        let mut stored = self.stored();
        stored.calls.push(call);
        let lost = KubeError::Transport("connection lost");
        let answer = match stored.faults.pop_front().flatten() {
            Some(false) => Err(lost),
            fault => {
                stored.version += 1;
                let version = format!("v{}", stored.version);
                let answer = act(&mut stored, version);
                if fault.is_some() { Err(lost) } else { answer }
            }
        };
        std::future::ready(answer).boxed()
    }

    fn read<T: Send + 'static>(&self, call: &'static str, act: impl FnOnce(&Stored) -> T) -> Answer<'static, T> {
        let mut stored = self.stored();
        stored.calls.push(call);
        if stored.broken_reads > 0 {
            stored.broken_reads -= 1;
            return std::future::ready(Err(KubeError::Server { code: 503, retry_after: None })).boxed();
        }
        std::future::ready(Ok(act(&stored))).boxed()
    }
}

impl KeyApi for FakeKeys {
    fn key_secrets(&self) -> Answer<'_, Vec<KeySecret>> {
        self.read("list", |stored| stored.keys.iter().map(copy).collect())
    }

    fn create_key<'a>(&'a self, new: &'a NewKeySecret) -> Answer<'a, String> {
        self.write("create key", |stored, version| {
            let name = format!("{}{version}", new.generate_name);
            let (labels, annotations) = (new.labels.clone(), new.annotations.clone());
            stored.new_keys.push(Created { labels, annotations, name: name.clone() });
            stored.keys.push(KeySecret {
                uid: format!("uid-{name}"),
                resource_version: version,
                created: stored.now,
                certificate: new.certificate.clone().into_bytes(),
                private: new.private.clone(),
                name: name.clone(),
            });
            Ok(name)
        })
    }

    fn identity_secrets(&self) -> Answer<'_, Vec<IdentitySecret>> {
        self.read("list identities", |stored| stored.identities.iter().map(copy_identity).collect())
    }

    fn create_identity<'a>(&'a self, new: &'a NewIdentitySecret) -> Answer<'a, String> {
        self.write("create identity", |stored, version| {
            let name = format!("{IDENTITY_PREFIX}{version}");
            let (labels, annotations) = (new.labels.clone(), new.annotations.clone());
            stored.new_keys.push(Created { labels, annotations, name: name.clone() });
            stored.identities.push(IdentitySecret {
                uid: format!("uid-{name}"),
                resource_version: version,
                created: stored.now,
                data: [(IDENTITY_ENTRY.to_owned(), new.identity.clone())].into(),
                name: name.clone(),
            });
            Ok(name)
        })
    }

    fn any_sealed(&self) -> Answer<'_, bool> {
        self.read("any sealed", |stored| stored.any_sealed)
    }

    fn install(&self) -> Answer<'_, Option<InstallSecret>> {
        self.read("install", |stored| stored.install.as_ref().map(copy_install))
    }

    fn create_install<'a>(&'a self, install: &'a InstallSecret) -> Answer<'a, String> {
        self.write("create install", |stored, version| {
            if stored.install.is_some() {
                return Err(KubeError::AlreadyExists);
            }
            stored.install = Some(InstallSecret { resource_version: version.clone(), ..copy_install(install) });
            Ok(version)
        })
    }

    fn record_trusted<'a>(&'a self, resource_version: &'a str, trusted: &'a BTreeSet<Fingerprint>) -> Answer<'a, String> {
        self.write("record", |stored, version| {
            let install = stored.install.as_mut().ok_or(KubeError::NotFound)?;
            if install.resource_version != resource_version {
                return Err(KubeError::Conflict);
            }
            install.trusted = Some(trusted.clone());
            install.resource_version.clone_from(&version);
            Ok(version)
        })
    }

    fn bundle(&self) -> Answer<'_, Option<BundleObject>> {
        self.read("bundle", |stored| stored.bundle.clone())
    }

    fn put_bundle<'a>(&'a self, bundle: &'a BundleObject) -> Answer<'a, ()> {
        self.write("put bundle", |stored, version| {
            if stored.bundle.as_ref().map_or("", |b| b.resource_version.as_str()) != bundle.resource_version {
                return Err(KubeError::Conflict);
            }
            stored.bundle = Some(BundleObject { resource_version: version, ..bundle.clone() });
            Ok(())
        })
    }
}
