//! Runs a template, with the meaning that Go's `text/template` gives it.

use crate::budget::Budget;
use crate::call::{Call, Fault};
use crate::error::{Problem, TemplateError};
use crate::functions;
use crate::parse::ast::{BranchNode, CommandNode, Expr, ListNode, Node, Number, PipeNode, Pos, TemplateNode};
use crate::print;
use crate::template::{MissingKey, Template, place};
use crate::value::{Entries, Value};
use seal_secret::SecretBytes;
use std::rc::Rc;

/// Why a run stopped.
pub(crate) struct Stop {
    at: Pos,
    function: Option<String>,
    problem: Problem,
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    /// At its end.
    Done,
    /// At `break`.
    Break,
    /// At `continue`.
    Continue,
}

type Step<T> = Result<T, Stop>;

/// One run.
pub(crate) struct Run<'t, 'b, 'w> {
    template: &'t Template,
    budget: &'b mut Budget<'w>,
    variables: Vec<(Rc<str>, Value)>,
    /// Where the variables of the running template begin.
    floor: usize,
    depth: usize,
    out: Vec<u8>,
}

impl<'t, 'b, 'w> Run<'t, 'b, 'w> {
    pub(crate) fn new(template: &'t Template, budget: &'b mut Budget<'w>, data: Value) -> Self {
        Self { template, budget, variables: vec![("$".into(), data)], floor: 0, depth: 0, out: Vec::new() }
    }

    pub(crate) fn finish(self) -> SecretBytes {
        self.out.into()
    }

    pub(crate) fn explain(&self, stop: Stop) -> TemplateError {
        let (line, column) = place(&self.template.source, stop.at.offset);
        TemplateError { name: self.template.name.clone(), line, column, function: stop.function, problem: stop.problem }
    }

    fn step(&mut self, at: Pos) -> Step<()> {
        self.budget.step().map_err(|problem| stop(at, problem))
    }

