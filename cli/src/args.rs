//! The command line: one variant per verb. Each verb's flags and behaviour are in its own file.

use crate::{Exit, Io, commands, report::CliError};
use clap::{ArgMatches, Args, FromArgMatches, Parser, Subcommand, error::ErrorKind};

/// Keeps secrets in Git: seals them for clusters and people, checks them, edits them, opens them.
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
    after_help = "Exit codes: 0 done, 1 findings or a negative answer, 2 usage, 3 could not look or failed, 130 interrupted.\nCalled as `kubeseal` or `sops`, it takes that tool's own command line."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

macro_rules! verbs {
    ($(#[doc = $doc:literal] $variant:ident => $module:ident),* $(,)?) => {
        /// The verbs, in the order of the help text.
        pub enum Command {
            $(#[doc = $doc] $variant(Box<commands::$module::Args>),)*
        }

        impl Command {
            /// Runs the verb.
            pub fn run(self, io: &mut Io) -> Result<Exit, CliError> {
                match self {
                    $(Command::$variant(args) => commands::$module::run(*args, io),)*
                }
            }
        }

        // What the derive would write, but for one thing: the flags of a verb are described only once that verb is named.
        // Describing all of them takes longer than sealing a value.
        impl Subcommand for Command {
            fn augment_subcommands(command: clap::Command) -> clap::Command {
                command.subcommand_required(true).arg_required_else_help(true)$(.subcommand(verb::<commands::$module::Args>(
                    stringify!($module), $doc.trim_ascii()
                )))*
            }

            fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
                Self::augment_subcommands(command)
            }

            fn has_subcommand(name: &str) -> bool {
                [$(stringify!($module)),*].contains(&name)
            }
        }

        impl FromArgMatches for Command {
            fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
                match matches.subcommand() {
                    $(Some((stringify!($module), matches)) => {
                        commands::$module::Args::from_arg_matches(matches).map(Box::new).map(Command::$variant)
                    })*
                    _ => Err(clap::Error::raw(ErrorKind::MissingSubcommand, "no verb was given")),
                }
            }

            fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }
    };
}

/// A verb by name and purpose; its flags follow when they are needed.
fn verb<A: Args>(name: &'static str, purpose: &'static str) -> clap::Command {
    let command = clap::Command::new(name).about(purpose);
    command.defer(|command| {
        let purpose = command.get_about().cloned();
        A::augment_args(command).about(purpose.unwrap_or_default()).long_about(None)
    })
}

verbs! {
    /// Seal Secrets into SealedSecrets, or any file into a SOPS file
    Encrypt => encrypt,
    /// Seal one value into a SealedSecret or SOPS file
    Set => set,
    /// Remove values from a SealedSecret or SOPS file
    Unset => unset,
    /// Change values of a SealedSecret or SOPS file in your editor
    Edit => edit,
    /// Show what a sealed file says about itself, without any key
    Get => get,
    /// Open SealedSecrets with recovery keys, and SOPS files
    Decrypt => decrypt,
    /// Check SealedSecrets and SOPS files: will they open where they are going, and for whom
    Verify => verify,
    /// Reseal stale values to the newest key; give SOPS files a new data key
    Rotate => rotate,
    /// Make SOPS files open for exactly the keys that their rules name
    Rekey => rekey,
    /// Show what a Go template makes of given values
    Template => template,
    /// Run a command with the values of a SOPS file, no file in clear
    Run => run,
    /// Let git show and merge sealed files
    Git => git,
    /// Fetch, show and pin certificates
    Cert => cert,
    /// List, generate, back up, restore and retire sealing keys
    Keys => keys,
    /// Make an age identity
    Keygen => keygen,
    /// Encrypt, decrypt and look into plain age files
    Age => age,
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
