//! The cipher of SOPS files: AES-256-GCM under one data key per file, with nonces of 32 bytes.
//!
//! Values carry an associated text that binds them to their place; which text that is, is the caller's business.

mod cipher;
pub mod shamir;
mod strong;

pub use cipher::{Cipher, DataKey, Sealed, ValueError};
pub use strong::StrongMac;
