//! What is said of a file that was sealed: how much of it, by which rule, and what stayed in clear.

use crate::{
    Io,
    report::{self, CliError},
    sops::{keypath, policy::Policy},
};
use seal_secret::SecretBytes;
use seal_sops::{LeafState, SopsFile, Store};
use std::path::Path;

/// Keys that a warning names.
const NAMED: usize = 5;

/// Says by which rule, for how many, and what stayed in clear.
pub(super) fn tell(
    clear: &SopsFile,
    sealed: &SecretBytes,
    store: Store,
    named: &Path,
    policy: &Policy,
    io: &mut Io,
) -> Result<(), CliError> {
    let sealed = SopsFile::parse(clear.name(), store, sealed.clone())?;
    let (mut count, mut open) = (0_usize, Vec::new());
    for leaf in sealed.leaves()? {
        match &leaf.state {
            LeafState::Sealed(kind, _) if *kind != seal_sops::Type::Comment => count += 1,
            LeafState::Clear(value) if value.kind != seal_sops::Type::Comment => open.push(keypath::shown(&leaf.path)),
            _ => {}
        }
    }
    let secretish: Vec<&String> = open.iter().filter(|key| looks_secret(key)).collect();
    if let [first, ..] = secretish.as_slice() {
        report::warning(
            format_args!("{}: {first} stays in clear, by its selector; its name says that it may be a secret", named.display()),
            io,
        );
    }
    if let Some(metadata) = sealed.metadata() {
        let other: Vec<String> = clear.respelled(&metadata.selector)?.iter().map(keypath::shown).collect();
        if !other.is_empty() {
            let (first, more) = (other[..other.len().min(NAMED)].join(", "), other.len().saturating_sub(NAMED));
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            report::warning(
                format_args!(
                    "{}: {first}{more} will come back in another spelling (1.50 as 1.5): put it in quotes where the spelling matters",
                    named.display()
                ),
                io,
            );
        }
    }
    let in_clear = if open.is_empty() { String::new() } else { format!(", {} in clear", open.len()) };
    io.say(format_args!("{}: {count} values sealed{in_clear}, {}", named.display(), policy.described()));
    Ok(())
}

/// Words that keys of secrets are made of.
fn looks_secret(key: &str) -> bool {
    const WORDS: [&str; 7] = ["password", "passwd", "secretkey", "secret_key", "apikey", "api_key", "privatekey"];
    let last = key.rsplit(['.', '"']).find(|part| !part.is_empty() && *part != "]").unwrap_or(key).to_ascii_lowercase();
    WORDS.iter().any(|word| last.contains(word))
}
