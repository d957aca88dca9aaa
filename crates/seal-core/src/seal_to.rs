//! What a value is sealed to: a controller's RSA key (v1), or age recipients (v2). Everything that seals takes it from here.

use std::collections::BTreeSet;

use rand_core::CryptoRng;
use seal_crypto::{Binding, Fingerprint, Item, Kind, PublicKey, SealError, age, v2};
use seal_secret::SecretBytes;

/// What to seal to.
#[derive(Clone)]
pub enum SealTo {
    /// One RSA key: upstream's format.
    Key(PublicKey),
    /// age recipients: our format.
    Recipients(Recipients),
}

/// age recipients and what every item for them says besides its place.
#[derive(Clone)]
pub struct Recipients {
    /// Who may open: 1 to 32, all post-quantum or none.
    pub recipients: Vec<age::Recipient>,
    /// The cluster that may open; empty: any that holds a key.
    pub audience: String,
    /// Now, in seconds since 1970.
    pub sealed_at: u64,
}

impl From<PublicKey> for SealTo {
    fn from(key: PublicKey) -> Self {
        Self::Key(key)
    }
}

impl SealTo {
    /// The format of what is sealed.
    pub fn kind(&self) -> Kind {
        match self {
            SealTo::Key(_) => Kind::V1,
            SealTo::Recipients(_) => Kind::V2,
        }
    }

    /// The RSA key, when it is one.
    pub fn key(&self) -> Option<&PublicKey> {
        match self {
            SealTo::Key(key) => Some(key),
            SealTo::Recipients(_) => None,
        }
    }

    /// Seals one value for the item `key` of an object.
    pub fn seal(&self, value: &SecretBytes, binding: &Binding, key: &str, rng: &mut impl CryptoRng) -> Result<Item, SealError> {
        match self {
            SealTo::Key(public) => Item::seal(value, public, binding, rng),
            SealTo::Recipients(to) => {
                let context = v2::Context::new(binding, key, &to.audience, to.sealed_at)?;
                v2::seal(value, &context, &to.recipients, rng)
            }
        }
    }

    /// True when an item that `opener` opened needs no sealing anew: a v1 item that this key opened, a v2 item for exactly these
    /// recipients and this audience. Only for items that were opened: before that, both are what somebody says.
    pub fn is_what_opened(&self, item: &Item, opener: &Fingerprint) -> bool {
        match self {
            SealTo::Key(key) => item.kind() == Kind::V1 && key.fingerprint() == opener,
            SealTo::Recipients(to) => self.claimed_by(item) && to.recipients.iter().any(|one| one.fingerprint() == *opener),
        }
    }

    /// True for a v2 item that claims to be for exactly these recipients and this audience.
    pub fn claimed_by(&self, item: &Item) -> bool {
        let SealTo::Recipients(to) = self else { return false };
        let wanted: BTreeSet<Fingerprint> = to.recipients.iter().map(age::Recipient::fingerprint).collect();
        item.kind() == Kind::V2
            && v2::Head::of(item).is_ok_and(|head| {
                let claimed: BTreeSet<Fingerprint> = head.claim.recipients.into_iter().collect();
                claimed == wanted && head.claim.context.audience() == to.audience
            })
    }
}
