//! A request's body to a SealedSecret. Its template is carried along as it came and never looked into.

use http::StatusCode;
use seal_core::sealed::SealedObject;
use seal_manifest::ManifestFile;
use serde_json::Value;

use super::answer::Answer;

/// A SealedSecret as it came, and as the decisions see it.
pub(super) struct Request {
    pub(super) value: Value,
    pub(super) object: SealedObject,
}

/// Reads exactly one JSON or YAML document. Upstream answers 500 to everything else.
pub(super) fn read(body: Vec<u8>) -> Result<Request, Box<Answer>> {
    let wrong = |text: &str| Box::new(Answer::text(StatusCode::INTERNAL_SERVER_ERROR, text));
    let file = ManifestFile::parse("request", body).map_err(|error| wrong(&error.to_string()))?;
    let [document] = file.documents.as_slice() else {
        return Err(wrong("expected exactly one SealedSecret as JSON or YAML"));
    };
    let value = document.root.to_public_json();
    let object = SealedObject::from_json(&value).map_err(|error| wrong(&error.to_string()))?;
    Ok(Request { value, object })
}

/// The object with one of its items only, and without what a caller claims about keys: the work on each item is
/// counted, and no key is tried out of turn because somebody said so.
pub(super) fn single(object: &SealedObject, name: &str, item: &str) -> SealedObject {
    let mut metadata = object.metadata.clone();
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(seal_core::claim::SEALED_FOR);
    }
    SealedObject {
        metadata,
        items: [(name.to_owned(), item.to_owned())].into(),
        blob: None,
        template: seal_core::sealed::Template::default(),
    }
}
