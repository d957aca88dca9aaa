//! What is said of a file that was sealed: how much of it, by which rule, and what stayed in clear.

use crate::{
    Io,
    report::{self, CliError},
    sops::{keypath, policy::Policy},
};
use seal_secret::SecretBytes;
use seal_sops::{LeafState, SopsFile, Type};
use std::path::Path;

/// Keys that a warning names.
const NAMED: usize = 5;

/// What is to be said when all files are sealed.
pub(super) struct Told {
    warnings: Vec<String>,
    said: String,
}

impl Told {
    /// The target holds these values already.
    pub(super) fn nothing_new(named: &Path) -> Self {
        Self { warnings: Vec::new(), said: format!("{}: it holds these values already", named.display()) }
    }

    /// By which rule, for how many, what stayed in clear, and what will not come back as it was written.
    pub(super) fn of(clear: &SopsFile, sealed: &SecretBytes, named: &Path, policy: &Policy) -> Result<Self, CliError> {
        let sealed = SopsFile::parse(clear.name(), clear.store(), sealed.clone())?;
        let (mut count, mut open) = (0_usize, Vec::new());
        for leaf in sealed.leaves()? {
            match &leaf.state {
                LeafState::Sealed(kind, _) if *kind != Type::Comment => count += 1,
                LeafState::Clear(value) if value.kind != Type::Comment => open.push(keypath::shown(&leaf.path)),
                _ => {}
            }
        }
        let named = named.display();
        let mut warnings = Vec::new();
        if let Some(first) = open.iter().find(|key| looks_secret(key)) {
            warnings.push(format!("{named}: {first} stays in clear, by its selector; its name says that it may be a secret"));
        }
        let other = sealed.metadata().map(|metadata| clear.respelled(&metadata.selector)).transpose()?.unwrap_or_default();
        if !other.is_empty() {
            warnings.push(format!(
                "{named}: {} will come back in another spelling (1.50 as 1.5): put it in quotes where the spelling matters",
                some(&other)
            ));
        }
        let values = if count == 1 { "value" } else { "values" };
        let in_clear = if open.is_empty() { String::new() } else { format!(", {} in clear", open.len()) };
        Ok(Self { warnings, said: format!("{named}: {count} {values} sealed{in_clear}, {}", policy.described()) })
    }

    /// Says it.
    pub(super) fn say(&self, io: &mut Io) {
        for warning in &self.warnings {
            report::warning(format_args!("{warning}"), io);
        }
        io.say(format_args!("{}", self.said));
    }
}

/// The first few keys by name.
fn some(keys: &[seal_sops::Path]) -> String {
    let first: Vec<String> = keys.iter().take(NAMED).map(keypath::shown).collect();
    let more = keys.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", first.join(", "))
}

/// Words that keys of secrets are made of.
fn looks_secret(key: &str) -> bool {
    const WORDS: [&str; 7] = ["password", "passwd", "secretkey", "secret_key", "apikey", "api_key", "privatekey"];
    let last = key.rsplit(['.', '"']).find(|part| !part.is_empty() && *part != "]").unwrap_or(key).to_ascii_lowercase();
    WORDS.iter().any(|word| last.contains(word))
}
