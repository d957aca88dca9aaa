//! The SealedSecret kind: SealedSecrets are watched, Secrets are written.
//!
//! Reconciling is observe, plan, apply. `plan` holds the table of what happens when; `status` and `error` the words;
//! `mac` the record that makes a restart free; `request` answers whoever asks through an object; `shape` what is asked for and what is never written; `feed` turns
//! watch events into work.

pub mod apply;
pub mod error;
pub mod feed;
pub mod mac;
pub mod observe;
pub mod plan;
mod reconcile;
pub mod request;
pub mod run;
pub mod settings;
pub mod shape;
pub mod status;
pub mod templates;

#[cfg(test)]
pub(crate) mod tests;

pub use reconcile::{Next, Reconciler};
pub use settings::Settings;
