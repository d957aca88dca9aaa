//! The MAC of the format: an unkeyed hash over the values in document order, sealed under the data key.
//!
//! It covers the bytes of values and their order: no keys, no types, no structure, no comments. `strong` is for the rest.

use seal_crypto::sops::DataKey;
use sha2::{Digest, Sha512};

use crate::enc::{self, Enc};
use crate::layout::{Layout, NodeId};
use crate::walk::Walk;
use crate::{Problem, Type};
use seal_secret::SecretBytes;

/// What the hash begins with when it covers sealed values only: SHA-256 of `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b, 0x97, 0x5b, 0x3b, 0xf4,
    0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// The hash over the values of a file, in upper-case hexadecimal. `clear` gives the opened value of a node that is sealed.
pub(crate) fn compute<'a>(
    layout: &'a Layout,
    bytes: &'a SecretBytes,
    walk: &Walk,
    only_encrypted: bool,
    clear: impl Fn(NodeId) -> Option<(Type, &'a [u8])>,
) -> SecretBytes {
    let mut hash = Sha512::new();
    if only_encrypted {
        hash.update(ONLY_ENCRYPTED);
    }
    for id in layout.ids() {
        if only_encrypted && !walk.selected(id) {
            continue;
        }
        let content = clear(id).or_else(|| layout.content(bytes, id));
        if let Some((kind, value)) = content.filter(|(kind, _)| *kind != Type::Comment) {
            let _ = kind;
            hash.update(value);
        }
    }
    hex(&hash.finalize()).into()
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Seals a MAC, bound to the time of the last change.
pub(crate) fn seal(mac: &SecretBytes, key: &DataKey, lastmodified: &str, iv: &[u8; 32]) -> String {
    enc::text(&key.cipher().seal(mac, lastmodified.as_bytes(), iv), iv, Type::Str)
}

/// Opens the MAC of a file and compares.
pub(crate) fn check(found: &SecretBytes, sealed: &str, key: &DataKey, lastmodified: &str) -> Result<(), Problem> {
    // Another type would have made sops read something else than these digits.
    let enc = Enc::parse(sealed).filter(|enc| matches!(enc.kind, Type::Str | Type::Bytes)).ok_or(Problem::MacUnreadable)?;
    let opened = key.cipher().open(enc.data, &enc.iv, &enc.tag, lastmodified.as_bytes()).map_err(|_| Problem::MacUnreadable)?;
    if opened == *found { Ok(()) } else { Err(Problem::MacMismatch) }
}
