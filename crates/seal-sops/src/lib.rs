//! The SOPS file format: YAML, JSON, dotenv, INI and binary files, read as sops reads them and edited in place.
//!
//! It reads no file, clock, key source or network: bytes, keys, time and randomness are parameters. Its errors name file, line,
//! column and key path, never a value.
//!
//! # How a file goes through it
//!
//! A store ([`Store`]) reads bytes into a layout: nodes in document order, each with the byte range it stands in. Sealing, opening,
//! setting and merging decide on nodes and know no store; the store then writes the changed nodes into the old bytes.
//!
//! # Reading order for a review
//!
//! `value` and `enc` (what one value is), `path` (what binds it to its place), `mac` and `strong` (what binds values to each other),
//! `file` (what a file is), `encrypt`, `open`, `edit`, then the stores.

mod binary;
pub mod config;
mod dotenv;
mod edit;
mod enc;
mod encrypt;
mod error;
mod file;
mod ini;
mod joined;
mod json;
mod json_value;
mod layout;
mod lines;
mod mac;
mod merge;
mod metadata;
mod number;
mod open;
mod patch;
mod path;
mod readback;
mod resolve;
mod reuse;
mod selector;
mod store;
mod strong;
mod time;
pub mod unwrap;
mod value;
pub mod verify;
mod walk;
mod yaml;

pub use config::{ConfigError, CreationRule, RuleGroup, SopsConfig};
pub use edit::{Change, NewValue};
pub use enc::Enc;
pub use encrypt::{EncryptOptions, SOPS_VERSION};
pub use error::{Problem, SopsError};
pub use file::{Leaf, LeafState, SopsFile};
pub use merge::{Conflict, Merged, Side, merge3};
pub use metadata::{AgeKey, ForeignKey, KeyGroup, Metadata};
pub use open::{OpenOptions, Opened};
pub use path::{Path, PathError, Segment};
pub use seal_manifest::Position;
pub use selector::{Selector, SelectorError};
pub use store::Store;
pub use value::{Type, Value};

#[cfg(test)]
mod tests;
