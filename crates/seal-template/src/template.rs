//! A template, read once and rendered as often as wanted.

use crate::budget::{Budget, Limits, World};
use crate::error::{Problem, TemplateError};
use crate::exec::Run;
use crate::functions;
use crate::value::Value;
use gotmpl::TemplateError as ParseError;
use gotmpl::parse::{ListNode, Node, Parser, is_empty_tree};
use seal_secret::SecretBytes;
use std::collections::BTreeMap;

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
    pub(crate) root: ListNode,
    pub(crate) defined: BTreeMap<String, ListNode>,
    pub(crate) options: Options,
}

impl Template {
    /// Reads a template. `name` is what errors call it.
    pub fn parse(name: &str, source: &str, options: Options) -> Result<Self, TemplateError> {
        let error = |line, column, problem| TemplateError { name: name.to_owned(), line, column, function: None, problem };
        if source.len() > options.limits.source {
            return Err(error(0, 0, Problem::Limit("text")));
        }
        let (left, right) = &options.delimiters;
        let read = Parser::new(source, left, right).and_then(Parser::parse);
        let (root, defines) = read.map_err(|failure| {
            let (line, column, message) = match failure {
                ParseError::Parse { line, col, message, .. } | ParseError::Lex { line, col, message, .. } => (line, col, message),
                _ => (0, 0, String::new()),
            };
            error(line, column, Problem::Syntax(unquoted(&message)))
        })?;
        let mut defined: BTreeMap<String, ListNode> = BTreeMap::new();
        for define in defines {
            let name = define.name.to_string();
            let empty = define.body.nodes.iter().all(is_empty_tree);
            match defined.get(&name).map(|there| there.is_empty_tree()) {
                Some(_) if empty => {}
                Some(false) => {
                    let message = format!("the template {name:?} is defined twice");
                    return Err(error(define.pos.line, 0, Problem::Syntax(message)));
                }
                _ => drop(defined.insert(name, define.body)),
            }
        }
        let template = Self { name: name.to_owned(), source: source.to_owned(), root, defined, options };
        template.check()?;
        Ok(template)
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

    /// Names of the data's fields that it reads directly (`{{ .name }}`), wherever they stand.
    pub fn fields(&self) -> Vec<String> {
        let mut found = Vec::new();
        for list in std::iter::once(&self.root).chain(self.defined.values()) {
            each_expr(list, &mut |expr| {
                if let gotmpl::parse::Expr::Field(_, names) = expr
                    && let Some(name) = names.first()
                    && !found.contains(&name.to_string())
                {
                    found.push(name.to_string());
                }
            });
        }
        found
    }

    /// Go refuses unknown functions when it reads, wherever they stand.
    fn check(&self) -> Result<(), TemplateError> {
        let mut unknown = None;
        for list in std::iter::once(&self.root).chain(self.defined.values()) {
            each_expr(list, &mut |expr| {
                if let gotmpl::parse::Expr::Identifier(at, name) = expr
                    && functions::find(name, self.options.dialect).is_none()
                    && unknown.is_none()
                {
                    unknown = Some((*at, name.to_string()));
                }
            });
        }
        match unknown {
            None => Ok(()),
            Some((at, name)) => {
                let (line, column) = self.place(at.offset);
                Err(TemplateError {
                    name: self.name.clone(),
                    line,
                    column,
                    function: None,
                    problem: Problem::UnknownFunction(name),
                })
            }
        }
    }

    /// Line and column, in characters from 1, of a byte of the source.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let before = self.source.get(..offset.min(self.source.len())).unwrap_or(&self.source);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (line, before[start..].chars().count() + 1)
    }
}

/// The reader's message without what it quotes of the template.
fn unquoted(message: &str) -> String {
    let mut out = String::new();
    for (n, piece) in message.split(['"', '\'', '`']).enumerate() {
        out.push_str(if n % 2 == 0 { piece } else { "…" });
    }
    out
}

fn each_expr<'t>(list: &'t ListNode, see: &mut impl FnMut(&'t gotmpl::parse::Expr)) {
    for node in &list.nodes {
        match node {
            Node::List(list) => each_expr(list, see),
            Node::Action(action) => each_of_pipe(&action.pipe, see),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => {
                each_of_pipe(&branch.pipe, see);
                each_expr(&branch.body, see);
                branch.else_body.iter().for_each(|list| each_expr(list, see));
            }
            Node::Template(call) => call.pipe.iter().for_each(|pipe| each_of_pipe(pipe, see)),
            Node::Define(define) => each_expr(&define.body, see),
            Node::Text(_) | Node::Break(_) | Node::Continue(_) => {}
        }
    }
}

fn each_of_pipe<'t>(pipe: &'t gotmpl::parse::PipeNode, see: &mut impl FnMut(&'t gotmpl::parse::Expr)) {
    use gotmpl::parse::Expr;
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
