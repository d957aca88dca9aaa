//! The controller: turns sealed objects back into Secrets.
//!
//! A table of contents. One folder per kind (`sealed_secret`), ports between deciding and acting (`ports`), the
//! real API server behind one of them (`cluster`), and the machinery every kind shares (`watch`, `queue`, `leader`).

pub mod clock;
pub mod config;
pub mod context;
pub mod keys;
pub mod metrics;
pub mod pool;
pub mod ports;

/// The program, from arguments to exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
