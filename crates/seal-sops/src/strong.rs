//! The stronger MAC beside the format's own: keyed, over paths, types, values, structure, comments and the object's identity.
//!
//! Byte for byte in `crates/decisions/0011-strong-mac.md`. sops ignores it when it reads and drops it when it writes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use seal_crypto::sops::{DataKey, StrongMac};
use seal_secret::SecretBytes;

use crate::layout::{Form, Layout, Name, NodeId};
use crate::walk::Walk;
use crate::yaml::is_virtual;
use crate::{Metadata, Type};

/// What the text of a MAC starts with.
const VERSION: &str = "v1:";
/// Paths that name a Kubernetes object.
const IDENTITY: [&[&str]; 4] = [&["apiVersion"], &["kind"], &["metadata", "namespace"], &["metadata", "name"]];

/// The MAC of a file as its metadata have it. `clear` gives the opened value of a node that is sealed.
pub(crate) fn compute<'a>(
    layout: &'a Layout,
    bytes: &'a SecretBytes,
    walk: &Walk,
    metadata: &Metadata,
    key: &DataKey,
    clear: impl Fn(NodeId) -> Option<(Type, &'a [u8])>,
) -> String {
    let content = |id: NodeId| clear(id).or_else(|| layout.content(bytes, id));
    let mut mac = StrongMac::new(key);
    mac.field(metadata.selector.name().as_bytes());
    mac.field(metadata.selector.text().as_bytes());
    mac.field(&[u8::from(metadata.mac_only_encrypted)]);
    for document in &layout.documents {
        mac.field(b"document");
        for path in IDENTITY {
            let named = find(layout, document.root, path).and_then(content);
            mac.field(&[u8::from(named.is_some())]);
            mac.field(named.map(|(_, bytes)| bytes).unwrap_or_default());
        }
    }
    for id in layout.ids() {
        let kind: &[u8] = match layout.nodes[id as usize].form {
            Form::Comment | Form::JoinedComment(_) => continue,
            Form::Map => b"map",
            Form::List => b"list",
            Form::Null => b"null",
            _ => b"value",
        };
        mac.field(kind);
        path(&mut mac, layout, id);
        if let Some((kind, bytes)) = content(id) {
            mac.field(kind.name().as_bytes());
            mac.field(&[u8::from(walk.selected(id))]);
            mac.field(bytes);
        }
    }
    comments(&mut mac, layout, content);
    format!("{VERSION}{}", STANDARD.encode(mac.finish()))
}

/// Constant time.
pub(crate) fn same(right: &str, found: &str) -> bool {
    SecretBytes::from(right.to_owned()) == SecretBytes::from(found.to_owned())
}

/// Comments by what follows them in the file, for their own place is a matter of opinion.
fn comments<'a>(mac: &mut StrongMac, layout: &'a Layout, content: impl Fn(NodeId) -> Option<(Type, &'a [u8])>) {
    let is_comment = |id: &NodeId| layout.nodes[*id as usize].form.is_comment();
    let start = |id: &NodeId| layout.nodes[*id as usize].span.start;
    let mut found: Vec<NodeId> = layout.ids().filter(is_comment).collect();
    if found.is_empty() {
        return;
    }
    found.sort_by_key(start);
    let mut others: Vec<NodeId> = layout.ids().filter(|id| !is_comment(id) && !is_virtual(&layout.nodes[*id as usize])).collect();
    others.sort_by_key(|id| (start(id), *id));
    for id in found {
        let next = others.partition_point(|other| start(other) < start(&id));
        mac.field(b"comment");
        match others.get(next) {
            Some(next) => path(mac, layout, *next),
            None => mac.field(b"end"),
        }
        mac.field(content(id).map(|(_, bytes)| bytes).unwrap_or_default());
    }
}

/// Document number, number of steps, then the steps: a key as `k` and its text, a position as `i` and eight bytes.
fn path(mac: &mut StrongMac, layout: &Layout, id: NodeId) {
    let mut steps = Vec::new();
    let mut at = Some(id);
    while let Some(id) = at {
        let node = &layout.nodes[id as usize];
        if matches!(node.name, Name::Key(_) | Name::Item(_)) {
            steps.push(&node.name);
        }
        at = node.parent;
    }
    mac.field(&(layout.document_of(id) as u64).to_be_bytes());
    mac.field(&(steps.len() as u64).to_be_bytes());
    for step in steps.into_iter().rev() {
        match step {
            Name::Key(key) => {
                mac.field(b"k");
                mac.field(key.as_bytes());
            }
            Name::Item(index) => {
                mac.field(b"i");
                mac.field(&u64::from(*index).to_be_bytes());
            }
            Name::Root | Name::None => {}
        }
    }
}

fn find(layout: &Layout, root: NodeId, path: &[&str]) -> Option<NodeId> {
    path.iter().try_fold(root, |at, key| {
        layout.children(at).find(|child| matches!(&layout.nodes[*child as usize].name, Name::Key(name) if &**name == *key))
    })
}
