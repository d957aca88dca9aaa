//! From an object to its Secret: what all kinds share.
//!
//! Reconciling is observe, plan, apply. `source` is the seam at which a kind comes in; `plan` holds the table of what
//! happens when; `status` and `error` the words; `mac` the record that makes a restart free; `shape` what a Secret looks
//! like besides its data and what is never written; `feed` turns watch events into work and `run` gets it done.

pub mod apply;
pub mod error;
pub mod feed;
mod gate;
pub mod mac;
pub mod observe;
pub mod plan;
mod reconcile;
pub mod run;
pub mod settings;
pub mod shape;
pub mod source;
pub mod status;

#[cfg(test)]
pub(crate) mod tests;

pub use reconcile::{Next, Reconciler};
pub use settings::Settings;
