//! For every node of a file: what binds it to its place, and whether the selector says that it is sealed.

use std::ops::Range;

use seal_secret::SecretBytes;

use crate::layout::{Layout, Name, NodeId, Odd};
use crate::selector::Matcher;

/// The answers, one per node.
pub(crate) struct Walk {
    paths: String,
    ranges: Vec<Range<usize>>,
    selected: Vec<bool>,
}

/// What holds for the children of a mapping or list at the point the walk has come to.
#[derive(Clone, Copy, Default)]
struct Level {
    /// A key on the way was named by the selector.
    key: bool,
    /// A comment above an ancestor was named.
    above: bool,
    /// A comment in front of the next child was named.
    pending: bool,
}

impl Walk {
    /// Walks a file. Without a matcher nothing is selected.
    pub(crate) fn new(layout: &Layout, bytes: &SecretBytes, matcher: Option<&Matcher>) -> Walk {
        let count = layout.nodes.len();
        let mut walk = Walk { paths: String::new(), ranges: Vec::with_capacity(count), selected: Vec::with_capacity(count) };
        let mut levels = vec![Level::default(); count];
        for id in layout.ids() {
            let range = walk.path(layout, id);
            walk.ranges.push(range);
            let selected = matcher.is_some_and(|matcher| select(matcher, layout, bytes, id, &mut levels));
            walk.selected.push(selected);
        }
        walk
    }

    /// Keys joined and ended by colons. List positions are no part of it, and a comment has that of what is around it.
    fn path(&mut self, layout: &Layout, id: NodeId) -> Range<usize> {
        let node = &layout.nodes[id as usize];
        let parent = node.parent.map_or(0..0, |parent| self.ranges[parent as usize].clone());
        let Name::Key(key) = &node.name else { return parent };
        let start = self.paths.len();
        self.paths.extend_from_within(parent);
        self.paths.push_str(key);
        self.paths.push(':');
        start..self.paths.len()
    }

    /// The additional data a value is sealed with.
    pub(crate) fn aad(&self, id: NodeId) -> &[u8] {
        match &self.paths[self.ranges[id as usize].clone()] {
            "" => b":",
            path => path.as_bytes(),
        }
    }

    /// Whether a node is to be sealed, if it is a leaf that can be.
    pub(crate) fn selected(&self, id: NodeId) -> bool {
        self.selected[id as usize]
    }
}

fn select(matcher: &Matcher, layout: &Layout, bytes: &SecretBytes, id: NodeId, levels: &mut [Level]) -> bool {
    let node = &layout.nodes[id as usize];
    let Some(parent) = node.parent else { return !matcher.seals_what_it_names() };
    let around = levels[parent as usize];
    let named = if matcher.by_key() {
        around.key || matches!(&node.name, Name::Key(key) if matcher.key(key))
    } else if node.form.is_comment() {
        let itself = layout.text(bytes, id).is_some_and(|text| matcher.comment(text));
        levels[parent as usize].pending |= itself && layout.odd(id) != Some(Odd::Lost);
        // A comment that asks for sealing stays readable; one that asks for clear text stays readable, too.
        around.above || around.pending || (itself && !matcher.seals_what_it_names())
    } else {
        levels[parent as usize].pending = false;
        around.above || around.pending
    };
    levels[id as usize] = Level { key: matcher.by_key() && named, above: !matcher.by_key() && named, pending: false };
    named == matcher.seals_what_it_names()
}
