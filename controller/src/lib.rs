//! The controller: turns sealed objects back into Secrets.
//!
//! A table of contents. One folder per kind (`sealed_secret`, `sops_secret`), what kinds share (`delivery`), ports between deciding and acting (`ports`), the
//! real API server behind one of them (`cluster`), and the machinery every kind shares (`watch`, `queue`, `leader`).

pub mod clock;
pub mod cluster;
pub mod config;
pub mod context;
pub mod delivery;
pub mod events;
pub mod http;
pub mod index;
pub mod keys;
pub mod leader;
mod limit;
pub mod log;
pub mod metrics;
mod operate;
pub mod pool;
pub mod ports;
pub mod program;
pub mod publish;
pub mod queue;
pub mod reseal;
pub mod sealed_secret;
pub mod sops_secret;
pub mod watch;

pub use program::main;
