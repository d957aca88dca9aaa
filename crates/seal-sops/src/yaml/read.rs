//! Trees with spans to nodes: scalars resolved as sops' reader resolves them, aliases expanded, the `sops` block set apart.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use seal_manifest::Position;
use seal_manifest::syntax::{self, Form as Shape, Style, Tag, Tree};

use crate::layout::{Block, Document, Form, Layout, Name, Node, NodeId, Raw, RawForm};
use crate::resolve::{self, Resolved};
use crate::{Problem, SopsError, Type, Value};

use super::comments;

/// Node styles of this store.
pub(crate) mod style {
    /// In quotes.
    pub(crate) const QUOTED: u8 = 1;
    /// A literal or folded block.
    pub(crate) const BLOCK: u8 = 2;
    /// Within brackets or braces.
    pub(crate) const FLOW: u8 = 4;
    /// Not in the file: the content of an alias.
    pub(crate) const VIRTUAL: u8 = 8;
    /// An alias: the span is the alias, the form is that of its target.
    pub(crate) const ALIAS: u8 = 16;
    /// The span begins with a tag.
    pub(crate) const TAGGED: u8 = 32;
}

const MISTAGGED: &str = "the value is not what its tag says: correct the tag or leave it out";

/// Nodes that aliases may expand to.
const MAX_EXPANDED: usize = 1_000_000;

/// Reads a file.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Layout, SopsError> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(bad) => {
            let valid = std::str::from_utf8(&bytes[..bad.valid_up_to()]).unwrap_or_default();
            let at = Some(syntax::position(valid, valid.len()));
            return Err(SopsError { file: name.to_owned(), at, path: None, problem: Problem::NotUtf8 });
        }
    };
    let documents = syntax::yaml(text).map_err(|failure| SopsError {
        file: name.to_owned(),
        at: Some(failure.at),
        path: None,
        problem: Problem::of_manifest(&failure.problem),
    })?;
    let mut reader = Reader::new(text);
    for document in &documents {
        reader.document(&document.root, document.span.clone()).map_err(|refusal| refusal.error(name, &reader.layout))?;
    }
    let mut layout = reader.layout;
    comments::insert(text, &documents, &mut layout, &reader.aliases);
    Ok(layout)
}

/// Why a node cannot be read, and whose child it is.
struct Refusal {
    at: Position,
    parent: Option<NodeId>,
    key: Option<String>,
    problem: Problem,
}

impl Refusal {
    fn error(self, name: &str, layout: &Layout) -> SopsError {
        let mut path = self.parent.map(|parent| layout.path(parent)).unwrap_or_default();
        path.0.extend(self.key.map(crate::Segment::Key));
        let path = (!path.0.is_empty()).then_some(path);
        SopsError { file: name.to_owned(), at: Some(self.at), path, problem: self.problem }
    }
}

struct Reader<'t> {
    text: &'t str,
    layout: Layout,
    anchors: HashMap<usize, &'t Tree<'t>>,
    /// Anchors whose expansion is under way, and those of collections that are still open.
    open: Vec<usize>,
    /// Nodes that each alias of the file came to, itself included.
    aliases: Vec<NodeId>,
    expanded: usize,
}

