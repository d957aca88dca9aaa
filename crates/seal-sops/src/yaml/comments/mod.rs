//! Where comments belong. The format binds a comment to the mapping or list that sops' reader attaches it to, and a selector of comments
//! to what follows it there, so that is what is modelled: `scan` is what its scanner makes of the lines, `attach` what its parser does.

mod attach;
mod leaf;
mod scan;

use std::ops::Range;

use seal_manifest::syntax::RawDocument;

use crate::layout::{Form, Layout, Name, Node, NodeId, Odd};
use crate::lines::Lines;

/// A comment's node: in front of which node it goes, and in what.
struct Found {
    before: NodeId,
    around: NodeId,
    span: Range<usize>,
    odd: Option<Odd>,
}

/// Puts a node for every comment into the layout. `expanded` has for each alias the nodes it came to.
pub(crate) fn insert(text: &str, documents: &[RawDocument<'_>], layout: &mut Layout, expanded: &[NodeId]) {
    if !text.contains('#') || layout.nodes.is_empty() {
        return;
    }
    let leaves = leaf::all(documents, expanded);
    let scanned = scan::scan(text, &leaves);
    let mut all: Vec<Range<usize>> = scanned.comments.iter().flat_map(|comment| comment.lines.iter().cloned()).collect();
    if all.is_empty() {
        return;
    }
    let attach::Attached { found, begins } = attach::attach(scanned, &leaves, layout);
    let place = Place { text, lines: Lines::new(text), layout, begins: &begins };
    let mut nodes: Vec<Found> = Vec::with_capacity(all.len());
    let mut seen: Vec<usize> = found.iter().map(|found| found.span.start).collect();
    seen.sort_unstable();
    for attach::Found { before, around, span, .. } in found {
        let odd = place.is_misleading(before, around, &span).then_some(Odd::Misleading);
        nodes.push(Found { before, around, span, odd });
    }
    // What sops' reader loses is sealed all the same.
    all.retain(|span| seen.binary_search(&span.start).is_err() && !place.is_in_block(span));
    let lost = all.into_iter().filter_map(|span| place.lost(span));
    nodes.extend(lost);
    nodes.sort_by_key(|found| found.before);
    merge(layout, nodes);
}

/// What a comment stands above, for those who read the file.
struct Place<'a> {
    text: &'a str,
    lines: Lines,
    layout: &'a Layout,
    begins: &'a [(usize, NodeId)],
}

impl Place<'_> {
    /// True for a comment on a line of its own that does not say for sops' reader what it says for people: it has to do with something
    /// further down than what is below it, or with nothing although it is in line with that.
    fn is_misleading(&self, before: NodeId, around: NodeId, span: &Range<usize>) -> bool {
        let hash = span.start - 1;
        let line = self.lines.start(hash);
        if !self.text[line..hash].trim_start_matches('\u{feff}').trim_matches([' ', '\t']).is_empty() {
            return false;
        }
        let Some((at, below)) = self.below(hash) else { return false };
        let follows = self.layout.nodes.get(before as usize).filter(|node| node.parent == Some(around));
        match follows {
            Some(_) => below != before,
            None => self.lines.column(at) == self.lines.column(hash) && self.root(below) == self.root(around),
        }
    }

    /// The first key, element or value behind a place.
    fn below(&self, at: usize) -> Option<(usize, NodeId)> {
        self.begins.get(self.begins.partition_point(|(start, _)| *start < at)).copied()
    }

    fn root(&self, id: NodeId) -> NodeId {
        std::iter::successors(Some(id), |id| self.layout.nodes.get(*id as usize)?.parent).last().unwrap_or(id)
    }

    fn is_in_block(&self, span: &Range<usize>) -> bool {
        let blocks = self.layout.documents.iter().filter_map(|document| document.block.as_ref());
        blocks.map(|block| &block.span).any(|block| block.start <= span.start && span.end <= block.end)
    }

    /// A comment that is in no tree of sops' reader: in front of what is below it, in the same mapping or list.
    fn lost(&self, span: Range<usize>) -> Option<Found> {
        let document = self.layout.documents.iter().rev().find(|document| document.span.start <= span.start);
        let root = document.or(self.layout.documents.first())?.root;
        let below = self.below(span.start).filter(|(_, below)| self.root(*below) == root);
        let end = self.layout.documents.iter().map(|document| document.root).find(|other| *other > root);
        let (before, around) = match below.and_then(|(_, below)| Some((below, self.layout.nodes.get(below as usize)?.parent?))) {
            Some(place) => place,
            None => (end.unwrap_or(self.layout.nodes.len() as NodeId), root),
        };
        Some(Found { before, around, span, odd: Some(Odd::Lost) })
    }
}

/// Rebuilds the nodes with the comments among them; ids move.
fn merge(layout: &mut Layout, found: Vec<Found>) {
    let old = std::mem::take(&mut layout.nodes);
    let mut new_ids: Vec<NodeId> = Vec::with_capacity(old.len());
    let mut nodes: Vec<Node> = Vec::with_capacity(old.len() + found.len());
    let mut odd = Vec::new();
    let mut comments = found.into_iter().peekable();
    let mut comment = |comment: Found, new_ids: &[NodeId], nodes: &mut Vec<Node>| {
        odd.extend(comment.odd.map(|odd| (nodes.len() as NodeId, odd)));
        let parent = new_ids.get(comment.around as usize).copied().or(Some(0));
        nodes.push(Node { parent, name: Name::None, form: Form::Comment, span: comment.span, style: 0 });
    };
    for (index, mut node) in old.into_iter().enumerate() {
        while let Some(found) = comments.next_if(|comment| comment.before as usize <= index && (comment.around as usize) < index)
        {
            comment(found, &new_ids, &mut nodes);
        }
        node.parent = node.parent.map(|parent| new_ids[parent as usize]);
        new_ids.push(nodes.len() as NodeId);
        nodes.push(node);
    }
    for found in comments {
        comment(found, &new_ids, &mut nodes);
    }
    for document in &mut layout.documents {
        document.root = new_ids[document.root as usize];
    }
    layout.nodes = nodes;
    layout.odd = odd;
}
