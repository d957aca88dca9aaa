//! Calling functions: what they take, checked before they run, and how they read their arguments.

use crate::budget::Budget;
use crate::error::Problem;
use crate::keys::Failed;
use crate::parse::ast::{Expr, Number};
use crate::value::{Entries, List, Map, Text, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// Why a function refused; the caller adds its name and place.
pub struct Fault(pub Problem);

impl Fault {
    /// For a reason that holds no value.
    pub fn because(reason: &'static str) -> Self {
        Self(Problem::Refused(reason))
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Self {
        Self::because(failed.0)
    }
}

/// What a function answers.
pub(crate) type Answer = Result<Value, Fault>;

/// Type of a parameter, as the function's Go counterpart declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// Anything; the builtins tell no value from nil.
    Raw,
    /// `any`.
    Any,
    /// `string`.
    Text,
    /// `int`.
    Int,
    /// `int64`.
    Int64,
    /// `bool`.
    Bool,
    /// `float64`.
    Float,
    /// `map[string]any`.
    Dict,
}

impl Is {
    fn name(self) -> &'static str {
        match self {
            Self::Raw | Self::Any => "a value",
            Self::Text => "a string",
            Self::Int => "an int",
            Self::Int64 => "an int64",
            Self::Bool => "a bool",
            Self::Float => "a float64",
            Self::Dict => "a dict",
        }
    }
}

/// A function of the list.
#[derive(Clone, Copy)]
pub struct Function {
    /// Its name in templates.
    pub name: &'static str,
    /// Its parameters.
    pub takes: &'static [Is],
    /// The type of any number of further ones.
    pub more: Option<Is>,
    /// What it does.
    pub run: fn(&mut Call<'_, '_>) -> Answer,
}

impl Function {
    /// With so many parameters.
    pub const fn new(name: &'static str, takes: &'static [Is], run: fn(&mut Call<'_, '_>) -> Answer) -> Self {
        Self { name, takes, more: None, run }
    }

    /// With any number of further ones.
    pub const fn with_more(mut self, more: Is) -> Self {
        self.more = Some(more);
        self
    }

    /// Whether it takes so many arguments.
    pub fn check_count(&self, count: usize) -> Result<(), Problem> {
        let fits = if self.more.is_some() { count >= self.takes.len() } else { count == self.takes.len() };
        if fits { Ok(()) } else { Err(Problem::ArgumentCount) }
    }

    /// The argument as the parameter takes it. `expr`: how it is written in the template; numbers there have no type yet.
    pub(crate) fn fit(&self, n: usize, value: Value, expr: Option<&Expr>) -> Result<Value, Problem> {
        let is = self.takes.get(n).copied().or(self.more).ok_or(Problem::ArgumentCount)?;
        let wrong = Problem::ArgumentType(n + 1, is.name());
        let literal = matches!(expr, Some(Expr::Number(..)));
        Ok(match (is, value) {
            (Is::Raw, value) => value,
            (Is::Any, Value::Absent) => Value::Nil,
            (Is::Any, value) => value,
            (Is::Text, value @ Value::Text(_)) => value,
            (Is::Int, value @ Value::Int(_)) => value,
            (Is::Int64, value @ Value::Int64(_)) => value,
            (Is::Bool, value @ Value::Bool(_)) => value,
            (Is::Float, value @ Value::Float(_)) => value,
            (Is::Float, Value::Int(value)) if literal => Value::Float(value as f64),
            (Is::Int64, Value::Int(value)) if literal => Value::Int64(value),
            (Is::Float, Value::Uint(value)) if literal => Value::Float(value as f64),
            (Is::Int, Value::Float(value)) if literal && value.fract() == 0.0 && is_whole(expr) => Value::Int(value as i64),
            (Is::Dict, Value::Map(map)) if !map.of_text => Value::Map(map),
            // A map that is nil: empty to read, an error to write.
            (Is::Dict, Value::Absent) => Value::Nil,
            (Is::Dict, Value::Nil) if matches!(expr, Some(Expr::Nil(_))) => Value::Nil,
            _ => return Err(wrong),
        })
    }
}

fn is_whole(expr: Option<&Expr>) -> bool {
    matches!(expr, Some(Expr::Number(_, Number::Float(value))) if value.abs() < 9e15)
}

/// A call in progress.
pub struct Call<'b, 'w> {
    /// Arguments, each fitting its parameter.
    pub args: Vec<Value>,
    /// Bounds and the outside world.
    pub budget: &'b mut Budget<'w>,
}

impl Call<'_, '_> {
    /// How many arguments there are.
    pub fn count(&self) -> usize {
        self.args.len()
    }

    /// Any argument.
    pub fn any(&self, n: usize) -> &Value {
        self.args.get(n).unwrap_or(&Value::Absent)
    }

    /// A string.
    pub fn text(&self, n: usize) -> Text {
        match self.any(n) {
            Value::Text(text) => text.clone(),
            _ => Rc::new([]),
        }
    }

    /// A string that must be UTF-8.
    pub fn utf8(&self, n: usize) -> Result<String, Fault> {
        String::from_utf8(self.text(n).to_vec()).map_err(|_| Fault::because("the text is not UTF-8"))
    }

    /// An integer.
    pub fn int(&self, n: usize) -> i64 {
        match self.any(n) {
            Value::Int(value) | Value::Int64(value) => *value,
            _ => 0,
        }
    }

    /// A bool.
    pub fn bool(&self, n: usize) -> bool {
        matches!(self.any(n), Value::Bool(true))
    }

    /// A float.
    pub fn float(&self, n: usize) -> f64 {
        match self.any(n) {
            Value::Float(value) => *value,
            _ => 0.0,
        }
    }

    /// A dict to read; nil is an empty one.
    pub fn dict(&self, n: usize) -> Rc<RefCell<Entries>> {
        match self.any(n) {
            Value::Map(Map { entries, .. }) => entries.clone(),
            _ => Rc::default(),
        }
    }

    /// The items of any list; refuses what is none.
    pub fn items(&self, n: usize) -> Result<Rc<Vec<Value>>, Fault> {
        items(self.any(n))
    }

    /// The arguments from `n` on.
    pub fn rest(&self, n: usize) -> &[Value] {
        self.args.get(n..).unwrap_or_default()
    }

    /// A string as answer, once the budget allows it.
    pub fn answer(&mut self, text: impl AsRef<[u8]>) -> Answer {
        self.budget.make(text.as_ref().len())?;
        Ok(Value::text(text))
    }

    /// `[]any` as answer, once the budget allows it.
    pub fn answer_list(&mut self, items: Vec<Value>) -> Answer {
        self.budget.make(items.len() * size_of::<Value>())?;
        Ok(Value::list(items))
    }
}

/// The items of any list; refuses what is none.
pub(crate) fn items(value: &Value) -> Result<Rc<Vec<Value>>, Fault> {
    match value {
        Value::List(List { items, .. }) => Ok(items.clone()),
        _ => Err(Fault::because("this takes a list")),
    }
}
