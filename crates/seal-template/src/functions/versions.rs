//! Semantic versions.

use crate::call::{Function, Is};
use crate::object::Object;
use crate::semver::{Version, satisfies};
use crate::value::Value;

pub(super) const ALL: &[Function] = &[
    Function::new("semver", &[Is::Text], |call| Ok(Object::version(Version::parse(&call.utf8(0)?)?))),
    Function::new("semverCompare", &[Is::Text, Is::Text], |call| {
        let (constraint, version) = (call.utf8(0)?, call.utf8(1)?);
        // The pattern that constraints are searched with costs in proportion to their length, which is bounded.
        call.budget.make(constraint.len() + version.len())?;
        Ok(Value::Bool(satisfies(&constraint, &Version::parse(&version)?)?))
    }),
];
