//! Sections and keys into nodes, in the order in which sops walks them: a section's comment first, a key's comment behind the key.

use seal_manifest::syntax;

use super::BLOCK;
use super::parse::{Comment, Key, Section, Words, parse};
use crate::layout::{Block, Document, Form, Layout, Name, Node, NodeId, Raw, RawForm};
use crate::metadata::flat;
use crate::{Problem, SopsError};

/// Reads a file.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Layout, SopsError> {
    let fails =
        |text: &str, at: usize, problem| SopsError { at: Some(syntax::position(text, at)), ..SopsError::of_file(name, problem) };
    let text = std::str::from_utf8(bytes).map_err(|bad| {
        let valid = std::str::from_utf8(&bytes[..bad.valid_up_to()]).unwrap_or_default();
        fails(valid, valid.len(), Problem::NotUtf8)
    })?;
    let sections = parse(text).map_err(|(at, problem)| fails(text, at, problem))?;
    let mut block = None;
    for section in sections.iter().filter(|section| section.name == BLOCK) {
        let start = section.header.as_ref().map_or(0, |header| header.start);
        if block.replace(read_block(text, section).map_err(|problem| fails(text, start, problem))?).is_some() {
            return Err(fails(text, start, Problem::Metadata("there are two sections named sops".to_owned())));
        }
    }
    let (nodes, _) = nodes(text, &sections);
    Ok(Layout { nodes, documents: vec![Document { root: 0, block, span: 0..bytes.len() }], odd: Vec::new() })
}

/// What a node stands for in the text.
#[derive(Clone, Copy)]
pub(super) enum Place<'s> {
    /// The whole file.
    Root,
    /// A section.
    Section(&'s Section),
    /// A key.
    Key(&'s Key),
    /// A comment, and where the line begins that it is about.
    Comment(&'s Comment, usize),
}

/// All nodes but those of the block, and what they stand for.
pub(super) fn nodes<'s>(text: &str, sections: &'s [Section]) -> (Vec<Node>, Vec<Place<'s>>) {
    let root = Node { parent: None, name: Name::Root, form: Form::Map, span: 0..text.len(), style: 0 };
    let mut found = Found { text, nodes: vec![root], places: vec![Place::Root] };
    sections.iter().filter(|section| section.name != BLOCK).for_each(|section| found.section(section));
    // Like any mapping, the whole begins where its first entry does: comments stand before it.
    found.nodes[0].span.start = found.nodes.get(1).map_or(text.len(), |first| first.span.start);
    (found.nodes, found.places)
}

struct Found<'t, 's> {
    text: &'t str,
    nodes: Vec<Node>,
    places: Vec<Place<'s>>,
}

impl<'s> Found<'_, 's> {
    fn push(&mut self, node: Node, place: Place<'s>) {
        self.nodes.push(node);
        self.places.push(place);
    }

    fn section(&mut self, section: &'s Section) {
        let empty = section.keys.is_empty() && section.comment.is_none() && section.tail.is_none();
        if section.header.is_none() && empty {
            return;
        }
        let id = self.nodes.len() as NodeId;
        let header = section.header.clone().unwrap_or(0..0);
        let span = header.start..section.end();
        let name = Name::Key(section.name.as_str().into());
        self.push(Node { parent: Some(0), name, form: Form::Map, span, style: 0 }, Place::Section(section));
        self.comment(id, section.comment.as_ref(), header.start);
        for key in &section.keys {
            let form = match &key.text {
                Words::Span(range) => Form::Span(range.clone()),
                Words::Joined(text) => Form::Text(text.as_bytes().to_vec().into()),
            };
            let name = Name::Key(key.name.as_str().into());
            self.push(Node { parent: Some(id), name, form, span: key.value.clone(), style: 0 }, Place::Key(key));
            self.comment(id, key.comment.as_ref(), key.lines.start);
        }
        self.comment(id, section.tail.as_ref(), section.end());
    }

    /// A comment without a text is none.
    fn comment(&mut self, parent: NodeId, comment: Option<&'s Comment>, about: usize) {
        let Some(comment) = comment else { return };
        let joined = |text: &str, at: usize| (Form::JoinedComment(text.as_bytes().to_vec().into()), at..at);
        // Where it starts once it is sealed: above its header, or behind the mark of its first line.
        let above = comment.above.first().map_or(about, |first| first.start + 1);
        let (form, span) = match &comment.text {
            Words::Span(range) if range.is_empty() => return,
            Words::Span(range) if comment.behind_header => joined(&self.text[range.clone()], above),
            Words::Span(range) => (Form::Comment, range.clone()),
            Words::Joined(text) => joined(text, above),
        };
        self.push(Node { parent: Some(parent), name: Name::None, form, span, style: 0 }, Place::Comment(comment, about));
    }
}

/// The block; line breaks stand as `\n`, or as themselves in triple quotes (sops 3.13.0 and 3.13.1).
fn read_block(text: &str, section: &Section) -> Result<Block, Problem> {
    let scalar = |words: &Words| match words {
        Words::Span(range) => text[range.clone()].replace("\\n", "\n"),
        Words::Joined(text) => text.replace("\\n", "\n"),
    };
    let keys = section.keys.iter();
    let flat = keys.map(|key| (key.name.clone(), Raw { form: RawForm::Scalar(scalar(&key.text)), span: key.value.clone() }));
    let raw = flat::unflatten(flat.collect()).map_err(Problem::Metadata)?;
    let start = section.header.as_ref().map_or(0, |header| header.start);
    let end = section.keys.last().map_or(start, |key| key.lines.end);
    Ok(Block { span: start..end, raw, at: start })
}
