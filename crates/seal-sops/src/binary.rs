//! Binary files: in clear they are one text without structure; sealed, they are JSON with the one key `data` beside the block.

use seal_secret::SecretBytes;

use crate::layout::{BlockChange, Changes, Document, Form, Layout, Name, New, Node, Tree};
use crate::metadata::json::{Pretty, quoted, render};
use crate::metadata::{Meta, entries};
use crate::value::Value;
use crate::{Metadata, Problem, SopsError, json};

/// The one key.
pub(crate) const DATA: &str = "data";

/// Reads a file: as sealed when it is JSON with a block, else as bytes in clear.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Layout, SopsError> {
    if let Some(layout) = looks_sealed(bytes).then(|| json::read(name, bytes).ok()).flatten()
        && layout.documents[0].block.is_some()
    {
        return Ok(layout);
    }
    let root = Node { parent: None, name: Name::Root, form: Form::Map, span: 0..bytes.len(), style: 0 };
    let data =
        Node { parent: Some(0), name: Name::Key(DATA.into()), form: Form::Span(0..bytes.len()), span: 0..bytes.len(), style: 0 };
    Ok(Layout {
        nodes: vec![root, data],
        documents: vec![Document { root: 0, block: None, span: 0..bytes.len() }],
        odd: Vec::new(),
    })
}

/// Anything else need not be read as JSON. The block of a sealed file stands at its end, so it is looked for from there.
fn looks_sealed(bytes: &[u8]) -> bool {
    let is_object = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    is_object && std::str::from_utf8(bytes).is_ok_and(|text| text.rfind("\"sops\"").is_some())
}

/// The bytes with the changes made: into the wrapper, out of it, or within it.
pub(crate) fn write(name: &str, bytes: &[u8], layout: &Layout, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    let refused = || SopsError::of_file(name, Problem::Unsupported("a binary file has no keys: it is one value"));
    if !changes.inserts.is_empty() || !changes.removed.is_empty() {
        return Err(refused());
    }
    let sealed = layout.documents[0].block.is_some();
    match &changes.block {
        BlockChange::Become(new) if !sealed => Ok(wrapped(changes, new).into()),
        BlockChange::Remove if sealed => {
            let data = layout.nodes.iter().position(|node| matches!(&node.name, Name::Key(key) if **key == *DATA));
            let data = data.ok_or_else(refused)?;
            let opened = changes.nodes.iter().find(|(id, _)| *id as usize == data);
            match (opened, &layout.nodes[data].form) {
                (Some((_, New::Clear(value))), _) => Ok(value.bytes.clone()),
                (None, Form::Span(range)) => Ok(bytes[range.clone()].to_vec().into()),
                (None, Form::Text(text)) => Ok(text.clone()),
                _ => Err(refused()),
            }
        }
        BlockChange::Keep if !sealed => match changes.nodes.as_slice() {
            [] => Ok(bytes.to_vec().into()),
            [(_, New::Clear(value))] => Ok(value.bytes.clone()),
            _ => Err(refused()),
        },
        _ => json::write(name, bytes, layout, changes),
    }
}

/// The wrapper as sops writes it. A selector has nothing to select here and is left out.
fn wrapped(changes: &Changes<'_>, new: &Metadata) -> String {
    let data = match changes.nodes.first() {
        Some((_, New::Sealed(text))) => text.as_str(),
        _ => "",
    };
    let mut block: Vec<(String, Meta)> = entries(new, None);
    block.retain(|(key, _)| key != new.selector.name());
    let block = render(&block, Some(&Pretty { unit: "\t", depth: 1, newline: "\n" }));
    format!("{{\n\t\"{DATA}\": {},\n\t\"sops\": {block}\n}}\n", quoted(data))
}

/// The text under `data`: all that a binary file can hold.
pub(crate) fn emit(name: &str, documents: &[Tree<Value>]) -> Result<SecretBytes, SopsError> {
    let data = match documents {
        [Tree::Map(entries)] => entries.iter().find(|(key, _)| key == DATA).map(|(_, tree)| tree),
        _ => None,
    };
    match data {
        Some(Tree::Leaf(value)) => Ok(value.bytes.clone()),
        _ => {
            let why = "only a file with one document and a text under the key data can become binary; use another output type";
            Err(SopsError::of_file(name, Problem::Unsupported(why)))
        }
    }
}
