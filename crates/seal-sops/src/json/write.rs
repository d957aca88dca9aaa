//! Changes put into the bytes of a JSON file. Commas and white space come and go with their entries; nothing else moves.

use std::collections::HashSet;
use std::ops::Range;

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

use super::text::{Escapes, push_string};
use crate::layout::{BlockChange, Changes, Layout, Name, New, NodeId, Tree};
use crate::metadata::{self, json::Pretty};
use crate::patch::Patches;
use crate::{Metadata, Problem, SopsError, Type, Value};

/// The bytes with the changes made.
pub(crate) fn write(name: &str, bytes: &[u8], layout: &Layout, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    let text = std::str::from_utf8(bytes).expect("the reader has checked this");
    let mut writer = Writer { text, layout, style: FileStyle::of(text, layout), patches: Patches::default() };
    writer.run(changes).map_err(|problem| SopsError::of_file(name, problem))?;
    Ok(writer.patches.apply(bytes))
}

/// How the file is laid out.
struct FileStyle<'a> {
    /// One step of indentation; `None` when entries share a line.
    unit: Option<&'a str>,
    newline: &'static str,
}

impl<'a> FileStyle<'a> {
    /// By the first entry of the top-level object.
    fn of(text: &'a str, layout: &Layout) -> FileStyle<'a> {
        let root = &layout.nodes[0].span;
        let inside = &text[root.start + 1..root.end - 1];
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let space = &inside[..inside.len() - inside.trim_start().len()];
        let unit = match space.rfind('\n') {
            Some(at) if !inside.trim().is_empty() => Some(&space[at + 1..]).filter(|unit| !unit.is_empty()),
            _ => None,
        };
        // An object without entries says nothing: as sops lays it out.
        let unit = if inside.trim().is_empty() { Some("\t") } else { unit };
        FileStyle { unit, newline }
    }

    fn line(&self, depth: usize) -> String {
        self.unit.map_or_else(String::new, |unit| format!("{}{}", self.newline, unit.repeat(depth)))
    }
}

/// An entry of a collection as it stands: from its key to the end of its value.
struct Entry {
    span: Range<usize>,
    keeps: bool,
}

struct Writer<'a> {
    text: &'a str,
    layout: &'a Layout,
    style: FileStyle<'a>,
    patches: Patches,
}

