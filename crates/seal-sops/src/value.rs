//! A typed value in clear: what is sealed, what the MAC covers.

use seal_secret::SecretBytes;

/// The type a value carries beside its ciphertext. It is not authenticated by the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text, or bytes that are not text.
    Str,
    /// A whole number of 64 bits.
    Int,
    /// A double.
    Float,
    /// `True` or `False`.
    Bool,
    /// Bytes: read, never written.
    Bytes,
    /// A point in time.
    Time,
    /// A comment.
    Comment,
}

impl Type {
    /// The word in the `type:` field.
    pub fn name(self) -> &'static str {
        match self {
            Type::Str => "str",
            Type::Int => "int",
            Type::Float => "float",
            Type::Bool => "bool",
            Type::Bytes => "bytes",
            Type::Time => "time",
            Type::Comment => "comment",
        }
    }

    /// The type of a word.
    pub fn of_name(name: &str) -> Option<Type> {
        let all = [Type::Str, Type::Int, Type::Float, Type::Bool, Type::Bytes, Type::Time, Type::Comment];
        all.into_iter().find(|kind| kind.name() == name)
    }
}

/// A value in clear, in the one spelling that is sealed and that the MAC covers: text raw, `True`/`False`, decimal numbers as Go
/// prints them, times as RFC 3339.
#[derive(Clone)]
pub struct Value {
    /// Its type.
    pub kind: Type,
    /// Its bytes.
    pub bytes: SecretBytes,
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<SecretBytes>) -> Value {
        Value { kind: Type::Str, bytes: text.into() }
    }
}
