//! Documents as sops writes JSON: tabs, one entry a line, Go's escapes and numbers, comments left out.

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use super::text::{Escapes, push_string};
use super::write::push_value;
use crate::layout::Tree;
use crate::{Problem, SopsError, Type, Value};

/// The widest indentation there is.
const SPACES: &[u8] = &[b' '; 16];

/// The first document in clear in sops' own layout: JSON has room for one.
pub(crate) fn emit(name: &str, documents: &[Tree<Value>], indent: Option<u8>) -> Result<SecretBytes, SopsError> {
    let step: &[u8] = indent.map_or(b"\t", |spaces| &SPACES[..usize::from(spaces).min(SPACES.len())]);
    let mut out = Zeroizing::new(Vec::with_capacity(documents.first().map_or(0, |tree| size(tree, 0, step.len())) + 1));
    if let Some(first) = documents.first() {
        push(&mut out, first, 0, step).map_err(|problem| SopsError::of_file(name, problem))?;
    }
    out.push(b'\n');
    Ok(out.into())
}

fn push(out: &mut Zeroizing<Vec<u8>>, tree: &Tree<Value>, depth: usize, step: &[u8]) -> Result<(), Problem> {
    match tree {
        Tree::Null => out.extend_from_slice(b"null"),
        Tree::Leaf(value) if value.kind == Type::Float => push_float(out, value)?,
        Tree::Leaf(value) | Tree::Comment(value) => push_value(out, value, Escapes::Go)?,
        Tree::List(items) => {
            let items: Vec<(Option<&str>, &Tree<Value>)> = items.iter().map(|item| (None, item)).collect();
            collection(out, [b'[', b']'], &items, depth, step)?;
        }
        Tree::Map(entries) => {
            let entries: Vec<(Option<&str>, &Tree<Value>)> =
                entries.iter().map(|(key, tree)| (Some(key.as_str()), tree)).collect();
            collection(out, [b'{', b'}'], &entries, depth, step)?;
        }
    }
    Ok(())
}

fn collection(
    out: &mut Zeroizing<Vec<u8>>,
    brackets: [u8; 2],
    entries: &[(Option<&str>, &Tree<Value>)],
    depth: usize,
    step: &[u8],
) -> Result<(), Problem> {
    let mut first = true;
    out.push(brackets[0]);
    for (key, tree) in entries.iter().filter(|(_, tree)| !matches!(tree, Tree::Comment(_))) {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        line(out, depth + 1, step);
        if let Some(key) = key {
            push_string(out, key, Escapes::Go);
            out.extend_from_slice(b": ");
        }
        push(out, tree, depth + 1, step)?;
    }
    if !first {
        line(out, depth, step);
    }
    out.push(brackets[1]);
    Ok(())
}

fn line(out: &mut Zeroizing<Vec<u8>>, depth: usize, step: &[u8]) {
    out.push(b'\n');
    (0..depth).for_each(|_| out.extend_from_slice(step));
}

/// Go's shortest form: an exponent below 1e-6 and from 1e21.
fn push_float(out: &mut Zeroizing<Vec<u8>>, value: &Value) -> Result<(), Problem> {
    let text = std::str::from_utf8(value.bytes.expose()).unwrap_or_default();
    let number: f64 = text.parse().map_err(|_| Problem::Unsupported("JSON has no number that is infinite or none"))?;
    let size = number.abs();
    if !number.is_finite() || size == 0.0 || (1e-6..1e21).contains(&size) {
        return push_value(out, value, Escapes::Go);
    }
    let shown = format!("{number:e}");
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let exponent = match exponent.strip_prefix('-') {
        Some(digits) => format!("-{digits}"),
        None => format!("+{exponent}"),
    };
    out.extend_from_slice(format!("{mantissa}e{exponent}").as_bytes());
    Ok(())
}

/// Not less than what will be written: the buffer must not grow and leave pieces behind.
fn size(tree: &Tree<Value>, depth: usize, step: usize) -> usize {
    let entry = |key: usize, tree: &Tree<Value>| depth * step + step + 4 + 6 * key + 4 + size(tree, depth + 1, step);
    match tree {
        Tree::Null => 4,
        Tree::Leaf(value) | Tree::Comment(value) => 6 * value.bytes.len() + 16,
        Tree::List(items) => depth * step + 4 + items.iter().map(|item| entry(0, item)).sum::<usize>(),
        Tree::Map(entries) => depth * step + 4 + entries.iter().map(|(key, tree)| entry(key.len(), tree)).sum::<usize>(),
    }
}
