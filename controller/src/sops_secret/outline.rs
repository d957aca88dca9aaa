//! What shows of a document without a key: the names of its data, and its type and metadata as far as they are in clear.
//! It is what guards and the comparison with an existing Secret go by; what is written comes from the opened document.

use crate::delivery::error::Failure;
use crate::delivery::shape::{Shape, texts};
use seal_manifest::{ManifestFile, Node};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How a sealed value begins.
const SEALED: &str = "ENC[AES256_GCM,";

/// What a document shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// Keys of `data` and `stringData`.
    pub(super) keys: BTreeSet<String>,
    /// The shape; `None` when a part of it is sealed.
    pub(super) shape: Option<Shape>,
}

impl Outline {
    /// Reads the document of `spec.sops`.
    pub(super) fn of(text: &str) -> Result<Self, Failure> {
        let file =
            ManifestFile::parse("spec.sops", text.as_bytes().to_vec()).map_err(|error| Failure::invalid(error.to_string()))?;
        let [document] = file.documents.as_slice() else {
            return Err(Failure::invalid("spec.sops must hold exactly one document, a Secret".into()));
        };
        let root = &document.root;
        if root.get("sops").is_none_or(|block| block.entries().is_none()) {
            return Err(Failure::invalid(
                "spec.sops is not encrypted: it has no sops block; encrypt the Secret with sops or seal".into(),
            ));
        }
        let maps = ["data", "stringData"].into_iter().filter_map(|field| root.get(field)?.entries());
        Ok(Self { keys: maps.flatten().map(|entry| entry.key.clone()).collect(), shape: shape(root) })
    }
}

fn shape(root: &Node) -> Option<Shape> {
    let metadata = match root.get("metadata").map(Node::to_public_json) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(map)) => map,
        Some(_) => return None,
    };
    let (labels, annotations) = (texts(&metadata, "labels"), texts(&metadata, "annotations"));
    let kind = root.get("type").filter(|node| !node.is_null());
    let kind = match kind {
        None => None,
        Some(node) => Some(node.public_text()?),
    };
    let immutable = match root.get("immutable").map(Node::to_public_json) {
        None | Some(Value::Null) => None,
        Some(Value::Bool(flag)) => Some(flag),
        Some(_) => return None,
    };
    let mut clear = labels.values().chain(annotations.values()).map(String::as_str).chain(kind);
    if clear.any(|text| text.starts_with(SEALED)) {
        return None;
    }
    let kind = kind.map(str::to_owned);
    Some(Shape::new(labels, annotations, kind.as_deref(), immutable))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "sops:\n  version: 3.13.3\n";

    #[test]
    fn metadata_in_clear_show_and_sealed_ones_do_not() {
        let clear = format!(
            "kind: Secret\nmetadata:\n  name: db\n  labels: {{a: b}}\ntype: my/type\nstringData:\n  k: x\ndata:\n  l: y\n{BLOCK}"
        );
        let outline = Outline::of(&clear).expect("a document");
        let labels = [("a".to_owned(), "b".to_owned())].into();
        assert_eq!(outline.keys, ["k", "l"].map(str::to_owned).into());
        assert_eq!(outline.shape, Some(Shape::new(labels, Default::default(), Some("my/type"), None)));
        for sealed in [
            "type: ENC[AES256_GCM,data:x]",
            "immutable: ENC[AES256_GCM,data:x]",
            "metadata: {labels: {a: 'ENC[AES256_GCM,data:x]'}}",
        ] {
            assert_eq!(
                Outline::of(&format!("{sealed}\nstringData: {{k: x}}\n{BLOCK}")).expect("a document").shape,
                None,
                "{sealed}"
            );
        }
    }

    #[test]
    fn what_is_no_encrypted_document_is_refused_without_its_text() {
        for (text, expected) in [
            ("stringData: {k: hunter2}", "is not encrypted"),
            ("a: 1\n---\nb: 2", "exactly one document"),
            ("a: {hunter2", "spec.sops:"),
        ] {
            let failure = Outline::of(text).expect_err("refused");
            assert!(failure.message.contains(expected) && !failure.message.contains("hunter2"), "{}", failure.message);
        }
    }
}
