//! The caller's randomness in the form that the cryptography crates take it.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use crate::budget::World;

/// Draws from the world.
pub(crate) struct Dice<'w>(pub(crate) &'w mut dyn World);

impl TryRng for Dice<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Dice<'_> {}
