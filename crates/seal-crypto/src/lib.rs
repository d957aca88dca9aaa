//! Envelopes, keys, certificates and scope binding: bytes in, bytes out.
//!
//! It reads no clock, file or network and takes randomness as a parameter. It knows no Kubernetes type.

mod binding;
mod cert;
mod item;
mod keyring;
mod keys;
mod mac;
mod signing;

pub use binding::{Binding, BindingError, Scope};
pub use cert::{CertError, Certificate};
pub use item::{Item, ItemError, SealError, Shape};
pub use keyring::{Keyring, OpenError, Opened};
pub use keys::{Fingerprint, KeyError, PrivateKey, PublicKey};
pub use mac::{InstallKey, Mac};
pub use signing::{Signature, SignatureError, SigningKey, VerifyingKey};
