//! The SOPS document that a SopsSecret carries in `spec.sops`: out of the manifest, and back into it with everything around it as
//! it was. The verbs then work on it as on a file of its own.
//!
//! One SopsSecret in a file: which of several a verb means could not be said.

mod check;
#[cfg(test)]
mod tests;
mod wrap;

pub use check::check;
pub use wrap::wrap;

use super::look;
use crate::{
    objects::{self, is_sops_secret},
    report::CliError,
};
use seal_manifest::{Edit, ManifestFile, New, Node, Position, Segment};
use seal_secret::SecretBytes;
use seal_sops::{SopsFile, Store};
use std::path::Path;

/// A document and the manifest around it.
pub struct Carried {
    manifest: ManifestFile,
    document: usize,
    prefix: Vec<Segment>,
    text: SecretBytes,
    /// Where the text begins.
    pub at: Position,
}

impl Carried {
    /// The document as it stands in the object.
    pub fn text(&self) -> &SecretBytes {
        &self.text
    }

    /// The document as a SOPS file; whether it is sealed shows in its metadata.
    pub fn parse(&self) -> Result<SopsFile, CliError> {
        Ok(SopsFile::parse(&format!("{}: spec.sops", self.manifest.name), store_of(&self.text), self.text.clone())?)
    }

    /// The manifest with another document in the same place.
    pub fn with(&self, text: &SecretBytes) -> Result<SecretBytes, CliError> {
        let path = self.prefix.iter().cloned().chain(["spec".into(), "sops".into()]).collect();
        Ok(self.manifest.edit(&[(self.document, Edit::Set { path, value: New::Text(text.clone()) })])?)
    }

    fn object(&self) -> &Node {
        let root = &self.manifest.documents[self.document].root;
        self.prefix.iter().fold(root, |node, step| match step {
            Segment::Key(key) => node.get(key).unwrap_or(node),
            Segment::Index(index) => node.elements().and_then(|items| items.get(*index)).unwrap_or(node),
        })
    }
}

/// The document of the one SopsSecret in a manifest. A text that is no manifest carries none: whoever reads it next says why.
pub fn find(path: &Path, bytes: &SecretBytes) -> Result<Option<Carried>, CliError> {
    if !look::may_carry(bytes) {
        return Ok(None);
    }
    let name = path.display().to_string();
    let Ok(manifest) = ManifestFile::parse(&name, bytes.clone()) else { return Ok(None) };
    let mut found = objects::all(&manifest).into_iter().filter(|place| is_sops_secret(place.node));
    let Some(place) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(CliError::failed(format!("{name}: it holds several SopsSecrets"))
            .hint("keep each in a file of its own, so that it is clear which one is meant"));
    }
    let Some(node) = place.node.at_path(&["spec", "sops"]) else { return Ok(None) };
    let Some(text) = node.secret_text().cloned() else { return Ok(None) };
    let (document, prefix, at) = (place.document, place.prefix, node.at);
    drop(found);
    Ok(Some(Carried { manifest, document, prefix, text, at }))
}

/// sops tells the two apart by the name of the file; the controller does it so.
fn store_of(text: &SecretBytes) -> Store {
    if look::begins_an_object(text) { Store::Json } else { Store::Yaml }
}
