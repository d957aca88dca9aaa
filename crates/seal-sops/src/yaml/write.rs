//! Changes as splices into the old bytes: a value takes the place of a value, the block is edited line by line, every other byte stays.

use std::collections::HashMap;
use std::ops::Range;

use seal_manifest::syntax::Output;
use seal_secret::SecretBytes;

use crate::layout::{Changes, Form, Layout, New, Node, NodeId};
use crate::{Problem, SopsError, enc};

use super::read::style;
use super::{block, scalar, structure};

/// A replacement.
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) text: Output,
}

impl Splice {
    pub(crate) fn new(range: Range<usize>, text: &str) -> Splice {
        let mut out = Output::with_capacity(text.len());
        out.push(text);
        Splice { range, text: out }
    }
}

/// The bytes with the changes made.
pub(crate) fn write(name: &str, bytes: &[u8], layout: &Layout, changes: &Changes<'_>) -> Result<SecretBytes, SopsError> {
    let text = std::str::from_utf8(bytes).expect("read has checked this");
    let writer = Writer { name, text, layout, newline: newline(text), step: step(text, layout) };
    let mut splices = Vec::with_capacity(changes.nodes.len() + 8);
    let touched = writer.aliases(changes, &mut splices)?;
    for (id, new) in &changes.nodes {
        if !touched.contains_key(id) {
            writer.value(*id, new, &mut splices)?;
        }
    }
    block::splices(&block::Page { text, layout, newline: writer.newline, step: writer.step }, &changes.block, &mut splices);
    let written = apply(text, splices).ok_or_else(|| writer.refuse(Problem::ReadBack))?;
    if changes.inserts.is_empty() && changes.removed.is_empty() {
        return Ok(written);
    }
    structure::edit(name, written, layout, changes)
}

/// The line break of the file: that of its first line.
pub(crate) fn newline(text: &str) -> &'static str {
    if text.find('\n').is_some_and(|at| text[..at].ends_with('\r')) { "\r\n" } else { "\n" }
}

/// By how many columns the file indents: its first mapping within a mapping says so, else its `sops` block, else it is four as for sops.
fn step(text: &str, layout: &Layout) -> usize {
    let column = |at: usize| at - text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let nested = layout.nodes.iter().filter(|node| matches!(node.form, Form::Map) && node.style == 0).find_map(|node| {
        let parent = &layout.nodes[node.parent? as usize];
        let outer = column(parent.span.start);
        let inner = column(node.span.start);
        (matches!(parent.form, Form::Map) && inner > outer && !text[node.span.clone()].starts_with('{')).then(|| inner - outer)
    });
    let of_block = || {
        let block = layout.documents.iter().find_map(|document| document.block.as_ref())?;
        let line = text[block.span.clone()].split('\n').nth(1)?;
        Some(line.len() - line.trim_start_matches(' ').len()).filter(|indent| *indent > 0)
    };
    nested.or_else(of_block).filter(|step| (1..=9).contains(step)).unwrap_or(4)
}

fn apply(text: &str, mut splices: Vec<Splice>) -> Option<SecretBytes> {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let grown: usize = splices.iter().map(|splice| splice.text.text().len()).sum();
    let mut out = Output::with_capacity(text.len() + grown);
    let mut at = 0;
    for splice in &splices {
        if splice.range.start < at {
            return None;
        }
        out.push(&text[at..splice.range.start]);
        out.push(splice.text.text());
        at = splice.range.end;
    }
    out.push(&text[at..]);
    Some(out.finish())
}

struct Writer<'a> {
    name: &'a str,
    text: &'a str,
    layout: &'a Layout,
    newline: &'static str,
    step: usize,
}

