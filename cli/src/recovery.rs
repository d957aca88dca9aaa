//! `--recovery-key`: private keys from files, for the verbs that open what is sealed.

use crate::{Io, report::CliError};
use seal_core::keyfile;
use seal_crypto::Keyring;
use std::path::PathBuf;

/// Flags of verbs that may open.
#[derive(clap::Args, Clone, Default)]
pub struct RecoveryArgs {
    /// File with private keys: PEM, a Secret, or a List of Secrets (repeat for several files)
    #[arg(long = "recovery-key", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl RecoveryArgs {
    /// The keyring of all files; `None` when none is given.
    pub fn keyring(&self, io: &mut Io) -> Result<Option<Keyring>, CliError> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let mut keys = Vec::new();
        for path in &self.files {
            let bytes = io.read(path)?;
            let read = keyfile::read(&path.display().to_string(), bytes).map_err(|error| {
                CliError::failed(error.to_string()).hint("a recovery key is what `seal keys backup` or `kubectl get secret -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` gives")
            })?;
            keys.extend(read);
        }
        Ok(Some(keyfile::keyring(keys)))
    }
}
