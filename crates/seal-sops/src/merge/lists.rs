//! Lists that both sides changed: elements that are called something are merged by what they are called, all others as lines of a
//! text are, where changes that touch each other are a conflict.
//!
//! It never guesses: what it cannot tell is a conflict of the whole list, and every element of either side is in its outcome or was
//! removed by the other side unchanged.

use crate::layout::{Name, New, NodeId, Tree};
use crate::{Opened, Type, Value};

use super::{clear, same};

/// What elements may be called by, the first that all of them have.
const NAMES: [&str; 3] = ["name", "id", "key"];

/// Comparisons of elements that one list may cost.
const MOST_COMPARISONS: usize = 4_000_000;

/// A merged value: what is where it was, what comes from the other side.
enum Out<'a> {
    /// A node as it stands.
    Here(NodeId),
    /// A value of the other side, in place of a node or a new one.
    There(Option<NodeId>, &'a Tree<Value>),
    /// A list with merged elements.
    List(NodeId, Vec<Out<'a>>),
    /// A mapping with merged values.
    Map(NodeId, Vec<(&'a str, Out<'a>)>),
}

/// Both sides changed the same thing.
struct Conflicting;

/// A value of the side that is merged onto, with its node.
type Here<'a> = (NodeId, &'a Tree<Value>);

/// How to change a list.
pub(super) enum Edit {
    /// In place.
    Parts {
        /// Values that become others.
        nodes: Vec<(NodeId, New)>,
        /// New children.
        inserts: Vec<(NodeId, Name, Tree<New>)>,
        /// Nodes that go.
        removed: Vec<NodeId>,
    },
    /// As a whole.
    Whole(Tree<New>),
}

/// Merges a list that both sides changed; nothing when they are in conflict.
pub(super) fn merge(onto: &Opened, id: NodeId, base: &Tree<Value>, here: &Tree<Value>, there: &Tree<Value>) -> Option<Edit> {
    let (Tree::List(was), Tree::List(ours), Tree::List(theirs)) = (base, here, there) else { return None };
    let out = Merge { onto }.list(id, was, ours, theirs).ok()?;
    let mut parts = Parts { onto, list: id, nodes: Vec::new(), inserts: Vec::new(), appended: Vec::new(), removed: Vec::new() };
    let is_in_place = parts.collect(&out) && (parts.removed.is_empty() || parts.inserts.is_empty());
    // An element's place is counted: what goes would move what is added elsewhere.
    Some(if is_in_place { parts.finish() } else { Edit::Whole(whole(onto, &out)) })
}

struct Merge<'a> {
    onto: &'a Opened,
}

