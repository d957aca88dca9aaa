//! What a v2 item says in the clear: the stanza that names its target and its recipients.
//!
//! It is covered by the age header's MAC, so only who can open the item could change it; without a key it remains a claim.

use super::context::{Context, MAX_CONTEXT_BYTES, take_u16, take_u32};
use crate::Fingerprint;

/// Type of the stanza. Programs that do not know it pass over it, as the age specification wants.
pub const STANZA: &str = "sealkit.dev/v2";

/// Most recipients of one item.
pub const MAX_RECIPIENTS: usize = 32;

const DIGEST_BYTES: usize = 32;

/// What an item claims about itself. Believed once the item has been opened, and not before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What it is said to be sealed for. In an opened item the context inside is the same, or it would not have opened.
    pub context: Context,
    /// Who is said to be able to open it, in the order they were given.
    pub recipients: Vec<Fingerprint>,
}

impl Claim {
    /// `u32 length | context | u16 n | n x 32 bytes`: each recipient as the SHA-256 of its text.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let context = self.context.encode();
        let length = u32::try_from(context.len()).expect("a context is less than 1 KiB");
        let count = u16::try_from(self.recipients.len()).expect("at most 32 recipients");
        let mut body = [length.to_be_bytes().as_slice(), &context, &count.to_be_bytes()].concat();
        self.recipients.iter().for_each(|recipient| body.extend_from_slice(&recipient.digest()));
        body
    }

    /// Exactly what [`Claim::encode`] writes for 1 to [`MAX_RECIPIENTS`] recipients.
    pub(super) fn decode(body: &[u8]) -> Option<Self> {
        let (length, rest) = take_u32(body)?;
        let length = usize::try_from(length).ok().filter(|&length| length <= MAX_CONTEXT_BYTES)?;
        let (context, rest) = rest.split_at_checked(length)?;
        let (count, digests) = take_u16(rest)?;
        let (count, (digests, left)) = (usize::from(count), digests.as_chunks::<DIGEST_BYTES>());
        if !(1..=MAX_RECIPIENTS).contains(&count) || digests.len() != count || !left.is_empty() {
            return None;
        }
        let recipients = digests.iter().map(Fingerprint::of_digest).collect();
        Some(Self { context: Context::decode(context)?, recipients })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Binding, Scope};

    fn claim(recipients: u8) -> Claim {
        let binding = Binding::new(Scope::Strict, "prod", "db").expect("valid");
        let context = Context::new(&binding, "password", "eu-1", 7).expect("valid");
        Claim { context, recipients: (0..recipients).map(|n| Fingerprint::of_digest(&[n; 32])).collect() }
    }

    #[test]
    fn a_claim_reads_back_whole() {
        for recipients in [1, 2, 32] {
            assert_eq!(Claim::decode(&claim(recipients).encode()), Some(claim(recipients)));
        }
    }

    #[test]
    fn what_is_not_a_claim_to_the_byte_is_none() {
        let good = claim(2).encode();
        for cut in 0..good.len() {
            assert_eq!(Claim::decode(&good[..cut]), None, "{cut}");
        }
        assert_eq!(Claim::decode(&[good.as_slice(), &[0]].concat()), None);
        assert_eq!(Claim::decode(&[good.as_slice(), &[0; 32]].concat()), None);
        assert_eq!(Claim::decode(&claim(0).encode()), None);
        assert_eq!(Claim::decode(&claim(33).encode()), None);
        let mut huge = good;
        huge[0] = 0xff;
        assert_eq!(Claim::decode(&huge), None);
    }
}
