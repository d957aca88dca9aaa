//! Marks and comments between the leaves, as sops' reader comes upon them: each comment with the mark it is to go with.
//!
//! That reader decides by columns, by blank lines and by the mark it read last whether a comment ends what is before it (a foot) or
//! begins what follows (a head). Its rules are restated here, oddities included, because the format binds values to their outcome.

use std::ops::Range;

use super::leaf::{Ends, Leaf};

/// That reader looks so far ahead for the next comment.
const LOOK_AHEAD: usize = 512;

/// A mark: what a document consists of beside comments.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) column: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    StreamStart,
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    /// A block mapping begins.
    MapStart,
    /// A block list deeper than what it is in begins.
    ListStart,
    /// A block mapping or such a list ends.
    BlockEnd,
    Dash,
    /// A key follows; `explicit` with a question mark.
    Key {
        explicit: bool,
    },
    Value,
    /// An anchor or a tag.
    Property,
    /// A scalar or an alias, by its number among the leaves.
    Leaf(usize),
    /// An opening bracket.
    OpenList,
    /// An opening brace.
    OpenMap,
    /// A closing bracket or brace.
    Close,
    Comma,
}

/// What a comment is to the mark it goes with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Head,
    Line,
    Foot,
}

/// Comments that stand together.
pub(super) struct Comment {
    pub(super) part: Part,
    /// It goes with the first mark from here on.
    pub(super) with: usize,
    /// Each from behind the `#` to the end of its line.
    pub(super) lines: Vec<Range<usize>>,
    /// Where the scan began that found it, where it begins (the column counted from one) and ends.
    scan: usize,
    start: Place,
    end: usize,
}

/// A place in the file. Columns are counted in characters.
#[derive(Clone, Copy, Default)]
struct Place {
    at: usize,
    line: usize,
    column: usize,
}

/// What was found in a file.
pub(super) struct Scanned {
    pub(super) marks: Vec<Mark>,
    pub(super) comments: Vec<Comment>,
}

/// Scans a file.
pub(super) fn scan(text: &str, leaves: &[Leaf]) -> Scanned {
    let mut scanner = Scanner {
        text,
        place: Place::default(),
        newlines: 0,
        indent: None,
        indents: Vec::new(),
        flow: 0,
        found: Scanned { marks: vec![Mark { at: 0, column: 0, kind: Kind::StreamStart }], comments: Vec::new() },
    };
    if text.starts_with('\u{feff}') {
        scanner.place.at = '\u{feff}'.len_utf8();
    }
    let mut next = 0;
    while scanner.mark(leaves, &mut next) {}
    scanner.found
}

struct Scanner<'a> {
    text: &'a str,
    place: Place,
    /// Line breaks since the last character that was none and no blank.
    newlines: usize,
    /// The column of the innermost block, and of those around it.
    indent: Option<usize>,
    indents: Vec<Option<usize>>,
    /// Brackets and braces that are open.
    flow: usize,
    found: Scanned,
}

