//! Merging two versions of a sealed file over their common ancestor, key by key.
//!
//! A unit is a value below keys. A list is one unit until both sides changed it; then its elements are merged (`lists`). Comments and
//! layout are those of the side the merge is made on. The side that rotated the data key is that side: a key that was retired does
//! not come back.

mod lists;

use std::collections::HashMap;

use jiff::Timestamp;
use rand_core::CryptoRng;
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;

use crate::layout::{Changes, Form, Name, New, NodeId, Tree};
use crate::{AgeKey, Change, KeyGroup, Metadata, Opened, Path, Problem, Segment, SopsError, SopsFile, Value};

/// A key that both sides changed, each in its own way. Names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which key.
    pub path: Path,
    /// Which document, from zero.
    pub document: usize,
}

/// What a merge came to.
pub enum Merged {
    /// All changes of both sides, MAC made anew.
    Clean(SecretBytes),
    /// Keys that both sides changed; the bytes have all changes of both, and for these keys the values of the side that was asked for.
    Conflicts(Vec<Conflict>, SecretBytes),
}

/// Whose value stands in the result where both sides changed a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ours.
    Ours,
    /// Theirs.
    Theirs,
}

/// Merges. The result is sealed under the data key of `ours`, or that of `theirs` when only theirs is a new one; `key` must be one of
/// the two and says which when both are new. Recipients are those of both sides' changes.
///
/// `side` says whose value to put where both sides changed a key: the results for both differ in those values (and the MAC) alone.
pub fn merge3(
    side: Side,
    base: &Opened,
    ours: &Opened,
    theirs: &Opened,
    key: &DataKey,
    now: Timestamp,
    rng: &mut impl CryptoRng,
) -> Result<Merged, SopsError> {
    let theirs_rotated = theirs.key != base.key && ours.key == base.key;
    let chosen = *key == theirs.key && theirs.key != ours.key && ours.key != base.key;
    let (onto, from, stands) = if theirs_rotated || chosen { (theirs, ours, Side::Theirs) } else { (ours, theirs, Side::Ours) };
    let mut plan = Plan { takes_conflicts: side != stands, ..Plan::default() };
    plan.compare(onto, &Units::new(base), &Units::new(onto), &Units::new(from));
    let changes = plan.changes(onto, from);
    let changed = match &changes {
        Some(changes) => onto.restructure(changes, &onto.key, now, rng)?,
        None => Change::Unchanged,
    };
    let merged = match changed {
        Change::Unchanged => onto.file.bytes.clone(),
        Change::Changed(bytes) => bytes,
    };
    let merged = recipients(base, onto, from, merged)?;
    Ok(if plan.conflicts.is_empty() { Merged::Clean(merged) } else { Merged::Conflicts(plan.conflicts, merged) })
}

/// Document and path of a unit.
type Place = (usize, Path);

/// The units of one version, in file order.
struct Units {
    order: Vec<Place>,
    values: HashMap<Place, (NodeId, Tree<Value>)>,
}

impl Units {
    fn new(opened: &Opened) -> Units {
        let layout = &opened.file.layout;
        let mut units = Units { order: Vec::new(), values: HashMap::new() };
        let mut covered = 0;
        for id in layout.ids() {
            let node = &layout.nodes[id as usize];
            if id < covered || node.parent.is_none() || node.form.is_comment() {
                continue;
            }
            let (tree, end) = opened.subtree(id);
            let has_entries =
                |entries: &[(String, Tree<Value>)]| entries.iter().any(|(_, tree)| !matches!(tree, Tree::Comment(_)));
            if matches!(&tree, Tree::Map(entries) if has_entries(entries)) {
                continue;
            }
            covered = end;
            let place = (layout.document_of(id), layout.path(id));
            units.order.push(place.clone());
            units.values.insert(place, (id, tree));
        }
        units
    }

    fn get(&self, place: &Place) -> Option<&Tree<Value>> {
        self.values.get(place).map(|(_, tree)| tree)
    }
}

/// What is to be taken over.
#[derive(Default)]
struct Plan {
    /// Keys in conflict are taken over, too.
    takes_conflicts: bool,
    taken: Vec<Place>,
    dropped: Vec<Place>,
    lists: Vec<(Place, lists::Edit)>,
    conflicts: Vec<Conflict>,
}

