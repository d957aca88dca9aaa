//! Envelopes, keys, certificates and scope binding: bytes in, bytes out.
//!
//! It reads no clock, file, environment or network, and takes randomness as a parameter. It knows no Kubernetes type:
//! which object, annotation or Secret the bytes came from is the caller's business.
//!
//! # One sealed item (v1)
//!
//! The wire format of bitnami sealed-secrets, to the byte. The text in `spec.encryptedData` is padded standard base64
//! (RFC 4648 section 4) of:
//!
//! | offset | length | content |
//! |---|---|---|
//! | 0 | 2 | `L`, big-endian: length of the RSA block, which is the modulus length (512 for 4096 bits) |
//! | 2 | L | RSAES-OAEP (RFC 8017 section 7.1) of a fresh 32-byte session key; SHA-256, MGF1 with SHA-256, label below |
//! | 2+L | n | AES-256-GCM (NIST SP 800-38D) ciphertext of the value; nonce of 12 zero bytes, no additional data |
//! | 2+L+n | 16 | GCM tag |
//!
//! # The label
//!
//! | scope | OAEP label | opens as |
//! |---|---|---|
//! | strict | `namespace/name` | that name in that namespace |
//! | namespace-wide | `namespace` | any name in that namespace |
//! | cluster-wide | empty | anything |
//!
//! Namespaces are DNS labels and hold no slash, so no two bindings share a label unless the format means them to; that is why
//! only a validated [`Binding`] makes labels.
//!
//! # Why the nonce may be zero
//!
//! GCM breaks when a nonce repeats *under one key*. Every item has a session key of its own, drawn fresh in [`Item::seal`] and
//! never stored, so each key encrypts exactly one message and the nonce carries no information.
//!
//! # What v1 does not give
//!
//! The item's key name is not bound: items may be swapped within one object. There is no freshness: an older item still opens.
//! There is no sender: whoever has the public key can seal. Callers that need more say so in their own documents.
//!
//! # v2
//!
//! See [`v2`]: age files in the same place, which bind what v1 does not.
//!
//! # Reading order for a review
//!
//! `binding` (labels), `item` (format), `v2` (the other format), `keyring` (which key, one error), `private_op`, `public_op` and `oaep` (the RSA back ends), `keys`, `pem`
//! and `fingerprint` (key files), `cert` (X.509 in and out), then `mac` and `signing`, which stand alone. `age` holds age files:
//! `xwing`, `hpke`, `pq`, `x25519` and `write` (our cryptography), `header` and `armor` (our parsers), `pending`, `tracked`,
//! `stream` and `file` (from them to the crate that opens).
//! Every bound on foreign input is a named constant, checked before any arithmetic on it.

pub mod age;
mod base64text;
mod binding;
mod cert;
mod fingerprint;
mod item;
mod keyring;
mod keys;
mod mac;
mod oaep;
mod pem;
mod private_op;
mod public_op;
mod signing;
pub mod sops;
pub mod v2;

pub use binding::{Binding, BindingError, Scope};
pub use cert::{CertError, Certificate};
pub use fingerprint::Fingerprint;
pub use item::{Item, ItemError, Kind, MAX_ITEM_BYTES, MAX_VALUE_BYTES, SealError, Shape};
pub use keyring::{Keyring, OpenError, Opened};
pub use keys::{KeyError, PrivateKey, PublicKey};
pub use mac::{InstallKey, Mac};
pub use signing::{Signature, SignatureError, SigningKey, VerifyingKey};

#[cfg(test)]
mod tests;
