//! A typed value in clear: what is sealed, what the MAC covers.

use seal_secret::SecretBytes;

use crate::{number, time};

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

    /// Whether a number or date is written as it will be when it is opened. An alias is not looked at: its target is.
    pub(crate) fn is_spelled(&self, written: &[u8]) -> bool {
        let bytes = self.bytes.expose();
        let is_infinite = self.kind == Type::Float && bytes.last().is_some_and(u8::is_ascii_alphabetic);
        let is_whole = self.kind == Type::Float && written.strip_suffix(b".0") == Some(bytes);
        written == bytes || is_whole || is_infinite || written.starts_with(b"*")
    }
}

/// An opened value in the one spelling that the MAC covers. `None` when the bytes are not what the type says.
pub(crate) fn canonical(kind: Type, bytes: SecretBytes) -> Option<Value> {
    let text = || std::str::from_utf8(bytes.expose()).ok();
    let bytes = match kind {
        Type::Str | Type::Bytes | Type::Comment => bytes,
        Type::Int => text()?.parse::<i64>().ok()?.to_string().into(),
        Type::Float => number::float(number::parse_float(text()?)?).into(),
        Type::Bool => match text()? {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => "True".to_owned().into(),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => "False".to_owned().into(),
            _ => return None,
        },
        Type::Time => time::from_sealed(text()?)?.into(),
    };
    Some(Value { kind, bytes })
}
