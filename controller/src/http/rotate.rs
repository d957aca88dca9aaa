//! `/v1/rotate`: items that are not sealed to the newest key yet, sealed to it. Everything else comes back as it came:
//! scope, name, all metadata and the template are none of its business.

use http::StatusCode;
use rand::CryptoRng;
use seal_core::{
    claim::{Claim, SEALED_FOR},
    sealed::SealedObject,
};
use seal_crypto::{Keyring, PublicKey};
use serde_json::Value;
use std::collections::BTreeMap;

use super::{answer::Answer, request};
use crate::{pool::Abandoned, reseal::fresh_items};

/// Set by the API server; sent back they would only make the next apply fail.
const SERVER_SET: [&str; 6] = ["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields"];

/// 200 and the object as JSON; 500 with the reason otherwise, as upstream.
pub(super) fn rotate(
    body: Vec<u8>,
    keyring: &Keyring,
    newest: Option<&PublicKey>,
    rng: &mut impl CryptoRng,
    abandoned: &Abandoned,
) -> Answer {
    let failed = |text: &str| Answer::text(StatusCode::INTERNAL_SERVER_ERROR, text);
    let mut request = match request::read(body) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    let Some(newest) = newest else { return failed("there is no key to seal to") };
    if request.object.blob.is_some() {
        return failed("spec.data is deprecated and not rotated: seal the Secret anew");
    }
    let fresh = match fresh_items(&request.object, keyring, newest, rng, abandoned) {
        Ok(done) => match done.items {
            Ok(fresh) => fresh,
            Err(unopened) => return failed(&format!("no key could decrypt secret ({})", unopened.join(", "))),
        },
        Err(stopped) => return stopped.into(),
    };
    put_back(&mut request.value, &request.object, fresh, newest);
    Answer::of_type(StatusCode::OK, "application/json", request.value.to_string())
}

fn put_back(value: &mut Value, object: &SealedObject, fresh: BTreeMap<String, String>, newest: &PublicKey) {
    if let Some(object) = value.as_object_mut() {
        object.remove("status");
    }
    if let Some(items) = value.pointer_mut("/spec/encryptedData").and_then(Value::as_object_mut) {
        items.extend(fresh.into_iter().map(|(name, item)| (name, Value::String(item))));
    }
    let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    for field in SERVER_SET {
        metadata.remove(field);
    }
    // A claim that is there is kept true; none is added.
    if let (Ok(binding), Some(annotations)) = (object.binding(), metadata.get_mut("annotations").and_then(Value::as_object_mut))
        && annotations.contains_key(SEALED_FOR)
    {
        annotations.insert(SEALED_FOR.to_owned(), Value::String(Claim::new(&binding, newest.fingerprint()).to_text()));
    }
}
