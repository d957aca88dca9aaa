//! YAML to trees: the event stream of the parser that serde-saphyr stands on, with the byte range of every node.
//!
//! The one place where the YAML parser's options are set. It resolves nothing, and its errors carry position and kind only.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Span, StructureStyle};
use zeroize::Zeroizing;

use crate::tree::{Failure, Form, MAX_DEPTH, MAX_NODES, RawDocument, Style, Tag, Text, Tree};
use crate::{Position, Problem};

/// Reads all documents. Absent ones are dropped.
pub(crate) fn read(text: &str) -> Result<Vec<RawDocument<'_>>, Failure> {
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let options = granit_parser::options! {
        emit_comments: false,
        emit_anchor_events: true,
        // As libyaml, and so kubectl, does.
        block_scalar_eof_without_line_feed: true,
        block_nesting_limit: MAX_DEPTH + 2,
        flow_nesting_limit: MAX_DEPTH + 2,
    };
    let parser = Parser::new_from_str_with_options(&text[bom..], options);
    let mut builder =
        Builder { text, bom, stack: Vec::new(), documents: Vec::new(), start: bom, cursor: bom, root: None, nodes: 0 };
    for event in parser {
        let (event, span) = event.map_err(|error| failure(&error))?;
        builder.event(event, &span)?;
    }
    Ok(builder.documents)
}

fn failure(error: &ScanError) -> Failure {
    let problem = match error.kind() {
        ErrorKind::RecursionLimitExceeded => Problem::Budget("depth"),
        ErrorKind::UnknownAnchor => Problem::NotJson("an alias to nothing"),
        _ => Problem::Syntax("YAML"),
    };
    Failure::new(place(error.marker()), problem)
}

fn place(marker: &Marker) -> Position {
    Position {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
    }
}

/// A collection that is still open. A mapping holds the key that waits for its value.
struct Open<'a> {
    map: bool,
    flow: bool,
    dashes: Vec<usize>,
    key: Option<Tree<'a>>,
    items: Vec<Tree<'a>>,
    pairs: Vec<(Tree<'a>, Tree<'a>)>,
    tree: Tree<'a>,
}

