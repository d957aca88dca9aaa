//! One property of a JSON object put in or taken out, for stores that keep objects.

use crate::error::StoreError;
use crate::port::Push;
use seal_secret::SecretBytes;
use serde_json::{Map, Value};

/// What is there once `push` is done, or nothing when that is what is there already.
pub(crate) fn merged(before: Option<&SecretBytes>, push: &Push) -> Result<Option<SecretBytes>, StoreError> {
    let Some(property) = &push.property else {
        let keep = before.is_some_and(|before| push.only_if_absent || *before == push.value);
        return Ok((!keep).then(|| push.value.clone()));
    };
    let mut object: Map<String, Value> = match before {
        Some(before) => serde_json::from_slice(before.expose())
            .map_err(|_| StoreError::Conflict("what is there is not a JSON object, so it cannot hold a property"))?,
        None => Map::new(),
    };
    let value = String::from_utf8(push.value.expose().to_vec())
        .map_err(|_| StoreError::Invalid("a property can only hold text; push the value without a property or encode it"))?;
    let there = object.get(property);
    if there.is_some_and(|there| push.only_if_absent || there.as_str() == Some(&value)) {
        return Ok(None);
    }
    object.insert(property.clone(), Value::String(value));
    Ok(Some(Value::Object(object).to_string().into()))
}

/// What deleting leaves.
pub(crate) enum Left {
    /// There was no such property.
    Same,
    /// The other properties.
    Rest(SecretBytes),
    /// Nothing: the secret goes.
    Nothing,
}

/// What is left without the property, or without the whole when none is named.
pub(crate) fn without(before: &SecretBytes, property: Option<&str>) -> Left {
    let Some(property) = property else { return Left::Nothing };
    let Ok(mut object) = serde_json::from_slice::<Map<String, Value>>(before.expose()) else { return Left::Same };
    match object.remove(property) {
        None => Left::Same,
        Some(_) if object.is_empty() => Left::Nothing,
        Some(_) => Left::Rest(Value::Object(object).to_string().into()),
    }
}