impl<'a> Merge<'a> {
    fn value(
        &self,
        base: Option<&'a Tree<Value>>,
        here: Option<Here<'a>>,
        there: Option<&'a Tree<Value>>,
    ) -> Result<Option<Out<'a>>, Conflicting> {
        let value = here.map(|(_, tree)| tree);
        if same(base, there) || same(value, there) {
            return Ok(here.map(|(id, _)| Out::Here(id)));
        }
        // A mapping is merged all the same when only the other side changed it: what did not change in it stays as it is.
        let are_maps = matches!((value, there), (Some(Tree::Map(_)), Some(Tree::Map(_))));
        if same(base, value) && !are_maps {
            return Ok(there.map(|tree| Out::There(here.map(|(id, _)| id), tree)));
        }
        match (base, here, there) {
            (Some(Tree::List(base)), Some((id, Tree::List(here))), Some(Tree::List(there))) => {
                self.list(id, base, here, there).map(Some)
            }
            (Some(Tree::Map(base)), Some((id, Tree::Map(here))), Some(Tree::Map(there))) => {
                self.map(id, base, here, there).map(Some)
            }
            _ => Err(Conflicting),
        }
    }

    fn map(
        &self,
        id: NodeId,
        base: &'a [(String, Tree<Value>)],
        here: &'a [(String, Tree<Value>)],
        there: &'a [(String, Tree<Value>)],
    ) -> Result<Out<'a>, Conflicting> {
        let find = |entries: &'a [(String, Tree<Value>)], key: &str| {
            entries.iter().find(|(name, value)| name == key && is_value(value)).map(|(_, value)| value)
        };
        let mut out = Vec::new();
        let values = here.iter().filter(|(_, value)| is_value(value));
        for (child, (key, value)) in children(self.onto, id).zip(values) {
            let merged = self.value(find(base, key), Some((child, value)), find(there, key))?;
            out.extend(merged.map(|merged| (key.as_str(), merged)));
        }
        for (key, value) in there.iter().filter(|(key, value)| is_value(value) && find(here, key).is_none()) {
            let merged = self.value(find(base, key), None, Some(value))?;
            out.extend(merged.map(|merged| (key.as_str(), merged)));
        }
        Ok(Out::Map(id, out))
    }

    fn list(
        &self,
        id: NodeId,
        base: &'a [Tree<Value>],
        here: &'a [Tree<Value>],
        there: &'a [Tree<Value>],
    ) -> Result<Out<'a>, Conflicting> {
        let values = |items: &'a [Tree<Value>]| items.iter().filter(|item| is_value(item)).collect::<Vec<_>>();
        let (base, there) = (values(base), values(there));
        let here: Vec<Here<'a>> = children(self.onto, id).zip(values(here)).collect();
        let ours: Vec<&Tree<Value>> = here.iter().map(|(_, tree)| *tree).collect();
        let name = NAMES.into_iter().find(|name| [&base, &ours, &there].iter().all(|items| are_called(items, name)));
        let out = match name {
            Some(name) => self.by_name(name, &base, &here, &there)?,
            None => by_place(&base, &here, &there)?,
        };
        Ok(Out::List(id, out))
    }

    /// Elements by what they are called. Those that came on the other side follow the one they follow there.
    fn by_name(
        &self,
        name: &str,
        base: &[&'a Tree<Value>],
        here: &[Here<'a>],
        there: &[&'a Tree<Value>],
    ) -> Result<Vec<Out<'a>>, Conflicting> {
        let is = |one: &Tree<Value>, other: &Tree<Value>| match (called(one, name), called(other, name)) {
            (Some(one), Some(other)) => one.kind == other.kind && one.bytes == other.bytes,
            _ => false,
        };
        let find = |items: &[&'a Tree<Value>], item: &Tree<Value>| items.iter().copied().find(|other| is(other, item));
        let places = |items: &mut dyn Iterator<Item = &Tree<Value>>| -> Vec<usize> {
            items.filter_map(|item| base.iter().position(|other| is(other, item))).collect()
        };
        if !places(&mut there.iter().copied()).is_sorted() {
            return Err(Conflicting);
        }
        // Each with what it is called, and whether it is new on our side.
        let mut out: Vec<(&Tree<Value>, bool, Out<'a>)> = Vec::new();
        for (id, item) in here {
            let was = find(base, item);
            let merged = self.value(was, Some((*id, item)), find(there, item))?;
            out.extend(merged.map(|merged| (*item, was.is_none(), merged)));
        }
        for (place, item) in there.iter().enumerate() {
            if here.iter().any(|(_, other)| is(other, item)) {
                continue;
            }
            let Some(merged) = self.value(find(base, item), None, Some(item))? else { continue };
            let before = there[..place].iter().rev().find_map(|before| out.iter().position(|(other, ..)| is(other, before)));
            let mut at = before.map_or(0, |before| before + 1);
            at += out[at..].iter().take_while(|(_, is_new, _)| *is_new).count();
            out.insert(at, (item, false, merged));
        }
        Ok(out.into_iter().map(|(.., merged)| merged).collect())
    }
}

/// Elements as lines: between two that stand on both sides, only one side may have changed anything, or both the same.
fn by_place<'a>(base: &[&'a Tree<Value>], here: &[Here<'a>], there: &[&'a Tree<Value>]) -> Result<Vec<Out<'a>>, Conflicting> {
    let ours: Vec<&Tree<Value>> = here.iter().map(|(_, tree)| *tree).collect();
    let (kept, left) = (common(base, &ours)?, common(base, there)?);
    let mut stable: Vec<[usize; 3]> = (0..base.len()).filter_map(|at| Some([at, kept[at]?, left[at]?])).collect();
    stable.push([base.len(), here.len(), there.len()]);
    let mut out = Vec::new();
    let [mut b, mut h, mut t] = [0; 3];
    for [base_end, here_end, there_end] in stable {
        let (was, mine, other) = (&base[b..base_end], &ours[h..here_end], &there[t..there_end]);
        if all_same(was, other) || all_same(mine, other) {
            out.extend(here[h..here_end].iter().map(|(id, _)| Out::Here(*id)));
        } else if all_same(was, mine) {
            out.extend(other.iter().map(|tree| Out::There(None, tree)));
        } else {
            return Err(Conflicting);
        }
        out.extend(here.get(here_end).map(|(id, _)| Out::Here(*id)));
        [b, h, t] = [base_end + 1, here_end + 1, there_end + 1];
    }
    Ok(out)
}

