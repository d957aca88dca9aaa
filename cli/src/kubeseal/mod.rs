//! kubeseal's own command line: its flags, environment, messages, output and exit codes (0, 1, 2), with its known defects mended.
//!
//! It decides nothing about sealing: that is `seal_core`. Where it differs from the original on purpose, the file that differs says so.

mod ask;
mod flag_table;
mod flags;
mod input;
mod json;
mod merge;
mod object;
mod output;
mod raw;
mod recover;
mod reencrypt;
mod run;
mod seal;
mod session;
mod yaml;
mod yaml_scalar;

#[cfg(test)]
mod tests;

pub use reencrypt::{essence, fresh_items, refuse_blob};
pub use run::run;
