//! Making a v2 item.

use super::{Claim, Context, MAX_RECIPIENTS, STANZA, frame};
use crate::{Item, SealError, age, item};
use rand_core::CryptoRng;
use seal_secret::SecretBytes;

/// `item = age(recipients, frame(context, value))` with the claim as first stanza.
///
/// Takes values of 0 to [`crate::MAX_VALUE_BYTES`] and 1 to [`MAX_RECIPIENTS`] recipients of one kind: all post-quantum or none,
/// because the weakest recipient decides how long the value stays secret. A recipient given twice counts once.
pub fn seal(
    value: &SecretBytes,
    context: &Context,
    recipients: &[age::Recipient],
    rng: &mut impl CryptoRng,
) -> Result<Item, SealError> {
    item::check_value(value)?;
    let mut seen = std::collections::HashSet::new();
    let distinct: Vec<_> = recipients.iter().filter(|one| seen.insert(one.fingerprint())).cloned().collect();
    if distinct.is_empty() {
        return Err(SealError::NoRecipients);
    }
    if distinct.len() > MAX_RECIPIENTS {
        return Err(SealError::TooManyRecipients);
    }
    let claim = Claim { context: context.clone(), recipients: distinct.iter().map(age::Recipient::fingerprint).collect() };
    let stanza = age::Stanza { kind: STANZA.to_owned(), args: Vec::new(), body: claim.encode() };
    let bytes = age::encrypt(&frame::frame(context, value), &distinct, &[stanza], rng)
        .map_err(|error| SealError::Recipients(error.to_string()))?;
    Ok(Item::from_bytes(bytes))
}
