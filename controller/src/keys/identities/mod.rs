//! age identities: what opens SealedSecret v2 items and SOPS documents. Kept in Secrets of the home namespace under a label
//! of our own, in entries named as Flux names them (`*.agekey`); found, ordered, trusted, made and renewed like sealing keys.
//!
//! Only identities whose private key is ours to hold: X25519 and post-quantum. Passphrases, SSH keys and plugins are
//! refused by name. A file that does not read hurts only itself.

pub mod plan;
mod read;

pub use plan::{IdentityPlan, identity_plan};
pub use read::{IdentityFault, LoadedIdentity, read_files};

/// `generateName` of identity Secrets that are made here.
pub const IDENTITY_PREFIX: &str = "sealkit-age-";
/// The entry that an identity made here is kept in.
pub const IDENTITY_ENTRY: &str = "identity.agekey";
/// How entries with identities end; Flux names them so.
pub const ENTRY_SUFFIX: &str = ".agekey";
/// On a Secret made here: the recipient, for people.
pub const RECIPIENT_ANNOTATION: &str = "sealkit.dev/recipient";
