//! Flags of `seal encrypt` that are about SOPS files, and where the sealed text goes.

use crate::identities::IdentityArgs;
use seal_sops::{Selector, Store};
use std::path::Path;

/// Flags of `seal encrypt` for SOPS files.
#[derive(clap::Args, Clone, Default)]
#[command(next_help_heading = "SOPS files")]
pub struct EncryptArgs {
    /// Seal into SOPS files, by the rules of .sops.yaml
    #[arg(long)]
    pub sops: bool,
    /// Seal into SOPS files for these age recipients (commas between, or repeat)
    #[arg(long, value_name = "RECIPIENT", value_delimiter = ',')]
    pub age: Vec<String>,
    /// Seal a Secret into a SopsSecret, which the controller opens: for --age, or by the rules
    #[arg(long)]
    pub sops_secret: bool,
    /// Read the file as yaml, json, dotenv, ini or binary, whatever its name says
    #[arg(long, value_name = "TYPE")]
    pub input_type: Option<Store>,
    #[command(flatten)]
    pub select: SelectArgs,
    /// The MAC covers sealed values only
    #[arg(long)]
    pub mac_only_encrypted: bool,
    /// Add a stronger MAC, over keys, structure and the object's identity too; sops ignores it
    #[arg(long)]
    pub strong_mac: bool,
    /// Accept post-quantum beside classic recipients: the file is then as strong as the classic ones
    #[arg(long)]
    pub allow_half_post_quantum: bool,
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// What is sealed, when no rule says it. At most one.
#[derive(clap::Args, Clone, Default)]
#[group(multiple = false)]
pub struct SelectArgs {
    /// Seal only values below keys that match
    #[arg(long, value_name = "REGEX")]
    pub encrypted_regex: Option<String>,
    /// Seal everything but values below keys that match
    #[arg(long, value_name = "REGEX")]
    pub unencrypted_regex: Option<String>,
    /// Seal only values below keys that end so
    #[arg(long, value_name = "SUFFIX")]
    pub encrypted_suffix: Option<String>,
    /// Seal everything but values below keys that end so
    #[arg(long, value_name = "SUFFIX")]
    pub unencrypted_suffix: Option<String>,
    /// Seal only what follows a comment that matches
    #[arg(long, value_name = "REGEX")]
    pub encrypted_comment_regex: Option<String>,
    /// Seal everything but what follows a comment that matches
    #[arg(long, value_name = "REGEX")]
    pub unencrypted_comment_regex: Option<String>,
}

impl SelectArgs {
    /// The one that is given.
    pub fn selector(&self) -> Option<Selector> {
        let chosen = [
            self.encrypted_regex.clone().map(Selector::EncryptedRegex),
            self.unencrypted_regex.clone().map(Selector::UnencryptedRegex),
            self.encrypted_suffix.clone().map(Selector::EncryptedSuffix),
            self.unencrypted_suffix.clone().map(Selector::UnencryptedSuffix),
            self.encrypted_comment_regex.clone().map(Selector::EncryptedCommentRegex),
            self.unencrypted_comment_regex.clone().map(Selector::UnencryptedCommentRegex),
        ];
        chosen.into_iter().flatten().next()
    }
}

/// Where the sealed text goes.
pub enum Destination<'a> {
    /// Standard output.
    Print,
    /// A file.
    File(&'a Path),
    /// Each file itself.
    InPlace,
}
