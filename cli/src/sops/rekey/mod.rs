//! `rekey`: files against policy.

pub mod plan;
