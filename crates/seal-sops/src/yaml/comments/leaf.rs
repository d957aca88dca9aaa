//! The scalars and aliases of a file: what lies between them is marks, white space and comments.

use std::ops::Range;

use seal_manifest::syntax::{Form, RawDocument, Style, Tree};

use crate::layout::NodeId;

/// How far a leaf's reader goes on reading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// To the last letter.
    AtOnce,
    /// Over the white space behind it, too.
    BehindBlanks,
    /// As before, and a header line stands in front of the text.
    Block,
}

/// A scalar or an alias.
pub(super) struct Leaf {
    pub(super) span: Range<usize>,
    pub(super) ends: Ends,
    /// The key of a document's `sops` block.
    pub(super) is_block_key: bool,
    /// Nodes that an alias stands for, itself included.
    pub(super) nodes: NodeId,
}

/// All of them in document order. `expanded` says how many nodes each alias came to, in the same order.
pub(super) fn all(documents: &[RawDocument<'_>], expanded: &[NodeId]) -> Vec<Leaf> {
    let mut walk = Walk { leaves: Vec::new(), expanded: expanded.iter() };
    for document in documents {
        walk.tree(&document.root, true);
    }
    walk.leaves
}

struct Walk<'a> {
    leaves: Vec<Leaf>,
    expanded: std::slice::Iter<'a, NodeId>,
}

impl Walk<'_> {
    fn tree(&mut self, tree: &Tree<'_>, top: bool) {
        match &tree.form {
            Form::Alias(_) => {
                let nodes = self.expanded.next().copied().unwrap_or(1);
                self.leaves.push(Leaf { span: tree.span.clone(), ends: Ends::AtOnce, is_block_key: false, nodes });
            }
            Form::Scalar { style, .. } => self.scalar(tree, *style, false),
            Form::List { items, .. } => items.iter().for_each(|item| self.tree(item, false)),
            Form::Map { pairs, .. } => pairs.iter().for_each(|(key, value)| self.pair(key, value, top)),
        }
    }

    fn pair(&mut self, key: &Tree<'_>, value: &Tree<'_>, top: bool) {
        match &key.form {
            Form::Scalar { style, text } => self.scalar(key, *style, top && text.as_str() == "sops"),
            // No alias that is a key comes to nodes of its own.
            _ => {
                let span = key.span.clone();
                self.leaves.push(Leaf { span, ends: Ends::AtOnce, is_block_key: false, nodes: 1 });
            }
        }
        self.tree(value, false);
    }

    fn scalar(&mut self, tree: &Tree<'_>, style: Style, is_block_key: bool) {
        let ends = match style {
            Style::Quoted => Ends::AtOnce,
            Style::Plain => Ends::BehindBlanks,
            Style::Block => Ends::Block,
        };
        if !tree.span.is_empty() {
            self.leaves.push(Leaf { span: tree.span.clone(), ends, is_block_key, nodes: 1 });
        }
    }
}
