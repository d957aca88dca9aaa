//! What can be read from a v2 item without a key: its claim, whom the stanzas are for, how much payload there is.

use super::claim::{Claim, STANZA};
use super::{MAX_RECIPIENTS, frame};
use crate::age::{self, IdentityKind};
use crate::item::MAX_ITEM_BYTES;
use crate::{Item, ItemError};

/// First bytes of every age file.
pub(crate) const AGE_INTRO: &[u8] = b"age-encryption.org/v1\n";

/// Bounds of one item's header, checked before any cryptography. 32 post-quantum recipients need 51 KiB.
pub const CAPS: age::Caps = age::Caps { header_bytes: 64 << 10, stanzas: MAX_RECIPIENTS + 8, operations: 256 };

/// Stanza types that a SealedSecret may be sealed with. Passphrases, SSH keys and plugins' own types are left out: a controller
/// opens none of them, and what a controller does not open has no place in an object for it.
const CLASSIC: [&str; 2] = ["X25519", "p256tag"];
const POST_QUANTUM: [&str; 2] = ["mlkem768x25519", "mlkem768p256tag"];

/// Stanzas of random content that age programs add so that readers keep passing over what they do not know.
const GREASE: &str = "-grease";

/// The header of a v2 item, read without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// What it claims.
    pub claim: Claim,
    /// True when every recipient is a post-quantum one.
    pub post_quantum: bool,
    /// Length of the header in bytes.
    pub header_bytes: usize,
    /// Bytes of value inside. A length is a fact about the plaintext: it may steer a size check, it may not be published.
    pub value_bytes: usize,
    /// Stanza types of the recipients.
    kinds: Vec<String>,
}

impl Head {
    /// Reads and checks everything that needs no key.
    pub fn of(item: &Item) -> Result<Self, ItemError> {
        let bytes = item.as_bytes();
        if bytes.len() > MAX_ITEM_BYTES {
            return Err(ItemError::TooLong);
        }
        let header = age::header(bytes, &CAPS).map_err(|_| ItemError::Header)?;
        let mut claims = header.stanzas.iter().filter(|stanza| stanza.kind == STANZA);
        let claim = match (claims.next(), claims.next()) {
            (Some(stanza), None) if stanza.args.is_empty() => Claim::decode(&stanza.body).ok_or(ItemError::Claim)?,
            _ => return Err(ItemError::Claim),
        };
        let others = header.stanzas.iter().map(|stanza| stanza.kind.as_str()).filter(|kind| *kind != STANZA);
        let kinds: Vec<&str> = others.filter(|kind| !kind.ends_with(GREASE)).collect();
        let count = |known: [&str; 2]| kinds.iter().filter(|kind| known.contains(kind)).count();
        let (classic, post_quantum) = (count(CLASSIC), count(POST_QUANTUM));
        if classic + post_quantum != kinds.len() || (classic > 0 && post_quantum > 0) {
            return Err(ItemError::Recipients);
        }
        if kinds.len() != claim.recipients.len() {
            return Err(ItemError::Claim);
        }
        let frame_bytes = frame::MAGIC.len() + 4 + claim.context.encode().len();
        let value_bytes = header.content_len().and_then(|content| content.checked_sub(frame_bytes)).ok_or(ItemError::Payload)?;
        Ok(Self {
            claim,
            post_quantum: post_quantum > 0,
            header_bytes: header.header_len,
            value_bytes,
            kinds: kinds.into_iter().map(str::to_owned).collect(),
        })
    }
}

impl Head {
    /// Private-key operations that trying this identity costs: the stanzas of its type, all of them for a plugin's.
    pub(super) fn cost(&self, identity: &age::Identity) -> usize {
        let wanted = match identity.kind() {
            IdentityKind::X25519 => CLASSIC[0],
            IdentityKind::PostQuantum => POST_QUANTUM[0],
            IdentityKind::Foreign => return self.kinds.len(),
            _ => return 0,
        };
        self.kinds.iter().filter(|kind| *kind == wanted).count()
    }
}

/// True for a value that is a v2 item, or the frame that is inside one: nobody means to seal either.
pub(crate) fn is_sealed(value: &[u8]) -> bool {
    value.starts_with(frame::MAGIC) || (value.starts_with(AGE_INTRO) && has_claim(value))
}

/// Looks for the stanza's line in the header alone, so that a value with any other header costs next to nothing.
fn has_claim(value: &[u8]) -> bool {
    let header = &value[..value.len().min(CAPS.header_bytes)];
    let line = format!("-> {STANZA}");
    header.split(|&byte| byte == b'\n').take_while(|line| !line.starts_with(b"---")).any(|found| found == line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_items_of_ours_count_as_sealed() {
        for (value, expected) in [
            ("", false),
            ("seal/v2\0", true),
            ("seal/v2 is a format", false),
            ("age-encryption.org/v1\n-> X25519 a\nb\n--- mac\n", false),
            ("age-encryption.org/v1\n-> X25519 a\nb\n-> sealkit.dev/v2\nb\n--- mac\n", true),
            ("age-encryption.org/v1\n-> X25519 a\nb\n--- mac\n-> sealkit.dev/v2\n", false),
            ("-> sealkit.dev/v2\n", false),
        ] {
            assert_eq!(is_sealed(value.as_bytes()), expected, "{value:?}");
        }
    }
}