/// For each element of the first list its place in the second, along a longest common sequence.
fn common(one: &[&Tree<Value>], other: &[&Tree<Value>]) -> Result<Vec<Option<usize>>, Conflicting> {
    let width = other.len() + 1;
    if (one.len() + 1).saturating_mul(width) > MOST_COMPARISONS {
        return Err(Conflicting);
    }
    let mut length = vec![0_u32; (one.len() + 1) * width];
    for a in (0..one.len()).rev() {
        for b in (0..other.len()).rev() {
            length[a * width + b] = if same(Some(one[a]), Some(other[b])) {
                length[(a + 1) * width + b + 1] + 1
            } else {
                length[(a + 1) * width + b].max(length[a * width + b + 1])
            };
        }
    }
    let mut places = vec![None; one.len()];
    let (mut a, mut b) = (0, 0);
    while a < one.len() && b < other.len() {
        if same(Some(one[a]), Some(other[b])) {
            places[a] = Some(b);
            (a, b) = (a + 1, b + 1);
        } else if length[(a + 1) * width + b] >= length[a * width + b + 1] {
            a += 1;
        } else {
            b += 1;
        }
    }
    Ok(places)
}

fn all_same(one: &[&Tree<Value>], other: &[&Tree<Value>]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(Some(one), Some(other)))
}

fn is_value(tree: &Tree<Value>) -> bool {
    !matches!(tree, Tree::Comment(_))
}

/// What an element is called.
fn called<'a>(item: &'a Tree<Value>, name: &str) -> Option<&'a Value> {
    let Tree::Map(entries) = item else { return None };
    match entries.iter().find(|(key, _)| key == name) {
        Some((_, Tree::Leaf(value))) if matches!(value.kind, Type::Str | Type::Int) && !value.bytes.is_empty() => Some(value),
        _ => None,
    }
}

/// Whether each of these is called something, and none like another.
fn are_called(items: &[&Tree<Value>], name: &str) -> bool {
    let called: Option<Vec<&Value>> = items.iter().map(|item| called(item, name)).collect();
    called.filter(|called| called.len().saturating_mul(called.len()) <= MOST_COMPARISONS).is_some_and(|called| {
        called
            .iter()
            .enumerate()
            .all(|(at, one)| called[..at].iter().all(|other| one.kind != other.kind || one.bytes != other.bytes))
    })
}

/// Nodes of the children that are no comments.
fn children(onto: &Opened, id: NodeId) -> impl Iterator<Item = NodeId> {
    onto.file.layout.children(id).filter(|child| !onto.is_comment(*child))
}

