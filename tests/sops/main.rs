//! SOPS files held against the real sops 3.13.3, both ways: what one writes the other must read.
//!
//! `fuzz` runs 300 random cases; `SEAL_SOPS_FUZZ=10000` more, `SEAL_SOPS_SEED` from another seed on, `SEAL_SOPS_STORE=yaml` in one
//! store only.

mod checklist;
mod functional;
mod fuzz;
mod library;
mod lines;
mod pair;
mod selectors;
mod stores;
mod verbs;
