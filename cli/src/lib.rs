//! The `seal` command line: one file per verb, all of them run in-process by tests.
//!
//! It holds no cryptography and no policy of its own (those are in the crates below) and touches the outside world only
//! through [`Io`] and the `cluster` module.

#![expect(unreachable_pub, reason = "a program: its modules are public to one another only")]

mod args;
mod certificate;
mod child;
mod cluster;
mod commands;
mod config;
mod editor;
mod entry;
mod exit;
mod git;
mod identities;
mod inputs;
mod io;
mod kubeseal;
mod moment;
mod objects;
mod parallel;
mod progress;
mod prompt;
mod recipients;
mod recovery;
mod report;
mod sops;
mod sopsalias;
mod table;
mod target;
mod write;

pub use entry::{main, run};
pub use exit::Exit;
pub use io::Io;
