//! JSON text into nodes with the bytes they stand in. Numbers are whole when they fit 64 bits, as sops 3.13.2 and later have them.

use std::collections::HashSet;

use seal_manifest::syntax;

use super::text;
use crate::layout::{Block, Document, Form, Layout, Name, Node, NodeId, Raw, RawForm};
use crate::{Problem, SopsError, Type, Value, number};

/// Objects and arrays within each other.
const MOST_DEPTH: usize = 200;
/// Nodes of one file.
const MOST_NODES: usize = 1_000_000;
/// The key of the block.
const BLOCK: &str = "sops";

/// Reads a file.
pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Layout, SopsError> {
    let text = std::str::from_utf8(bytes).map_err(|bad| {
        let valid = std::str::from_utf8(&bytes[..bad.valid_up_to()]).unwrap_or_default();
        failure(name, valid, valid.len(), Problem::NotUtf8)
    })?;
    let mut reader = Reader { text, bytes, at: 0, nodes: Vec::new(), block: None };
    reader.document().map_err(|problem| failure(name, text, reader.at, problem))?;
    let document = Document { root: 0, block: reader.block, span: 0..bytes.len() };
    Ok(Layout { nodes: reader.nodes, documents: vec![document], odd: Vec::new() })
}

fn failure(name: &str, text: &str, at: usize, problem: Problem) -> SopsError {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    SopsError { at: Some(syntax::position(text, at)), ..SopsError::of_file(name, problem) }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    block: Option<Block>,
}

