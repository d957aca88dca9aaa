//! `--recipient` and `--recipients-file`: age recipients given on the command line, by name or written out.

use crate::{
    Io,
    config::{Book, Named},
    report::CliError,
};
use seal_crypto::age;
use std::path::PathBuf;

/// Flags of verbs that seal.
#[derive(clap::Args, Clone, Default)]
pub struct RecipientArgs {
    /// age recipient to seal to, written out, or a name or group of .seal.yaml (repeat for several)
    #[arg(short = 'r', long = "recipient", value_name = "AGE1|NAME", conflicts_with_all = ["cert", "cluster", "context"])]
    pub recipients: Vec<String>,
    /// File of age recipients, one a line (repeat for several)
    #[arg(short = 'R', long = "recipients-file", value_name = "FILE", conflicts_with_all = ["cert", "cluster", "context"])]
    pub recipient_files: Vec<PathBuf>,
    /// The only cluster that may open it, by the name its controller is given [default: any that holds a key]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["cert", "context"])]
    pub audience: Option<String>,
}

impl RecipientArgs {
    /// Those given; `None` when none is.
    pub fn given(&self, book: &Book, io: &mut Io) -> Result<Option<Vec<Named>>, CliError> {
        if self.recipients.is_empty() && self.recipient_files.is_empty() {
            return Ok(None);
        }
        let mut all = Vec::new();
        for text in &self.recipients {
            let found = book.find(text).map_err(|problem| {
                let hint = match book.names() {
                    names if names.is_empty() => "write it out (age1...), or name it under recipients in .seal.yaml".to_owned(),
                    names => format!("names in .seal.yaml: {names}"),
                };
                CliError::usage(format!("--recipient: {problem}")).hint(hint)
            })?;
            all.extend(found);
        }
        for path in &self.recipient_files {
            let bytes = io.read(path)?;
            let found = age::parse_recipients(&path.display().to_string(), bytes.expose())
                .map_err(|error| CliError::failed(error.to_string()).hint("one recipient a line; # begins a comment"))?;
            all.extend(found.into_iter().map(Named::bare));
        }
        Ok(Some(all))
    }
}

#[cfg(test)]
mod tests;
