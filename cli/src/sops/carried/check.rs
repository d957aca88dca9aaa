//! What can be said of a SopsSecret without a key, beside what `seal verify` says of any SOPS file.

use super::store_of;
use crate::objects::printable;
use seal_core::verify::{Finding, Level};
use seal_manifest::{ManifestFile, Node};
use seal_sops::SopsFile;

/// Findings about one SopsSecret.
pub fn check(object: &Node) -> Vec<Finding> {
    let at = object.at_path(&["spec", "sops"]).map_or(object.at, |node| node.at);
    let error = |rule, message: String, hint| vec![Finding { at, rule, level: Level::Error, message, hint }];
    let Some(text) = object.at_path(&["spec", "sops"]).and_then(Node::secret_text) else {
        return error("shape", "spec.sops must be text: a whole SOPS file".to_owned(), MAKE);
    };
    match SopsFile::parse("spec.sops", store_of(text), text.clone()) {
        Ok(file) if file.metadata().is_some() => {}
        Ok(_) => return error("raw-secret", "spec.sops is not encrypted".to_owned(), MAKE),
        Err(problem) => return error("shape", format!("it cannot be read: {problem}"), "take the file from an earlier commit"),
    }
    // Whatever is sealed in it does not show; names mostly are not.
    let Ok(manifest) = ManifestFile::parse("spec.sops", text.clone()) else {
        return error("shape", "spec.sops is no manifest of a Secret".to_owned(), MAKE);
    };
    let [document] = manifest.documents.as_slice() else {
        return error("shape", "spec.sops must hold exactly one document, a Secret".to_owned(), MAKE);
    };
    let mut findings = Vec::new();
    for field in ["name", "namespace"] {
        let of = |node: &Node| node.at_path(&["metadata", field]).and_then(Node::public_text).unwrap_or_default().to_owned();
        let (inner, outer) = (of(&document.root), of(object));
        let shows = !inner.is_empty() && !inner.starts_with("ENC[");
        if shows && !outer.is_empty() && inner != outer {
            let message = format!(
                "the document says {field} {:?}, the object {:?}: it will be refused",
                printable(&inner),
                printable(&outer)
            );
            findings.extend(error("moved", message, "seal the Secret again for this object"));
        }
    }
    findings
}

const MAKE: &str = "make it with `seal encrypt --sops-secret`; change its values if they were ever committed in clear";