impl Writer<'_> {
    fn run(&mut self, changes: &Changes<'_>) -> Result<(), Problem> {
        let removed: HashSet<NodeId> = changes.removed.iter().copied().collect();
        for (id, new) in &changes.nodes {
            let mut value = Zeroizing::new(Vec::new());
            push_new(&mut value, new)?;
            self.patches.replace(self.layout.nodes[*id as usize].span.clone(), std::mem::take(&mut *value));
        }
        let block = self.layout.documents[0].block.as_ref();
        let mut added = None;
        match (&changes.block, block) {
            (BlockChange::Become(new), Some(_)) => self.change_block(new),
            (BlockChange::Become(new), None) => added = Some(self.block_text(new)),
            _ => {}
        }
        let drops_block = matches!(changes.block, BlockChange::Remove) && block.is_some();
        let mut parents: Vec<NodeId> = removed.iter().filter_map(|id| self.layout.nodes[*id as usize].parent).collect();
        parents.extend(changes.inserts.iter().map(|(parent, ..)| *parent));
        if drops_block || added.is_some() {
            parents.push(0);
        }
        parents.sort_unstable();
        parents.dedup();
        for parent in parents {
            let mut new = Vec::new();
            for (_, name, tree) in changes.inserts.iter().filter(|(at, ..)| *at == parent) {
                if let Some(entry) = self.insert(parent, name, tree)? {
                    new.push(entry);
                }
            }
            let block = added.take_if(|_| parent == 0);
            self.collection(parent, &removed, drops_block, new, block);
        }
        Ok(())
    }

    /// Replaces the child of that name, or gives the text of a new entry.
    fn insert(&mut self, parent: NodeId, name: &Name, tree: &Tree<New>) -> Result<Option<Zeroizing<Vec<u8>>>, Problem> {
        let depth = self.depth(parent) + 1;
        let same = |child: &NodeId| match (&self.layout.nodes[*child as usize].name, name) {
            (Name::Key(old), Name::Key(new)) => old == new,
            (Name::Item(old), Name::Item(new)) => old == new,
            _ => false,
        };
        let known = self.layout.children(parent).find(same);
        let mut text = Zeroizing::new(Vec::new());
        if let (None, Name::Key(key)) = (known, name) {
            push_string(&mut text, key, Escapes::Few);
            text.extend_from_slice(self.colon(parent).as_bytes());
        }
        self.push_tree(&mut text, tree, depth)?;
        match known {
            None => Ok(Some(text)),
            Some(known) => {
                self.patches.replace(self.layout.nodes[known as usize].span.clone(), std::mem::take(&mut *text));
                Ok(None)
            }
        }
    }

    fn depth(&self, mut id: NodeId) -> usize {
        let mut depth = 0;
        while let Some(parent) = self.layout.nodes[id as usize].parent {
            (id, depth) = (parent, depth + 1);
        }
        depth
    }

    /// What stands between a key and its value in this object, or in the file's first one.
    fn colon(&self, parent: NodeId) -> String {
        let keyed = |id: NodeId| matches!(self.layout.nodes[id as usize].name, Name::Key(_));
        let first = self.layout.children(parent).chain(self.layout.children(0)).find(|id| keyed(*id));
        let Some(first) = first else { return ": ".to_owned() };
        let before = &self.text[..self.layout.nodes[first as usize].span.start];
        before[before.rfind('"').map_or(0, |at| at + 1)..].to_owned()
    }

    fn push_tree(&self, out: &mut Zeroizing<Vec<u8>>, tree: &Tree<New>, depth: usize) -> Result<(), Problem> {
        match tree {
            Tree::Leaf(new) | Tree::Comment(new) => push_new(out, new),
            Tree::Null => {
                out.extend_from_slice(b"null");
                Ok(())
            }
            Tree::List(items) => {
                let item = |this: &Self, out: &mut Zeroizing<Vec<u8>>, item: &Tree<New>| this.push_tree(out, item, depth + 1);
                self.push_collection(out, [b'[', b']'], items, depth, item)
            }
            Tree::Map(entries) => {
                let colon = self.colon(0);
                let entry = |this: &Self, out: &mut Zeroizing<Vec<u8>>, (key, tree): &(String, Tree<New>)| {
                    push_string(out, key, Escapes::Few);
                    out.extend_from_slice(colon.as_bytes());
                    this.push_tree(out, tree, depth + 1)
                };
                self.push_collection(out, [b'{', b'}'], entries, depth, entry)
            }
        }
    }

    fn push_collection<T>(
        &self,
        out: &mut Zeroizing<Vec<u8>>,
        brackets: [u8; 2],
        items: &[T],
        depth: usize,
        push: impl Fn(&Self, &mut Zeroizing<Vec<u8>>, &T) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        out.push(brackets[0]);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(self.style.line(depth + 1).as_bytes());
            push(self, out, item)?;
        }
        if !items.is_empty() {
            out.extend_from_slice(self.style.line(depth).as_bytes());
        }
        out.push(brackets[1]);
        Ok(())
    }

    fn change_block(&mut self, new: &Metadata) {
        let Some(block) = &self.layout.documents[0].block else { return };
        let entries = metadata::entries(new, Some(&block.raw));
        match metadata::json::splices(self.text, &block.raw, &entries) {
            Some(splices) => splices.into_iter().for_each(|(range, text)| self.patches.replace(range, text)),
            None => {
                let depth = 1;
                let pretty = self.style.unit.map(|unit| Pretty { unit, depth, newline: self.style.newline });
                self.patches.replace(block.raw.span.clone(), metadata::json::render(&entries, pretty.as_ref()));
            }
        }
    }

    fn block_text(&self, new: &Metadata) -> Zeroizing<Vec<u8>> {
        let pretty = self.style.unit.map(|unit| Pretty { unit, depth: 1, newline: self.style.newline });
        let value = metadata::json::render(&metadata::entries(new, None), pretty.as_ref());
        Zeroizing::new(format!("\"sops\"{}{value}", self.colon(0)).into_bytes())
    }

    /// Entries go and come; `block` becomes the last one.
    fn collection(
        &mut self,
        parent: NodeId,
        removed: &HashSet<NodeId>,
        drops_block: bool,
        new: Vec<Zeroizing<Vec<u8>>>,
        block: Option<Zeroizing<Vec<u8>>>,
    ) {
        let entries = self.entries(parent, removed, drops_block);
        let span = self.layout.nodes[parent as usize].span.clone();
        let depth = self.depth(parent);
        if !entries.iter().any(|entry| entry.keeps) {
            let mut inside = Zeroizing::new(Vec::new());
            for (at, text) in new.iter().chain(&block).enumerate() {
                if at > 0 {
                    inside.push(b',');
                }
                inside.extend_from_slice(self.style.line(depth + 1).as_bytes());
                inside.extend_from_slice(text);
            }
            if !inside.is_empty() {
                inside.extend_from_slice(self.style.line(depth).as_bytes());
            }
            self.patches.replace(span.start + 1..span.end - 1, std::mem::take(&mut *inside));
            return;
        }
        self.drop_entries(&entries);
        self.add_entries(parent, &entries, &new, block);
    }

    fn entries(&self, parent: NodeId, removed: &HashSet<NodeId>, drops_block: bool) -> Vec<Entry> {
        let entry = |id: NodeId| Entry {
            span: self.entry_start(id)..self.layout.nodes[id as usize].span.end,
            keeps: !removed.contains(&id),
        };
        let mut entries: Vec<Entry> = self.layout.children(parent).map(entry).collect();
        if let (0, Some(block)) = (parent, &self.layout.documents[0].block) {
            entries.push(Entry { span: block.span.clone(), keeps: !drops_block });
            entries.sort_by_key(|entry| entry.span.start);
        }
        entries
    }

    /// Where the entry of a node begins: at its key, when it has one.
    fn entry_start(&self, id: NodeId) -> usize {
        let node = &self.layout.nodes[id as usize];
        if !matches!(node.name, Name::Key(_)) {
            return node.span.start;
        }
        let bytes = self.text.as_bytes();
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b':');
        let mut at = bytes[..node.span.start].iter().rposition(|byte| !is_space(byte)).expect("a key stands before its value");
        loop {
            at = bytes[..at].iter().rposition(|byte| *byte == b'"').expect("the key's string is closed");
            let slashes = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
            if slashes.is_multiple_of(2) {
                return at;
            }
        }
    }

    /// Behind a kept entry, one goes with the comma before it; in front of the first kept one, with the comma behind it.
    fn drop_entries(&mut self, entries: &[Entry]) {
        let mut kept_before = false;
        for (at, entry) in entries.iter().enumerate() {
            if entry.keeps {
                kept_before = true;
            } else if kept_before {
                self.patches.delete(entries[at - 1].span.end..entry.span.end);
            } else {
                self.patches.delete(entry.span.start..entries[at + 1].span.start);
            }
        }
    }

    /// New entries come behind the last one that is no block, each in the way the file separates them; a new block comes last.
    fn add_entries(&mut self, parent: NodeId, entries: &[Entry], new: &[Zeroizing<Vec<u8>>], block: Option<Zeroizing<Vec<u8>>>) {
        let old_block = self.layout.documents[0].block.as_ref().filter(|_| parent == 0).map(|block| block.span.start);
        let is_block = |entry: &Entry| Some(entry.span.start) == old_block;
        let separator = self.separator(parent, entries);
        let behind = entries.iter().rfind(|entry| entry.keeps && !is_block(entry));
        for text in new {
            let (at, before, after) = match (behind, old_block) {
                (Some(last), _) => (last.span.end, format!(",{separator}"), String::new()),
                (None, Some(block)) => (block, String::new(), format!(",{separator}")),
                (None, None) => return,
            };
            self.patches.replace(at..at, [before.as_bytes(), text, after.as_bytes()].concat());
        }
        if let (Some(text), Some(last)) = (block, entries.iter().rfind(|entry| entry.keeps)) {
            let at = last.span.end;
            self.patches.replace(at..at, [b",", separator.as_bytes(), &text].concat());
        }
    }

    /// The white space before an entry of this collection.
    fn separator(&self, parent: NodeId, entries: &[Entry]) -> String {
        let start = self.layout.nodes[parent as usize].span.start + 1;
        // What stands between two entries says more than what stands before the first.
        let (from, to) = match entries {
            [.., before, last] => (before.span.end, last.span.start),
            [only] => (start, only.span.start),
            [] => return String::new(),
        };
        let between = &self.text[from..to];
        between.trim_start_matches([' ', '\t', '\r', '\n']).strip_prefix(',').unwrap_or(between).to_owned()
    }
}

