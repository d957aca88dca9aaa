//! Changes put into the bytes of a dotenv file: values and lines; everything else stays.

use std::collections::HashMap;
use std::ops::Range;

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use super::PREFIX;
use super::emit::escaped;
use super::lines::{Is, lines};
use crate::layout::{BlockChange, Changes, Layout, Name, New, NodeId, Tree};
use crate::metadata::{entries, flat};
use crate::patch::Patches;
use crate::{Metadata, Problem, SopsError};

/// The bytes with the changes made.
pub(crate) fn write(name: &str, bytes: &[u8], layout: &Layout, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    let mut writer = Writer { bytes, layout, patches: Patches::default() };
    writer.run(changes).map_err(|problem| SopsError::of_file(name, problem))?;
    Ok(writer.patches.apply(bytes))
}

struct Writer<'a> {
    bytes: &'a [u8],
    layout: &'a Layout,
    patches: Patches,
}

impl Writer<'_> {
    fn run(&mut self, changes: &Changes<'_>) -> Result<(), Problem> {
        for (id, new) in &changes.nodes {
            self.patches.replace(self.layout.nodes[*id as usize].span.clone(), std::mem::take(&mut *new_value(new)?));
        }
        for id in &changes.removed {
            let line = self.line(*id);
            self.patches.delete(line);
        }
        for (_, name, tree) in &changes.inserts {
            self.insert(name, tree)?;
        }
        match &changes.block {
            BlockChange::Keep => {}
            BlockChange::Remove => block_lines(self.bytes).into_values().for_each(|(line, _)| self.patches.delete(line)),
            BlockChange::Become(new) => self.change_block(new),
        }
        Ok(())
    }

    /// The whole line a node stands in.
    fn line(&self, id: NodeId) -> Range<usize> {
        let span = &self.layout.nodes[id as usize].span;
        let start = self.bytes[..span.start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = self.bytes[span.end..].iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |at| span.end + at + 1);
        start..end
    }

    /// A line break where the bytes before `at` lack one.
    fn ended(&self, at: usize) -> &'static [u8] {
        if at == 0 || self.bytes[..at].ends_with(b"\n") { b"" } else { b"\n" }
    }

    fn insert(&mut self, name: &Name, tree: &Tree<New>) -> Result<(), Problem> {
        let nested = Problem::Unsupported("a dotenv file has no values below its keys and no lists");
        let (Name::Key(key), Tree::Leaf(new)) = (name, tree) else { return Err(nested) };
        if key.starts_with(PREFIX) || key.starts_with('#') || key.contains(['=', '\n']) {
            return Err(Problem::Unsupported(
                "a key of a dotenv file cannot begin with sops_ or #, nor hold an equal sign or a line break",
            ));
        }
        let value = new_value(new)?;
        let same = |id: &NodeId| matches!(&self.layout.nodes[*id as usize].name, Name::Key(old) if old == key);
        if let Some(id) = self.layout.children(0).find(same) {
            self.patches.replace(self.layout.nodes[id as usize].span.clone(), value.to_vec());
            return Ok(());
        }
        let last = self.layout.children(0).last().map(|id| self.line(id).end);
        let block = self.layout.documents[0].block.as_ref().map(|block| block.span.start);
        let at = last.or(block).unwrap_or(self.bytes.len());
        self.patches.replace(at..at, [self.ended(at), key.as_bytes(), b"=", &value, b"\n"].concat());
        Ok(())
    }

    /// Changed values where they stand, gone lines out, new lines behind the one before them.
    fn change_block(&mut self, new: &Metadata) {
        let old = self.layout.documents[0].block.as_ref();
        let flat = flat::flatten(&entries(new, old.map(|block| &block.raw)));
        let mut lines = block_lines(self.bytes);
        let mut at = old.map_or(self.bytes.len(), |block| block.span.start);
        // The text may end without a line break; the first new line there mends that, the next ones must not.
        let mut mended = false;
        for (key, value) in &flat {
            let value = value.replace('\n', "\\n");
            match lines.remove(key.as_str()) {
                Some((line, span)) => {
                    let carriage = if self.bytes[span.clone()].ends_with(b"\r") { "\r" } else { "" };
                    let written = value + carriage;
                    if self.bytes[span.clone()] != *written.as_bytes() {
                        self.patches.replace(span, written);
                    }
                    at = line.end;
                }
                None => {
                    let ended = if std::mem::replace(&mut mended, at == self.bytes.len()) { b"" } else { self.ended(at) };
                    self.patches.replace(at..at, [ended, format!("{PREFIX}{key}={value}\n").as_bytes()].concat());
                }
            }
        }
        lines.into_values().for_each(|(line, _)| self.patches.delete(line));
    }
}

/// Lines of the block by flattened key: the line and its value.
fn block_lines(bytes: &[u8]) -> HashMap<&str, (Range<usize>, Range<usize>)> {
    let entry = |line: super::lines::Line| match line.is {
        Is::Entry(key, value) => {
            let key = std::str::from_utf8(&bytes[key]).ok()?.strip_prefix(PREFIX)?;
            Some((key, (line.whole, value)))
        }
        _ => None,
    };
    lines(bytes).filter_map(entry).collect()
}

fn new_value(new: &New) -> Result<Zeroizing<Vec<u8>>, Problem> {
    match new {
        New::Sealed(text) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        New::Clear(value) => escaped(value),
    }
}