impl Plan {
    fn compare(&mut self, opened: &Opened, base: &Units, onto: &Units, from: &Units) {
        let gone = base.order.iter().filter(|place| from.get(place).is_none());
        for place in from.order.iter().chain(gone) {
            let (was, here, there) = (base.get(place), onto.get(place), from.get(place));
            if same(was, there) || same(here, there) {
                continue;
            }
            let in_the_way = there.is_some() && self.is_in_the_way(place, onto);
            if let (false, Some(was), Some((id, here)), Some(there)) = (same(here, was), was, onto.values.get(place), there)
                && let Some(edit) = lists::merge(opened, *id, was, here, there)
            {
                self.lists.push((place.clone(), edit));
                continue;
            }
            if !same(here, was) || in_the_way {
                self.conflicts.push(Conflict { document: place.0, path: place.1.clone() });
                if in_the_way || !self.takes_conflicts {
                    continue;
                }
            }
            if there.is_some() {
                self.taken.push(place.clone());
            } else if here.is_some() {
                self.dropped.push(place.clone());
            }
        }
    }

    /// A value stands where a mapping would be needed, or a mapping where the value would go.
    fn is_in_the_way(&self, place: &Place, onto: &Units) -> bool {
        let (document, path) = place;
        let above = (1..path.0.len()).any(|depth| {
            let above = (*document, Path(path.0[..depth].to_vec()));
            onto.get(&above).is_some_and(|tree| !matches!(tree, Tree::Map(_) | Tree::Null))
        });
        let below = onto.order.iter().any(|(other, below)| other == document && below != path && below.0.starts_with(&path.0));
        above || below
    }

    fn changes(&mut self, onto: &Opened, from: &Opened) -> Option<Changes<'static>> {
        if self.taken.is_empty() && self.dropped.is_empty() && self.lists.is_empty() {
            return None;
        }
        let mut changes = Changes::default();
        for (document, path) in &self.taken {
            let value = from.find(*document, path).map(|id| from.tree(id))?;
            match (onto.find(*document, path), &value) {
                (Some(id), Tree::Leaf(value)) if onto.is_plain_leaf(id) => changes.nodes.push((id, New::Clear(value.clone()))),
                _ => insert(&mut changes, onto, *document, path, clear(&value)),
            }
        }
        changes.removed = self.removed(onto, from);
        for ((document, path), edit) in self.lists.drain(..) {
            match edit {
                lists::Edit::Parts { nodes, inserts, removed } => {
                    changes.nodes.extend(nodes);
                    changes.inserts.extend(inserts);
                    changes.removed.extend(removed);
                }
                lists::Edit::Whole(tree) => insert(&mut changes, onto, document, &path, tree),
            }
        }
        changes.removed.sort_unstable();
        changes.nodes.sort_by_key(|(id, _)| *id);
        Some(changes)
    }

    /// What goes, and the mappings that go with their last key because the other side has them no more.
    fn removed(&self, onto: &Opened, from: &Opened) -> Vec<NodeId> {
        let mut removed: Vec<NodeId> = self.dropped.iter().filter_map(|(document, path)| onto.find(*document, path)).collect();
        let layout = &onto.file.layout;
        let mut at = 0;
        while at < removed.len() {
            let Some(parent) =
                layout.nodes[removed[at] as usize].parent.filter(|parent| layout.nodes[*parent as usize].parent.is_some())
            else {
                at += 1;
                continue;
            };
            let path = layout.path(parent);
            let is_kept = from.find(layout.document_of(parent), &path).is_some();
            let all_go = layout.children(parent).filter(|child| !onto.is_comment(*child)).all(|child| removed.contains(&child));
            if !is_kept && all_go && !removed.contains(&parent) {
                removed.push(parent);
            }
            at += 1;
        }
        let covered = |id: NodeId| {
            std::iter::successors(layout.nodes[id as usize].parent, |id| layout.nodes[*id as usize].parent)
                .any(|id| removed.contains(&id))
        };
        let mut outermost: Vec<NodeId> = removed.iter().copied().filter(|id| !covered(*id)).collect();
        outermost.sort_unstable();
        outermost
    }
}

/// Adds a value below the nearest mapping that exists. Values that share a missing mapping share what is added.
fn insert(changes: &mut Changes<'_>, onto: &Opened, document: usize, path: &Path, value: Tree<New>) {
    let is_map = |id: &NodeId| matches!(onto.file.layout.nodes[*id as usize].form, Form::Map);
    let found = (0..path.0.len()).rev().find_map(|depth| {
        let id = onto.find(document, &Path(path.0[..depth].to_vec())).filter(is_map)?;
        Some((depth, id))
    });
    let Some((depth, parent)) = found else { return };
    let keys: Vec<String> = path.0[depth..]
        .iter()
        .filter_map(|segment| if let Segment::Key(key) = segment { Some(key.clone()) } else { None })
        .collect();
    let Some((first, rest)) = keys.split_first() else { return };
    let there =
        changes.inserts.iter_mut().find(|(id, name, _)| *id == parent && matches!(name, Name::Key(key) if **key == **first));
    match there {
        Some((_, _, tree)) => graft(tree, rest, value),
        None => {
            let mut tree = Tree::Null;
            graft(&mut tree, rest, value);
            changes.inserts.push((parent, Name::Key(first.as_str().into()), tree));
        }
    }
}

