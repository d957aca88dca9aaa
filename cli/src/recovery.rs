//! `--recovery-key` and `--identity`: private keys from files, for the verbs that open what is sealed.

use crate::{
    Io,
    identities::{Found, IdentityArgs},
    report::CliError,
};
use seal_core::{
    keyfile::{self, KeptIdentity, Keys},
    sealed::SealedObject,
};
use seal_crypto::{
    Keyring, Kind,
    age::{self, Identity},
};
use seal_secret::SecretBytes;
use std::path::PathBuf;

const RECOVERY_HINT: &str = "a recovery key is what `seal keys backup` or `kubectl get secret -l sealedsecrets.bitnami.com/sealed-secrets-key -o yaml` gives";

/// Flags of verbs that may open.
#[derive(clap::Args, Clone, Default)]
pub struct RecoveryArgs {
    /// File with private keys: PEM, age identities, a Secret, or a List of Secrets, encrypted with age or not (repeat for several files)
    #[arg(long = "recovery-key", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Whether a run without `-i` looks for age identities where sops and age look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// There is nothing for them to open.
    Rsa,
    /// There are v2 items.
    Age,
}

impl Need {
    /// What these objects need.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a SealedObject>) -> Self {
        let any = objects.into_iter().any(|object| !object.items_of(Kind::V2).is_empty());
        if any { Need::Age } else { Need::Rsa }
    }
}

impl RecoveryArgs {
    /// The keyring of all files, of identity files given beside them, and (for v2 items) of identities found where sops and age
    /// look; `None` when there is no key at all.
    pub fn keyring(&self, identity: &IdentityArgs, need: Need, io: &mut Io) -> Result<Option<Keyring>, CliError> {
        let (mut keys, mut encrypted) = (Keys::default(), Vec::new());
        for path in &self.files {
            let (name, bytes) = (path.display().to_string(), io.read(path)?);
            if age::is_encrypted(&bytes) { encrypted.push((name, bytes)) } else { keys.extend(read_keys(&name, bytes)?) }
        }
        let search = need == Need::Age || !identity.identities.is_empty() || !encrypted.is_empty();
        let found = if search { identities(identity, io)? } else { Found::default() };
        for (name, bytes) in encrypted {
            let content = decrypted(&name, &bytes, &found)?;
            keys.extend(read_keys(&name, content)?);
        }
        if keys.is_empty() && found.identities.is_empty() {
            return Ok(None);
        }
        keys.age.extend(found.identities.into_iter().map(KeptIdentity::from));
        Ok(Some(keyfile::keyring(keys)))
    }
}

/// The identities found. Key commands are run only when no other place holds any.
pub fn identities(identity: &IdentityArgs, io: &mut Io) -> Result<Found, CliError> {
    let mut found = identity.search(io)?;
    let any = |all: &[Identity]| if all.is_empty() { Err(()) } else { Ok(()) };
    // Whether they gave one shows when something is to be opened.
    let _ = found.open(&[String::new()], io, any);
    Ok(found)
}

fn read_keys(name: &str, bytes: SecretBytes) -> Result<Keys, CliError> {
    keyfile::read(name, bytes).map_err(|error| CliError::failed(error.to_string()).hint(RECOVERY_HINT))
}

/// The content of an age file, armored or not.
pub fn decrypted(name: &str, bytes: &SecretBytes, found: &Found) -> Result<SecretBytes, CliError> {
    let failed = |error: age::OpenError| CliError::failed(format!("{name}: {error}"));
    let binary = if age::armor::is_armored(bytes.expose()) {
        age::armor::unwrap(bytes.expose()).map_err(failed)?
    } else {
        bytes.expose().to_vec()
    };
    match age::decrypt(&binary, &found.identities, &age::Caps::FILE) {
        Ok((content, _)) => Ok(content),
        Err(age::OpenError::NoMatch) => Err(found.nothing_fits(name, &[])),
        Err(error) => Err(failed(error)),
    }
}
