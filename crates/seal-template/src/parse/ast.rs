//! What a template is once it is read. Every part knows where it stood.

use crate::value::Text;
use std::rc::Rc;

/// A byte of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pos {
    pub(crate) offset: usize,
}

/// Nodes in their order.
pub(crate) struct ListNode {
    pub(crate) nodes: Vec<Node>,
}

impl ListNode {
    /// True for white space only: such a definition does not replace another one.
    pub(crate) fn is_empty_tree(&self) -> bool {
        self.nodes.iter().all(|node| matches!(node, Node::Text(_, text) if text.trim_ascii().is_empty()))
    }
}

pub(crate) enum Node {
    Text(Pos, Text),
    Action(PipeNode),
    If(BranchNode),
    With(BranchNode),
    Range(BranchNode),
    Template(TemplateNode),
    Break,
    Continue,
}

/// `if`, `with` and `range`. A chain of `else if` is one node, so that a long one needs no deep stack.
pub(crate) struct BranchNode {
    pub(crate) pos: Pos,
    /// The condition and its body, then those of each `else if` or `else with`.
    pub(crate) arms: Vec<(PipeNode, ListNode)>,
    pub(crate) else_body: Option<ListNode>,
}

pub(crate) struct TemplateNode {
    pub(crate) pos: Pos,
    pub(crate) name: String,
    pub(crate) pipe: Option<PipeNode>,
}

pub(crate) struct PipeNode {
    pub(crate) pos: Pos,
    /// Variables it declares or assigns.
    pub(crate) decl: Vec<Rc<str>>,
    pub(crate) is_assign: bool,
    pub(crate) commands: Vec<CommandNode>,
}

pub(crate) struct CommandNode {
    pub(crate) pos: Pos,
    pub(crate) args: Vec<Expr>,
}

/// A number as it is written; its type depends on who takes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    /// Too large for an `int`.
    Uint(u64),
    Float(f64),
}

pub(crate) enum Expr {
    Dot(Pos),
    Nil(Pos),
    Bool(Pos, bool),
    Number(Pos, Number),
    String(Pos, Text),
    Field(Pos, Vec<Rc<str>>),
    Variable(Pos, Rc<str>, Vec<Rc<str>>),
    Identifier(Pos, Rc<str>),
    Pipe(Pos, PipeNode),
    Chain(Pos, Box<Expr>, Vec<Rc<str>>),
}

impl Expr {
    pub(crate) fn pos(&self) -> Pos {
        match self {
            Self::Dot(pos)
            | Self::Nil(pos)
            | Self::Bool(pos, _)
            | Self::Number(pos, _)
            | Self::String(pos, _)
            | Self::Field(pos, _)
            | Self::Variable(pos, ..)
            | Self::Identifier(pos, _)
            | Self::Pipe(pos, _)
            | Self::Chain(pos, ..) => *pos,
        }
    }
}
