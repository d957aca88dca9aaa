//! `--recovery-key` and `--identity`: private keys from files, for the verbs that open what is sealed.

use crate::{Io, report::CliError};
use seal_core::keyfile::{self, Keys};
use seal_crypto::{
    Keyring,
    age::{self, Identity},
};
use seal_secret::SecretBytes;
use std::path::{Path, PathBuf};

const RECOVERY_HINT: &str = "a recovery key is what `seal keys backup` or `kubectl get secret -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` gives";

/// Flags of verbs that may open.
#[derive(clap::Args, Clone, Default)]
pub struct RecoveryArgs {
    /// File with private keys: PEM, age identities, a Secret, or a List of Secrets, encrypted with age or not (repeat for several files)
    #[arg(long = "recovery-key", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl RecoveryArgs {
    /// The keyring of all files and of the identity files given beside them; `None` when none is given.
    pub fn keyring(&self, identities: &[PathBuf], io: &mut Io) -> Result<Option<Keyring>, CliError> {
        if self.files.is_empty() && identities.is_empty() {
            return Ok(None);
        }
        let mut keys = Keys::default();
        for path in identities {
            keys.extend(read_keys(path, &[], io)?);
        }
        for path in &self.files {
            let read = read_keys(path, identities, io)?;
            keys.extend(read);
        }
        Ok(Some(keyfile::keyring(keys)))
    }
}

/// The keys of one file; one that is encrypted with age is decrypted with these identity files first.
pub fn read_keys(path: &Path, identities: &[PathBuf], io: &mut Io) -> Result<Keys, CliError> {
    let name = path.display().to_string();
    let bytes = io.read(path)?;
    let bytes = if age::is_encrypted(&bytes) { decrypted(&name, &bytes, identities, io)? } else { bytes };
    keyfile::read(&name, bytes).map_err(|error| CliError::failed(error.to_string()).hint(RECOVERY_HINT))
}

/// The content of an age file, armored or not.
pub fn decrypted(name: &str, bytes: &SecretBytes, identities: &[PathBuf], io: &mut Io) -> Result<SecretBytes, CliError> {
    if identities.is_empty() {
        return Err(CliError::failed(format!("{name}: it is encrypted with age")).hint("give the identity that opens it: -i FILE"));
    }
    let mut all: Vec<Identity> = Vec::new();
    for path in identities {
        let read = read_keys(path, &[], io)?;
        all.extend(read.age.into_iter().map(|kept| kept.identity));
    }
    let failed = |error: age::OpenError| CliError::negative(format!("{name}: {error}"));
    let binary = if age::armor::is_armored(bytes.expose()) {
        age::armor::unwrap(bytes.expose()).map_err(failed)?
    } else {
        bytes.expose().to_vec()
    };
    age::decrypt(&binary, &all, &age::Caps::FILE).map(|(content, _)| content).map_err(failed)
}
