//! Lines into nodes; lines of the block into metadata.

use seal_manifest::syntax;

use super::PREFIX;
use super::lines::{Is, lines};
use crate::layout::{Block, Document, Form, Layout, Name, Node, Raw, RawForm};
use crate::metadata::flat;
use crate::{Problem, SopsError};

/// Lines of one file.
const MOST_LINES: usize = 1_000_000;

/// Reads a file. Values may be any bytes; keys are text. A key may be there twice, as for sops.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Layout, SopsError> {
    let fails = |at: usize, problem| {
        let before = String::from_utf8_lossy(&bytes[..at]);
        SopsError { at: Some(syntax::position(&before, before.len())), ..SopsError::of_file(name, problem) }
    };
    let mut nodes = vec![Node { parent: None, name: Name::Root, form: Form::Map, span: 0..bytes.len(), style: 0 }];
    let mut flat = Vec::new();
    let mut span: Option<std::ops::Range<usize>> = None;
    for line in lines(bytes) {
        if nodes.len() + flat.len() > MOST_LINES {
            return Err(fails(line.whole.start, Problem::Budget("line count")));
        }
        let (name, form, value) = match line.is {
            Is::Comment(text) => (Name::None, Form::Comment, text),
            Is::Neither => {
                return Err(fails(line.whole.start, Problem::Unsupported("the line is no comment and has no equal sign")));
            }
            Is::Entry(key, value) => {
                let key = std::str::from_utf8(&bytes[key]).map_err(|_| fails(line.whole.start, Problem::NotUtf8))?;
                if let Some(key) = key.strip_prefix(PREFIX) {
                    let raw = block_value(&bytes[value.clone()]).ok_or_else(|| fails(value.start, Problem::NotUtf8))?;
                    flat.push((key.to_owned(), Raw { form: RawForm::Scalar(raw), span: value }));
                    span = Some(span.map_or(line.whole.start, |span| span.start)..line.whole.end);
                    continue;
                }
                let form = match decoded(&bytes[value.clone()]) {
                    None => Form::Span(value.clone()),
                    Some(text) => Form::Text(text.into()),
                };
                (Name::Key(key.into()), form, value)
            }
        };
        nodes.push(Node { parent: Some(0), name, form, span: value, style: 0 });
    }
    let block = match span {
        None => None,
        Some(span) => {
            let at = span.start;
            let raw = flat::unflatten(flat).map_err(|what| fails(at, Problem::Metadata(what)))?;
            Some(Block { span, raw, at })
        }
    };
    Ok(Layout { nodes, documents: vec![Document { root: 0, block, span: 0..bytes.len() }], odd: Vec::new() })
}

/// A value of the block. A carriage return at its end is the file's, not the value's.
fn block_value(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.strip_suffix('\r').unwrap_or(text).replace("\\n", "\n"))
}

/// The value when it holds line breaks written as `\n`.
fn decoded(value: &[u8]) -> Option<Vec<u8>> {
    let mark = |at: usize| value[at..].starts_with(b"\\n");
    let first = (0..value.len()).find(|at| mark(*at))?;
    let mut out = Vec::with_capacity(value.len());
    out.extend_from_slice(&value[..first]);
    let mut at = first;
    while at < value.len() {
        if mark(at) {
            out.push(b'\n');
            at += 2;
        } else {
            out.push(value[at]);
            at += 1;
        }
    }
    Some(out)
}
