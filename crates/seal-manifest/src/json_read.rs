//! JSON to trees: one value or many, one after the other or separated by `---`, with the byte range of every node.
//!
//! Strict RFC 8259; what is laxer is YAML's business.

use zeroize::{Zeroize, Zeroizing};

use crate::Problem;
use crate::tree::{Failure, Form, MAX_DEPTH, MAX_NODES, RawDocument, Style, Text, Tree, position};

/// Reads all values of a file that starts with `{` or `[`.
pub(crate) fn read(text: &str) -> Result<Vec<RawDocument<'_>>, Failure> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut reader =
        Reader { text, bytes: text.as_bytes(), at: start, lines: Lines { offset: start, line: 1, column: 0 }, nodes: 0 };
    let mut documents = Vec::new();
    loop {
        reader.space();
        reader.separator();
        if reader.at == reader.bytes.len() {
            return Ok(documents);
        }
        if !matches!(reader.bytes[reader.at], b'{' | b'[') {
            return Err(reader.fail());
        }
        let root = reader.value(0)?;
        documents.push(RawDocument { span: root.span.clone(), root });
    }
}

/// True when the first character that counts, separators aside, opens a JSON collection.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start_matches(SPACE);
    while let Some(behind) = rest.strip_prefix("---").filter(|behind| behind.starts_with(['\n', '\r'])) {
        rest = behind.trim_start_matches(SPACE);
    }
    rest.starts_with(['{', '['])
}

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Counts lines and columns forwards only, so that positions cost one pass, also over a file that is one line.
struct Lines {
    offset: usize,
    line: u32,
    column: u32,
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    lines: Lines,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn fail(&self) -> Failure {
        self.fail_with(Problem::Syntax("JSON"))
    }
    fn fail_with(&self, problem: Problem) -> Failure {
        let mut at = self.at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        Failure::new(position(self.text, at), problem)
    }
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }
    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    /// Skips lines that hold `---` and nothing else.
    fn separator(&mut self) {
        while self.bytes[self.at..].starts_with(b"---") && (self.at == 0 || self.bytes[self.at - 1] == b'\n') {
            let rest = &self.text[self.at + 3..];
            let line = rest.split('\n').next().unwrap_or(rest);
            if !line.trim_matches([' ', '\t', '\r']).is_empty() {
                return;
            }
            self.at += 3;
            self.space();
        }
    }
    fn here(&mut self) -> crate::Position {
        let lines = &mut self.lines;
        for byte in self.bytes.get(lines.offset..self.at).unwrap_or_default() {
            match byte {
                b'\n' => (lines.line, lines.column) = (lines.line + 1, 0),
                // Not the first byte of a character.
                0x80..=0xbf => {}
                _ => lines.column += 1,
            }
        }
        lines.offset = lines.offset.max(self.at);
        let column = lines.column + 1;
        crate::Position { line: lines.line, column }
    }

    fn value(&mut self, depth: usize) -> Result<Tree<'a>, Failure> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || depth >= MAX_DEPTH {
            return Err(self.fail_with(Problem::Budget(if depth >= MAX_DEPTH { "depth" } else { "size" })));
        }
        let (start, at) = (self.at, self.here());
        let form = match self.peek() {
            b'{' => self.map(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Form::Scalar { text: self.string()?, style: Style::Quoted },
            _ => self.word()?,
        };
        Ok(Tree { form, tag: None, anchor: 0, outer_start: start, span: start..self.at, at })
    }

    fn map(&mut self, depth: usize) -> Result<Form<'a>, Failure> {
        let mut pairs = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == b'}' {
            self.at += 1;
            return Ok(Form::Map { flow: true, pairs });
        }
        loop {
            self.space();
            if self.peek() != b'"' {
                return Err(self.fail());
            }
            let key = self.value(depth + 1)?;
            self.space();
            self.expect(b':')?;
            self.space();
            pairs.push((key, self.value(depth + 1)?));
            if self.end_of(b'}')? {
                return Ok(Form::Map { flow: true, pairs });
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Form<'a>, Failure> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == b']' {
            self.at += 1;
            return Ok(Form::List { flow: true, dashes: Vec::new(), items });
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            if self.end_of(b']')? {
                return Ok(Form::List { flow: true, dashes: Vec::new(), items });
            }
        }
    }

    /// A comma goes on, the closing mark ends.
    fn end_of(&mut self, close: u8) -> Result<bool, Failure> {
        self.space();
        if self.peek() == close {
            self.at += 1;
            return Ok(true);
        }
        self.expect(b',')?;
        Ok(false)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Failure> {
        if self.peek() != byte {
            return Err(self.fail());
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self) -> Result<Form<'a>, Failure> {
        let start = self.at;
        while matches!(self.peek(), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if !matches!(word, "null" | "true" | "false") && !is_json_number(word) {
            self.at = start;
            return Err(self.fail());
        }
        Ok(Form::Scalar { text: Text::Borrowed(word), style: Style::Plain })
    }

    fn string(&mut self) -> Result<Text<'a>, Failure> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Text::Borrowed(&self.text[start..self.at - 1]));
                }
                Some(b'\\') => return self.escaped(start),
                Some(0..=0x1f) | None => return Err(self.fail()),
                Some(_) => self.at += 1,
            }
        }
    }

    /// A string with escapes: decoded into a buffer as long as its source, so it never grows and leaves nothing behind.
    fn escaped(&mut self, start: usize) -> Result<Text<'a>, Failure> {
        let mut end = self.at;
        while end < self.bytes.len() && self.bytes[end] != b'"' {
            end += if self.bytes[end] == b'\\' { 2 } else { 1 };
        }
        if end >= self.bytes.len() {
            self.at = self.bytes.len();
            return Err(self.fail());
        }
        let mut out = Zeroizing::new(String::with_capacity(end - start));
        out.push_str(&self.text[start..self.at]);
        while self.at < end {
            match self.bytes[self.at] {
                b'\\' => {
                    let character = self.escape()?;
                    out.push(character);
                }
                0..=0x1f => return Err(self.fail()),
                _ => {
                    let run = self.bytes[self.at..end].iter().position(|b| *b == b'\\' || *b < 0x20).unwrap_or(end - self.at);
                    out.push_str(&self.text[self.at..self.at + run]);
                    self.at += run;
                }
            }
        }
        self.at = end + 1;
        Ok(Text::Owned(out))
    }

    fn escape(&mut self) -> Result<char, Failure> {
        let code = self.bytes.get(self.at + 1).copied().unwrap_or(0);
        let simple = match code {
            b'"' | b'\\' | b'/' => char::from(code),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.fail()),
        };
        self.at += 2;
        Ok(simple)
    }

    fn unicode(&mut self) -> Result<char, Failure> {
        let first = self.hex4()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u") {
            units.push(self.hex4()?);
        }
        let decoded = char::decode_utf16(units.iter().copied()).collect::<Result<Vec<_>, _>>();
        units.zeroize();
        match decoded.as_deref() {
            Ok([one]) => Ok(*one),
            _ => Err(self.fail()),
        }
    }

    fn hex4(&mut self) -> Result<u16, Failure> {
        let digits = self.bytes.get(self.at + 2..self.at + 6).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let unit = digits.and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u16::from_str_radix(d, 16).ok());
        let unit = unit.ok_or_else(|| self.fail())?;
        self.at += 6;
        Ok(unit)
    }
}

fn is_json_number(word: &str) -> bool {
    let rest = word.strip_prefix('-').unwrap_or(word);
    let (whole, tail) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
    if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
        return false;
    }
    let tail = match tail.strip_prefix('.') {
        None => tail,
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
    };
    match tail.strip_prefix(['e', 'E']) {
        None => tail.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit())
        }
    }
}