/// Where a node goes.
struct Slot {
    parent: Option<NodeId>,
    name: Name,
    style: u8,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Reader<'t> {
        let nodes = Vec::with_capacity(text.len() / 64 + 8);
        Reader {
            text,
            layout: Layout { nodes, documents: Vec::new(), odd: Vec::new() },
            anchors: HashMap::new(),
            open: Vec::new(),
            aliases: Vec::new(),
            expanded: 0,
        }
    }

    fn document(&mut self, tree: &'t Tree<'t>, span: Range<usize>) -> Result<(), Refusal> {
        self.anchors.clear();
        let refuse = |why| Refusal { at: tree.at, parent: None, key: None, problem: Problem::Unsupported(why) };
        let pairs = match &tree.form {
            Shape::Map { pairs, .. } => pairs,
            Shape::Scalar { text, style: Style::Plain } if matches!(resolve::plain(text.as_str()), Resolved::Null) => {
                return Ok(());
            }
            Shape::Scalar { .. } | Shape::Alias(_) => {
                return Err(refuse(
                    "a document that is one value cannot be encrypted: put it under a key, or encrypt the file as binary",
                ));
            }
            Shape::List { .. } => {
                return Err(refuse(
                    "a document that is a list cannot be encrypted: put it under a key, or encrypt the file as binary",
                ));
            }
        };
        let line_start = self.text[..tree.span.start].rfind('\n').map_or(0, |at| at + 1);
        if self.text[line_start..tree.span.start].contains('\t') && !matches!(tree.form, Shape::Map { flow: true, .. }) {
            return Err(Refusal { at: tree.at, parent: None, key: None, problem: Problem::Syntax("YAML: a tab cannot indent") });
        }
        let root = self.push(None, Name::Root, Form::Map, tree.span.clone(), 0);
        self.layout.documents.push(Document { root, block: None, span });
        self.note_anchor(tree);
        self.map(tree, pairs, root, 0)
    }

    fn push(&mut self, parent: Option<NodeId>, name: Name, form: Form, span: Range<usize>, style: u8) -> NodeId {
        let id = NodeId::try_from(self.layout.nodes.len()).expect("the budget of nodes is far below");
        self.layout.nodes.push(Node { parent, name, form, span, style });
        id
    }

    fn note_anchor(&mut self, tree: &'t Tree<'t>) {
        if tree.anchor != 0 {
            self.anchors.insert(tree.anchor, tree);
        }
    }

    /// Children of a mapping. `inherited` is the style they share: in flow, virtual.
    fn map(&mut self, tree: &Tree<'t>, pairs: &'t [(Tree<'t>, Tree<'t>)], id: NodeId, inherited: u8) -> Result<(), Refusal> {
        let flow = matches!(tree.form, Shape::Map { flow: true, .. });
        let inherited = inherited | if flow { style::FLOW } else { 0 };
        let is_virtual = inherited & style::VIRTUAL != 0;
        let mut seen = HashSet::with_capacity(pairs.len());
        for (key, value) in pairs {
            let name = self.key(key, id)?;
            if !seen.insert(name) {
                return Err(Refusal { at: key.at, parent: Some(id), key: Some(name.to_owned()), problem: Problem::DuplicateKey });
            }
            let is_merge = name == "<<" && matches!(&key.form, Shape::Scalar { style: Style::Plain, .. });
            if is_merge && matches!(value.form, Shape::Scalar { .. }) {
                let problem = Problem::Unsupported("a merge key needs a mapping: put << in quotes when it is meant as text");
                return Err(Refusal { at: key.at, parent: Some(id), key: None, problem });
            }
            let top = self.layout.nodes[id as usize].parent.is_none() && !is_virtual;
            if top && name == "sops" {
                self.block(key, value)?;
                continue;
            }
            self.value(value, Slot { parent: Some(id), name: Name::Key(name.into()), style: inherited })?;
        }
        Ok(())
    }

    fn list(&mut self, tree: &Tree<'t>, items: &'t [Tree<'t>], id: NodeId, inherited: u8) -> Result<(), Refusal> {
        let flow = matches!(tree.form, Shape::List { flow: true, .. });
        let inherited = inherited | if flow { style::FLOW } else { 0 };
        for (index, item) in items.iter().enumerate() {
            let name = Name::Item(u32::try_from(index).expect("the budget of nodes is far below"));
            self.value(item, Slot { parent: Some(id), name, style: inherited })?;
        }
        Ok(())
    }

    /// A key's name. Only texts may be keys.
    fn key(&self, key: &'t Tree<'t>, parent: NodeId) -> Result<&'t str, Refusal> {
        let refuse = |why| Refusal { at: key.at, parent: Some(parent), key: None, problem: Problem::Unsupported(why) };
        let target = match &key.form {
            Shape::Alias(id) => self.anchors.get(id).copied().ok_or_else(|| refuse("a key that is an alias to nothing"))?,
            _ => key,
        };
        let Shape::Scalar { text, style } = &target.form else {
            return Err(refuse("a key that is a mapping or a list cannot be encrypted"));
        };
        if target.tag == Some(Tag::Binary) {
            return Err(refuse("a key in base64 cannot be encrypted: write it as text"));
        }
        match self.resolve(target, text.as_str(), *style) {
            Resolved::Text => Ok(text.as_str()),
            _ => Err(refuse("a key that is not text (a number, true, null or a date) cannot be encrypted: put it in quotes")),
        }
    }

    fn value(&mut self, tree: &'t Tree<'t>, slot: Slot) -> Result<(), Refusal> {
        self.note_anchor(tree);
        match &tree.form {
            Shape::Map { pairs, .. } => {
                let id = self.push(slot.parent, slot.name, Form::Map, tree.span.clone(), slot.style);
                self.enclosed(tree, |reader| reader.map(tree, pairs, id, slot.style))
            }
            Shape::List { items, .. } => {
                let id = self.push(slot.parent, slot.name, Form::List, tree.span.clone(), slot.style);
                self.enclosed(tree, |reader| reader.list(tree, items, id, slot.style))
            }
            Shape::Alias(id) => self.alias(tree, *id, slot),
            Shape::Scalar { .. } => self.scalar(tree, tree, slot),
        }
    }

    /// Reads the children of an anchored collection: within it, an alias to it would never end.
    fn enclosed(&mut self, tree: &Tree<'t>, read: impl FnOnce(&mut Self) -> Result<(), Refusal>) -> Result<(), Refusal> {
        if tree.anchor == 0 {
            return read(self);
        }
        self.open.push(tree.anchor);
        let result = read(self);
        self.open.pop();
        result
    }

    /// Each occurrence of an alias is a value of its own.
    fn alias(&mut self, alias: &'t Tree<'t>, anchor: usize, slot: Slot) -> Result<(), Refusal> {
        let refuse = |slot: &Slot, problem| Refusal { at: alias.at, parent: slot.parent, key: None, problem };
        if self.open.contains(&anchor) {
            return Err(refuse(&slot, Problem::Unsupported("an alias within its own anchor has no end")));
        }
        let Some(target) = self.anchors.get(&anchor).copied() else {
            return Err(refuse(&slot, Problem::Unsupported("an alias to nothing")));
        };
        let is_virtual = slot.style & style::VIRTUAL != 0;
        let before = self.layout.nodes.len();
        let own = slot.style | style::ALIAS;
        let below = slot.style | style::VIRTUAL;
        self.open.push(anchor);
        let result = match &target.form {
            Shape::Map { pairs, .. } => {
                let id = self.push(slot.parent, slot.name, Form::Map, alias.span.clone(), own);
                self.map(target, pairs, id, below)
            }
            Shape::List { items, .. } => {
                let id = self.push(slot.parent, slot.name, Form::List, alias.span.clone(), own);
                self.list(target, items, id, below)
            }
            Shape::Scalar { .. } => self.scalar(target, alias, Slot { style: own, ..slot }),
            Shape::Alias(_) => Err(refuse(&slot, Problem::Unsupported("an alias to an alias"))),
        };
        self.open.pop();
        result?;
        let count = self.layout.nodes.len() - before;
        if !is_virtual {
            self.aliases.push(NodeId::try_from(count).expect("the budget of nodes is far below"));
        }
        self.expanded += count;
        if self.expanded > MAX_EXPANDED {
            return Err(Refusal { at: alias.at, parent: None, key: None, problem: Problem::Budget("alias") });
        }
        Ok(())
    }

    /// One scalar: the content is that of `tree`, the place that of `stands`.
    fn scalar(&mut self, tree: &'t Tree<'t>, stands: &'t Tree<'t>, slot: Slot) -> Result<(), Refusal> {
        let Shape::Scalar { text, style } = &tree.form else { return Ok(()) };
        let form = match self.resolve(tree, text.as_str(), *style) {
            Resolved::Null => Form::Null,
            Resolved::Typed(kind, text) => Form::Typed(Value { kind, bytes: text.into() }),
            Resolved::Text if tree.tag == Some(Tag::Binary) => match decoded(text.as_str()) {
                Some(form) => form,
                None => return Err(refused_value(stands, slot, MISTAGGED)),
            },
            Resolved::Text => self.text_form(text),
            Resolved::TooLarge => {
                return Err(refused_value(
                    stands,
                    slot,
                    "a whole number beyond 64 bits with sign cannot be encrypted: put it in quotes",
                ));
            }
            Resolved::Mistagged => {
                return Err(refused_value(stands, slot, MISTAGGED));
            }
        };
        let foreign_tag = !matches!(stands.tag, None | Some(Tag::Str));
        let start = if foreign_tag { stands.outer_start } else { stands.span.start };
        let own = match style {
            Style::Plain => 0,
            Style::Quoted => style::QUOTED,
            Style::Block => style::BLOCK,
        };
        let tagged = if foreign_tag { style::TAGGED } else { 0 };
        let is_alias = slot.style & style::ALIAS != 0;
        let own = if is_alias { 0 } else { own };
        let style = slot.style | own | tagged;
        self.push(slot.parent, slot.name, form, start..stands.span.end.max(start), style);
        Ok(())
    }

    /// What a scalar means. `!` alone says no more than that there is a value.
    fn resolve(&self, tree: &Tree<'_>, text: &str, style: Style) -> Resolved {
        let tag = tree.tag.filter(|tag| *tag != Tag::Other || !self.is_bare_tag(tree));
        match (tag, style) {
            (None, Style::Plain) => resolve::plain(text),
            (None, _) => Resolved::Text,
            (Some(tag), _) => resolve::tagged(text, tag),
        }
    }

    fn is_bare_tag(&self, tree: &Tree<'_>) -> bool {
        let before = self.text.get(tree.outer_start..tree.span.start).unwrap_or_default();
        before.split([' ', '\t', '\r', '\n']).any(|word| word == "!")
    }

    fn text_form(&self, text: &syntax::Text<'_>) -> Form {
        let text = text.as_str();
        let start = (text.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        // A text that was not decoded lies within the file.
        if !text.is_empty() && start.checked_add(text.len()).is_some_and(|end| end <= self.text.len()) {
            return Form::Span(start..start + text.len());
        }
        Form::Text(text.to_owned().into())
    }

    fn block(&mut self, key: &'t Tree<'t>, value: &'t Tree<'t>) -> Result<(), Refusal> {
        self.note_anchor(value);
        let raw = self.raw(value)?;
        let end = value.span.end.max(key.span.end);
        let at = key.outer_start;
        if let Some(document) = self.layout.documents.last_mut() {
            document.block = Some(Block { span: at..end, raw, at });
        }
        Ok(())
    }

    fn raw(&self, tree: &'t Tree<'t>) -> Result<Raw, Refusal> {
        let refuse =
            |why| Refusal { at: tree.at, parent: None, key: Some("sops".to_owned()), problem: Problem::Unsupported(why) };
        let form = match &tree.form {
            Shape::Scalar { text, style: Style::Plain }
                if tree.tag.is_none() && matches!(resolve::plain(text.as_str()), Resolved::Null) =>
            {
                RawForm::Null
            }
            Shape::Scalar { text, .. } => RawForm::Scalar(text.as_str().to_owned()),
            Shape::List { items, .. } => RawForm::List(items.iter().map(|item| self.raw(item)).collect::<Result<_, _>>()?),
            Shape::Map { pairs, .. } => {
                let entry = |(key, value): &'t (Tree<'t>, Tree<'t>)| {
                    let Shape::Scalar { text, .. } = &key.form else { return Err(refuse("a metadata key that is not text")) };
                    Ok((text.as_str().to_owned(), self.raw(value)?))
                };
                let entries = pairs.iter().map(entry).collect::<Result<Vec<(String, Raw)>, _>>()?;
                let mut seen = std::collections::HashSet::new();
                if !entries.iter().all(|(key, _)| seen.insert(key.as_str())) {
                    return Err(Refusal {
                        at: tree.at,
                        parent: None,
                        key: Some("sops".to_owned()),
                        problem: Problem::DuplicateKey,
                    });
                }
                RawForm::Map(entries)
            }
            Shape::Alias(_) => return Err(refuse("aliases within the sops block")),
        };
        Ok(Raw { form, span: tree.span.clone() })
    }
}

fn refused_value(tree: &Tree<'_>, slot: Slot, why: &'static str) -> Refusal {
    let key = match slot.name {
        Name::Key(key) => Some(key.into()),
        _ => None,
    };
    Refusal { at: tree.at, parent: slot.parent, key, problem: Problem::Unsupported(why) }
}

/// `!!binary`: what it stands for; `None` when it is not base64.
fn decoded(text: &str) -> Option<Form> {
    let text: zeroize::Zeroizing<String> = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect::<String>().into();
    let bytes = STANDARD.decode(text.as_bytes()).ok()?;
    Some(Form::Typed(Value { kind: Type::Str, bytes: bytes.into() }))
}
