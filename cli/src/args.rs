//! The command line: one variant per verb. Each verb's flags and behaviour are in its own file.

use crate::{Exit, Io, commands, report::CliError};
use clap::{Parser, Subcommand};

/// Keeps Secrets in Git: seals them for a cluster, checks them, edits them, opens them.
#[derive(Parser)]
#[command(
    name = "seal",
    bin_name = "seal",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(
    after_help = "Exit codes: 0 done, 1 findings or a negative answer, 2 usage, 3 could not look or failed.\nCalled as `kubeseal` or `sops`, it takes that tool's own command line."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

macro_rules! verbs {
    ($($(#[$doc:meta])* $variant:ident => $module:ident),* $(,)?) => {
        /// The verbs, in the order of the help text.
        #[derive(Subcommand)]
        pub enum Command {
            $($(#[$doc])* $variant(commands::$module::Args),)*
        }

        impl Command {
            /// Runs the verb.
            pub fn run(self, io: &mut Io) -> Result<Exit, CliError> {
                match self {
                    $(Command::$variant(args) => commands::$module::run(args, io),)*
                }
            }
        }
    };
}

verbs! {
    /// Seal Secret manifests, or values given on the command line, into SealedSecrets
    Encrypt => encrypt,
    /// Seal one value into a SealedSecret file
    Set => set,
    /// Remove a value from a SealedSecret file
    Unset => unset,
    /// Change values of a SealedSecret file in your editor
    Edit => edit,
    /// Show what a SealedSecret file says about itself, without any key
    Get => get,
    /// Open SealedSecrets with recovery keys
    Decrypt => decrypt,
    /// Check that SealedSecrets will open where they are going
    Verify => verify,
    /// Reseal stale values to the newest key
    Rotate => rotate,
    /// Run a command with the values of a SOPS file, no file in clear
    Run => run,
    /// Let git show and merge sealed files
    Git => git,
    /// Fetch, show and pin certificates
    Cert => cert,
    /// List, generate, back up and restore sealing keys
    Keys => keys,
    /// Show all SealedSecrets of a cluster
    Status => status,
    /// Look for what would keep a cluster's SealedSecrets from opening
    Doctor => doctor,
    /// See it work: seal, verify, open, edit and fail safely in a temporary folder
    Demo => demo,
    /// Answer to kubeseal's command line
    Kubeseal => kubeseal,
    /// Answer to sops' command line
    Sops => sops,
    /// Print a completion script for a shell
    Completions => completions,
    /// Write manual pages
    Man => man,
}
