//! Tokens to a tree: text, control structures and definitions. Variables and functions must be known where they stand.

use super::ast::{BranchNode, ListNode, Node, Pos, TemplateNode};
use super::lex::{Kind, Token, tokens};
use super::literal;
use crate::error::Problem;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Why it is no template, and at which byte.
pub(crate) struct Flaw {
    pub(crate) offset: usize,
    pub(crate) problem: Problem,
}

impl Flaw {
    pub(super) fn at(offset: usize, message: &'static str) -> Self {
        Self { offset, problem: Problem::Syntax(message) }
    }
}

/// Control structures within one another, parentheses included.
const DEPTH: usize = 100;

/// A source that was read: the templates in it by name, the one it is itself under its own.
pub(crate) struct Read {
    pub(crate) root: Rc<ListNode>,
    pub(crate) defined: BTreeMap<String, Rc<ListNode>>,
}

/// What is known while reading.
pub(super) struct Parser<'s> {
    pub(super) tokens: Vec<Token<'s>>,
    pub(super) next: usize,
    pub(super) is_function: &'s dyn Fn(&str) -> bool,
    /// Variables that may be used here.
    pub(super) variables: Vec<Rc<str>>,
    defined: BTreeMap<String, Rc<ListNode>>,
    loops: usize,
    depth: usize,
}

/// How a list of nodes ended.
#[derive(PartialEq)]
enum Stop {
    End,
    Else,
}

/// Reads a source under its name, with these delimiters and functions.
pub(crate) fn read(name: &str, source: &str, left: &str, right: &str, is_function: &dyn Fn(&str) -> bool) -> Result<Read, Flaw> {
    let tokens = tokens(source, left, right)?;
    let mut parser =
        Parser { tokens, next: 0, is_function, variables: vec!["$".into()], defined: BTreeMap::new(), loops: 0, depth: 0 };
    let root = parser.top()?;
    parser.define(source.len(), name.to_owned(), root)?;
    let root = parser.defined.get(name).cloned().expect("it was defined on the line above");
    Ok(Read { root, defined: parser.defined })
}

