//! sops' own command line for age keys: its verbs, flags, environment, messages and exit codes, with its known defects mended.
//!
//! It decides nothing about files: that is `seal_sops`. Files are changed in place, where the original writes them anew; what another
//! format or a cloud key would need is refused by name.

mod completion;
mod config;
mod decrypt;
mod edit;
mod encrypt;
mod exec;
mod failure;
mod filestatus;
mod flag_table;
mod flags;
mod groups;
mod help;
mod keys;
mod program;
mod rotate;
mod run;
mod session;
mod set;
mod updatekeys;

pub use run::run;
