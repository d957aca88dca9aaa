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
