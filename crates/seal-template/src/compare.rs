//! `eq`, `lt` and their like, with Go's rules about which kinds may meet.

use crate::call::Fault;
use crate::value::Value;
use std::cmp::Ordering;

#[derive(PartialEq, Clone, Copy)]
enum Basic {
    Bool,
    Int,
    Uint,
    Float,
    Text,
    Other,
}

fn basic(value: &Value) -> Basic {
    match value {
        Value::Bool(_) => Basic::Bool,
        Value::Int(_) | Value::Int64(_) => Basic::Int,
        Value::Byte(_) | Value::Uint(_) => Basic::Uint,
        Value::Float(_) => Basic::Float,
        Value::Text(_) => Basic::Text,
        _ => Basic::Other,
    }
}

fn whole(value: &Value) -> i128 {
    match value {
        Value::Int(value) | Value::Int64(value) => i128::from(*value),
        Value::Byte(value) => i128::from(*value),
        Value::Uint(value) => i128::from(*value),
        _ => 0,
    }
}

fn is_nil(value: &Value) -> bool {
    matches!(value, Value::Absent | Value::Nil)
}

/// `eq` of two.
pub(crate) fn equal(a: &Value, b: &Value) -> Result<bool, Fault> {
    let incompatible = || Err(Fault::because("these types cannot be compared"));
    let (x, y) = (basic(a), basic(b));
    let mixed = matches!((x, y), (Basic::Int, Basic::Uint) | (Basic::Uint, Basic::Int));
    if x != y && !mixed {
        return if is_nil(a) || is_nil(b) { Ok(false) } else { incompatible() };
    }
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Text(a), Value::Text(b)) => Ok(a == b),
        (a, b) if x != Basic::Other => Ok(whole(a) == whole(b)),
        (a, b) if is_nil(a) || is_nil(b) => Ok(is_nil(a) == is_nil(b)),
        _ => incompatible(),
    }
}

/// Order of two; refuses what has none.
pub(crate) fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, Fault> {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Ok(a.partial_cmp(b)),
        (Value::Text(a), Value::Text(b)) => Ok(Some(a.cmp(b))),
        (a, b) if matches!((basic(a), basic(b)), (Basic::Int | Basic::Uint, Basic::Int | Basic::Uint)) => {
            Ok(Some(whole(a).cmp(&whole(b))))
        }
        _ => Err(Fault::because("these types have no order")),
    }
}
