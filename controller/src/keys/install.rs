//! The installation's own Secret: the key that MACs are made with, the signing key that users pin, the trusted fingerprints.
//!
//! It is created once, by the leader, and never replaced: what cannot be read is an alarm and not a reason to make a new
//! identity. Losing it on purpose costs a rewrite of annotations and a new pin.

use std::{collections::BTreeSet, sync::Arc};

use rand::CryptoRng;
use seal_crypto::{Fingerprint, InstallKey, SigningKey, VerifyingKey};

use super::port::InstallSecret;

/// The installation, read.
#[derive(Clone)]
pub struct Install {
    /// Makes the MACs that allow a skip.
    pub install_key: Arc<InstallKey>,
    /// Signs the bundle.
    pub signing_key: Arc<SigningKey>,
    /// What users pin.
    pub verifying_key: VerifyingKey,
    /// Recorded fingerprints; `None` before the first record.
    pub trusted: Option<BTreeSet<Fingerprint>>,
    /// Where the record stands.
    pub resource_version: String,
}

/// The Secret does not hold what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstallFault {
    /// `install-key` is not 32 bytes.
    #[error("install-key is not 32 bytes")]
    MacKeyLength,
    /// `signing-key` is not 32 bytes.
    #[error("signing-key is not 32 bytes")]
    SeedLength,
}

impl Install {
    /// Reads the Secret.
    pub fn read(secret: InstallSecret) -> Result<Self, InstallFault> {
        let install_key = InstallKey::new(secret.install_key).ok_or(InstallFault::MacKeyLength)?;
        let signing_key = SigningKey::from_seed(secret.signing_key).map_err(|_| InstallFault::SeedLength)?;
        Ok(Self {
            verifying_key: signing_key.verifying_key(),
            install_key: Arc::new(install_key),
            signing_key: Arc::new(signing_key),
            trusted: secret.trusted,
            resource_version: secret.resource_version,
        })
    }

    /// The Secret it was read from, to be created again.
    pub(super) fn to_secret(&self) -> InstallSecret {
        InstallSecret {
            resource_version: String::new(),
            install_key: self.install_key.bytes().clone(),
            signing_key: self.signing_key.seed().clone(),
            trusted: self.trusted.clone(),
        }
    }
}

impl InstallSecret {
    /// A fresh one, to be created.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self {
            resource_version: String::new(),
            install_key: InstallKey::generate(rng).bytes().clone(),
            signing_key: SigningKey::generate(rng).seed().clone(),
            trusted: None,
        }
    }
}

/// What the record should say, when it does not say so yet. Fingerprints are only ever added: a key that comes back from a
/// backup is still known.
pub fn record(
    recorded: Option<&BTreeSet<Fingerprint>>,
    present: &BTreeSet<Fingerprint>,
    decrypt_only: &BTreeSet<Fingerprint>,
) -> Option<BTreeSet<Fingerprint>> {
    let mut wanted = recorded.cloned().unwrap_or_default();
    wanted.extend(present.difference(decrypt_only).cloned());
    (recorded != Some(&wanted)).then_some(wanted)
}