/// Changes in place, while they can be told apart.
struct Parts<'a> {
    onto: &'a Opened,
    /// The list as a whole: elements that come to its end can be added even where others go.
    list: NodeId,
    nodes: Vec<(NodeId, New)>,
    inserts: Vec<(NodeId, Name, Tree<New>)>,
    appended: Vec<Tree<New>>,
    removed: Vec<NodeId>,
}

impl Parts<'_> {
    /// False when the value has to be written as a whole.
    fn collect(&mut self, out: &Out<'_>) -> bool {
        match out {
            Out::Here(_) => true,
            Out::There(Some(id), tree) => self.replace(*id, tree),
            Out::There(None, _) => false,
            Out::List(id, items) => self.list(*id, items),
            Out::Map(id, entries) => self.map(*id, entries),
        }
    }

    fn replace(&mut self, id: NodeId, tree: &Tree<Value>) -> bool {
        let node = &self.onto.file.layout.nodes[id as usize];
        match (tree, node.parent, &node.name) {
            (Tree::Leaf(value), ..) if self.onto.is_plain_leaf(id) => self.nodes.push((id, New::Clear(value.clone()))),
            (_, Some(parent), name @ Name::Key(_)) => self.inserts.push((parent, name.clone(), clear(tree))),
            _ => return false,
        }
        true
    }

    fn list(&mut self, id: NodeId, items: &[Out<'_>]) -> bool {
        let kept: Vec<NodeId> = items.iter().map_while(node).collect();
        let rest = &items[kept.len()..];
        if kept.is_empty() || !kept.is_sorted() || rest.iter().any(|item| node(item).is_some()) {
            return false;
        }
        self.removed.extend(children(self.onto, id).filter(|child| !kept.contains(child)));
        if !rest.is_empty() && id != self.list {
            return false;
        }
        self.appended
            .extend(rest.iter().filter_map(|item| if let Out::There(_, tree) = item { Some(clear(tree)) } else { None }));
        items[..kept.len()].iter().all(|item| self.collect(item))
    }

    fn map(&mut self, id: NodeId, entries: &[(&str, Out<'_>)]) -> bool {
        let kept: Vec<NodeId> = entries.iter().filter_map(|(_, out)| node(out)).collect();
        if kept.is_empty() {
            return false;
        }
        self.removed.extend(children(self.onto, id).filter(|child| !kept.contains(child)));
        entries.iter().all(|(key, out)| match out {
            Out::There(None, tree) => {
                self.inserts.push((id, Name::Key((*key).into()), clear(tree)));
                true
            }
            out => self.collect(out),
        })
    }

    fn finish(mut self) -> Edit {
        let layout = &self.onto.file.layout;
        let elements = layout.children(self.list).filter(|child| matches!(layout.nodes[*child as usize].name, Name::Item(_)));
        let left = elements.filter(|child| !self.removed.contains(child)).count();
        for (more, tree) in self.appended.into_iter().enumerate() {
            let index = u32::try_from(left + more).expect("the budget of nodes is far below");
            self.inserts.push((self.list, Name::Item(index), tree));
        }
        Edit::Parts { nodes: self.nodes, inserts: self.inserts, removed: self.removed }
    }
}

/// The node a merged value stands at.
fn node(out: &Out<'_>) -> Option<NodeId> {
    match out {
        Out::Here(id) | Out::List(id, _) | Out::Map(id, _) => Some(*id),
        Out::There(id, _) => *id,
    }
}

fn whole(onto: &Opened, out: &Out<'_>) -> Tree<New> {
    match out {
        Out::Here(id) => clear(&onto.tree(*id)),
        Out::There(_, tree) => clear(tree),
        Out::List(_, items) => Tree::List(items.iter().map(|item| whole(onto, item)).collect()),
        Out::Map(_, entries) => Tree::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), whole(onto, value))).collect()),
    }
}
