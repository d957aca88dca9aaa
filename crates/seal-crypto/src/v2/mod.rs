//! v2 items: ordinary binary age files that name what they are for, inside and in the clear.
//!
//! The specification to the byte is `crates/decisions/v2-sealed-item.md`; this module is its one reader and writer. It opens
//! nothing by itself: that is the keyring's job, which has one answer for every failure.
//!
//! `item = age file of ("seal/v2\0" | u32 length | context | value)`, with one more header stanza, `sealkit.dev/v2`, that holds
//! the same context and the fingerprints of all recipients.

mod claim;
mod context;
mod frame;
mod head;
mod open;
mod seal;

pub use claim::{Claim, MAX_RECIPIENTS, STANZA};
pub use context::{Context, ContextError, MAX_FIELD_BYTES};
pub use head::{CAPS, Head};
pub use open::Place;
pub use seal::seal;

#[cfg(test)]
pub(crate) use frame::frame as frame_for_tests;
pub(crate) use head::{AGE_INTRO, is_sealed};
pub(crate) use open::{Held, head, in_order, open};
