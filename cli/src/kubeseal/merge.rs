//! `--merge-into FILE`: the items of the input, sealed for the object in FILE, put into it in place.
//!
//! Scope, name and namespace are the file's. Its format, comments and everything not named stay; it is replaced whole or not at all.

use super::{input, seal, session::Session};
use crate::{objects, report::CliError, write};
use seal_core::{CLUSTER_WIDE, NAMESPACE_WIDE, claim::SEALED_FOR, merge, sealed::SealedObject, secret::SecretObject};
use seal_crypto::{PublicKey, Scope};
use seal_manifest::{Edit, ManifestFile, Segment};
use serde_json::{Map, Value};
use std::path::Path;

/// Seals into the file.
pub fn run(session: &mut Session<'_>, target: &str, key: &PublicKey) -> Result<(), CliError> {
    let path = Path::new(target);
    let file = ManifestFile::parse(target, session.io.read_file(path)?)?;
    let bytes = session.read_input()?;
    let input = input::parse(session.input_name(), bytes)?;
    let mut file = file;
    for secret in input::secrets(&input, session.io)? {
        let (document, prefix, object) = choose(&file, &secret)?;
        let edits = plan(session, &secret, &object, &prefix, key)?;
        let edited = file.edit(&edits.into_iter().map(|edit| (document, edit)).collect::<Vec<_>>())?;
        file = ManifestFile::parse(target, edited)?;
    }
    write::atomically(path, file.bytes())
}

/// The one SealedSecret of the file, or among several the one of the input's name.
fn choose(file: &ManifestFile, secret: &SecretObject) -> Result<(usize, Vec<Segment>, SealedObject), CliError> {
    let places = objects::all(file).into_iter();
    let mut found: Vec<_> =
        places.filter_map(|place| Some((place.document, place.prefix, SealedObject::from_node(place.node).ok()?))).collect();
    if found.len() > 1 {
        let same = |own: &str, wanted: &str| wanted.is_empty() || own == wanted;
        found.retain(|(_, _, object)| object.name() == secret.name() && same(object.namespace(), secret.namespace()));
    }
    let count = found.len();
    match found.pop() {
        Some(one) if count == 1 => Ok(one),
        None => Err(CliError::failed(format!("{}: no SealedSecret to merge into", file.name))),
        Some(_) => Err(CliError::failed(format!("{}: several SealedSecrets are named {:?}", file.name, secret.name()))),
    }
}

fn plan(
    session: &mut Session<'_>,
    secret: &SecretObject,
    object: &SealedObject,
    prefix: &[Segment],
    key: &PublicKey,
) -> Result<Vec<Edit>, CliError> {
    if secret.data.is_empty() && !session.flags.is_set("allow-empty-data") {
        return Err(CliError::failed(seal::EMPTY));
    }
    let scope = object.scope();
    if let Some(given) = session.flags.scope().filter(|given| *given != Scope::Strict && *given != scope) {
        let message =
            format!("the file's scope is {}, so values sealed as {} would not open there", scope.as_str(), given.as_str());
        return Err(CliError::failed(message).hint("leave --scope out: the file's own is used"));
    }
    if let Some(given) =
        session.flags.text("namespace").filter(|given| scope != Scope::ClusterWide && *given != object.namespace())
    {
        return Err(CliError::failed(format!(
            "namespace mismatch: input secret is in namespace {:?} but {given:?} was specified",
            object.namespace()
        )));
    }
    let change = merge::Change {
        set: secret.data.clone(),
        labels: strings(secret, "labels"),
        annotations: strings(secret, "annotations"),
        ..merge::Change::default()
    };
    let plan = merge::plan(object, prefix, &change, &key.clone().into(), None, &mut session.io.rng())
        .map_err(|error| CliError::failed(format!("SealedSecret {:?}: {error}", object.name())))?;
    let claims = |edit: &Edit| matches!(edit, Edit::Set { path, .. } if path.last() == Some(&Segment::from(SEALED_FOR)));
    let has_claim = object.claim().is_some();
    Ok(plan.edits.into_iter().filter(|edit| has_claim || !claims(edit)).collect())
}

/// Labels or annotations of the input, without those that say how to seal.
fn strings(secret: &SecretObject, field: &str) -> Map<String, Value> {
    let mut map = secret.metadata.get(field).and_then(Value::as_object).cloned().unwrap_or_default();
    map.retain(|key, _| key != CLUSTER_WIDE && key != NAMESPACE_WIDE);
    map
}
