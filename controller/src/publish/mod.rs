//! Publishes the installation's certificates as one signed bundle, in a ConfigMap and over HTTP, so that people and CI can
//! fetch them without trusting the way they came. The format is described beside its code, in `seal_core::bundle`.
//!
//! Only the leader writes; followers serve what the ConfigMap holds, so that two replicas never answer with two bundles.

pub mod plan;
mod run;

pub use run::Publisher;