const SYNTAX: Problem = Problem::Syntax("JSON");

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Problem> {
        if self.text.starts_with('\u{feff}') {
            self.at = 3;
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.value(None, Name::Root, 0)?,
            Some(_) => {
                return Err(Problem::Unsupported("a JSON file needs an object at the top; wrap it, as in {\"data\": ...}"));
            }
            None => return Err(Problem::Unsupported("the file is empty; a JSON file needs an object")),
        }
        self.space();
        if self.peek().is_some() { Err(SYNTAX) } else { Ok(()) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(SYNTAX)
    }

    fn push(&mut self, parent: Option<NodeId>, name: Name, form: Form, start: usize) -> Result<NodeId, Problem> {
        let id = NodeId::try_from(self.nodes.len()).ok().filter(|_| self.nodes.len() < MOST_NODES);
        let id = id.ok_or(Problem::Budget("node count"))?;
        self.nodes.push(Node { parent, name, form, span: start..self.at, style: 0 });
        Ok(id)
    }

    fn value(&mut self, parent: Option<NodeId>, name: Name, depth: usize) -> Result<(), Problem> {
        let start = self.at;
        match self.peek() {
            Some(b'{' | b'[') if depth >= MOST_DEPTH => Err(Problem::Budget("depth")),
            Some(b'{') => {
                let id = self.push(parent, name, Form::Map, start)?;
                self.object(id, depth)?;
                self.nodes[id as usize].span.end = self.at;
                Ok(())
            }
            Some(b'[') => {
                let id = self.push(parent, name, Form::List, start)?;
                self.array(id, depth)?;
                self.nodes[id as usize].span.end = self.at;
                Ok(())
            }
            Some(b'"') => {
                let end = self.string()?;
                let inner = start + 1..end - 1;
                let form = match text::decode(&self.text[inner.clone()]).map_err(|back| self.back(end - 1 - back))? {
                    None => Form::Span(inner),
                    Some(mut decoded) => Form::Text(std::mem::take(&mut *decoded).into()),
                };
                self.push(parent, name, form, start).map(|_| ())
            }
            Some(_) => {
                let form = self.word()?;
                self.push(parent, name, form, start).map(|_| ())
            }
            None => Err(SYNTAX),
        }
    }

    /// Goes to where the problem is.
    fn back(&mut self, at: usize) -> Problem {
        self.at = at;
        SYNTAX
    }

    /// To behind the closing quote. Control characters may not stand in a string.
    fn string(&mut self) -> Result<usize, Problem> {
        self.expect(b'"')?;
        loop {
            let rest = &self.bytes[self.at..];
            let run = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).ok_or(SYNTAX)?;
            self.at += run;
            match rest[run] {
                b'"' => {
                    self.at += 1;
                    return Ok(self.at);
                }
                b'\\' if run + 1 < rest.len() => self.at += 2,
                _ => return Err(SYNTAX),
            }
        }
    }

    fn word(&mut self) -> Result<Form, Problem> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
        let typed = |kind, text: String| Form::Typed(Value { kind, bytes: text.into() });
        let form = match &rest[..length] {
            "null" => Form::Null,
            "true" => typed(Type::Bool, "True".to_owned()),
            "false" => typed(Type::Bool, "False".to_owned()),
            number if text::is_number(number) => match number.parse::<i64>() {
                Ok(whole) => typed(Type::Int, whole.to_string()),
                Err(_) => {
                    let value = number::parse_float(number).ok_or(Problem::Unsupported("a number that no double can hold"))?;
                    typed(Type::Float, number::float(value))
                }
            },
            _ => return Err(SYNTAX),
        };
        self.at += length;
        Ok(form)
    }

    fn object(&mut self, id: NodeId, depth: usize) -> Result<(), Problem> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut seen: HashSet<Box<str>> = HashSet::new();
        loop {
            let start = self.at;
            let key = self.key()?;
            if !seen.insert(key.clone()) {
                self.at = start;
                return Err(Problem::DuplicateKey);
            }
            if id == 0 && *key == *BLOCK {
                let raw = self.raw(0)?;
                self.block = Some(Block { span: start..self.at, raw, at: start });
            } else {
                self.value(Some(id), Name::Key(key), depth + 1)?;
            }
            if self.ends(b'}')? {
                return Ok(());
            }
        }
    }

    fn key(&mut self) -> Result<Box<str>, Problem> {
        let start = self.at;
        let end = self.string()?;
        let inner = &self.text[start + 1..end - 1];
        let decoded = text::decode(inner).map_err(|back| self.back(end - 1 - back))?;
        let key = decoded.map_or_else(|| inner.into(), |decoded| decoded.as_str().into());
        self.space();
        self.expect(b':')?;
        self.space();
        Ok(key)
    }

    fn array(&mut self, id: NodeId, depth: usize) -> Result<(), Problem> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            self.value(Some(id), Name::Item(index), depth + 1)?;
            if self.ends(b']')? {
                break;
            }
        }
        Ok(())
    }

    /// A comma (false) or the end of the collection (true).
    fn ends(&mut self, close: u8) -> Result<bool, Problem> {
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(true);
        }
        self.expect(b',')?;
        self.space();
        Ok(false)
    }

    /// A value of the block.
    fn raw(&mut self, depth: usize) -> Result<Raw, Problem> {
        let start = self.at;
        if depth > 16 {
            return Err(Problem::Budget("depth"));
        }
        let form = match self.peek() {
            Some(b'"') => {
                let end = self.string()?;
                let inner = &self.text[start + 1..end - 1];
                let decoded = text::decode(inner).map_err(|back| self.back(end - 1 - back))?;
                RawForm::Scalar(decoded.map_or_else(|| inner.to_owned(), |decoded| decoded.as_str().to_owned()))
            }
            Some(b'[') => {
                self.at += 1;
                self.space();
                let mut items = Vec::new();
                let mut done = self.peek() == Some(b']');
                self.at += usize::from(done);
                while !done {
                    items.push(self.raw(depth + 1)?);
                    done = self.ends(b']')?;
                }
                RawForm::List(items)
            }
            Some(b'{') => RawForm::Map(self.raw_object(depth)?),
            Some(_) => match self.word()? {
                Form::Null => RawForm::Null,
                _ => RawForm::Scalar(self.text[start..self.at].to_owned()),
            },
            None => return Err(SYNTAX),
        };
        Ok(Raw { form, span: start..self.at })
    }

    fn raw_object(&mut self, depth: usize) -> Result<Vec<(String, Raw)>, Problem> {
        self.at += 1;
        self.space();
        let mut entries: Vec<(String, Raw)> = Vec::new();
        let mut done = self.peek() == Some(b'}');
        self.at += usize::from(done);
        let mut seen = HashSet::new();
        while !done {
            let start = self.at;
            let key = self.key()?;
            if !seen.insert(key.clone()) {
                self.at = start;
                return Err(Problem::DuplicateKey);
            }
            entries.push((key.into(), self.raw(depth + 1)?));
            done = self.ends(b'}')?;
        }
        Ok(entries)
    }
}