fn push_new(out: &mut Zeroizing<Vec<u8>>, new: &New) -> Result<(), Problem> {
    match new {
        New::Sealed(text) => {
            push_string(out, text, Escapes::Few);
            Ok(())
        }
        New::Clear(value) => push_value(out, value, Escapes::Few),
    }
}

/// A value in clear. A double keeps a point, so that it stays one.
pub(super) fn push_value(out: &mut Zeroizing<Vec<u8>>, value: &Value, escapes: Escapes) -> Result<(), Problem> {
    let text = std::str::from_utf8(value.bytes.expose());
    let text =
        text.map_err(|_| Problem::Unsupported("a value that is not UTF-8 text cannot stand in JSON; take it out as binary"))?;
    match value.kind {
        Type::Int => out.extend_from_slice(text.as_bytes()),
        Type::Float if text.contains(['N', 'I']) => {
            return Err(Problem::Unsupported("JSON has no number that is infinite or none"));
        }
        Type::Float => {
            out.extend_from_slice(text.as_bytes());
            if !text.contains('.') && escapes == Escapes::Few {
                out.extend_from_slice(b".0");
            }
        }
        Type::Bool => out.extend_from_slice(if text == "True" { b"true" } else { b"false" }),
        Type::Str | Type::Bytes | Type::Time | Type::Comment => push_string(out, text, escapes),
    }
    Ok(())
}
