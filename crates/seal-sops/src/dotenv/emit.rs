//! Lines as sops writes them.

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use super::PREFIX;
use crate::layout::Tree;
use crate::metadata::flat::scalar_text;
use crate::{Problem, SopsError, Type, Value};

/// The first document in clear in sops' own layout.
pub(crate) fn emit(name: &str, documents: &[Tree<Value>]) -> Result<SecretBytes, SopsError> {
    let mut out = Zeroizing::new(Vec::with_capacity(documents.first().map_or(0, size)));
    if let Some(Tree::Map(entries)) = documents.first() {
        for (key, tree) in entries {
            push(&mut out, key, tree).map_err(|problem| SopsError::of_file(name, problem))?;
        }
    }
    Ok(out.into())
}

fn push(out: &mut Zeroizing<Vec<u8>>, key: &str, tree: &Tree<Value>) -> Result<(), Problem> {
    if let Tree::Comment(text) = tree {
        out.push(b'#');
        out.extend_from_slice(text.bytes.expose());
    } else {
        if key.starts_with(PREFIX) || key.starts_with('#') || key.contains(['=', '\n']) {
            return Err(Problem::Unsupported(
                "a key of a dotenv file cannot begin with sops_ or #, nor hold an equal sign or a line break",
            ));
        }
        out.extend_from_slice(key.as_bytes());
        out.push(b'=');
        match tree {
            Tree::Leaf(value) => out.extend_from_slice(&escaped(value)?),
            Tree::Null | Tree::Comment(_) => {}
            Tree::List(_) | Tree::Map(_) => {
                return Err(Problem::Unsupported("a dotenv file has no values below its keys and no lists"));
            }
        }
    }
    out.push(b'\n');
    Ok(())
}

/// A value with its line breaks written as `\n`.
pub(super) fn escaped(value: &Value) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let typed;
    let bytes = match value.kind {
        Type::Bool | Type::Float => {
            typed = scalar_text(value)?;
            typed.as_bytes()
        }
        _ => value.bytes.expose(),
    };
    let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + breaks));
    for byte in bytes {
        if *byte == b'\n' {
            out.extend_from_slice(b"\\n");
        } else {
            out.push(*byte);
        }
    }
    Ok(out)
}

fn size(tree: &Tree<Value>) -> usize {
    match tree {
        Tree::Map(entries) => entries.iter().map(|(key, tree)| key.len() + size(tree) + 3).sum(),
        Tree::Leaf(value) | Tree::Comment(value) => 2 * value.bytes.len() + 24,
        Tree::Null | Tree::List(_) => 8,
    }
}
