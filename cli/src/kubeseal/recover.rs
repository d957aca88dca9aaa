//! `--recovery-unseal`: SealedSecrets and private keys in, Secrets in clear out. No cluster is asked.
//!
//! Beyond the original it takes several documents, a `v1.List` and the deprecated `spec.data` blob, and leaves out the owner reference
//! with an empty uid, which the API server refuses.

use super::{input, object, output, session::Session};
use crate::{moment::Moment, report::CliError};
use seal_core::{
    keyfile,
    open::{Opening, open_object},
    render,
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::Keyring;
use serde_json::{Value, json};
use std::path::Path;

/// Opens everything or nothing.
pub fn run(session: &mut Session<'_>) -> Result<(), CliError> {
    let format = session.format()?;
    let keyring = keyring(session)?;
    let bytes = session.read_input()?;
    let file = input::parse(session.input_name(), bytes)?;
    let mut world = Moment::of(session.io);
    let mut secrets = Vec::new();
    for sealed in input::sealed(&file)? {
        secrets.push(object::secret(&open(&sealed, &keyring, &mut world)?));
    }
    session.deliver_private(&output::print(format, &secrets))
}

fn keyring(session: &Session<'_>) -> Result<Keyring, CliError> {
    let mut keys = keyfile::Keys::default();
    for path in session.flags.list("recovery-private-key") {
        let bytes = session.io.read_file(Path::new(path))?;
        keys.extend(keyfile::read(path, bytes).map_err(|error| CliError::from_error(&error))?);
    }
    Ok(keyfile::keyring(keys))
}

fn open(sealed: &SealedObject, keyring: &Keyring, world: &mut Moment) -> Result<SecretObject, CliError> {
    let opened = open_object(sealed, keyring, &Opening::default()).map_err(|error| CliError::failed(error.to_string()))?;
    let mut secret = match opened.blob {
        Some(blob) => blob,
        None => SecretObject {
            metadata: sealed.template.metadata.clone(),
            type_: sealed.template.type_.clone(),
            immutable: sealed.template.immutable,
            data: render::render(&sealed.template.data, opened.data, world)
                .map_err(|failed| CliError::failed(failed.to_string()))?,
        },
    };
    for field in ["name", "namespace"] {
        match sealed.metadata.get(field) {
            Some(value) => secret.metadata.insert(field.into(), value.clone()),
            None => secret.metadata.remove(field),
        };
    }
    if let Some(uid) = sealed.metadata.get("uid").and_then(Value::as_str).filter(|uid| !uid.is_empty())
        && sealed.template.annotation("sealedsecrets.bitnami.com/skip-set-owner-references") != Some("true")
    {
        let owner = json!([{"apiVersion": seal_core::sealed::API_VERSION, "kind": seal_core::sealed::KIND, "name": sealed.name(), "uid": uid, "controller": true}]);
        secret.metadata.insert("ownerReferences".into(), owner);
    }
    Ok(secret)
}
