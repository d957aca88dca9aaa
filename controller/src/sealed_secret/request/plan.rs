//! What is owed to an object, and what the answer says. Pure.

use crate::reseal::{Fresh, Stopped};
use seal_api::sealed_secret::Rotation;
use seal_core::sealed::SealedObject;
use seal_crypto::Fingerprint;
use serde_json::Value;

/// What an object and an answer in it may take together; the store behind the API server takes 1.5 MiB.
const ROOM: usize = 1_300_000;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owed {
    /// Nothing is asked, or it is answered.
    Nothing,
    /// The question is gone and its answer is still there.
    Removal,
    /// A question under this id.
    Answer(String),
}

/// Decides from the object as it is.
pub fn owed(object: &Value) -> Owed {
    if object.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()) {
        return Owed::Nothing;
    }
    match (Rotation::asked(object), Rotation::of(object)) {
        (None, None) => Owed::Nothing,
        (None, Some(_)) => Owed::Removal,
        (Some(id), Some(given)) if given.request == id => Owed::Nothing,
        (Some(id), _) => Owed::Answer(id.to_owned()),
    }
}

/// The object as it can be sealed anew, or why it cannot.
pub fn question(object: &Value) -> Result<SealedObject, String> {
    let sealed = SealedObject::from_json(object).map_err(|error| error.to_string())?;
    match sealed.blob {
        Some(_) => Err("spec.data is deprecated and not rotated: seal the Secret anew".to_owned()),
        None => Ok(sealed),
    }
}

/// The answer to a question, from what the work came to. `None` when the work was given up: then it is still owed.
pub fn answer(
    id: &str,
    object: &Value,
    newest: Option<&Fingerprint>,
    outcome: Result<Result<Fresh, Stopped>, String>,
) -> Option<Rotation> {
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0);
    let scope = SealedObject::from_json(object).map(|sealed| sealed.scope().as_str()).unwrap_or_default();
    let key = newest.map(ToString::to_string).unwrap_or_default();
    let empty =
        Rotation { request: id.to_owned(), observed_generation: generation, scope: scope.to_owned(), key, ..Rotation::default() };
    let refused = |problem: String| Some(Rotation { problem, ..empty.clone() });
    match outcome {
        Err(problem) => refused(problem),
        Ok(Err(Stopped::Abandoned)) => None,
        Ok(Err(Stopped::TooMuch)) => refused("too many items for one request: split the SealedSecret".to_owned()),
        Ok(Ok(Fresh { items: Err(unopened), .. })) => refused(format!("no key could decrypt secret ({})", unopened.join(", "))),
        Ok(Ok(Fresh { items: Ok(items), .. })) => {
            // The API server notes each name once more, in the list of who manages which field.
            let size: usize = items.iter().map(|(name, item)| 2 * name.len() + item.len() + 24).sum();
            match object.to_string().len() + size > ROOM {
                true => refused("too large to be answered in the object's status: rotate it offline with the keys".to_owned()),
                false => Some(Rotation { items, ..empty.clone() }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_api::sealed_secret::ROTATE_REQUEST;
    use serde_json::json;

    const ID: &str = "0123456789abcdef";

    fn object(asked: Value, answered: Value, deleted: Value) -> Value {
        json!({
            "apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret",
            "metadata": {"name": "db", "namespace": "prod", "generation": 4, "deletionTimestamp": deleted, "annotations": {ROTATE_REQUEST: asked}},
            "spec": {"encryptedData": {"a": "AgA="}},
            "status": {"rotation": answered},
        })
    }

    #[test]
    fn a_question_is_answered_once_and_an_answer_goes_with_its_question() {
        let (none, answered, other) = (Value::Null, json!({"request": ID}), json!({"request": "another-id"}));
        for (asked, answer, deleted, expected) in [
            (json!(ID), &none, &none, Owed::Answer(ID.into())),
            (json!(ID), &other, &none, Owed::Answer(ID.into())),
            (json!(ID), &json!("rubbish"), &none, Owed::Answer(ID.into())),
            (json!(ID), &answered, &none, Owed::Nothing),
            (json!(ID), &none, &json!("2026-01-01T00:00:00Z"), Owed::Nothing),
            (Value::Null, &answered, &none, Owed::Removal),
            (json!("NOT AN ID"), &answered, &none, Owed::Removal),
            (json!("NOT AN ID"), &none, &none, Owed::Nothing),
            (Value::Null, &none, &none, Owed::Nothing),
        ] {
            assert_eq!(owed(&object(asked.clone(), answer.clone(), deleted.clone())), expected, "{asked} {answer} {deleted}");
        }
    }

    #[test]
    fn what_the_work_came_to_is_what_is_said() {
        let asked = object(json!(ID), Value::Null, Value::Null);
        let done = |items| Ok(Ok(Fresh { items, operations: 1 }));
        let fresh = |text: String| Ok([("a".to_owned(), text)].into());
        for (outcome, items, problem) in [
            (done(fresh("AgB=".into())), 1, ""),
            (done(Ok([].into())), 0, ""),
            (done(Err(vec!["a".into(), "b".into()])), 0, "no key could decrypt secret (a, b)"),
            (
                done(fresh("A".repeat(ROOM))),
                0,
                "too large to be answered in the object's status: rotate it offline with the keys",
            ),
            (Ok(Err(Stopped::TooMuch)), 0, "too many items for one request: split the SealedSecret"),
            (Err("spec is missing".into()), 0, "spec is missing"),
        ] {
            let told = answer(ID, &asked, None, outcome).expect("an answer");
            assert_eq!((told.items.len(), told.problem.as_str()), (items, problem));
            assert_eq!((told.request.as_str(), told.observed_generation, told.scope.as_str()), (ID, 4, "strict"));
        }
        assert_eq!(answer(ID, &asked, None, Ok(Err(Stopped::Abandoned))), None, "still owed");
    }

    #[test]
    fn a_deprecated_blob_is_refused_by_name() {
        let mut blob = object(json!(ID), Value::Null, Value::Null);
        blob["spec"]["data"] = json!("AgA=");
        assert!(question(&blob).unwrap_err().starts_with("spec.data is deprecated"));
    }
}
