//! Decisions about ExternalSecrets: what is due, what may be asked of which store, what the answers become, and what
//! happens to the target. Everything that is seen comes as a parameter; nothing here asks a store or a clock.
//!
//! Where safety and drop-in disagree, [`Profile`] says which side is taken; `decisions/0016-external-secrets.md` lists the points.

pub mod access;
pub mod adoption;
mod assemble;
mod cron;
mod decode;
pub mod due;
mod gjson_path;
mod keys;
pub mod mass_deletion;
pub mod render;
mod rewrite;
pub mod target;
mod windows;

pub use access::{GatePolicy, Refusal, Use, may_use};
pub use assemble::{Absent, Answers, Assembled, Fetched, Missing, Trouble, assemble};
pub use gjson_path::property;
pub use rewrite::Transform;

/// Which side is taken where safety and drop-in disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Ours.
    #[default]
    Strict,
    /// Upstream's.
    Compatible,
}
