//! Objects inside documents with the path that leads to them, so that an item of a `v1.List` can be edited like a document of its own.

use crate::report::CliError;
use seal_api::sops_secret::NAMES as SOPS_SECRET;
use seal_core::{
    sealed,
    secret::{SecretObject, SecretProblem, kind_of},
};
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

/// A Secret in clear, or where in the file it is none and what to do about it.
pub fn secret(file: &str, node: &Node) -> Result<SecretObject, CliError> {
    SecretObject::from_node(node).map_err(|error| {
        let failure = CliError::failed(format!("{file}:{error}"));
        match error.problem {
            SecretProblem::TooLarge => failure.hint(SPLIT),
            _ => failure,
        }
    })
}

/// What to do about values that no Secret can hold.
pub const SPLIT: &str = "split it over several Secrets, or keep it elsewhere encrypted and seal only the key that opens it";

/// True for a Secret in clear.
pub fn is_secret(node: &Node) -> bool {
    kind_of(node) == ("v1", "Secret")
}

/// True for a SealedSecret.
pub fn is_sealed(node: &Node) -> bool {
    kind_of(node) == (sealed::API_VERSION, sealed::KIND)
}

/// True for a SopsSecret.
pub fn is_sops_secret(node: &Node) -> bool {
    kind_of(node) == (SOPS_SECRET.api_version, SOPS_SECRET.kind)
}

/// What to call an object in messages: kind, namespace and name as far as it has them.
pub fn described(node: &Node) -> String {
    let text = |path: &[&str]| printable(node.at_path(path).and_then(Node::public_text).unwrap_or_default());
    let kind = if kind_of(node).1.is_empty() { "document".to_owned() } else { printable(kind_of(node).1) };
    let (namespace, name) = (text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    match (namespace.as_str(), name.as_str()) {
        (_, "") => format!("{kind} without a name"),
        ("", name) => format!("{kind} {name}"),
        (namespace, name) => format!("{kind} {namespace}/{name}"),
    }
}

/// Text out of a file, safe to show: a control character could make a terminal lie about what was found.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{SPLIT, all, described, secret};
    use seal_manifest::ManifestFile;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let text = "kind: Secret\nmetadata: {name: \"a\\e[2Jb\"}\n---\nkind: List\nitems: [{kind: A}, {kind: BList, items: [{kind: C}]}]\n";
        let file = ManifestFile::parse("f", text.to_owned()).unwrap();
        let names: Vec<String> = all(&file).iter().map(|place| described(place.node)).collect();
        assert_eq!(names, ["Secret a\u{fffd}[2Jb", "A without a name", "C without a name"]);
    }

    #[test]
    fn a_secret_that_no_cluster_could_hold_is_refused_with_a_way_out() {
        let text =
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{a: {0}, b: {0}}}\n", "x".repeat(600_000));
        let file = ManifestFile::parse("big.yaml", text).unwrap();
        let error = secret("big.yaml", all(&file)[0].node).err().unwrap();
        assert_eq!(error.message, "big.yaml:1:1: the values are larger than the 1 MiB that a Secret can hold");
        assert_eq!(error.hint.as_deref(), Some(SPLIT));
    }
}
