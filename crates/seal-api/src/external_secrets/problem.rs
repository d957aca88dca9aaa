//! What is wrong with one field: where, and of what nature. Never what stands there.

use std::fmt;

/// One field that cannot be taken as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the field, such as `spec.data[0].remoteRef.key`.
    pub path: String,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// The nature of a problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Wrong {
    /// The field must be there.
    Missing,
    /// Another JSON type is wanted.
    Type(&'static str),
    /// One of these words is wanted.
    Word(&'static [&'static str]),
    /// The text does not have the form that is wanted.
    Form(&'static str),
    /// Exactly one of these fields is wanted.
    OneOf(&'static [&'static str]),
    /// The field contradicts another one.
    Conflict(&'static str),
    /// A field nobody knows.
    Unknown,
    /// A field, kind or provider that exists, and that this program does not serve.
    Unsupported,
}

impl Problem {
    /// True when the object cannot be worked on. A field nobody knows is only worth a word.
    pub fn is_fatal(&self) -> bool {
        self.wrong != Wrong::Unknown
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.wrong {
            Wrong::Missing => write!(f, "{path} is missing"),
            Wrong::Type(wanted) => write!(f, "{path} must be {wanted}"),
            Wrong::Word(words) => write!(f, "{path} must be one of {}", words.join(", ")),
            Wrong::Form(form) => write!(f, "{path} must be {form}"),
            Wrong::OneOf(fields) => write!(f, "{path} must have exactly one of {}", fields.join(", ")),
            Wrong::Conflict(why) => write!(f, "{path} {why}"),
            Wrong::Unknown => write!(f, "{path} is not a field of this kind; check its spelling"),
            Wrong::Unsupported => write!(f, "{path} is not supported"),
        }
    }
}
