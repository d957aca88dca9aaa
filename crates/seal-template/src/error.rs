//! What went wrong and where: position, function and kind, never a value and never a piece of one.

use std::fmt;

/// Kinds of failures.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It cannot be read as a template. The text says what was expected; what stood there is left out.
    Syntax(&'static str),
    /// A function that is not on the list.
    UnknownFunction(String),
    /// A template that is not defined.
    UnknownTemplate(String),
    /// A variable that is not defined.
    UnknownVariable(String),
    /// A key that the data does not have, where that is an error. Names of keys are no secrets.
    MissingKey(String),
    /// A field of something that has none.
    NoFields,
    /// Too few or too many arguments.
    ArgumentCount,
    /// An argument of a wrong type: its number from 1, what the function takes.
    ArgumentType(usize, &'static str),
    /// The function refused its arguments, for this reason.
    Refused(&'static str),
    /// `fail` was called.
    Failed,
    /// More of something than allowed: of what.
    Limit(&'static str),
}

/// A failure at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// Name of the template.
    pub name: String,
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Column in characters, from 1; 0 when unknown.
    pub column: usize,
    /// The function that was called.
    pub function: Option<String>,
    /// What went wrong.
    pub problem: Problem,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(expected) => write!(f, "not a template: {expected}"),
            Self::UnknownFunction(name) => write!(f, "there is no function {name:?}; `seal template --functions` lists them"),
            Self::UnknownTemplate(name) => write!(f, "no template {name:?} is defined"),
            Self::UnknownVariable(name) => write!(f, "the variable {name} is not defined here"),
            Self::MissingKey(key) => write!(f, "there is no key {key:?} in the data"),
            Self::NoFields => write!(f, "a field of something that has no fields"),
            Self::ArgumentCount => write!(f, "wrong number of arguments"),
            Self::ArgumentType(number, expected) => write!(f, "argument {number} must be {expected}"),
            Self::Refused(reason) => write!(f, "{reason}"),
            Self::Failed => write!(f, "the template calls `fail` here"),
            Self::Limit(what @ "steps") => write!(f, "stopped: too many {what}"),
            Self::Limit(what) => write!(f, "stopped: too much {what}"),
        }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: ", self.name, self.line, self.column)?;
        if let Some(function) = &self.function {
            write!(f, "{function}: ")?;
        }
        self.problem.fmt(f)
    }
}

impl std::error::Error for TemplateError {}