impl<'s> Parser<'s> {
    /// The next token; the last one again and again.
    pub(super) fn peek(&self) -> Token<'s> {
        self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    pub(super) fn take(&mut self) -> Token<'s> {
        let token = self.peek();
        self.next += 1;
        token
    }

    pub(super) fn peek_word(&mut self) -> Token<'s> {
        while self.peek().kind == Kind::Space {
            self.next += 1;
        }
        self.peek()
    }

    pub(super) fn take_word(&mut self) -> Token<'s> {
        self.peek_word();
        self.take()
    }

    pub(super) fn unexpected<T>(&self, token: Token<'_>) -> Result<T, Flaw> {
        let message = match token.kind {
            Kind::Eof => "it ends before its last `{{end}}`",
            Kind::End => "an `end` that nothing needs",
            Kind::Else => "an `else` that belongs to nothing",
            Kind::Close => "something is missing before the action ends",
            Kind::Define => "definitions belong to the top level",
            _ => "something else was expected here",
        };
        Err(Flaw::at(token.at, message))
    }

    fn expect_close(&mut self) -> Result<(), Flaw> {
        let token = self.take_word();
        if token.kind == Kind::Close { Ok(()) } else { self.unexpected(token) }
    }

    /// Goes one level deeper, as long as that is allowed.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Flaw>) -> Result<T, Flaw> {
        if self.depth >= DEPTH {
            return Err(Flaw { offset: self.peek().at, problem: Problem::Limit("nesting") });
        }
        self.depth += 1;
        let answer = read(self);
        self.depth -= 1;
        answer
    }

    fn top(&mut self) -> Result<ListNode, Flaw> {
        let mut nodes = Vec::new();
        loop {
            let token = self.take();
            match token.kind {
                Kind::Eof => return Ok(ListNode { nodes }),
                Kind::Text => nodes.push(text(token)),
                _ if self.peek_word().kind == Kind::Define => self.definition()?,
                _ if matches!(self.peek().kind, Kind::End | Kind::Else) => return self.unexpected(self.peek()),
                _ => nodes.push(self.action()?),
            }
        }
    }

    fn definition(&mut self) -> Result<(), Flaw> {
        let at = self.take().at;
        let name = self.name()?;
        self.expect_close()?;
        let body = self.apart(Self::body)?;
        self.define(at, name, body)
    }

    /// Reads a template of its own: it sees no variables and no loop of the one around it.
    fn apart<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Flaw>) -> Result<T, Flaw> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".into()]);
        let loops = std::mem::take(&mut self.loops);
        let answer = self.deeper(read);
        (self.variables, self.loops) = (variables, loops);
        answer
    }

    /// An empty definition never replaces another one; two that are not empty are one too many.
    fn define(&mut self, at: usize, name: String, body: ListNode) -> Result<(), Flaw> {
        match self.defined.get(&name) {
            Some(there) if !there.is_empty_tree() => match body.is_empty_tree() {
                true => Ok(()),
                false => Err(Flaw::at(at, "a template of this name is defined already")),
            },
            _ => {
                self.defined.insert(name, Rc::new(body));
                Ok(())
            }
        }
    }

    fn name(&mut self) -> Result<String, Flaw> {
        let token = self.take_word();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return Err(Flaw::at(token.at, "a name in quotes was expected"));
        }
        let name = literal::string(token.text).and_then(|name| String::from_utf8(name).ok());
        name.ok_or_else(|| Flaw::at(token.at, "a name that is not a text"))
    }

    /// Nodes up to `end`.
    fn body(&mut self) -> Result<ListNode, Flaw> {
        let (list, stop, at) = self.list()?;
        if stop == Stop::End { Ok(list) } else { Err(Flaw::at(at, "an `else` that belongs to nothing")) }
    }

    /// Nodes up to `end`, which is read with its delimiter, or to `else`, which is read without what follows.
    fn list(&mut self) -> Result<(ListNode, Stop, usize), Flaw> {
        let mut nodes = Vec::new();
        loop {
            let token = self.take();
            match token.kind {
                Kind::Text => nodes.push(text(token)),
                Kind::Open => match self.peek_word().kind {
                    Kind::End => {
                        let at = self.take().at;
                        self.expect_close()?;
                        return Ok((ListNode { nodes }, Stop::End, at));
                    }
                    Kind::Else => {
                        let at = self.take().at;
                        return Ok((ListNode { nodes }, Stop::Else, at));
                    }
                    _ => nodes.push(self.action()?),
                },
                _ => return self.unexpected(token),
            }
        }
    }

    /// An action whose opening delimiter was read.
    fn action(&mut self) -> Result<Node, Flaw> {
        let token = self.peek_word();
        let pos = Pos { offset: token.at };
        match token.kind {
            Kind::If | Kind::With | Kind::Range => self.deeper(Self::branch),
            Kind::Block => {
                self.take();
                let name = self.name()?;
                let pipe = self.pipeline(Kind::Close, false)?;
                let body = self.apart(Self::body)?;
                self.define(token.at, name.clone(), body)?;
                Ok(Node::Template(TemplateNode { pos, name, pipe: Some(pipe) }))
            }
            Kind::Template => {
                self.take();
                let name = self.name()?;
                let pipe = match self.peek_word().kind {
                    Kind::Close => {
                        self.take();
                        None
                    }
                    _ => Some(self.pipeline(Kind::Close, false)?),
                };
                Ok(Node::Template(TemplateNode { pos, name, pipe }))
            }
            Kind::Break | Kind::Continue => {
                self.take();
                self.expect_close()?;
                match (self.loops, token.kind) {
                    (0, _) => Err(Flaw::at(token.at, "`break` and `continue` belong into a `range`")),
                    (_, Kind::Break) => Ok(Node::Break),
                    _ => Ok(Node::Continue),
                }
            }
            _ => Ok(Node::Action(self.pipeline(Kind::Close, false)?)),
        }
    }

    /// `if`, `with` or `range` with all that belongs to it.
    fn branch(&mut self) -> Result<Node, Flaw> {
        let keyword = self.take();
        let is_range = keyword.kind == Kind::Range;
        let known = self.variables.len();
        let mut arms = Vec::new();
        let else_body = loop {
            let pipe = self.pipeline(Kind::Close, is_range)?;
            self.loops += usize::from(is_range);
            let list = self.list();
            self.loops -= usize::from(is_range);
            let (body, stop, _) = list?;
            arms.push((pipe, body));
            if stop == Stop::End {
                break None;
            }
            if self.peek_word().kind == keyword.kind && !is_range {
                self.take();
                continue;
            }
            self.expect_close()?;
            break Some(self.body()?);
        };
        self.variables.truncate(known);
        let branch = BranchNode { pos: Pos { offset: keyword.at }, arms, else_body };
        Ok(match keyword.kind {
            Kind::If => Node::If(branch),
            Kind::With => Node::With(branch),
            _ => Node::Range(branch),
        })
    }
}

fn text(token: Token<'_>) -> Node {
    Node::Text(Pos { offset: token.at }, token.text.as_bytes().into())
}
