//! INI text into sections, keys, values and comments with the bytes they stand in. Holds plaintext, so no Debug.

use std::collections::HashSet;
use std::ops::Range;

use zeroize::Zeroizing;

use super::DEFAULT;
use super::lines::Lines;
use crate::Problem;

/// A text as it stands, or put together from pieces.
pub(super) enum Words {
    /// These bytes of the file.
    Span(Range<usize>),
    /// Joined: several lines, or a continuation.
    Joined(Zeroizing<String>),
}

/// A comment. Own lines and what stands behind a value are one comment to sops.
pub(super) struct Comment {
    /// Lines of its own, line breaks included.
    pub(super) above: Vec<Range<usize>>,
    /// Behind a header or a value, from its mark to the end of the line.
    pub(super) inline: Option<Range<usize>>,
    /// It stands behind a header. A header ends at the last bracket of its line, so ciphertext cannot stand there.
    pub(super) behind_header: bool,
    /// Its text without the first mark.
    pub(super) text: Words,
}

/// A key with its value.
pub(super) struct Key {
    pub(super) name: String,
    /// Its lines, line break included, without the comment above.
    pub(super) lines: Range<usize>,
    /// The bytes of the value with its quotes; empty when there is none.
    pub(super) value: Range<usize>,
    pub(super) text: Words,
    pub(super) comment: Option<Comment>,
}

/// A section.
pub(super) struct Section {
    pub(super) name: String,
    /// The line of its header; the first section may have none.
    pub(super) header: Option<Range<usize>>,
    pub(super) comment: Option<Comment>,
    pub(super) keys: Vec<Key>,
    /// A comment behind the last key that belongs to nothing that follows.
    pub(super) tail: Option<Comment>,
}

impl Section {
    /// Behind its last key, or behind its header.
    pub(super) fn end(&self) -> usize {
        self.keys.last().map(|key| key.lines.end).or(self.header.as_ref().map(|header| header.end)).unwrap_or(0)
    }
}

/// Reads a file. On an error, the number is the byte it was found at.
pub(super) fn parse(text: &str) -> Result<Vec<Section>, (usize, Problem)> {
    let first = Section { name: DEFAULT.to_owned(), header: None, comment: None, keys: Vec::new(), tail: None };
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut parser = Parser {
        text,
        lines: Lines::new(text, start),
        sections: vec![first],
        pending: Vec::new(),
        names: HashSet::new(),
        keys: 0,
    };
    parser.run()?;
    Ok(parser.sections)
}

struct Parser<'a> {
    text: &'a str,
    lines: Lines<'a>,
    sections: Vec<Section>,
    /// Comment lines that the next key or header takes.
    pending: Vec<Range<usize>>,
    /// Keys of the current section.
    names: HashSet<String>,
    /// Keys and sections so far.
    keys: usize,
}

/// Keys and sections of one file.
const MOST_KEYS: usize = 1_000_000;
const SYNTAX: Problem = Problem::Syntax("INI");