fn graft(tree: &mut Tree<New>, path: &[String], value: Tree<New>) {
    let Some((first, rest)) = path.split_first() else {
        *tree = value;
        return;
    };
    if !matches!(tree, Tree::Map(_)) {
        *tree = Tree::Map(Vec::new());
    }
    let Tree::Map(entries) = tree else { return };
    let at = entries.iter().position(|(key, _)| key == first).unwrap_or_else(|| {
        entries.push((first.clone(), Tree::Null));
        entries.len() - 1
    });
    graft(&mut entries[at].1, rest, value);
}

fn clear(tree: &Tree<Value>) -> Tree<New> {
    match tree {
        Tree::Leaf(value) => Tree::Leaf(New::Clear(value.clone())),
        Tree::Comment(value) => Tree::Comment(New::Clear(value.clone())),
        Tree::Null => Tree::Null,
        Tree::List(items) => Tree::List(items.iter().filter(not_comment).map(clear).collect()),
        Tree::Map(entries) => {
            let entries = entries.iter().filter(|(_, value)| not_comment(&value));
            Tree::Map(entries.map(|(key, value)| (key.clone(), clear(value))).collect())
        }
    }
}

fn same(one: Option<&Tree<Value>>, other: Option<&Tree<Value>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => same_tree(one, other),
        _ => false,
    }
}

fn same_tree(one: &Tree<Value>, other: &Tree<Value>) -> bool {
    match (one, other) {
        (Tree::Null, Tree::Null) => true,
        (Tree::Leaf(one), Tree::Leaf(other)) => one.kind == other.kind && one.bytes == other.bytes,
        (Tree::List(one), Tree::List(other)) => {
            let values = |items: &'_ [Tree<Value>]| items.iter().filter(|item| !matches!(item, Tree::Comment(_))).count();
            let (a, b) = (one.iter().filter(not_comment), other.iter().filter(not_comment));
            values(one) == values(other) && a.zip(b).all(|(a, b)| same_tree(a, b))
        }
        (Tree::Map(one), Tree::Map(other)) => {
            let entries = |entries: &[(String, Tree<Value>)]| entries.iter().filter(|(_, tree)| not_comment(&tree)).count();
            let (a, b) = (one.iter().filter(|(_, tree)| not_comment(&tree)), other.iter().filter(|(_, tree)| not_comment(&tree)));
            entries(one) == entries(other) && a.zip(b).all(|((key, a), (name, b))| key == name && same_tree(a, b))
        }
        _ => false,
    }
}

fn not_comment(tree: &&Tree<Value>) -> bool {
    !matches!(tree, Tree::Comment(_))
}

/// Takes over recipients that the other side added or removed.
fn recipients(base: &Opened, onto: &Opened, from: &Opened, merged: SecretBytes) -> Result<SecretBytes, SopsError> {
    let groups =
        |opened: &Opened| opened.file.metadata.as_ref().map(|metadata: &Metadata| metadata.groups.clone()).unwrap_or_default();
    let (was, here, there) = (groups(base), groups(onto), groups(from));
    let names = |groups: &[KeyGroup]| -> Vec<Vec<String>> {
        groups.iter().map(|group| group.age.iter().map(|key| key.recipient.clone()).collect()).collect()
    };
    if names(&was) == names(&there) || names(&here) == names(&there) {
        return Ok(merged);
    }
    let ([was], [here], [there]) = (was.as_slice(), here.as_slice(), there.as_slice()) else {
        return Err(onto
            .file
            .error(Problem::Merge("key groups changed on one side: merge the sops block by hand, then run rekey")));
    };
    let has = |group: &KeyGroup, key: &AgeKey| group.age.iter().any(|other| other.recipient == key.recipient);
    let mut group = here.clone();
    group.age.retain(|key| has(there, key) || !has(was, key));
    let added: Vec<AgeKey> = there.age.iter().filter(|key| !has(was, key) && !has(here, key)).cloned().collect();
    if !added.is_empty() && onto.key != from.key {
        return Err(onto.file.error(Problem::Merge(
            "one side has a new data key and the other new recipients: take the side with the new key, then run rekey",
        )));
    }
    group.age.extend(added);
    if group.age.is_empty() {
        return Err(onto.file.error(Problem::Merge("no recipient would be left: merge the sops block by hand, then run rekey")));
    }
    let file = SopsFile::parse(&onto.file.name, onto.file.store, merged)?;
    let threshold = file.metadata.as_ref().and_then(|metadata| metadata.shamir_threshold);
    file.rewrap(vec![group], threshold)
}
