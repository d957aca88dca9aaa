//! Marks and comments to nodes: which mapping or list each comment stands in for sops' reader, and in front of what.
//!
//! Comments gather while marks are read and go with the first scalar, bracket or end of a mapping that takes them. A foot then moves
//! to the pair before; where one is there already, it takes its place, and that one is lost.

use std::ops::Range;

use super::leaf::Leaf;
use super::scan::{Comment, Kind, Mark, Part, Scanned};
use crate::layout::{Layout, NodeId};

type Lines = Vec<Range<usize>>;

/// A comment's place: in front of a node, in a mapping or list.
pub(super) struct Found {
    pub(super) before: NodeId,
    pub(super) around: NodeId,
    pub(super) span: Range<usize>,
    /// Comments in front of one node: what ends with a node before comes before what begins with the next one.
    rank: Rank,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    End,
    Front,
    Head,
}

/// Where the comments of a file go, and which node each dash, key and value begins.
pub(super) struct Attached {
    /// In the order of the nodes.
    pub(super) found: Vec<Found>,
    /// By place in the file.
    pub(super) begins: Vec<(usize, NodeId)>,
}

/// Attaches the comments of a file.
pub(super) fn attach(scanned: Scanned, leaves: &[Leaf], layout: &Layout) -> Attached {
    let Scanned { marks, comments } = scanned;
    let mut attacher = Attacher {
        marks,
        at: 0,
        comments: comments.into_iter().peekable(),
        leaves,
        head: Vec::new(),
        line: Vec::new(),
        foot: Vec::new(),
        stem: Vec::new(),
        next: None,
        attached: Attached { found: Vec::new(), begins: Vec::new() },
    };
    attacher.stream(layout);
    let mut attached = attacher.attached;
    attached.found.sort_by_key(|found| (found.before, found.rank));
    attached
}

/// What a node was given.
#[derive(Default)]
struct Held {
    head: Lines,
    line: Lines,
    foot: Lines,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// It is the content of a document.
    Top,
    /// A key or its value: dashes may stand in line with the key.
    Pair,
    Item,
}

/// A node that was read: its id when it has one, and whether it is a mapping or list.
struct Read {
    id: Option<NodeId>,
    is_collection: bool,
    held: Held,
}

struct Attacher<'a> {
    marks: Vec<Mark>,
    at: usize,
    comments: std::iter::Peekable<std::vec::IntoIter<Comment>>,
    leaves: &'a [Leaf],
    head: Lines,
    line: Lines,
    foot: Lines,
    stem: Lines,
    /// The id of the next node; none where nodes are not counted, in the `sops` block.
    next: Option<NodeId>,
    attached: Attached,
}

