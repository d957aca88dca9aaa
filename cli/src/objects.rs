//! Objects inside documents with the path that leads to them, so that an item of a `v1.List` can be edited like a document of its own.

use seal_core::{sealed, secret::kind_of};
use seal_manifest::{ManifestFile, Node, Segment};

/// An object and where it is.
pub struct Place<'a> {
    /// Index of the document.
    pub document: usize,
    /// Path inside the document; empty for the document itself.
    pub prefix: Vec<Segment>,
    /// The object.
    pub node: &'a Node,
}

/// All objects of a file, those of lists included, in file order.
pub fn all(manifest: &ManifestFile) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for (document, content) in manifest.documents.iter().enumerate() {
        walk(document, Vec::new(), &content.root, &mut places);
    }
    places
}

fn walk<'a>(document: usize, prefix: Vec<Segment>, node: &'a Node, places: &mut Vec<Place<'a>>) {
    match list_items(node) {
        Some(items) => {
            for (index, item) in items.iter().enumerate() {
                let inner = prefix.iter().cloned().chain(["items".into(), index.into()]).collect();
                walk(document, inner, item, places);
            }
        }
        None => places.push(Place { document, prefix, node }),
    }
}

/// The items of a `v1.List` or of a typed list such as SecretList.
pub fn list_items(node: &Node) -> Option<&[Node]> {
    let items = node.get("items").and_then(Node::elements)?;
    kind_of(node).1.ends_with("List").then_some(items)
}

/// True for a Secret in clear.
pub fn is_secret(node: &Node) -> bool {
    kind_of(node) == ("v1", "Secret")
}

/// True for a SealedSecret.
pub fn is_sealed(node: &Node) -> bool {
    kind_of(node) == (sealed::API_VERSION, sealed::KIND)
}

/// What to call an object in messages: kind, namespace and name as far as it has them.
pub fn described(node: &Node) -> String {
    let text = |path: &[&str]| node.at_path(path).and_then(Node::public_text).unwrap_or_default();
    let kind = if kind_of(node).1.is_empty() { "document" } else { kind_of(node).1 };
    match (text(&["metadata", "namespace"]), text(&["metadata", "name"])) {
        (_, "") => format!("{kind} without a name"),
        ("", name) => format!("{kind} {name}"),
        (namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}
