//! What a search gave: identities, and for every place what it held or why it did not help. Holds private keys, prints none.

use super::key_command::KeyCommand;
use crate::{Io, report::CliError};
use seal_crypto::age::{Identity, IdentityKind};

/// A place and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// `SOPS_AGE_KEY_FILE (/home/me/key.txt)`
    pub source: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds identities for these recipients (or of these kinds, where the recipient is not known).
    Holds(Vec<String>),
    /// It is not there, which is no mistake.
    Absent(&'static str),
    /// It is there and of no use.
    Unusable(String),
    /// A command that is only run when nothing else fits.
    Waiting,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Outcome::Holds(recipients) => write!(f, "holds {}", recipients.join(", ")),
            Outcome::Absent(why) => f.write_str(why),
            Outcome::Unusable(why) => f.write_str(why),
            Outcome::Waiting => f.write_str("not run, it was not needed"),
        }
    }
}

/// Everything found.
#[derive(Default)]
pub struct Found {
    /// In the order they are tried.
    pub identities: Vec<Identity>,
    pub(super) tried: Vec<Tried>,
    pub(super) commands: Vec<(usize, KeyCommand)>,
}

impl Found {
    /// Every place, in order.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }

    pub(super) fn note(&mut self, source: impl Into<String>, outcome: Outcome) {
        self.tried.push(Tried { source: source.into(), outcome });
    }

    pub(super) fn add(&mut self, source: impl Into<String>, identities: Vec<Identity>) {
        let names = identities.iter().map(named).collect();
        self.note(source, Outcome::Holds(names));
        self.identities.extend(identities);
    }

    /// Tries to open with what was found; when nothing fits, runs the key commands (`SOPS_AGE_KEY_CMD`) for one recipient after
    /// the other and tries again after each, as sops does.
    pub fn open<T, E>(
        &mut self,
        recipients: &[String],
        io: &mut Io,
        mut attempt: impl FnMut(&[Identity]) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut last = attempt(&self.identities);
        for recipient in recipients {
            if last.is_ok() || self.commands.is_empty() {
                break;
            }
            if self.ask_commands(recipient, io) {
                last = attempt(&self.identities);
            }
        }
        last
    }

    /// Runs the key commands for a recipient; true when they gave something new.
    fn ask_commands(&mut self, recipient: &str, io: &mut Io) -> bool {
        let before = self.identities.len();
        for (place, command) in &self.commands {
            let outcome = match command.run(recipient, io) {
                Ok(identities) => {
                    let names = identities.iter().map(named).collect();
                    let known = |new: &Identity| self.identities.iter().any(|old| old.recipient() == new.recipient());
                    let fresh: Vec<Identity> =
                        identities.into_iter().filter(|new| new.recipient().is_none() || !known(new)).collect();
                    self.identities.extend(fresh);
                    Outcome::Holds(names)
                }
                Err(why) => Outcome::Unusable(why),
            };
            self.tried[*place].outcome = outcome;
        }
        self.identities.len() > before
    }

    /// One line for each place, for hints and `seal doctor`.
    pub fn explain(&self) -> String {
        let width = self.tried.iter().map(|tried| tried.source.chars().count()).max().unwrap_or_default();
        let lines = self.tried.iter().map(|Tried { source, outcome }| format!("  {source:<width$}  {outcome}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The error when none of them opens a file: what it needs, and where was looked.
    pub fn nothing_fits(&self, file: &str, recipients: &[String]) -> CliError {
        let needed = if recipients.is_empty() { String::new() } else { format!("; it is for {}", listed(recipients)) };
        let error = if self.identities.is_empty() {
            CliError::failed(format!("{file}: no identity found to open it with{needed}"))
        } else {
            CliError::negative(format!("{file}: none of the identities found opens it{needed}"))
        };
        error.hint(format!("looked in:\n{}", self.explain()))
    }
}

fn named(identity: &Identity) -> String {
    match (identity.recipient(), identity.kind()) {
        (Some(recipient), _) => recipient.short(),
        (None, IdentityKind::Passphrase) => "a passphrase".to_owned(),
        (None, _) => "an identity of a plugin".to_owned(),
    }
}

fn listed(recipients: &[String]) -> String {
    const MOST: usize = 5;
    let short = |text: &String| match (text.get(..16), text.get(text.len().saturating_sub(8)..)) {
        (Some(head), Some(tail)) if text.len() > 120 => format!("{head}...{tail}"),
        _ => text.clone(),
    };
    let mut shown: Vec<String> = recipients.iter().take(MOST).map(short).collect();
    if recipients.len() > MOST {
        shown.push(format!("{} more", recipients.len() - MOST));
    }
    shown.join(", ")
}
