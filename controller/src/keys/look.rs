//! One listing of key Secrets and identity Secrets, read: what is usable, and what is left out and why.

use super::{
    IDENTITY_LABEL, KEY_LABEL,
    alarm::LeftOut,
    identities::{LoadedIdentity, read_files},
    port::{IdentitySecret, KeyApi, KeySecret},
    read::{self, KeyFacts, LoadedKey},
};
use crate::ports::KubeError;
use seal_crypto::age::RecipientKind;

/// What a listing showed. It holds private keys, so it has no Debug.
pub(super) struct Found {
    /// Uid and resource version of each Secret: equal for equal listings.
    pub(super) stamp: Vec<(String, String)>,
    /// Sealing keys, in the order they were found.
    pub(super) keys: Vec<LoadedKey>,
    /// age identities, in the order they were found.
    pub(super) identities: Vec<FoundIdentity>,
    /// What cannot be used.
    pub(super) left_out: Vec<LeftOut>,
}

/// An identity, and what the plan needs of it.
pub(super) struct FoundIdentity {
    pub(super) loaded: LoadedIdentity,
    pub(super) facts: KeyFacts,
}

impl Found {
    /// What is public about the sealing keys.
    pub(super) fn key_facts(&self) -> Vec<KeyFacts> {
        self.keys.iter().map(|key| key.facts.clone()).collect()
    }

    /// What is public about the identities.
    pub(super) fn identity_facts(&self) -> Vec<(RecipientKind, KeyFacts)> {
        self.identities.iter().map(|found| (found.loaded.recipient.kind(), found.facts.clone())).collect()
    }

    /// Secrets, or entries, of a label that are left out.
    pub(super) fn unreadable(&self, label: &str) -> usize {
        self.left_out.iter().filter(|left_out| left_out.label == label).count()
    }
}

/// Lists and reads. Reading runs on a blocking thread: parsing costs about a millisecond a key.
pub(super) async fn look(api: &dyn KeyApi) -> Result<Found, KubeError> {
    let keys = api.key_secrets().await?;
    let identities = api.identity_secrets().await?;
    match tokio::task::spawn_blocking(move || read_all(&keys, &identities)).await {
        Ok(found) => Ok(found),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only at shutdown, when the runtime drops what has not started.
            Err(_) => std::future::pending().await,
        },
    }
}

fn read_all(keys: &[KeySecret], identities: &[IdentitySecret]) -> Found {
    let mut found = Found { stamp: Vec::new(), keys: Vec::new(), identities: Vec::new(), left_out: Vec::new() };
    for secret in keys {
        found.stamp.push((secret.uid.clone(), secret.resource_version.clone()));
        match read::read(secret) {
            Ok(key) => found.keys.push(key),
            Err(fault) => found.left_out.push(LeftOut {
                name: secret.name.clone(),
                uid: secret.uid.clone(),
                resource_version: secret.resource_version.clone(),
                label: KEY_LABEL,
                fault: fault.to_string(),
            }),
        }
    }
    for secret in identities {
        found.stamp.push((secret.uid.clone(), secret.resource_version.clone()));
        read_identities(secret, &mut found);
    }
    found
}

fn read_identities(secret: &IdentitySecret, found: &mut Found) {
    let (loaded, faults) = read_files(secret.data.iter());
    found.identities.extend(loaded.into_iter().map(|loaded| {
        let facts = KeyFacts {
            name: secret.name.clone(),
            fingerprint: loaded.fingerprint.clone(),
            created: secret.created,
            not_before: secret.created,
            not_after: i64::MAX,
        };
        FoundIdentity { loaded, facts }
    }));
    found.left_out.extend(faults.into_iter().map(|fault| LeftOut {
        name: secret.name.clone(),
        uid: secret.uid.clone(),
        resource_version: secret.resource_version.clone(),
        label: IDENTITY_LABEL,
        fault: fault.to_string(),
    }));
}
