//! A template, read once and rendered as often as wanted.

use crate::budget::{Budget, Limits, World};
use crate::error::{Problem, TemplateError};
use crate::exec::Run;
use crate::functions;
use crate::parse::{
    self,
    ast::{Expr, ListNode, Node, PipeNode},
};
use crate::value::Value;
use seal_secret::SecretBytes;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Whose functions a template may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `spec.template.data` of a SealedSecret: the sprig library.
    SealedSecret,
    /// A template of an ExternalSecret: sprig, and functions for certificates and keys.
    ExternalSecret,
}

/// What a field that the data does not have is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKey {
    /// No value; printed as `<no value>`.
    Default,
    /// The zero value of the map's type.
    Zero,
    /// An error.
    Error,
}

/// How a template is read and run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Functions.
    pub dialect: Dialect,
    /// Fields that are not there.
    pub missing_key: MissingKey,
    /// Delimiters of actions.
    pub delimiters: (String, String),
    /// Bounds.
    pub limits: Limits,
}

impl Options {
    /// As the dialect's own controller has them.
    pub fn of(dialect: Dialect) -> Self {
        let missing_key = match dialect {
            Dialect::SealedSecret => MissingKey::Default,
            Dialect::ExternalSecret => MissingKey::Error,
        };
        Self { dialect, missing_key, delimiters: ("{{".into(), "}}".into()), limits: Limits::default() }
    }
}

/// A template that was read.
pub struct Template {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) root: Rc<ListNode>,
    pub(crate) defined: BTreeMap<String, Rc<ListNode>>,
    pub(crate) options: Options,
}

impl Template {
    /// Reads a template. `name` is what errors call it.
    pub fn parse(name: &str, source: &str, options: Options) -> Result<Self, TemplateError> {
        if source.len() > options.limits.source {
            let problem = Problem::Limit("text");
            return Err(TemplateError { name: name.to_owned(), line: 0, column: 0, function: None, problem });
        }
        let (left, right) = &options.delimiters;
        let is_function = |name: &str| functions::find(name, options.dialect).is_some();
        match parse::read(name, source, or_default(left, "{{"), or_default(right, "}}"), &is_function) {
            Ok(parse::Read { root, defined }) => {
                Ok(Self { name: name.to_owned(), source: source.to_owned(), root, defined, options })
            }
            Err(flaw) => {
                let (line, column) = place(source, flaw.offset);
                Err(TemplateError { name: name.to_owned(), line, column, function: None, problem: flaw.problem })
            }
        }
    }

    /// Renders it with this data.
    pub fn render(&self, data: &Value, world: &mut dyn World) -> Result<SecretBytes, TemplateError> {
        let mut budget = Budget::new(self.options.limits, world);
        let mut run = Run::new(self, &mut budget, data.clone());
        let answer = run.walk(&self.root, data);
        match answer {
            Ok(_) => Ok(run.finish()),
            Err(stop) => Err(run.explain(stop)),
        }
    }

    /// Whether it calls functions that take long by their nature: those that make keys, certificates and password hashes.
    pub fn is_slow(&self) -> bool {
        let mut slow = false;
        for list in self.defined.values() {
            each_expr(list, &mut |expr| slow |= matches!(expr, Expr::Identifier(_, name) if functions::is_slow(name)));
        }
        slow
    }

    /// Names of the data's fields that it reads directly (`{{ .name }}`), wherever they stand.
    pub fn fields(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for list in self.defined.values() {
            each_expr(list, &mut |expr| {
                if let Expr::Field(_, names) = expr
                    && let Some(name) = names.first()
                    && !found.iter().any(|known| **known == **name)
                {
                    found.push(name.to_string());
                }
            });
        }
        found
    }
}

/// Line and column, in characters from 1, of a byte of the source.
pub(crate) fn place(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset.min(source.len())).unwrap_or(source);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}

/// A delimiter that is empty is the usual one.
fn or_default<'d>(delimiter: &'d str, usual: &'d str) -> &'d str {
    if delimiter.is_empty() { usual } else { delimiter }
}

fn each_expr<'t>(list: &'t ListNode, see: &mut impl FnMut(&'t Expr)) {
    for node in &list.nodes {
        match node {
            Node::Action(pipe) => each_of_pipe(pipe, see),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                for (pipe, body) in &branch.arms {
                    each_of_pipe(pipe, see);
                    each_expr(body, see);
                }
                branch.else_body.iter().for_each(|list| each_expr(list, see));
            }
            Node::Template(call) => call.pipe.iter().for_each(|pipe| each_of_pipe(pipe, see)),
            Node::Text(..) | Node::Break | Node::Continue => {}
        }
    }
}

fn each_of_pipe<'t>(pipe: &'t PipeNode, see: &mut impl FnMut(&'t Expr)) {
    for expr in pipe.commands.iter().flat_map(|command| &command.args) {
        let mut inner = expr;
        see(inner);
        while let Expr::Chain(_, next, _) = inner {
            inner = next;
            see(inner);
        }
        if let Expr::Pipe(_, pipe) = inner {
            each_of_pipe(pipe, see);
        }
    }
}
