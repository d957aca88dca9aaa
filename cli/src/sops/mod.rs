//! The verbs on SOPS files. A verb that is given a file looks at it: what carries sops metadata is dealt with here, the rest as a
//! SealedSecret in the verb's own file.

pub mod carried;
pub mod decrypt;
pub mod edit;
pub mod encrypt;
pub mod environment;
pub mod file;
pub mod get;
pub mod keypath;
pub mod look;
pub mod policy;
pub mod rekey;
pub mod rotate;
pub mod run;
pub mod set;
#[cfg(test)]
mod tests;
pub mod unlock;
pub mod verify;

pub use unlock::{OpenArgs, Unlocked, Unlocker};
