//! Defaults and choices.

use crate::call::{Fault, Function, Is};
use crate::error::Problem;
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("default", &[Is::Any], |call| {
        let given = call.rest(1).first().filter(|value| value.is_true());
        Ok(given.unwrap_or(call.any(0)).clone())
    })
    .with_more(Is::Any),
    Function::new("empty", &[Is::Any], |call| Ok(Value::Bool(!call.any(0).is_true()))),
    Function::new("coalesce", &[], |call| Ok(call.args.iter().find(|value| value.is_true()).cloned().unwrap_or(Value::Nil)))
        .with_more(Is::Any),
    Function::new("all", &[], |call| Ok(Value::Bool(call.args.iter().all(Value::is_true)))).with_more(Is::Any),
    Function::new("any", &[], |call| Ok(Value::Bool(call.args.iter().any(Value::is_true)))).with_more(Is::Any),
    Function::new("ternary", &[Is::Any, Is::Any, Is::Bool], |call| Ok(call.any(usize::from(!call.bool(2))).clone())),
    // Its message may hold anything, so nobody sees it.
    Function::new("fail", &[Is::Text], |_| Err(Fault(Problem::Failed))),
];
