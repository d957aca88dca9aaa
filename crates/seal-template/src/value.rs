//! Values as Go's templates know them: strings are bytes, maps are sorted, integers have their Go type. They hold plaintext: no Debug.

use crate::object::Object;
use seal_secret::SecretBytes;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A string: any bytes, as in Go.
pub(crate) type Text = Rc<[u8]>;

/// What a map holds. Functions such as `set` change it where it is.
pub(crate) type Entries = BTreeMap<Text, Value>;

/// The type of a list's elements.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// `any`.
    Any,
    /// `string`.
    Text,
    /// `int`.
    Int,
    /// `[]any`.
    Lists,
    /// `uint8`.
    Byte,
}

/// A list.
#[derive(Clone)]
pub struct List {
    /// Its elements.
    pub items: Rc<Vec<Value>>,
    /// Their type.
    pub of: Of,
}

/// A map with string keys.
#[derive(Clone)]
pub struct Map {
    /// Its entries.
    pub entries: Rc<RefCell<Entries>>,
    /// True for `map[string]string`, false for `map[string]any`.
    pub of_text: bool,
}

/// A template can build values as deep as its budget lets it; letting go of them must not need a stack as deep.
impl Drop for List {
    fn drop(&mut self) {
        if let Some(items) = Rc::get_mut(&mut self.items)
            && items.iter().any(Value::holds_values)
        {
            let_go(std::mem::take(items));
        }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if let Some(entries) = Rc::get_mut(&mut self.entries)
            && entries.get_mut().values().any(Value::holds_values)
        {
            let_go(std::mem::take(entries.get_mut()).into_values().collect());
        }
    }
}

fn let_go(mut waiting: Vec<Value>) {
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(mut list) => {
                if let Some(items) = Rc::get_mut(&mut list.items) {
                    waiting.append(items);
                }
            }
            Value::Map(mut map) => {
                if let Some(entries) = Rc::get_mut(&mut map.entries) {
                    waiting.extend(std::mem::take(entries.get_mut()).into_values());
                }
            }
            _ => {}
        }
    }
}

/// A value.
#[derive(Clone)]
pub enum Value {
    /// No value at all: the entry that a map does not have.
    Absent,
    /// `nil`.
    Nil,
    /// `bool`.
    Bool(bool),
    /// `int`.
    Int(i64),
    /// `int64`.
    Int64(i64),
    /// `uint8`: what indexing a string gives.
    Byte(u8),
    /// `uint32`, `uint64` and the like.
    Uint(u64),
    /// `float64`.
    Float(f64),
    /// `string`.
    Text(Text),
    /// A slice.
    List(List),
    /// A map.
    Map(Map),
    /// A time, a version, a certificate.
    Object(Object),
}

impl Value {
    /// A string.
    pub fn text(bytes: impl AsRef<[u8]>) -> Self {
        Self::Text(bytes.as_ref().into())
    }

    /// `[]any`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List { items: Rc::new(items), of: Of::Any })
    }

    /// `[]string`.
    pub fn texts(items: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        Self::List(List { items: Rc::new(items.into_iter().map(Self::text).collect()), of: Of::Text })
    }

    /// `map[string]any`.
    pub fn map(entries: Entries) -> Self {
        Self::Map(Map { entries: Rc::new(RefCell::new(entries)), of_text: false })
    }

    /// `map[string]string`: what templates of Secrets are given.
    pub fn secrets<'a>(data: impl IntoIterator<Item = (&'a String, &'a SecretBytes)>) -> Self {
        let entries = data.into_iter().map(|(key, value)| (key.as_bytes().into(), Self::text(value.expose()))).collect();
        Self::Map(Map { entries: Rc::new(RefCell::new(entries)), of_text: true })
    }

    /// Lists and maps.
    pub(crate) fn holds_values(&self) -> bool {
        matches!(self, Self::List(_) | Self::Map(_))
    }

    /// Whether it is nested no deeper than this and, with all that is shared in it counted again and again, no larger than the rest of `room`.
    pub(crate) fn is_within(&self, depth: usize, room: &mut usize) -> bool {
        let mut fits = |value: &Self| {
            let size = if let Self::Text(text) = value { 16 + text.len() } else { 16 };
            let Some(left) = room.checked_sub(size) else { return false };
            *room = left;
            !value.holds_values() || (depth > 0 && value.is_within(depth - 1, room))
        };
        match self {
            Self::List(list) => list.items.iter().all(fits),
            Self::Map(map) => map.entries.borrow().iter().all(|(key, value)| {
                let key = Self::Text(key.clone());
                fits(&key) && fits(value)
            }),
            _ => true,
        }
    }

    /// Truth as `if` sees it.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Absent | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) | Self::Int64(value) => *value != 0,
            Self::Byte(value) => *value != 0,
            Self::Uint(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(value) => !value.is_empty(),
            Self::List(list) => !list.items.is_empty(),
            Self::Map(map) => !map.entries.borrow().is_empty(),
            Self::Object(_) => true,
        }
    }

    /// Go's name of the kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Absent | Self::Nil => "invalid",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Uint(_) => "uint64",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
            Self::Object(object) => object.kind(),
        }
    }

    /// Go's name of the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Absent | Self::Nil => "<nil>",
            Self::List(list) => match list.of {
                Of::Any => "[]interface {}",
                Of::Text => "[]string",
                Of::Int => "[]int",
                Of::Lists => "[][]interface {}",
                Of::Byte => "[]uint8",
            },
            Self::Map(map) if map.of_text => "map[string]string",
            Self::Map(_) => "map[string]interface {}",
            Self::Object(object) => object.type_name(),
            other => other.kind(),
        }
    }

    /// Equality as Go's `reflect.DeepEqual` has it: types count.
    pub fn deep_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Absent | Self::Nil, Self::Absent | Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) | (Self::Int64(a), Self::Int64(b)) => a == b,
            (Self::Byte(a), Self::Byte(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => {
                a.of == b.of && a.items.len() == b.items.len() && a.items.iter().zip(b.items.iter()).all(|(a, b)| a.deep_equal(b))
            }
            (Self::Map(a), Self::Map(b)) => {
                let (x, y) = (a.entries.borrow(), b.entries.borrow());
                let same = |((ka, va), (kb, vb)): ((&Text, &Self), (&Text, &Self))| ka == kb && va.deep_equal(vb);
                a.of_text == b.of_text && x.len() == y.len() && x.iter().zip(y.iter()).all(same)
            }
            (Self::Object(a), Self::Object(b)) => a.equal(b),
            _ => false,
        }
    }

    /// What `strval` of the sprig library makes of it.
    pub fn to_text(&self) -> Text {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(List { items, of: Of::Byte }) => {
                items.iter().map(|item| if let Self::Byte(byte) = item { *byte } else { 0 }).collect()
            }
            other => crate::print::plain(other).into(),
        }
    }
}
