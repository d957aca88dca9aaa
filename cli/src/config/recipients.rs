//! age recipients under names that people can read, and groups of them.

use seal_crypto::{Fingerprint, age::Recipient};
use std::collections::BTreeMap;

/// A recipient and what to call it.
#[derive(Clone)]
pub struct Named {
    /// Its name in `.seal.yaml`; where it has none, its text shortened.
    pub name: String,
    /// The recipient.
    pub recipient: Recipient,
}

impl Named {
    /// A recipient that has no name.
    pub fn bare(recipient: Recipient) -> Self {
        let text = recipient.to_string();
        let name = if text.len() > 24 { format!("{}...", &text[..20]) } else { text };
        Self { name, recipient }
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.recipient.fingerprint()
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.fingerprint()) == (&other.name, other.fingerprint())
    }
}

impl Eq for Named {}

impl std::fmt::Debug for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.fingerprint())
    }
}

/// Names of recipients and groups. A group is already taken apart into its recipients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book(BTreeMap<String, Vec<Named>>);

impl Book {
    /// Adds a name; false when it is taken.
    pub fn add(&mut self, name: &str, recipients: Vec<Named>) -> bool {
        let free = !self.0.contains_key(name);
        self.0.entry(name.to_owned()).or_insert(recipients);
        free
    }

    /// The recipients of a name, or of a recipient written out; the error says what is wrong with it.
    pub fn find(&self, text: &str) -> Result<Vec<Named>, String> {
        if let Some(known) = self.0.get(text) {
            return Ok(known.clone());
        }
        match text.parse::<Recipient>() {
            Ok(recipient) => Ok(vec![Named::bare(recipient)]),
            Err(error) if text.starts_with("age1") || text.starts_with("AGE-") || text.starts_with("ssh-") => {
                Err(error.to_string())
            }
            Err(_) => Err(format!("no recipient or group is called {text:?}")),
        }
    }

    /// All names, for hints.
    pub fn names(&self) -> String {
        self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}