impl Writer<'_> {
    fn refuse(&self, problem: Problem) -> SopsError {
        SopsError::of_file(self.name, problem)
    }

    fn node(&self, id: NodeId) -> &Node {
        &self.layout.nodes[id as usize]
    }

    /// New content at the place of a node.
    fn value(&self, id: NodeId, new: &New, splices: &mut Vec<Splice>) -> Result<(), SopsError> {
        let node = self.node(id);
        let old = &self.text[node.span.clone()];
        let length = match new {
            New::Sealed(sealed) => sealed.len(),
            New::Clear(value) => value.bytes.len(),
        };
        let mut text = Output::with_capacity(length + 8);
        // `key:` with nothing behind it.
        if node.span.is_empty() && !self.text[..node.span.start].ends_with([' ', '\t']) {
            text.push(" ");
        }
        let quote = (node.style & style::QUOTED != 0).then(|| quote_of(old)).flatten();
        match new {
            New::Sealed(sealed) => push_sealed(&mut text, sealed, node, quote),
            New::Clear(value) => {
                let site = scalar::Site {
                    style: node.style,
                    quote,
                    parent: self.parent_column(id),
                    newline: self.newline,
                    step: self.step,
                };
                if self.is_list_comment(id, value.kind) {
                    return self.list_comment(id, value, splices);
                }
                scalar::push(&mut text, value, &site)
                    .ok_or_else(|| self.refuse(Problem::CannotEdit("a comment that is not text")))?;
            }
        }
        let range = self.body_apart(node, &mut text, splices);
        let text = self.below_comment(range.end, text, splices);
        splices.push(Splice { range, text });
        Ok(())
    }

    /// The lines of a literal block go below the line they begin on, if a comment or white space ends it.
    fn below_comment(&self, end: usize, text: Output, splices: &mut Vec<Splice>) -> Output {
        let Some(line) = text.text().find(self.newline) else { return text };
        let rest = self.text[end..].split(['\n', '\r']).next().unwrap_or_default();
        if rest.is_empty() {
            return text;
        }
        splices.push(Splice::new(end + rest.len()..end + rest.len(), &text.text()[line..]));
        let mut header = Output::default();
        header.push(&text.text()[..line]);
        header
    }

    /// A block scalar's header line may hold a comment: the value takes the place of the header, the lines below go.
    fn body_apart(&self, node: &Node, text: &mut Output, splices: &mut Vec<Splice>) -> Range<usize> {
        let old = &self.text[node.span.clone()];
        let Some(line) = old.find('\n').filter(|_| node.style & style::BLOCK != 0) else { return node.span.clone() };
        let header = old[..line].trim_end_matches('\r');
        let Some(comment) = header.find(" #").or_else(|| header.find("\t#")) else { return node.span.clone() };
        if text.text().contains('\n') {
            return node.span.clone();
        }
        splices.push(Splice::new(node.span.start + header.len()..node.span.end, ""));
        node.span.start..node.span.start + header[..comment].trim_end_matches([' ', '\t']).len()
    }

    /// sops seals a comment in a list as an element: opened, it is a comment again.
    fn is_list_comment(&self, id: NodeId, kind: crate::Type) -> bool {
        kind == crate::Type::Comment && !matches!(self.node(id).form, Form::Comment)
    }

    fn list_comment(&self, id: NodeId, value: &crate::Value, splices: &mut Vec<Splice>) -> Result<(), SopsError> {
        let node = self.node(id);
        let cannot = || self.refuse(Problem::CannotEdit("a sealed comment at this place"));
        let line_start = self.text[..node.span.start].rfind('\n').map_or(0, |at| at + 1);
        let dash = line_start + self.text[line_start..node.span.start].rfind('-').ok_or_else(cannot)?;
        let list = node.parent.ok_or_else(cannot)?;
        if id == list + 1 && !self.has_values(list) {
            // Nothing else is in the list: it must not become nothing.
            let before = self.text[..dash].trim_end_matches([' ', '\t', '\r', '\n']);
            if !before.ends_with([':', '-']) {
                return Err(cannot());
            }
            splices.push(Splice::new(before.len()..before.len(), " []"));
        }
        let mut text = Output::default();
        text.push("#");
        text.push(std::str::from_utf8(value.bytes.expose()).map_err(|_| cannot())?);
        splices.push(Splice { range: dash..node.span.end, text });
        Ok(())
    }

    /// True for a list with an element that is no sealed comment.
    fn has_values(&self, list: NodeId) -> bool {
        let sealed_comment = |node: &Node| match &node.form {
            Form::Span(range) => enc::type_of(&self.text[range.clone()]) == Some(crate::Type::Comment),
            Form::Comment => true,
            _ => false,
        };
        self.below(list).any(|id| !sealed_comment(self.node(id)))
    }

    /// The column that the lines of a literal block must exceed: that of the mapping the key is in, or of the dash.
    fn parent_column(&self, id: NodeId) -> Option<usize> {
        let parent = self.node(self.node(id).parent?);
        if (parent.style | self.node(id).style) & style::FLOW != 0 {
            return None;
        }
        let start = parent.span.start;
        let line_start = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let bom = if line_start == 0 && self.text.starts_with('\u{feff}') { 3 } else { 0 };
        Some(start.saturating_sub(line_start + bom))
    }

    /// An alias whose target gets new content, or that gets new content itself, is written out. Gives the nodes that are done with it.
    fn aliases(&self, changes: &Changes<'_>, splices: &mut Vec<Splice>) -> Result<HashMap<NodeId, ()>, SopsError> {
        let mut done = HashMap::new();
        if !self.layout.nodes.iter().any(|node| node.style & style::ALIAS != 0) {
            return Ok(done);
        }
        let new: HashMap<NodeId, &New> = changes.nodes.iter().map(|(id, new)| (*id, new)).collect();
        let mut changed: Vec<Range<usize>> = changes.nodes.iter().map(|(id, _)| self.node(*id).span.clone()).collect();
        changed.sort_by_key(|range| range.start);
        let mut decoded: HashMap<usize, Vec<NodeId>> = HashMap::new();
        for (id, _) in &changes.nodes {
            if let Some((_, bytes)) = decoded_scalar(self.node(*id)) {
                decoded.entry(bytes.len()).or_default().push(*id);
            }
        }
        for id in self.layout.ids() {
            let node = self.node(id);
            if node.style & style::ALIAS == 0 || node.style & style::VIRTUAL != 0 {
                continue;
            }
            let below = self.below(id);
            let own = std::iter::once(id).chain(below.clone()).any(|id| new.contains_key(&id));
            // What changes lies within the target, or is the target with its quotes.
            let target = self.target(id).is_some_and(|target| {
                let first = changed.partition_point(|range| range.start < target.start);
                let around = first.checked_sub(1).and_then(|before| changed.get(before));
                changed.get(first).is_some_and(|range| range.end <= target.end)
                    || around.is_some_and(|range| range.end >= target.end)
            });
            // Of a scalar that had to be decoded only the content is known: what says the same may be the anchor.
            let twin = decoded_scalar(node).is_some_and(|scalar| {
                let alike = decoded.get(&scalar.1.len()).into_iter().flatten();
                alike.into_iter().any(|id| decoded_scalar(self.node(*id)) == Some(scalar))
            });
            if !(own || target || twin) {
                continue;
            }
            let mut text = Output::default();
            self.written_out(id, &new, &mut text)?;
            splices.push(Splice { range: node.span.clone(), text });
            done.extend(std::iter::once(id).chain(below).map(|id| (id, ())));
        }
        Ok(done)
    }

    /// Nodes below a node.
    fn below(&self, id: NodeId) -> Range<NodeId> {
        let mut end = id + 1;
        while self.layout.nodes.get(end as usize).is_some_and(|node| node.parent.is_some_and(|parent| parent >= id)) {
            end += 1;
        }
        id + 1..end
    }

    /// The bytes of what an alias stands for.
    fn target(&self, id: NodeId) -> Option<Range<usize>> {
        let node = self.node(id);
        match &node.form {
            Form::Span(range) => Some(range.clone()),
            _ => {
                let spans = self.below(id).map(|id| self.node(id)).filter(|node| node.style & style::ALIAS == 0);
                let (start, end) =
                    spans.fold((usize::MAX, 0), |(start, end), node| (start.min(node.span.start), end.max(node.span.end)));
                (start < end).then_some(start..end)
            }
        }
    }

    /// A node with everything below it in flow style, in one line.
    fn written_out(&self, id: NodeId, new: &HashMap<NodeId, &New>, out: &mut Output) -> Result<(), SopsError> {
        let node = self.node(id);
        let in_flow = node.style & (style::FLOW | style::VIRTUAL) != 0;
        let site = scalar::Site {
            style: if in_flow { style::FLOW } else { 0 },
            quote: None,
            parent: None,
            newline: self.newline,
            step: self.step,
        };
        let fails = || self.refuse(Problem::CannotEdit("an alias to what is not text"));
        if let Some(new) = new.get(&id) {
            return match new {
                New::Sealed(sealed) if in_flow => {
                    out.push("\"");
                    out.push(sealed);
                    out.push("\"");
                    Ok(())
                }
                New::Sealed(sealed) => {
                    out.push(sealed);
                    Ok(())
                }
                New::Clear(value) => scalar::push(out, value, &site).ok_or_else(fails),
            };
        }
        match &node.form {
            Form::Map | Form::List => {
                let is_map = matches!(node.form, Form::Map);
                out.push(if is_map { "{" } else { "[" });
                let children = self
                    .below(id)
                    .filter(|child| self.node(*child).parent == Some(id) && !matches!(self.node(*child).form, Form::Comment));
                for (index, child) in children.enumerate() {
                    if index > 0 {
                        out.push(", ");
                    }
                    if let crate::layout::Name::Key(key) = &self.node(child).name {
                        seal_manifest::syntax::push_quoted(out, key);
                        out.push(": ");
                    }
                    self.written_out(child, new, out)?;
                }
                out.push(if is_map { "}" } else { "]" });
                Ok(())
            }
            Form::Null => {
                out.push("null");
                Ok(())
            }
            Form::Comment | Form::JoinedComment(_) => Ok(()),
            Form::Span(range) => {
                let value = crate::Value::text(self.text[range.clone()].to_owned());
                scalar::push(out, &value, &site).ok_or_else(fails)
            }
            Form::Text(text) => scalar::push(out, &crate::Value::text(text.clone()), &site).ok_or_else(fails),
            Form::Typed(value) => scalar::push(out, value, &site).ok_or_else(fails),
        }
    }
}

/// A scalar that is not the text it is written as.
fn decoded_scalar(node: &Node) -> Option<(crate::Type, &SecretBytes)> {
    match &node.form {
        Form::Text(text) => Some((crate::Type::Str, text)),
        Form::Typed(value) => Some((value.kind, &value.bytes)),
        _ => None,
    }
}

fn quote_of(old: &str) -> Option<u8> {
    old.bytes().find(|byte| matches!(byte, b'"' | b'\''))
}

/// Ciphertext needs no quotes but within brackets and braces; quotes that are there stay, so that opening can tell.
fn push_sealed(text: &mut Output, sealed: &str, node: &Node, quote: Option<u8>) {
    let quote = match quote {
        Some(b'\'') => "'",
        Some(_) => "\"",
        // Single quotes say that there were none: see `scalar`.
        None if node.style & style::FLOW != 0 => "'",
        None => "",
    };
    text.push(quote);
    text.push(sealed);
    text.push(quote);
}