struct Builder<'a> {
    text: &'a str,
    bom: usize,
    stack: Vec<Open<'a>>,
    documents: Vec<RawDocument<'a>>,
    start: usize,
    /// Everything before it belongs to earlier events.
    cursor: usize,
    root: Option<Tree<'a>>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn event(&mut self, event: Event<'a>, span: &Span) -> Result<(), Failure> {
        match event {
            Event::DocumentStart(explicit, _) => {
                let range = self.range(span);
                if explicit {
                    self.start = range.end;
                    self.cursor = range.end;
                } else {
                    // A `...` may stand in front of it.
                    self.cursor = self.cursor.max(range.start);
                }
            }
            Event::DocumentEnd => self.end_document(span),
            Event::Scalar(text, style, anchor, tag) => {
                self.dash();
                let tree = self.scalar(text, style, anchor, tag.as_deref(), span);
                self.refuse_ambiguous(&tree)?;
                self.cursor = self.cursor.max(tree.span.end);
                self.attach(tree)?;
            }
            Event::Alias(id) => {
                self.dash();
                let tree = self.tree(Form::Alias(id), 0, None, span);
                self.cursor = self.cursor.max(tree.span.end);
                self.attach(tree)?;
            }
            Event::SequenceStart(style, anchor, tag) => self.open(false, style, anchor, tag.as_deref(), span)?,
            Event::MappingStart(style, anchor, tag) => self.open(true, style, anchor, tag.as_deref(), span)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(span)?,
            Event::Anchor(_, name) => {
                // kubectl's reader ends a name at any other character and takes the rest for content.
                if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
                    return Err(Failure::new(place(&span.start), Problem::NotJson("an anchor with such a name")));
                }
                self.anchor(span);
            }
            _ => {}
        }
        Ok(())
    }

    fn range(&self, span: &Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        range.start + self.bom..range.end + self.bom
    }

    fn tree(&self, form: Form<'a>, anchor: usize, tag: Option<&granit_parser::Tag>, span: &Span) -> Tree<'a> {
        let range = self.range(span);
        let tag_start = span.tag_span().and_then(|tag| tag.byte_range()).map(|tag| tag.start + self.bom);
        Tree {
            form,
            tag: tag.map(known_tag),
            anchor,
            outer_start: tag_start.map_or(range.start, |start| start.min(range.start)),
            span: range,
            at: place(&span.start),
        }
    }

    fn scalar(
        &self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: &Span,
    ) -> Tree<'a> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let text = match text {
            // The parser writes `~` for nothing.
            Cow::Borrowed(_) | Cow::Owned(_) if style == Style::Plain && self.range(span).is_empty() => Text::Borrowed(""),
            Cow::Borrowed(text) => Text::Borrowed(text),
            Cow::Owned(text) => Text::Owned(Zeroizing::new(text)),
        };
        let mut tree = self.tree(Form::Scalar { text, style }, anchor, tag, span);
        if style == Style::Block {
            self.widen_block_scalar(&mut tree);
        }
        tree
    }

    /// `{?a: b}` and `{a:, b: c}` have other keys for kubectl's reader than for YAML 1.2.
    fn refuse_ambiguous(&self, tree: &Tree<'_>) -> Result<(), Failure> {
        let Form::Scalar { style: Style::Plain, .. } = tree.form else { return Ok(()) };
        if !self.stack.last().is_some_and(|open| open.flow) || tree.span.is_empty() {
            return Ok(());
        }
        let after = &self.text.as_bytes()[tree.span.end..];
        if self.text[tree.span.clone()].starts_with('?') || matches!(after, [b':', b',' | b'[' | b']' | b'{' | b'}', ..]) {
            return Err(Failure::new(tree.at, Problem::NotJson("an ambiguous scalar in brackets or braces")));
        }
        Ok(())
    }

    /// A block scalar's span starts with its text and may reach over blank lines behind it: begin at the header, end with the last line that is not blank.
    fn widen_block_scalar(&self, tree: &mut Tree<'_>) {
        let header = skip_indicators(self.text, self.cursor);
        if !self.text[header..].starts_with(['|', '>']) {
            return;
        }
        let header_end =
            header + 1 + self.text[header + 1..].bytes().take_while(|b| matches!(b, b'+' | b'-' | b'1'..=b'9')).count();
        let mut end = tree.span.end.max(header_end);
        while let Some(line) = self.text[header_end..end].rfind('\n') {
            if !self.text[header_end + line..end].trim_matches([' ', '\r', '\n']).is_empty() {
                break;
            }
            end = header_end + line;
        }
        if self.text[..end].ends_with('\r') {
            end -= 1;
        }
        tree.span = header..end;
        tree.outer_start = tree.outer_start.min(header);
    }

    /// Notes the dash in front of the node that begins.
    fn dash(&mut self) {
        let Some(open) = self.stack.last_mut() else { return };
        if open.map || open.flow {
            return;
        }
        // The element before may end with the colon, tag or anchor of a value that is not there.
        let at = skip_indicators(self.text, self.cursor);
        open.dashes.push(at);
        self.cursor = at + 1;
    }

    fn anchor(&mut self, span: &Span) {
        let start = self.range(span).start;
        // The anchored node is the one just attached, or the collection just opened.
        let target = match self.stack.last_mut() {
            None => self.root.as_mut(),
            Some(open) if open.items.is_empty() && open.pairs.is_empty() && open.key.is_none() => Some(&mut open.tree),
            Some(open) if !open.map => open.items.last_mut(),
            Some(open) => open.key.as_mut().or(open.pairs.last_mut().map(|pair| &mut pair.1)),
        };
        if let Some(tree) = target {
            tree.outer_start = tree.outer_start.min(start);
        }
    }

    fn open(
        &mut self,
        map: bool,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        span: &Span,
    ) -> Result<(), Failure> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(Failure::new(place(&span.start), Problem::Budget("depth")));
        }
        self.dash();
        let tree = self.tree(Form::Alias(0), anchor, tag, span);
        let flow = style == StructureStyle::Flow;
        if flow {
            self.cursor = self.cursor.max(tree.span.end);
        }
        self.stack.push(Open { map, flow, dashes: Vec::new(), key: None, items: Vec::new(), pairs: Vec::new(), tree });
        Ok(())
    }

    fn close(&mut self, span: &Span) -> Result<(), Failure> {
        let end = self.range(span).end;
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let mut tree = open.tree;
        let last_end = open.items.last().map(|item| item.span.end).max(open.pairs.last().map(|pair| self.pair_end(pair)));
        if open.flow {
            tree.span.end = end;
            self.cursor = self.cursor.max(end);
        } else {
            // A dash may be the last thing there is.
            tree.span.end = last_end.max(open.dashes.last().map(|dash| dash + 1)).unwrap_or(tree.span.start);
            if let Some(first) = open.dashes.first() {
                tree.span.start = *first;
                tree.outer_start = tree.outer_start.min(*first);
            }
        }
        tree.form = if open.map {
            Form::Map { flow: open.flow, pairs: open.pairs }
        } else {
            Form::List { flow: open.flow, dashes: open.dashes, items: open.items }
        };
        self.attach(tree)
    }

    /// The end of a pair's value, or of the colon when nothing follows it.
    fn pair_end(&self, (key, value): &(Tree<'a>, Tree<'a>)) -> usize {
        if !value.is_absent() {
            return key.span.end.max(value.span.end);
        }
        let colon = skip_blank(self.text, key.span.end);
        if is_bare_colon(self.text, colon) { colon + 1 } else { key.span.end }
    }

    fn attach(&mut self, tree: Tree<'a>) -> Result<(), Failure> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Failure::new(tree.at, Problem::Budget("size")));
        }
        match self.stack.last_mut() {
            None => self.root = Some(tree),
            Some(open) if !open.map => open.items.push(tree),
            Some(open) => match open.key.take() {
                None => open.key = Some(tree),
                Some(key) => open.pairs.push((key, tree)),
            },
        }
        Ok(())
    }

    fn end_document(&mut self, span: &Span) {
        let range = self.range(span);
        let Some(root) = self.root.take() else { return };
        let end = range.start.max(root.span.end);
        if !root.is_absent() {
            self.documents.push(RawDocument { span: self.start..end, root });
        }
        self.start = range.end.max(end);
    }
}

/// Skips white space, line breaks and comments.
pub(crate) fn skip_blank(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
            Some(b'#') if at == 0 || bytes[at - 1].is_ascii_whitespace() => {
                at = text[at..].find(['\n', '\r']).map_or(text.len(), |found| at + found);
            }
            _ => return at,
        }
    }
}

/// A colon with nothing of a plain scalar behind it.
pub(crate) fn is_bare_colon(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | b'{' | b'}');
    bytes.get(at) == Some(&b':') && bytes.get(at + 1).is_none_or(ends)
}

/// Skips what may stand between a key and the first mark of its value: colon, question mark, tag and anchor.
fn skip_indicators(text: &str, mut at: usize) -> usize {
    loop {
        at = skip_blank(text, at);
        match text.as_bytes().get(at) {
            Some(b':' | b'?') => at += 1,
            Some(b'&' | b'!') => at += text[at..].find([' ', '\t', '\r', '\n']).unwrap_or(text.len() - at),
            _ => return at,
        }
    }
}

fn known_tag(tag: &granit_parser::Tag) -> Tag {
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("str") => Tag::Str,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        _ => Tag::Other,
    }
}
