//! `--recovery-unseal`: SealedSecrets and private keys in, Secrets in clear out. No cluster is asked.
//!
//! Beyond the original it takes several documents, a `v1.List` and the deprecated `spec.data` blob, and leaves out the owner reference
//! with an empty uid, which the API server refuses.

use super::{input, object, output, session::Session};
use crate::report::CliError;
use seal_core::{
    keyfile,
    open::{Opening, open_object},
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::Keyring;
use seal_secret::SecretBytes;
use serde_json::{Value, json};
use std::path::Path;

/// Opens everything or nothing.
pub fn run(session: &mut Session<'_>) -> Result<(), CliError> {
    let format = session.format()?;
    let keyring = keyring(session)?;
    let bytes = session.read_input()?;
    let file = input::parse(session.input_name(), bytes)?;
    let mut secrets = Vec::new();
    for sealed in input::sealed(&file)? {
        secrets.push(object::secret(&open(&sealed, &keyring)?));
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

fn open(sealed: &SealedObject, keyring: &Keyring) -> Result<SecretObject, CliError> {
    let opened = open_object(sealed, keyring, &Opening::default()).map_err(|error| CliError::failed(error.to_string()))?;
    let mut secret = match opened.blob {
        Some(blob) => blob,
        None => SecretObject {
            metadata: sealed.template.metadata.clone(),
            type_: sealed.template.type_.clone(),
            immutable: sealed.template.immutable,
            data: opened.data,
        },
    };
    template_data(sealed, &mut secret)?;
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

/// Values of `spec.template.data` that are plain text; a null takes its key away; an item of the same name wins.
fn template_data(sealed: &SealedObject, secret: &mut SecretObject) -> Result<(), CliError> {
    for (key, text) in &sealed.template.data {
        match text {
            None => drop(secret.data.remove(key)),
            Some(_) if sealed.items.contains_key(key) => {}
            Some(text) if !text.contains("{{") => drop(secret.data.insert(key.clone(), SecretBytes::from(text.clone()))),
            Some(_) => {
                let message = format!(
                    "SealedSecret {:?}: spec.template.data.{key} is a template, which is not rendered here",
                    sealed.name()
                );
                return Err(CliError::failed(message).hint("`seal decrypt` prints the items themselves"));
            }
        }
    }
    Ok(())
}
