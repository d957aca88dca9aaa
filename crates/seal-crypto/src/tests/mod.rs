//! Behaviour of the crate as a whole: what opens, what never does, and what foreign bytes may not do to us.

mod age_files;
mod age_ssh;
mod age_vectors;
mod certificates;
mod items;
mod key_files;
mod noise;
mod v2_items;
mod v2_vectors;
mod vectors;

use crate::PrivateKey;
use rand::SeedableRng;
use rand::rngs::StdRng;
use seal_secret::SecretBytes;

/// A published test key of `tests/vectors/keys`.
macro_rules! test_key_pem {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys/", $name)).as_slice()
    };
}
pub(crate) use test_key_pem;

fn secret(bytes: &[u8]) -> SecretBytes {
    bytes.to_vec().into()
}

pub(crate) fn key(pem: &[u8]) -> PrivateKey {
    PrivateKey::from_pem(&secret(pem)).expect("a published test key")
}

/// Every run draws the same numbers, so a failure can be repeated.
pub(crate) fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}
