//! Printing new documents: YAML that both YAML 1.1 and 1.2 readers resolve to the same values, and pretty JSON.

use crate::Node;
use seal_secret::SecretBytes;

/// Block-style YAML, two-space indent, no leading `---`, final newline. Strings that any YAML version would read as something else are quoted;
/// multi-line text becomes a literal block.
pub fn to_yaml(node: &Node) -> SecretBytes {
    let _ = node;
    todo!()
}

/// Two-space indented JSON with a final newline.
pub fn to_json_pretty(node: &Node) -> SecretBytes {
    let _ = node;
    todo!()
}
