//! Flags that name identities and recipients, the same on every verb.

use super::{Found, Wanted, plugin, search};
use crate::{Io, report::CliError};
use seal_crypto::age::{Recipient, RecipientError, parse_recipients_with};
use std::path::PathBuf;

/// Flags of verbs that open age files.
#[derive(clap::Args, Clone, Default)]
pub struct IdentityArgs {
    /// age identity file (repeat for several) [default: where sops and age look]
    #[arg(short = 'i', long = "identity", value_name = "FILE")]
    pub identities: Vec<PathBuf>,
    /// Let identities and recipients start age plugins (age-plugin-NAME on the PATH)
    #[arg(long)]
    pub plugins: bool,
}

impl IdentityArgs {
    /// Looks now. People at a terminal may be asked for passphrases.
    pub fn search(&self, io: &mut Io) -> Result<Found, CliError> {
        search(&Wanted { files: &self.identities, ask: true, plugins: self.plugins }, io)
    }
}

/// Flags of verbs that make age files.
#[derive(clap::Args, Clone, Default)]
pub struct RecipientArgs {
    /// Encrypt for this recipient: age1..., age1pq1..., age1tag1... (repeat for several)
    #[arg(short, long = "recipient", value_name = "RECIPIENT")]
    pub recipients: Vec<String>,
    /// Encrypt for the recipients of this file, one a line (repeat for several)
    #[arg(short = 'R', long = "recipients-file", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

impl RecipientArgs {
    /// All of them, in order, each once.
    pub fn resolve(&self, plugins: bool, io: &mut Io) -> Result<Vec<Recipient>, CliError> {
        let plugins = plugin::allowed(plugins, io);
        let asks = io.input_is_terminal() && io.is_process();
        let mut foreign = |text: &str, error| plugin::recipient(text, error, plugins, asks);
        let mut found = Vec::new();
        for text in &self.recipients {
            let parsed = text.parse().or_else(|error| foreign(text, error));
            found.push(parsed.map_err(|error| refused(&error))?);
        }
        for path in &self.files {
            let bytes = io.read(path)?;
            let name = path.display().to_string();
            found.extend(parse_recipients_with(&name, bytes.expose(), &mut foreign).map_err(|error| refused(&error))?);
        }
        let mut seen = std::collections::HashSet::new();
        found.retain(|recipient| seen.insert(recipient.clone()));
        Ok(found)
    }
}

fn refused(error: &RecipientError) -> CliError {
    let why = match error {
        RecipientError::Line { why, .. } => why,
        other => other,
    };
    let hint = match why {
        RecipientError::Plugin(_) => Some("allow plugins with --plugins or SEAL_AGE_PLUGINS=1"),
        RecipientError::Checksum | RecipientError::Key(_) => Some("copy the recipient again, whole"),
        _ => None,
    };
    let failed = CliError::failed(error.to_string());
    match hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}