impl Attacher<'_> {
    fn stream(&mut self, layout: &Layout) {
        self.advance();
        let mut documents = layout.documents.iter();
        loop {
            while matches!(self.peek(), Kind::DocumentEnd | Kind::Directive) {
                self.advance();
            }
            match self.peek() {
                Kind::StreamEnd => return,
                Kind::DocumentStart => self.advance(),
                _ => {}
            }
            let before = self.at;
            self.document(&mut documents);
            // Never twice at one mark, whatever it is.
            if self.at == before && !matches!(self.peek(), Kind::DocumentStart | Kind::StreamEnd) {
                self.advance();
            }
        }
    }

    fn document<'l>(&mut self, documents: &mut impl Iterator<Item = &'l crate::layout::Document>) {
        let is_map = matches!(self.content(), Kind::MapStart | Kind::OpenMap);
        let root = if is_map { documents.next().map(|document| document.root) } else { None };
        self.next = root;
        if !matches!(self.peek(), Kind::DocumentStart | Kind::DocumentEnd | Kind::Directive | Kind::StreamEnd) {
            let read = self.node(At::Top);
            self.place_within(root, read.held);
        }
        self.peek();
        if self.peek() == Kind::DocumentEnd {
            self.advance();
        }
        let mut held = self.take();
        let rest = if held.foot.is_empty() { std::mem::take(&mut held.head) } else { held.foot };
        self.place(self.next, root, rest, Rank::End);
    }

    /// What the document begins with behind anchors and tags.
    fn content(&mut self) -> Kind {
        self.peek();
        self.marks[self.at..].iter().map(|mark| mark.kind).find(|kind| *kind != Kind::Property).unwrap_or(Kind::StreamEnd)
    }

    /// The next mark; comments that go with it or with one before it gather.
    fn peek(&mut self) -> Kind {
        let mark = self.marks[self.at];
        while let Some(comment) = self
            .comments
            .next_if(|comment| comment.with <= mark.at && !(comment.part == Part::Head && mark.kind == Kind::BlockEnd))
        {
            match comment.part {
                Part::Head => self.head.extend(comment.lines),
                Part::Line => self.line.extend(comment.lines),
                Part::Foot => self.foot.extend(comment.lines),
            }
        }
        mark.kind
    }

    fn advance(&mut self) {
        self.at = (self.at + 1).min(self.marks.len() - 1);
    }

    /// What has gathered.
    fn take(&mut self) -> Held {
        self.stem.clear();
        Held { head: std::mem::take(&mut self.head), line: std::mem::take(&mut self.line), foot: std::mem::take(&mut self.foot) }
    }

    /// The id of a node that begins here, if nodes are counted.
    fn count(&mut self, nodes: NodeId) -> Option<NodeId> {
        let id = self.next?;
        self.next = Some(id + nodes);
        Some(id)
    }

    fn begins(&mut self, at: usize) {
        if let Some(next) = self.next {
            self.attached.begins.push((at, next));
        }
    }

    fn place(&mut self, before: Option<NodeId>, around: Option<NodeId>, lines: Lines, rank: Rank) {
        let (Some(before), Some(around)) = (before, around) else { return };
        self.attached.found.extend(lines.into_iter().map(|span| Found { before, around, span, rank }));
    }

    /// Comments of a mapping or list that nothing around it has dealt with, its nodes read.
    fn place_within(&mut self, id: Option<NodeId>, held: Held) {
        let front = id.map(|id| id + 1);
        let rank = if front == self.next { Rank::End } else { Rank::Front };
        self.place(front, id, held.head, rank);
        self.place(front, id, held.line, rank);
        self.place(self.next, id, held.foot, Rank::End);
    }

    /// A node with what is below it.
    fn node(&mut self, place: At) -> Read {
        let top = place == At::Top;
        while self.peek() == Kind::Property {
            self.advance();
        }
        let kind = self.peek();
        let start = self.marks[self.at].at;
        if matches!(kind, Kind::Leaf(_) | Kind::OpenList | Kind::OpenMap) {
            self.begins(start);
        }
        let nodes = if let Kind::Leaf(leaf) = kind { self.leaves[leaf].nodes } else { 1 };
        let id = self.count(nodes);
        let is_level = kind == Kind::Dash && place == At::Pair;
        let is_collection = is_level || matches!(kind, Kind::MapStart | Kind::ListStart | Kind::OpenMap | Kind::OpenList);
        let held = match kind {
            Kind::MapStart => self.map(id, top),
            Kind::ListStart => self.list(id, false),
            Kind::Dash if is_level => self.list(id, true),
            Kind::OpenMap => self.flow_map(id, top),
            Kind::OpenList => self.flow_list(id),
            Kind::Leaf(_) => {
                let held = self.take();
                self.advance();
                held
            }
            // An anchor or a tag and nothing behind it.
            _ => Held::default(),
        };
        Read { id, is_collection, held }
    }

    /// Nothing, where a value would be.
    fn nothing(&mut self) -> Read {
        Read { id: self.count(1), is_collection: false, held: Held::default() }
    }

    fn map(&mut self, id: Option<NodeId>, top: bool) -> Held {
        let head = std::mem::take(&mut self.stem);
        self.advance();
        let mut feet: Vec<(Option<NodeId>, Lines)> = Vec::new();
        while let Kind::Key { .. } = self.peek() {
            self.pair(id, top, Some(&mut feet));
        }
        let mut held = self.take();
        if self.peek() == Kind::BlockEnd {
            self.advance();
        }
        if let Some((_, foot)) = feet.last_mut().filter(|_| !held.foot.is_empty()) {
            *foot = std::mem::take(&mut held.foot);
        }
        for (end, foot) in feet {
            self.place(end, id, foot, Rank::End);
        }
        Held { head, ..held }
    }

    /// A pair of a mapping. In a block its foot waits: what follows may replace it.
    fn pair(&mut self, id: Option<NodeId>, top: bool, mut feet: Option<&mut Vec<(Option<NodeId>, Lines)>>) {
        let start = self.marks[self.at].at;
        if let Kind::Key { .. } = self.peek() {
            self.advance();
        }
        let before = self.next;
        let is_block = top && matches!(self.content(), Kind::Leaf(leaf) if self.leaves[leaf].is_block_key);
        self.next = None;
        let mut key = if ends_pair(self.peek()) { Held::default() } else { self.node(At::Pair).held };
        if let Some(last) = feet.as_mut().and_then(|feet| feet.last_mut()).filter(|_| !key.foot.is_empty()) {
            last.1 = std::mem::take(&mut key.foot);
        }
        self.next = before.filter(|_| !is_block);
        self.begins(start);
        let mut value = self.value();
        if key.foot.is_empty() {
            key.foot = std::mem::take(&mut value.held.foot);
        }
        let end = if is_block { before } else { self.next };
        self.place(before, id, key.head, Rank::Head);
        self.place(before, id, key.line, Rank::Head);
        if value.is_collection {
            self.place_within(value.id, value.held);
        } else {
            self.place(before, id, value.held.head, Rank::Head);
            self.place(before, id, value.held.line, Rank::Head);
            self.place(end, id, value.held.foot, Rank::End);
        }
        self.next = end;
        match feet {
            Some(feet) => feet.push((end, key.foot)),
            None => self.place(end, id, key.foot, Rank::End),
        }
    }

    fn value(&mut self) -> Read {
        if self.peek() != Kind::Value {
            return self.nothing();
        }
        self.advance();
        if ends_pair(self.peek()) { self.nothing() } else { self.node(At::Pair) }
    }

    /// A block list. One whose dashes stand below their key has no mark for its beginning and end.
    fn list(&mut self, id: Option<NodeId>, level: bool) -> Held {
        let head = if level { Vec::new() } else { std::mem::take(&mut self.stem) };
        if !level {
            self.advance();
        }
        while self.peek() == Kind::Dash {
            let before = self.head.len();
            let start = self.marks[self.at].at;
            self.advance();
            let next = self.peek();
            if before > 0 && matches!(next, Kind::MapStart | Kind::ListStart) {
                // What stands above the dash is for the whole element.
                let rest = self.head.split_off(before);
                self.stem = std::mem::replace(&mut self.head, rest);
            }
            self.begins(start);
            let ends = matches!(next, Kind::Dash | Kind::BlockEnd) || (level && matches!(next, Kind::Key { .. } | Kind::Value));
            let item = if ends { self.nothing() } else { self.node(At::Item) };
            self.place_item(id, item);
        }
        if !level && self.peek() == Kind::BlockEnd {
            self.advance();
        }
        Held { head, ..Held::default() }
    }

    fn place_item(&mut self, list: Option<NodeId>, item: Read) {
        self.place(item.id, list, item.held.head, Rank::Head);
        self.place(item.id, list, item.held.line, Rank::Head);
        self.place(self.next, list, item.held.foot, Rank::End);
    }

    fn flow_map(&mut self, id: Option<NodeId>, top: bool) -> Held {
        // What its beginning took, its end replaces, but for the head.
        let head = self.take().head;
        self.advance();
        loop {
            match self.peek() {
                Kind::Close | Kind::StreamEnd => break,
                Kind::Comma => self.advance(),
                _ => {
                    let before = self.at;
                    self.pair(id, top, None);
                    if self.at == before {
                        self.advance();
                    }
                }
            }
        }
        let held = self.take();
        self.advance();
        Held { head, ..held }
    }

    fn flow_list(&mut self, id: Option<NodeId>) -> Held {
        let head = self.take().head;
        self.advance();
        loop {
            match self.peek() {
                Kind::Close | Kind::StreamEnd => break,
                Kind::Comma => self.advance(),
                // A pair without braces is a mapping of its own.
                Kind::Key { .. } => {
                    let map = self.count(1);
                    self.pair(map, false, None);
                }
                _ => {
                    let before = self.at;
                    let item = self.node(At::Item);
                    self.place_item(id, item);
                    if self.at == before {
                        self.advance();
                    }
                }
            }
        }
        let held = self.take();
        self.advance();
        Held { head, ..held }
    }
}

fn ends_pair(kind: Kind) -> bool {
    matches!(kind, Kind::Key { .. } | Kind::Value | Kind::BlockEnd | Kind::Comma | Kind::Close | Kind::StreamEnd)
}
