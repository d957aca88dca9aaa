//! Where private age keys come from: `-i`, else the places where sops and age look. Every place says what it gave or why not.
//!
//! Nobody is asked for a passphrase and no program is started unless the caller allows it; a broken place never hides a good one.

mod args;
mod found;
mod key_command;
mod plugin;
mod search;
#[cfg(test)]
mod tests;

pub use args::{IdentityArgs, RecipientArgs};
pub use found::{Found, Outcome, Tried};
pub use search::{Wanted, search};
