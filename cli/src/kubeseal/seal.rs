//! The plain mode: Secrets in, SealedSecrets out.

use super::{input, object, output, session::Session};
use crate::report::CliError;
use seal_core::{
    seal::{SealOptions, SealSecretError, seal_secret},
    sealed::SealedObject,
    secret::SecretObject,
};
use seal_crypto::{BindingError, PublicKey, Scope};

/// The message for a Secret without data.
pub const EMPTY: &str = "secret.data is empty in input Secret, assuming this is an error and aborting. To work with empty data, --allow-empty-data can be used";

/// Seals every Secret of the input.
pub fn run(session: &mut Session<'_>, key: &PublicKey) -> Result<(), CliError> {
    let format = session.format()?;
    let bytes = session.read_input()?;
    let file = input::parse(session.input_name(), bytes)?;
    let secrets = input::secrets(&file, session.io)?;
    let mut sealed = Vec::with_capacity(secrets.len());
    for secret in secrets {
        sealed.push(object::sealed(&seal(session, secret, key)?));
    }
    session.deliver(output::print(format, &sealed))
}

fn seal(session: &mut Session<'_>, mut secret: SecretObject, key: &PublicKey) -> Result<SealedObject, CliError> {
    let allow_empty = session.flags.is_set("allow-empty-data");
    if secret.data.is_empty() && !allow_empty {
        return Err(CliError::failed(EMPTY));
    }
    if let Some(name) = session.flags.text("name") {
        secret.metadata.insert("name".into(), name.into());
    }
    if secret.name().is_empty() {
        return Err(CliError::failed("missing metadata.name in input Secret"));
    }
    // As in the original, `--scope strict` is the default and leaves the decision to the input's annotations.
    let scope = session.flags.scope().filter(|scope| *scope != Scope::Strict);
    if scope.unwrap_or_else(|| secret.scope()) != Scope::ClusterWide {
        place(session, &mut secret)?;
    }
    let options = SealOptions { scope, allow_empty, claim: false };
    let name = secret.name().to_owned();
    seal_secret(&secret, options, &key.clone().into(), &mut session.io.rng()).map_err(|error| match error {
        SealSecretError::Binding(BindingError::Namespace) if secret.namespace().is_empty() => {
            CliError::failed("secret must declare a namespace")
        }
        error => CliError::failed(format!("Secret {name:?}: {error}")),
    })
}

/// The Secret's own namespace, which a flag may confirm but not contradict; else the one of flag, context or pod.
pub fn place(session: &Session<'_>, secret: &mut SecretObject) -> Result<(), CliError> {
    match (secret.namespace(), session.flags.text("namespace")) {
        ("", _) => {
            if let Ok(namespace) = session.namespace() {
                secret.metadata.insert("namespace".into(), namespace.name.into());
            }
            Ok(())
        }
        (own, Some(given)) if own != given => {
            Err(CliError::failed(format!("namespace mismatch: input secret is in namespace {own:?} but {given:?} was specified")))
        }
        _ => Ok(()),
    }
}
