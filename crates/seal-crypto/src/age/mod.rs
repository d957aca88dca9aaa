//! age files (C2SP `age.md`): recipients, identities, headers, streams. Refuses clocks, files, prompts and plugins of its own.
//!
//! The `age` crate opens: the payload, X25519, scrypt; and it wraps for scrypt and tag recipients. Ours are what it lacks or
//! bounds too little: post-quantum keys (`mlkem768x25519`), the writer, which draws from the caller's generator, the strict
//! reader of headers and of armor, and the caps that are applied before any private key is used
//! (`crates/decisions/0008-age.md`).
//!
//! | stanza | recipient | identity | post-quantum |
//! |---|---|---|---|
//! | `X25519` | `age1...` | `AGE-SECRET-KEY-1...` | no |
//! | `mlkem768x25519` | `age1pq1...` | `AGE-SECRET-KEY-PQ-1...` | yes |
//! | `p256tag`, `mlkem768p256tag` | `age1tag1...`, `age1tagpq1...` | in hardware, through a plugin | no, yes |
//! | `ssh-ed25519` (feature `ssh`) | `ssh-ed25519 ...` | OpenSSH private key | no |
//! | `scrypt` | none | a passphrase | alone in its file |

mod caps;
mod error;
mod file;
mod header;
mod hpke;
mod identities;
mod identity;
mod pending;
mod pq;
mod recipient;
mod recipients;
mod tracked;
mod write;
mod x25519;
mod xwing;

pub mod armor;
pub mod stream;

pub use caps::Caps;
pub use error::{EncryptError, IdentityError, OpenError, RecipientError};
pub use file::{decrypt, encrypt};
pub use header::{Header, Stanza, header};
pub use identities::{is_encrypted, parse_identities, parse_identities_with};
pub use identity::{Identity, IdentityKind};
pub use pending::Pending;
pub use recipient::{Recipient, RecipientKind};
pub use recipients::{parse_recipients, parse_recipients_with};

/// The traits that plugins and other foreign keys implement, for [`Recipient::other`] and [`Identity::other`].
pub mod foreign {
    pub use age::{DecryptError, EncryptError, Identity, Recipient};
    pub use age_core::format::{FileKey, Stanza};
}
