//! `seal encrypt --into FILE`: only the supplied values are sealed anew; scope, namespace and name are the target's.

use super::sealing::newline_warnings;
use crate::{
    Exit, Io,
    certificate::{CertArgs, Certificates},
    identities::IdentityArgs,
    objects::{self, described, is_secret},
    recovery::{Need, RecoveryArgs},
    report::{self, CliError},
    target::{Target, Which},
};
use seal_core::{merge::Change, secret::SecretObject};
use seal_manifest::ManifestFile;
use serde_json::Value;
use std::path::Path;

/// What `--into` needs of the command line.
pub(super) struct Request<'a> {
    pub file: &'a Path,
    pub which: Which,
    pub cert: &'a CertArgs,
    pub recovery: &'a RecoveryArgs,
    pub identity: &'a IdentityArgs,
    pub allow_empty: bool,
}

/// Seals the values of one Secret into the target.
pub(super) fn run(request: &Request<'_>, secret: &SecretObject, io: &mut Io) -> Result<Exit, CliError> {
    let which = Which {
        name: request.which.name.clone().or_else(|| Some(secret.name().to_owned()).filter(|name| !name.is_empty())),
        namespace: request
            .which
            .namespace
            .clone()
            .or_else(|| Some(secret.namespace().to_owned()).filter(|namespace| !namespace.is_empty())),
    };
    let target = Target::load(request.file, &which, io)?;
    if secret.data.is_empty() && !request.allow_empty {
        return Err(CliError::failed("the Secret has no data to seal").hint("if that is meant, pass --allow-empty-data"));
    }
    for warning in newline_warnings(secret, &target.described()) {
        report::warning(warning, io);
    }
    let map = |field: &str| secret.metadata.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut annotations = map("annotations");
    annotations.retain(|name, _| {
        ![seal_core::CLUSTER_WIDE, seal_core::NAMESPACE_WIDE, seal_core::claim::SEALED_FOR].contains(&name.as_str())
    });
    let change = Change { set: secret.data.clone(), labels: map("labels"), annotations, ..Change::default() };
    let sealing = Certificates::default().for_file(request.cert, request.file, io)?;
    let keyring = request.recovery.keyring(request.identity, Need::Rsa, io)?;
    target.seal(&change, &sealing.to, keyring.as_ref(), io)?;
    Ok(Exit::DONE)
}

/// The one Secret of a file.
pub(super) fn only_secret(manifest: &ManifestFile) -> Result<SecretObject, CliError> {
    let places = objects::all(manifest);
    match places.as_slice() {
        [place] if is_secret(place.node) => objects::secret(&manifest.name, place.node),
        [place] => Err(CliError::failed(format!(
            "{}:{}:{}: {} is not a Secret",
            manifest.name,
            place.node.at.line,
            place.node.at.column,
            described(place.node)
        ))),
        [] => Err(CliError::failed(format!("{}: there is nothing in it", manifest.name))),
        _ => Err(CliError::usage(format!("{}: --into takes one Secret at a time", manifest.name))
            .hint("split the file, or use `seal set`")),
    }
}