impl Scanner<'_> {
    /// Reads comments and one mark; false at the end.
    fn mark(&mut self, leaves: &[Leaf], next: &mut usize) -> bool {
        let before = self.place;
        self.white_space(before);
        self.dedent(Some(self.place.column), before);
        let here = self.place;
        let Some(byte) = self.peek(0) else {
            self.dedent(None, here);
            self.push(Kind::StreamEnd, here);
            return false;
        };
        *next += leaves[*next..].iter().take_while(|leaf| leaf.span.start < here.at).count();
        if let Some(leaf) = leaves.get(*next).filter(|leaf| leaf.span.start == here.at) {
            self.push(Kind::Leaf(*next), here);
            *next += 1;
            self.leaf(leaf);
            self.beside(here.at);
            return true;
        }
        let rest = &self.text[here.at..];
        for (word, kind) in [("---", Kind::DocumentStart), ("...", Kind::DocumentEnd)] {
            if here.column == 0 && rest.starts_with(word) && self.is_blank_or_end(3) {
                self.dedent(None, here);
                self.push(kind, here);
                self.skip_to(here.at + 3);
                return true;
            }
        }
        if here.column == 0 && byte == b'%' {
            self.dedent(None, here);
            self.push(Kind::Directive, here);
            self.skip_to(here.at + rest.find(['\n', '\r']).unwrap_or(rest.len()));
            return true;
        }
        let last = self.found.marks.last().map_or(0, |mark| mark.at);
        let mut with = here.at;
        let mut length = 1;
        match byte {
            b'-' => {
                self.indent_to(here.column, Kind::ListStart, here, self.found.marks.len());
                self.push(Kind::Dash, here);
            }
            b'?' => {
                self.indent_to(here.column, Kind::MapStart, here, self.found.marks.len());
                self.push(Kind::Key { explicit: true }, here);
            }
            b':' => {
                self.simple_key();
                self.push(Kind::Value, here);
                with = if self.flow == 0 { last } else { here.at };
            }
            b',' => {
                self.push(Kind::Comma, here);
                with = if self.flow == 0 { here.at } else { last };
            }
            b'[' | b'{' => {
                self.flow += 1;
                self.push(if byte == b'[' { Kind::OpenList } else { Kind::OpenMap }, here);
            }
            b']' | b'}' => {
                self.flow = self.flow.saturating_sub(1);
                self.push(Kind::Close, here);
            }
            b'&' | b'!' => {
                self.push(Kind::Property, here);
                let ends = |c: char| c.is_ascii_whitespace() || (self.flow > 0 && ",[]{}".contains(c));
                length = rest.find(ends).unwrap_or(rest.len());
            }
            // Nothing that a reader of these files lets through.
            _ => length = rest.chars().next().map_or(1, char::len_utf8),
        }
        self.skip_to(here.at + length);
        if byte != b'-' {
            self.beside(with);
        }
        true
    }

    fn push(&mut self, kind: Kind, place: Place) {
        self.found.marks.push(Mark { at: place.at, column: place.column, kind });
    }

    /// A colon makes what is before it a key, its anchor and tag included.
    fn simple_key(&mut self) {
        let marks = &self.found.marks;
        if !matches!(marks.last(), Some(Mark { kind: Kind::Leaf(_), .. })) {
            return;
        }
        let mut at = marks.len() - 1;
        // On the line before they are those of the mapping that begins here.
        while matches!(marks[at - 1].kind, Kind::Property) && !self.text[marks[at - 1].at..marks[at].at].contains(['\n', '\r']) {
            at -= 1;
        }
        if matches!(marks[at - 1].kind, Kind::Key { .. }) {
            return;
        }
        let Mark { at: start, column, .. } = marks[at];
        let place = Place { at: start, line: 0, column };
        self.found.marks.insert(at, Mark { at: start, column, kind: Kind::Key { explicit: false } });
        self.indent_to(column, Kind::MapStart, place, at);
    }

    /// A block begins at this column, unless one has begun there.
    fn indent_to(&mut self, column: usize, kind: Kind, place: Place, before: usize) {
        if self.flow == 0 && self.indent.is_none_or(|indent| indent < column) {
            self.indents.push(self.indent);
            self.indent = Some(column);
            self.found.marks.insert(before, Mark { at: place.at, column, kind });
        }
    }

    /// Ends the blocks that are deeper than a column. A block ends in front of the comments in line with it, if they were read just now.
    fn dedent(&mut self, column: Option<usize>, before: Place) {
        if self.flow > 0 {
            return;
        }
        let mut end = before.at.wrapping_sub(1);
        while let Some(indent) = self.indent.filter(|indent| column.is_none_or(|column| *indent > column)) {
            let mut stop = end;
            for comment in self.found.comments.iter().rev() {
                if comment.part == Part::Line || comment.end < stop {
                    break;
                }
                if comment.start.column == indent + 1 {
                    end = comment.start.at;
                }
                stop = comment.scan;
            }
            self.push(Kind::BlockEnd, Place { at: end, ..Place::default() });
            self.indent = self.indents.pop().flatten();
        }
    }

    /// Goes over a leaf, and over the white space behind it where its reader does.
    fn leaf(&mut self, leaf: &Leaf) {
        if leaf.ends == Ends::Block {
            let header = &self.text[leaf.span.clone()];
            let header = header.split(['\n', '\r']).next().unwrap_or_default();
            if let Some(at) = header.find(" #").or_else(|| header.find("\t#")) {
                self.skip_to(leaf.span.start + at);
                self.beside(leaf.span.start);
            }
        }
        self.skip_to(leaf.span.end);
        if leaf.ends != Ends::AtOnce {
            while matches!(self.peek(0), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.step();
            }
        }
    }

    /// White space and comments up to the next mark.
    fn white_space(&mut self, scan: Place) {
        loop {
            if self.place.column == 0 && self.place.at > 0 && self.text[self.place.at..].starts_with('\u{feff}') {
                self.step();
            }
            while matches!(self.peek(0), Some(b' ' | b'\t')) {
                self.step();
            }
            if self.peek(0) == Some(b'#') {
                self.comments(scan);
            }
            if !matches!(self.peek(0), Some(b'\n' | b'\r')) {
                return;
            }
            self.step();
        }
    }

    /// A comment behind a mark on its line.
    fn beside(&mut self, with: usize) {
        let rest = &self.text[self.place.at..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if self.newlines > 0 || blanks >= LOOK_AHEAD || self.peek(blanks) != Some(b'#') {
            return;
        }
        self.skip_to(self.place.at + blanks);
        let start = self.place;
        let lines = vec![self.comment_line()];
        self.found.comments.push(Comment { part: Part::Line, with, lines, scan: 0, start, end: 0 });
    }

    /// Comments from here on, cut into feet of what is before and a head of what follows.
    fn comments(&mut self, scan: Place) {
        let marks = &self.found.marks;
        let last = match marks.last() {
            Some(Mark { kind: Kind::Comma, .. }) if marks.len() > 1 => marks[marks.len() - 2],
            Some(last) => *last,
            None => return,
        };
        let mut cut = Cut { scan: scan.at, with: last.at, start: Place::default(), lines: Vec::new() };
        let mut first_blank = self.newlines <= 1;
        let mut was_blank = false;
        // Where a comment has to begin to be right below what is before it.
        let behind = usize::from(self.newlines == 0 && self.place.column > 1);
        let below = (scan.line > 0).then(|| self.place.line + 1 + behind - self.newlines);
        let indent = self.indent.unwrap_or(0);
        let (mut line, mut column) = (self.place.line, self.place.column);
        let mut ahead = 0;
        while ahead < LOOK_AHEAD {
            let byte = self.peek(ahead);
            let closes = self.flow > 0 && matches!(byte, Some(b']' | b'}'));
            column += 1;
            match byte {
                Some(b' ' | b'\t') => {
                    ahead += 1;
                    continue;
                }
                _ if closes || matches!(byte, None | Some(b'\n' | b'\r')) => {
                    let dedented = cut.start.column <= indent;
                    let right_below = below == Some(cut.start.line) && last.kind != Kind::Value;
                    if closes || (!was_blank && first_blank && (right_below || dedented)) {
                        if dedented && !cut.lines.is_empty() {
                            cut.with = cut.start.at;
                        }
                        self.foot(&mut cut, ahead);
                    }
                    if closes || byte.is_none() {
                        break;
                    }
                    (first_blank, was_blank) = (false, true);
                    (line, column) = (line + 1, 0);
                    ahead += 1;
                    continue;
                }
                _ => {}
            }
            if column <= indent && column != cut.start.column {
                self.foot(&mut cut, ahead);
            }
            if byte != Some(b'#') {
                break;
            }
            if cut.lines.is_empty() {
                cut.start = Place { at: self.place.at + ahead, line, column };
            }
            self.skip_to(self.place.at + ahead);
            let comment = self.comment_line();
            cut.lines.push(comment);
            was_blank = false;
            // The break that ends the line is not looked at; of two, the second is.
            (line, column, ahead) = (self.place.line, 0, 1);
        }
        if !cut.lines.is_empty() {
            let (start, end) = (cut.start, (self.place.at + ahead).saturating_sub(1));
            self.found.comments.push(Comment { part: Part::Head, with: start.at, lines: cut.lines, scan: cut.scan, start, end });
        }
    }

    /// What was read so far is a foot.
    fn foot(&mut self, cut: &mut Cut, ahead: usize) {
        if cut.lines.is_empty() {
            return;
        }
        let end = self.place.at + ahead;
        let lines = std::mem::take(&mut cut.lines);
        self.found.comments.push(Comment { part: Part::Foot, with: cut.with, lines, scan: cut.scan, start: cut.start, end });
        (cut.scan, cut.with) = (end, end);
    }

    /// Reads a comment to the end of its line.
    fn comment_line(&mut self) -> Range<usize> {
        let start = self.place.at + 1;
        let rest = &self.text[start..];
        let end = start + rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.skip_to(end);
        start..end
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.place.at + ahead).copied()
    }

    fn is_blank_or_end(&self, ahead: usize) -> bool {
        self.peek(ahead).is_none_or(|byte| byte.is_ascii_whitespace())
    }

    fn skip_to(&mut self, end: usize) {
        let passed = self.text.get(self.place.at..end).unwrap_or_default();
        if !passed.contains(['\n', '\r']) {
            self.place.column += passed.chars().count();
            self.place.at += passed.len();
            if !passed.trim_matches([' ', '\t']).is_empty() {
                self.newlines = 0;
            }
            return;
        }
        while self.place.at < end {
            self.step();
        }
    }

    /// Goes over one character or line break.
    fn step(&mut self) {
        let rest = &self.text[self.place.at..];
        let Some(first) = rest.chars().next() else { return };
        match first {
            '\n' | '\r' => {
                self.place.at += if rest.starts_with("\r\n") { 2 } else { 1 };
                self.place.line += 1;
                self.place.column = 0;
                self.newlines += 1;
            }
            _ => {
                if !matches!(first, ' ' | '\t') {
                    self.newlines = 0;
                }
                self.place.at += first.len_utf8();
                self.place.column += 1;
            }
        }
    }
}

/// Comments that are not cut off yet.
struct Cut {
    scan: usize,
    with: usize,
    start: Place,
    lines: Vec<Range<usize>>,
}
