//! Keys and certificates as template functions make, read and convert them: bytes in, bytes out.
//!
//! Nothing here reads a clock or a random source: both are parameters. Errors are fixed sentences, so no value can be in one.

pub(crate) mod aes;
mod asn1;
pub(crate) mod certificate;
pub(crate) mod chain;
mod curve;
pub(crate) mod issue;
pub(crate) mod jwk;
mod name;
mod oid;
pub(crate) mod password;
pub(crate) mod pem;
pub(crate) mod pkcs12;
pub(crate) mod private;
pub(crate) mod rsa_decrypt;

/// What went wrong, in a sentence that was written before any input was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) &'static str);
