//! What an edit means for the resolved tree: the expectation that the spliced file is held against.

use crate::edit::show_path;
use crate::{Edit, Entry, Kind, New, Node, Position, Problem, Segment};

/// Applies one edit to a tree.
pub(crate) fn apply(root: &mut Node, edit: &Edit) -> Result<(), Problem> {
    match edit {
        Edit::Set { path, value } => {
            let value = match value {
                New::Text(text) => {
                    if std::str::from_utf8(text.expose()).is_err() {
                        return Err(Problem::NotUtf8);
                    }
                    Node::text(text.clone())
                }
                New::Tree(tree) => tree.clone(),
            };
            set(root, path, path, value)
        }
        Edit::Remove { path } => remove(root, path),
        Edit::Rename { path, key } => rename(root, path, key),
    }
}

/// The position of the deepest node on a path that exists.
pub(crate) fn nearest(root: &Node, path: &[Segment]) -> Position {
    let mut node = root;
    for segment in path {
        match child(node, segment) {
            Some(next) => node = next,
            None => break,
        }
    }
    node.at
}

fn no_such_field(path: &[Segment]) -> Problem {
    Problem::NoSuchField(show_path(path))
}

fn child<'n>(node: &'n Node, segment: &Segment) -> Option<&'n Node> {
    match segment {
        Segment::Key(key) => node.get(key),
        Segment::Index(index) => node.elements()?.get(*index),
    }
}

fn child_mut<'n>(node: &'n mut Node, segment: &Segment) -> Option<&'n mut Node> {
    match (segment, &mut node.kind) {
        (Segment::Key(key), Kind::Map(entries)) => entries.iter_mut().find(|e| e.key == *key).map(|e| &mut e.value),
        (Segment::Index(index), Kind::List(items)) => items.get_mut(*index),
        _ => None,
    }
}

fn set(node: &mut Node, path: &[Segment], whole: &[Segment], value: Node) -> Result<(), Problem> {
    let Some((first, rest)) = path.split_first() else {
        *node = Node { at: node.at, ..value };
        return Ok(());
    };
    if let Segment::Key(key) = first {
        if node.is_null() {
            node.kind = Kind::Map(Vec::new());
        }
        if let Kind::Map(entries) = &mut node.kind
            && !entries.iter().any(|entry| entry.key == *key)
        {
            let missing = Node { kind: Kind::Null, at: node.at };
            entries.push(Entry { key: key.clone(), key_at: node.at, value: missing });
        }
    }
    if let (Segment::Index(index), Kind::List(items)) = (first, &mut node.kind)
        && *index == items.len()
    {
        items.push(Node { kind: Kind::Null, at: node.at });
    }
    match child_mut(node, first) {
        Some(next) => set(next, rest, whole, value),
        None => Err(no_such_field(whole)),
    }
}

fn parent<'n, 'p>(root: &'n mut Node, path: &'p [Segment]) -> Result<(&'n mut Node, &'p Segment), Problem> {
    let (last, above) = path.split_last().ok_or(Problem::CannotEdit("a whole document"))?;
    let mut node = root;
    for segment in above {
        node = child_mut(node, segment).ok_or_else(|| no_such_field(path))?;
    }
    Ok((node, last))
}

fn remove(root: &mut Node, path: &[Segment]) -> Result<(), Problem> {
    let (node, last) = parent(root, path)?;
    match (&mut node.kind, last) {
        (Kind::Map(entries), Segment::Key(key)) => {
            let at = entries.iter().position(|entry| entry.key == *key).ok_or_else(|| no_such_field(path))?;
            entries.remove(at);
        }
        (Kind::List(items), Segment::Index(index)) if *index < items.len() => {
            items.remove(*index);
        }
        _ => return Err(no_such_field(path)),
    }
    Ok(())
}

fn rename(root: &mut Node, path: &[Segment], new: &str) -> Result<(), Problem> {
    let (node, last) = parent(root, path)?;
    let (Kind::Map(entries), Segment::Key(key)) = (&mut node.kind, last) else { return Err(no_such_field(path)) };
    let at = entries.iter().position(|entry| entry.key == *key).ok_or_else(|| no_such_field(path))?;
    if key != new && entries.iter().any(|entry| entry.key == new) {
        return Err(Problem::DuplicateKey(new.to_owned()));
    }
    entries[at].key = new.to_owned();
    Ok(())
}
