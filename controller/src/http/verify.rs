//! `/v1/verify`: do all items of a SealedSecret open? One bit, and the same work whatever its template says.

use http::StatusCode;
use seal_core::open::{Opening, open_object};
use seal_crypto::Keyring;

use super::{
    answer::Answer,
    request::{self, Request},
};
use crate::{
    pool::Abandoned,
    reseal::{Budget, Stopped, single},
};

/// 200 when it opens, 409 when it does not, 500 when it is no SealedSecret.
pub(super) fn verify(body: Vec<u8>, keyring: &Keyring, audience: &str, accept_v1: bool, abandoned: &Abandoned) -> Answer {
    let request = match request::read(body) {
        Ok(request) => request,
        Err(answer) => return *answer,
    };
    // No key is tried out of turn because a caller says so; items for another audience are not ours.
    let ours = Opening { hint: None, audience: Some(audience) };
    match opens(&request, keyring, &ours, accept_v1, abandoned) {
        Ok(true) => Answer::text(StatusCode::OK, ""),
        Ok(false) => Answer::text(StatusCode::CONFLICT, ""),
        Err(stopped) => stopped.into(),
    }
}

fn opens(
    request: &Request,
    keyring: &Keyring,
    ours: &Opening<'_>,
    accept_v1: bool,
    abandoned: &Abandoned,
) -> Result<bool, Stopped> {
    let object = &request.object;
    if object.blob.is_some() {
        return Ok(accept_v1 && object.items.is_empty() && open_object(object, keyring, ours).is_ok());
    }
    let mut budget = Budget::new(object.items.len(), abandoned)?;
    // Every item is looked at, also after one failed: the answer tells nothing about which one it was.
    let mut all = true;
    for (name, item) in &object.items {
        budget.check()?;
        match open_object(&single(object, name, item), keyring, ours) {
            Ok(opened) => budget.spend(opened.tries as usize),
            Err(_) => {
                budget.spend(Budget::cost_of_failure(keyring, item));
                all = false;
            }
        }
    }
    Ok(all && object.binding().is_ok())
}
