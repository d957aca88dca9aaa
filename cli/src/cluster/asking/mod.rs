//! Asking the controller through the object in the cluster, where its endpoints are off or closed to the caller.
//!
//! `verify` only reads what the controller says of the object anyway. `rotate` sets an annotation that holds an id, waits for
//! the answer under it and takes the annotation away again. Only answers about what is in the file in hand are taken.

pub mod plan;
mod run;
#[cfg(test)]
mod tests;

pub use run::{opens, rotate, stale};