impl Parser<'_> {
    fn run(&mut self) -> Result<(), (usize, Problem)> {
        while let Some(line) = self.lines.next() {
            let content = self.trimmed(line.clone());
            match self.text.as_bytes().get(content.start) {
                _ if content.is_empty() => {}
                Some(b'#' | b';') => self.pending.push(line),
                Some(b'[') => self.header(line, content)?,
                _ => self.key(line, content)?,
            }
        }
        self.tail();
        Ok(())
    }

    /// The range without white space at both ends.
    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let part = &self.text[range.clone()];
        let start = range.start + (part.len() - part.trim_start().len());
        start..start.max(range.start + part.trim_end().len())
    }

    fn current(&mut self) -> &mut Section {
        self.sections.last_mut().expect("there is always one")
    }

    fn tail(&mut self) {
        let tail = self.comment(None);
        self.current().tail = tail;
    }

    fn header(&mut self, line: Range<usize>, content: Range<usize>) -> Result<(), (usize, Problem)> {
        let close = self.text[content.clone()].rfind(']').ok_or((content.start, SYNTAX))?;
        let name = &self.text[content.start + 1..content.start + close];
        if name.is_empty() {
            return Err((content.start, SYNTAX));
        }
        let behind = content.start + close + 1..content.end;
        let inline = self.text[behind.clone()].find(['#', ';']).map(|at| behind.start + at..behind.end);
        if name == super::BLOCK {
            self.tail();
        }
        let behind_header = inline.is_some();
        let mut comment = self.comment(inline);
        comment.iter_mut().for_each(|comment| comment.behind_header = behind_header);
        self.names.clear();
        self.count(content.start)?;
        self.sections.push(Section { name: name.to_owned(), header: Some(line), comment, keys: Vec::new(), tail: None });
        Ok(())
    }

    /// The comment made of what is pending and of what stands behind.
    fn comment(&mut self, inline: Option<Range<usize>>) -> Option<Comment> {
        let above = std::mem::take(&mut self.pending);
        let pieces: Vec<Range<usize>> = above.iter().cloned().chain(inline.clone()).collect();
        let text = match pieces.as_slice() {
            [] => return None,
            [one] => {
                let content = self.trimmed(one.clone());
                let bare = unmarked(&self.text[content.clone()]);
                Words::Span(content.end - bare.len()..content.end)
            }
            _ => {
                let joined: String = above.iter().map(|line| self.text[line.clone()].trim_start()).collect();
                let joined = Zeroizing::new(joined + inline.clone().map_or("", |inline| &self.text[inline]));
                Words::Joined(Zeroizing::new(unmarked(joined.trim()).to_owned()))
            }
        };
        Some(Comment { above, inline, behind_header: false, text })
    }

    fn key(&mut self, line: Range<usize>, content: Range<usize>) -> Result<(), (usize, Problem)> {
        let (name, behind) = key_name(&self.text[content.clone()]).ok_or((content.start, SYNTAX))?;
        if name.is_empty() || name == "-" {
            return Err((content.start, Problem::Unsupported("a key of an INI file needs a name")));
        }
        let name = name.to_owned();
        if !self.names.insert(name.clone()) {
            return Err((content.start, Problem::DuplicateKey));
        }
        self.count(content.start)?;
        let value = self.value(content.start + behind..line.end)?;
        let comment = self.comment(value.comment);
        let lines = line.start..self.lines.at();
        self.current().keys.push(Key { name, lines, value: value.range, text: value.text, comment });
        Ok(())
    }

    /// One more key or section.
    fn count(&mut self, at: usize) -> Result<(), (usize, Problem)> {
        self.keys += 1;
        if self.keys > MOST_KEYS { Err((at, Problem::Budget("key count"))) } else { Ok(()) }
    }

    fn value(&mut self, rest: Range<usize>) -> Result<Value, (usize, Problem)> {
        let content = self.trimmed(rest.clone());
        let text = &self.text[content.clone()];
        if text.is_empty() {
            // A space behind the delimiter stays there.
            let at = rest.start + usize::from(self.text[rest.clone()].starts_with(' '));
            return Ok(Value { range: at..at, text: Words::Span(at..at), comment: None });
        }
        let untrimmed = self.text[rest.clone()].trim_start();
        let quote = if untrimmed.len() > 3 && text.starts_with("\"\"\"") { "\"\"\"" } else { "`" };
        if text.starts_with(quote) {
            return self.quoted(content, quote);
        }
        if text.ends_with('\\') {
            return Ok(self.continued(content));
        }
        let (range, comment) = match text.find(['#', ';']) {
            Some(at) => (self.trimmed(content.start..content.start + at), Some(content.start + at..content.end)),
            None => (content, None),
        };
        let inner = match self.text[range.clone()].as_bytes() {
            [first @ (b'\'' | b'"'), inner @ .., last] if first == last && !inner.contains(first) => {
                range.start + 1..range.end - 1
            }
            _ => range.clone(),
        };
        Ok(Value { range, text: Words::Span(inner), comment })
    }

    /// To the last closing quote of its line, or to the first of a later line. What stands behind it and is no comment is nothing to
    /// the reader; it goes when the value does.
    fn quoted(&mut self, content: Range<usize>, quote: &str) -> Result<Value, (usize, Problem)> {
        let start = content.start + quote.len();
        if let Some(at) = self.text[start..content.end].rfind(quote) {
            let end = start + at;
            let behind = self.trimmed(end + quote.len()..content.end);
            return Ok(self.unquoted(content.start, start..end, quote, behind));
        }
        while let Some(line) = self.lines.next() {
            let Some(at) = self.text[line.clone()].rfind(quote) else { continue };
            let end = line.start + at;
            let behind = self.trimmed(end + quote.len()..line.end);
            if self.text[behind.clone()].ends_with('\\') {
                continue;
            }
            return Ok(self.unquoted(content.start, start..end, quote, behind));
        }
        Err((content.start, SYNTAX))
    }

    fn unquoted(&self, start: usize, inner: Range<usize>, quote: &str, behind: Range<usize>) -> Value {
        let mark = self.text[behind.clone()].find(['#', ';']).map(|mark| behind.start + mark);
        let ignored = self.trimmed(inner.end + quote.len()..mark.unwrap_or(behind.end));
        let end = if ignored.is_empty() { inner.end + quote.len() } else { ignored.end };
        Value { range: start..end, text: Words::Span(inner), comment: mark.map(|mark| mark..behind.end) }
    }

    /// A backslash at the end takes the next line, trimmed; an empty line ends it.
    fn continued(&mut self, content: Range<usize>) -> Value {
        let mut end = content.end;
        let mut pieces: Vec<Range<usize>> = std::iter::once(content.start..content.end - 1).collect();
        while let Some(line) = self.lines.next() {
            let more = self.trimmed(line);
            if more.is_empty() {
                break;
            }
            end = more.end;
            let goes_on = self.text[more.clone()].ends_with('\\');
            pieces.push(more.start..more.end - usize::from(goes_on));
            if !goes_on {
                break;
            }
        }
        let mut joined = Zeroizing::new(String::with_capacity(pieces.iter().map(Range::len).sum()));
        pieces.into_iter().for_each(|piece| joined.push_str(&self.text[piece]));
        Value { range: content.start..end, text: Words::Joined(joined), comment: None }
    }
}

struct Value {
    range: Range<usize>,
    text: Words,
    comment: Option<Range<usize>>,
}

/// A comment without its mark and what repeats it.
fn unmarked(text: &str) -> &str {
    match text.as_bytes().first() {
        Some(b';') => text.trim_start_matches([';', ' ']),
        Some(b'#') => text.trim_start_matches(['#', ' ']),
        _ => text,
    }
}

/// The name and where the value begins, behind the delimiter.
fn key_name(line: &str) -> Option<(&str, usize)> {
    const DELIMITERS: [char; 2] = ['=', ':'];
    let quote = match line.as_bytes() {
        [b'"', b'"', b'"', _, _, _, _, ..] => "\"\"\"",
        [b'"', ..] => "\"",
        [b'`', ..] => "`",
        _ => {
            let end = line.find(DELIMITERS).filter(|end| *end > 0)?;
            return Some((line[..end].trim(), end + 1));
        }
    };
    let close = line[quote.len()..].find(quote)? + quote.len();
    let behind = close + quote.len();
    let delimiter = line[behind..].find(DELIMITERS)?;
    Some((line[quote.len()..close].trim(), behind + delimiter + 1))
}
