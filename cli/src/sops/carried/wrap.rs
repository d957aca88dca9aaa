//! From a sealed document to the object that carries it.

use super::Carried;
use crate::{
    objects::{self, SPLIT},
    report::CliError,
};
use seal_api::sops_secret::NAMES;
use seal_core::{sealed::MAX_OBJECT_BYTES, secret::SecretObject};
use seal_manifest::{Entry, Kind, ManifestFile, Node, Position, to_json_pretty, to_yaml};
use seal_secret::SecretBytes;
use std::path::Path;

/// The manifest of a SopsSecret with this document: the one that is there with the document exchanged, or a new one with the name and
/// namespace of the Secret.
pub fn wrap(
    clear: &SecretBytes,
    sealed: &SecretBytes,
    name: &str,
    target: Option<&Path>,
    there: Option<&Carried>,
) -> Result<SecretBytes, CliError> {
    let secret = only_secret(name, clear)?;
    let manifest = match there {
        Some(there) => {
            refuse_another(&secret, there, name)?;
            there.with(sealed)?
        }
        None => new(&secret, sealed, name, target.is_some_and(is_json))?,
    };
    if manifest.len() > MAX_OBJECT_BYTES {
        return Err(
            CliError::failed(format!("{name}: sealed it is larger than the 1.5 MiB that the API server stores")).hint(SPLIT)
        );
    }
    Ok(manifest)
}

fn only_secret(name: &str, clear: &SecretBytes) -> Result<SecretObject, CliError> {
    let manifest = ManifestFile::parse(name, clear.clone())?;
    match manifest.documents.as_slice() {
        [document] => objects::secret(name, &document.root),
        [] => Err(CliError::failed(format!("{name}: there is nothing in it")).hint("a Secret manifest is expected")),
        _ => Err(CliError::failed(format!("{name}: a SopsSecret carries exactly one Secret"))
            .hint("keep each Secret in a file of its own")),
    }
}

fn refuse_another(secret: &SecretObject, there: &Carried, name: &str) -> Result<(), CliError> {
    for (field, own) in [("name", secret.name()), ("namespace", secret.namespace())] {
        let object = there.object().at_path(&["metadata", field]).and_then(Node::public_text).unwrap_or_default();
        if !own.is_empty() && !object.is_empty() && own != object {
            return Err(CliError::failed(format!("{name}: metadata.{field} is {own:?}, that of the SopsSecret is {object:?}"))
                .hint("a document belongs to one object only: give -o another file"));
        }
    }
    Ok(())
}

fn new(secret: &SecretObject, sealed: &SecretBytes, name: &str, json: bool) -> Result<SecretBytes, CliError> {
    if secret.name().is_empty() {
        return Err(CliError::failed(format!("{name}: the Secret needs a metadata.name, which the SopsSecret takes over")));
    }
    let at = Position::default();
    let entry = |key: &str, value: Node| Entry { key: key.to_owned(), key_at: at, value };
    let text = |key: &str, value: &str| entry(key, Node::text(value.to_owned()));
    let map = |entries: Vec<Entry>| Node { kind: Kind::Map(entries), at };
    let mut metadata = vec![text("name", secret.name())];
    if !secret.namespace().is_empty() {
        metadata.push(text("namespace", secret.namespace()));
    }
    let object = map(vec![
        text("apiVersion", NAMES.api_version),
        text("kind", NAMES.kind),
        entry("metadata", map(metadata)),
        entry("spec", map(vec![entry("sops", Node::text(sealed.clone()))])),
    ]);
    Ok(if json { to_json_pretty(&object) } else { to_yaml(&object) })
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}
