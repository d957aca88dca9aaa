//! The SopsSecret kind: SopsSecrets are watched, Secrets are written.
//!
//! `source` reads, refuses and opens SopsSecrets; `outline` is what shows of a document without a key; `unlock` gets at
//! its data key; `delivery` does the rest. No address that a document names is ever contacted: keys are age identities that
//! this process holds, or that lie in a Secret of the object's own namespace.

mod outline;
mod source;
mod unlock;

#[cfg(test)]
mod tests;

pub use source::{Rules, SopsSource};
