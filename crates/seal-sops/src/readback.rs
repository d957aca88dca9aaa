//! Nothing leaves that does not read as intended: what was written is read again and compared with what was there and what was meant.

use std::collections::HashMap;

use seal_secret::SecretBytes;

use crate::file::read;
use crate::layout::{BlockChange, Changes, Form, Layout, Name, New, NodeId};
use crate::{Enc, Problem, SopsError, SopsFile, Store, Type, Value, yaml};

/// Compares every value and key; comments are not compared, for their place is sops' reader's guess. Keys and elements that come or go
/// are left to the editor that moves them, which has a check of its own.
pub(crate) fn check(file: &SopsFile, changes: &Changes<'_>, written: &SecretBytes) -> Result<(), SopsError> {
    if is_proven(file, changes, written) {
        debug_assert!(check_whole(file, changes, written).is_ok(), "what is proven also reads as it is meant");
        return Ok(());
    }
    check_whole(file, changes, written)
}

/// The short way: a few values of a YAML file changed, and reading their lines again says all there is to say.
fn is_proven(file: &SopsFile, changes: &Changes<'_>, written: &SecretBytes) -> bool {
    file.store == Store::Yaml && yaml::proves(file.bytes.expose(), &file.layout, changes, written.expose())
}

fn check_whole(file: &SopsFile, changes: &Changes<'_>, written: &SecretBytes) -> Result<(), SopsError> {
    let fails = || file.error(Problem::ReadBack);
    let unwrapped = file.store == Store::Binary && matches!(changes.block, BlockChange::Remove);
    if unwrapped || !changes.inserts.is_empty() || !changes.removed.is_empty() {
        return Ok(());
    }
    let new = read(file.store, &file.name, written.expose()).map_err(|_| fails())?;
    let blocks = |layout: &Layout| layout.documents.iter().filter(|document| document.block.is_some()).count();
    let expected_blocks = match changes.block {
        BlockChange::Keep => blocks(&file.layout),
        BlockChange::Remove => 0,
        BlockChange::Become(_) => file.layout.documents.len(),
    };
    let changed: HashMap<NodeId, &New> = changes.nodes.iter().map(|(id, new)| (*id, new)).collect();
    let meant = |id: NodeId| match changed.get(&id) {
        Some(New::Sealed(text)) => Some((Type::Str, text.as_bytes())),
        Some(New::Clear(value)) => Some((value.kind, value.bytes.expose())),
        None => file.layout.content(&file.bytes, id),
    };
    let mut old_nodes = Nodes::new(&file.layout, &meant);
    let there = |id: NodeId| new.content(written, id);
    let mut new_nodes = Nodes::new(&new, &there);
    loop {
        match (old_nodes.next(), new_nodes.next()) {
            (None, None) => break,
            (Some(old), Some(new)) if old.same(&new) => {}
            _ => return Err(fails()),
        }
    }
    if blocks(&new) == expected_blocks { Ok(()) } else { Err(fails()) }
}

/// Nodes in order without comments, and without the elements that are comments once they are open.
struct Nodes<'l, 'c> {
    layout: &'l Layout,
    content: &'c dyn Fn(NodeId) -> Option<(Type, &'l [u8])>,
    at: NodeId,
    /// The number of each node among those that count.
    numbers: Vec<u32>,
    count: u32,
}

struct Seen<'l> {
    parent: Option<u32>,
    key: Option<&'l str>,
    shape: u8,
    content: Option<(Type, &'l [u8])>,
}

impl Seen<'_> {
    fn same(&self, other: &Seen<'_>) -> bool {
        self.parent == other.parent
            && self.key == other.key
            && self.shape == other.shape
            && same_content(self.content, other.content)
    }
}

/// Types may differ where the store knows fewer of them.
fn same_content(meant: Option<(Type, &[u8])>, found: Option<(Type, &[u8])>) -> bool {
    match (meant, found) {
        (None, None) => true,
        (Some((Type::Bytes, meant)), Some((_, found))) => meant == found,
        (Some((meant_kind, meant)), Some((found_kind, found))) => {
            meant == found && (meant_kind == found_kind || found_kind == Type::Str || meant_kind == Type::Str)
        }
        _ => false,
    }
}

impl<'l, 'c> Nodes<'l, 'c> {
    fn new(layout: &'l Layout, content: &'c dyn Fn(NodeId) -> Option<(Type, &'l [u8])>) -> Nodes<'l, 'c> {
        Nodes { layout, content, at: 0, numbers: Vec::with_capacity(layout.nodes.len()), count: 0 }
    }

    fn next(&mut self) -> Option<Seen<'l>> {
        loop {
            let id = self.at;
            let node = self.layout.nodes.get(id as usize)?;
            self.at += 1;
            self.numbers.push(self.count);
            let content = (self.content)(id);
            if node.form.is_comment() || matches!(content, Some((Type::Comment, _))) {
                continue;
            }
            self.count += 1;
            let shape = match node.form {
                Form::Map => 1,
                Form::List => 2,
                Form::Null => 3,
                _ => 0,
            };
            let key = if let Name::Key(key) = &node.name { Some(&**key) } else { None };
            return Some(Seen { parent: node.parent.map(|parent| self.numbers[parent as usize]), key, shape, content });
        }
    }
}

/// True when a text would be taken for a sealed value although it is in clear.
pub(crate) fn looks_sealed(value: &Value) -> bool {
    value.kind == Type::Str && std::str::from_utf8(value.bytes.expose()).is_ok_and(Enc::looks_sealed)
}