    fn put(&mut self, at: Pos, bytes: &[u8]) -> Step<()> {
        if self.out.len() + bytes.len() > self.budget.limits().output {
            return Err(stop(at, Problem::Limit("output")));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Runs nodes with this dot.
    pub(crate) fn walk(&mut self, list: &ListNode, dot: &Value) -> Step<End> {
        for node in &list.nodes {
            let end = self.walk_node(node, dot)?;
            if end != End::Done {
                return Ok(end);
            }
        }
        Ok(End::Done)
    }

    fn walk_node(&mut self, node: &Node, dot: &Value) -> Step<End> {
        match node {
            Node::Text(at, text) => self.put(*at, text).map(|()| End::Done),
            Node::Break => Ok(End::Break),
            Node::Continue => Ok(End::Continue),
            Node::Action(pipe) => {
                let value = self.pipeline(pipe, dot)?;
                if pipe.decl.is_empty() {
                    self.print(pipe.pos, &value)?;
                }
                Ok(End::Done)
            }
            Node::If(branch) => self.branch(branch, dot, false),
            Node::With(branch) => self.branch(branch, dot, true),
            Node::Range(branch) => self.range(branch, dot).map(|()| End::Done),
            Node::Template(call) => self.call_template(call, dot).map(|()| End::Done),
        }
    }

    fn print(&mut self, at: Pos, value: &Value) -> Step<()> {
        match value {
            Value::Absent | Value::Nil => self.put(at, b"<no value>"),
            Value::Text(text) => self.put(at, text),
            value => {
                self.budget.survey(value).map_err(|problem| stop(at, problem))?;
                let printed = print::plain(value);
                self.put(at, &printed)
            }
        }
    }

    fn branch(&mut self, branch: &BranchNode, dot: &Value, with: bool) -> Step<End> {
        let mark = self.variables.len();
        let end = self.first_true(branch, dot, with);
        self.variables.truncate(mark);
        end
    }

    fn first_true(&mut self, branch: &BranchNode, dot: &Value, with: bool) -> Step<End> {
        for (pipe, body) in &branch.arms {
            let value = self.pipeline(pipe, dot)?;
            if value.is_true() {
                return self.walk(body, if with { &value } else { dot });
            }
        }
        branch.else_body.as_ref().map_or(Ok(End::Done), |other| self.walk(other, dot))
    }

    fn range(&mut self, branch: &BranchNode, dot: &Value) -> Step<()> {
        let Some((pipe, _)) = branch.arms.first() else { return Ok(()) };
        let mark = self.variables.len();
        let over = self.pipeline(pipe, dot)?;
        let two = pipe.decl.len() > 1;
        let count = match &over {
            Value::Int(_) | Value::Int64(_) | Value::Byte(_) | Value::Uint(_) if two => {
                return Err(stop(branch.pos, Problem::Refused("a number has no keys to range over")));
            }
            Value::Int(count) | Value::Int64(count) => *count,
            Value::Byte(count) => i64::from(*count),
            Value::Uint(count) => i64::try_from(*count).unwrap_or(i64::MAX),
            _ => 0,
        };
        let same = |n: i64| match &over {
            Value::Int64(_) => Value::Int64(n),
            Value::Byte(_) => Value::Byte(u8::try_from(n).unwrap_or(0)),
            Value::Uint(_) => Value::Uint(u64::try_from(n).unwrap_or(0)),
            _ => Value::Int(n),
        };
        let mut ran = false;
        match &over {
            Value::Int(_) | Value::Int64(_) | Value::Byte(_) | Value::Uint(_) => {
                for n in 0..count {
                    ran = true;
                    if self.turn(branch, Value::Absent, same(n))? == End::Break {
                        break;
                    }
                }
            }
            Value::List(list) => {
                for (n, item) in list.items.iter().enumerate() {
                    ran = true;
                    if self.turn(branch, Value::Int(n as i64), item.clone())? == End::Break {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                let entries: Entries = map.entries.borrow().clone();
                for (key, item) in entries {
                    ran = true;
                    if self.turn(branch, Value::Text(key), item)? == End::Break {
                        break;
                    }
                }
            }
            Value::Absent | Value::Nil => {}
            _ => return Err(stop(branch.pos, Problem::Refused("this cannot be ranged over"))),
        }
        self.variables.truncate(mark);
        match (&branch.else_body, ran) {
            (Some(other), false) => self.walk(other, dot).map(drop),
            _ => Ok(()),
        }
    }

    /// One turn of a loop.
    fn turn(&mut self, branch: &BranchNode, key: Value, item: Value) -> Step<End> {
        self.step(branch.pos)?;
        let Some((pipe, body)) = branch.arms.first() else { return Ok(End::Done) };
        let declared = &pipe.decl;
        let values: &[&Value] = if declared.len() > 1 { &[&key, &item] } else { &[&item] };
        let mark = self.variables.len();
        if pipe.is_assign {
            for (name, value) in declared.iter().zip(values) {
                self.assign(branch.pos, name, (*value).clone())?;
            }
        } else {
            // The pipeline has declared them: they are the last ones.
            let first = mark - declared.len();
            for (slot, value) in self.variables[first..].iter_mut().zip(values) {
                slot.1 = (*value).clone();
            }
        }
        let end = self.walk(body, &item);
        self.variables.truncate(mark);
        end
    }

    fn call_template(&mut self, call: &TemplateNode, dot: &Value) -> Step<()> {
        self.step(call.pos)?;
        let template = self.template;
        let Some(body) = template.defined.get(call.name.as_str()) else {
            return Err(stop(call.pos, Problem::UnknownTemplate(call.name.to_string())));
        };
        if self.depth >= self.budget.limits().depth {
            return Err(stop(call.pos, Problem::Limit("depth")));
        }
        let dot = match &call.pipe {
            Some(pipe) => self.pipeline(pipe, dot)?,
            None => Value::Absent,
        };
        let (mark, floor) = (self.variables.len(), self.floor);
        self.floor = mark;
        self.variables.push(("$".into(), dot.clone()));
        self.depth += 1;
        let end = self.walk(body, &dot);
        self.depth -= 1;
        self.floor = floor;
        self.variables.truncate(mark);
        end.map(drop)
    }

    fn assign(&mut self, at: Pos, name: &str, value: Value) -> Step<()> {
        let floor = self.floor;
        match self.variables[floor..].iter_mut().rev().find(|variable| *variable.0 == *name) {
            Some(variable) => {
                variable.1 = value;
                Ok(())
            }
            None => Err(stop(at, Problem::UnknownVariable(name.to_owned()))),
        }
    }

    fn variable(&self, at: Pos, name: &str) -> Step<Value> {
        let found = self.variables[self.floor..].iter().rev().find(|variable| *variable.0 == *name);
        found.map(|variable| variable.1.clone()).ok_or_else(|| stop(at, Problem::UnknownVariable(name.to_owned())))
    }

    fn pipeline(&mut self, pipe: &PipeNode, dot: &Value) -> Step<Value> {
        let mut value = None;
        for command in &pipe.commands {
            let answer = self.command(command, dot, value)?;
            // A nil inside an interface is no value once it is taken out.
            value = Some(if matches!(answer, Value::Nil) { Value::Absent } else { answer });
        }
        let value = value.unwrap_or(Value::Absent);
        for name in &pipe.decl {
            if pipe.is_assign {
                self.assign(pipe.pos, name, value.clone())?;
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    fn command(&mut self, command: &CommandNode, dot: &Value, last: Option<Value>) -> Step<Value> {
        self.step(command.pos)?;
        let Some((first, rest)) = command.args.split_first() else { return Ok(Value::Absent) };
        if let Expr::Identifier(at, name) = first {
            return self.call(*at, name, rest, dot, last);
        }
        if !rest.is_empty() || last.is_some() {
            if let Some(answer) = self.method(first, rest, dot, last)? {
                return Ok(answer);
            }
            return Err(stop(first.pos(), Problem::Refused("arguments are given to something that is not a function")));
        }
        match first {
            Expr::Nil(at) => Err(stop(*at, Problem::Refused("nil is not a command"))),
            other => self.evaluate(other, dot),
        }
    }

    fn evaluate(&mut self, expr: &Expr, dot: &Value) -> Step<Value> {
        Ok(match expr {
            Expr::Dot(_) => dot.clone(),
            Expr::Nil(_) => Value::Nil,
            Expr::Bool(_, value) => Value::Bool(*value),
            Expr::String(_, text) => Value::Text(text.clone()),
            Expr::Number(_, Number::Int(value)) => Value::Int(*value),
            Expr::Number(_, Number::Float(value)) => Value::Float(*value),
            Expr::Number(at, Number::Uint(_)) => return Err(stop(*at, Problem::Refused("the number is too large"))),
            Expr::Field(at, names) => self.fields(*at, dot.clone(), names)?,
            Expr::Variable(at, name, names) => {
                let value = self.variable(*at, name)?;
                self.fields(*at, value, names)?
            }
            Expr::Identifier(at, name) => self.call(*at, name, &[], dot, None)?,
            Expr::Pipe(_, pipe) => self.pipeline(pipe, dot)?,
            Expr::Chain(at, inner, names) => {
                let value = match &**inner {
                    Expr::Nil(at) => return Err(stop(*at, Problem::Refused("nil has no fields"))),
                    inner => self.evaluate(inner, dot)?,
                };
                self.fields(*at, value, names)?
            }
        })
    }

    fn fields(&self, at: Pos, mut value: Value, names: &[impl AsRef<str>]) -> Step<Value> {
        for name in names {
            value = self.field(at, &value, name.as_ref())?;
        }
        Ok(value)
    }

    fn field(&self, at: Pos, of: &Value, name: &str) -> Step<Value> {
        let strict = self.template.options.missing_key == MissingKey::Error;
        match of {
            Value::Absent if strict => Err(stop(at, Problem::MissingKey(name.to_owned()))),
            Value::Absent => Ok(Value::Absent),
            Value::Map(map) => match map.entries.borrow().get(name.as_bytes()) {
                Some(value) => Ok(value.clone()),
                None => match self.template.options.missing_key {
                    MissingKey::Default => Ok(Value::Absent),
                    MissingKey::Zero if map.of_text => Ok(Value::text("")),
                    MissingKey::Zero => Ok(Value::Nil),
                    MissingKey::Error => Err(stop(at, Problem::MissingKey(name.to_owned()))),
                },
            },
            Value::Object(object) => object.member(name, &[]).map_err(|Fault(problem)| stop(at, problem)),
            _ => Err(stop(at, Problem::NoFields)),
        }
    }

    /// A method with arguments: `$time.Format "2006"`. `None`: this is no method of anything.
    fn method(&mut self, of: &Expr, args: &[Expr], dot: &Value, last: Option<Value>) -> Step<Option<Value>> {
        let (at, names, value) = match of {
            Expr::Field(at, names) => (*at, names, dot.clone()),
            Expr::Variable(at, name, names) => (*at, names, self.variable(*at, name)?),
            Expr::Chain(at, inner, names) if !matches!(**inner, Expr::Nil(_)) => (*at, names, self.evaluate(inner, dot)?),
            _ => return Ok(None),
        };
        let Some((name, path)) = names.split_last() else { return Ok(None) };
        let Value::Object(object) = self.fields(at, value, path)? else { return Ok(None) };
        let mut values = args.iter().map(|arg| self.evaluate(arg, dot)).collect::<Step<Vec<_>>>()?;
        values.extend(last);
        object.member(name.as_ref(), &values).map(Some).map_err(|Fault(problem)| stop(at, problem))
    }

    fn call(&mut self, at: Pos, name: &str, args: &[Expr], dot: &Value, last: Option<Value>) -> Step<Value> {
        let Some(function) = functions::find(name, self.template.options.dialect) else {
            return Err(stop(at, Problem::UnknownFunction(name.to_owned())));
        };
        let told = |problem| Stop { at, function: Some(name.to_owned()), problem };
        if name == "and" || name == "or" {
            return self.short(name == "or", args, dot, last).and_then(|value| value.ok_or_else(|| told(Problem::ArgumentCount)));
        }
        let count = args.len() + usize::from(last.is_some());
        function.check_count(count).map_err(told)?;
        let mut values = Vec::with_capacity(count);
        for (n, arg) in args.iter().enumerate() {
            let value = self.evaluate(arg, dot)?;
            values.push(function.fit(n, value, Some(arg)).map_err(told)?);
        }
        if let Some(last) = last {
            values.push(function.fit(args.len(), last, None).map_err(told)?);
        }
        for value in &values {
            self.budget.survey(value).map_err(told)?;
        }
        let mut call = Call { args: values, budget: self.budget };
        (function.run)(&mut call).map_err(|Fault(problem)| told(problem))
    }

    /// `and` and `or`: the rest is not looked at once the answer is known. `None`: nothing to decide on.
    fn short(&mut self, or: bool, args: &[Expr], dot: &Value, last: Option<Value>) -> Step<Option<Value>> {
        let mut answer = None;
        for arg in args {
            let value = self.evaluate(arg, dot)?;
            if value.is_true() == or {
                return Ok(Some(value));
            }
            answer = Some(value);
        }
        Ok(last.or(answer))
    }
}

fn stop(at: Pos, problem: Problem) -> Stop {
    Stop { at, function: None, problem }
}
