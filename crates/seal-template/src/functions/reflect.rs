//! What a value is.

use crate::call::{Function, Is};
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("typeOf", &[Is::Any], |call| Ok(Value::text(call.any(0).type_name()))),
    Function::new("typeIs", &[Is::Text, Is::Any], |call| Ok(Value::Bool(*call.text(0) == *call.any(1).type_name().as_bytes()))),
    Function::new("typeIsLike", &[Is::Text, Is::Any], |call| {
        Ok(Value::Bool(*call.text(0) == *call.any(1).type_name().as_bytes()))
    }),
    Function::new("kindOf", &[Is::Any], |call| Ok(Value::text(call.any(0).kind()))),
    Function::new("kindIs", &[Is::Text, Is::Any], |call| Ok(Value::Bool(*call.text(0) == *call.any(1).kind().as_bytes()))),
    Function::new("deepEqual", &[Is::Any, Is::Any], |call| Ok(Value::Bool(call.any(0).deep_equal(call.any(1))))),
];
