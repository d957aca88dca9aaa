//! Entries of a Secret to identities, or the reason why not. Never more than a reason: no input, no length.

use seal_crypto::Fingerprint;
use seal_crypto::age::{Identity, IdentityError, IdentityKind, Recipient, parse_identities};
use seal_secret::SecretBytes;

use super::ENTRY_SUFFIX;

/// Larger entries are not parsed; a post-quantum identity has 80 bytes.
const MAX_ENTRY_BYTES: usize = 64 << 10;
/// Each identity costs an operation on each item it does not open.
const MAX_IDENTITIES: usize = 64;

/// An identity and what is public about it.
pub struct LoadedIdentity {
    /// Fingerprint of its recipient.
    pub fingerprint: Fingerprint,
    /// Whom to seal for.
    pub recipient: Recipient,
    /// The private key.
    pub identity: Identity,
}

/// Why an entry, or the whole Secret, is left out.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityFault {
    /// Nothing to read.
    #[error("no entry is named *{ENTRY_SUFFIX}")]
    NoEntry,
    /// Beyond what is parsed.
    #[error("{0}: larger than a file of identities may be")]
    TooLarge(String),
    /// More identities than are tried.
    #[error("{0}: more than {MAX_IDENTITIES} identities in one Secret")]
    TooMany(String),
    /// A line does not read; the error names entry and line.
    #[error("{0}")]
    Identity(IdentityError),
    /// A kind of identity whose private key is not held by this process.
    #[error("{0}: only X25519 and post-quantum identities open anything here")]
    Kind(String),
}

/// Reads the entries named `*.agekey`; each good one counts, whatever the others are.
pub fn read_files<'a>(entries: impl Iterator<Item = (&'a String, &'a SecretBytes)>) -> (Vec<LoadedIdentity>, Vec<IdentityFault>) {
    let (mut loaded, mut faults) = (Vec::new(), Vec::new());
    for (name, file) in entries.filter(|(name, _)| name.ends_with(ENTRY_SUFFIX)) {
        match read(name, file) {
            Ok(found) if loaded.len() + found.len() <= MAX_IDENTITIES => loaded.extend(found),
            Ok(_) => faults.push(IdentityFault::TooMany(name.clone())),
            Err(fault) => faults.push(fault),
        }
    }
    if loaded.is_empty() && faults.is_empty() {
        faults.push(IdentityFault::NoEntry);
    }
    (loaded, faults)
}

fn read(name: &str, file: &SecretBytes) -> Result<Vec<LoadedIdentity>, IdentityFault> {
    if file.len() > MAX_ENTRY_BYTES {
        return Err(IdentityFault::TooLarge(name.to_owned()));
    }
    let load = |identity: Identity| {
        let held = matches!(identity.kind(), IdentityKind::X25519 | IdentityKind::PostQuantum);
        let recipient = identity.recipient().cloned().filter(|_| held).ok_or_else(|| IdentityFault::Kind(name.to_owned()))?;
        Ok(LoadedIdentity { fingerprint: recipient.fingerprint(), recipient, identity })
    };
    parse_identities(name, file).map_err(IdentityFault::Identity)?.into_iter().map(load).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use seal_crypto::age::RecipientKind;
    use std::collections::BTreeMap;

    fn text(kind: RecipientKind) -> String {
        let identity = Identity::generate(kind, &mut rand::rng()).expect("a kind of ours");
        String::from_utf8(identity.to_text().expect("a kind of ours").expose().to_vec()).expect("ASCII")
    }

    fn read_all(entries: &[(&str, String)]) -> (usize, Vec<IdentityFault>) {
        let entries: BTreeMap<String, SecretBytes> =
            entries.iter().map(|(name, text)| ((*name).to_owned(), SecretBytes::from(text.clone()))).collect();
        let (loaded, faults) = read_files(entries.iter());
        (loaded.len(), faults)
    }

    #[test]
    fn each_entry_with_the_suffix_is_a_file_of_identities_and_others_are_none_of_its_business() {
        let (classic, pq) = (text(RecipientKind::X25519), text(RecipientKind::PostQuantum));
        let both = format!("# created by hand\n\n{classic}\n{pq}\n");
        assert_eq!(read_all(&[("age.agekey", both), ("keys.asc", "PGP".into())]), (2, vec![]));
        assert_eq!(read_all(&[("a.agekey", classic), ("b.agekey", pq)]), (2, vec![]));
    }

    #[test]
    fn a_bad_entry_hurts_only_itself_and_has_its_reason() {
        let good = text(RecipientKind::X25519);
        let line = |why| IdentityFault::Identity(IdentityError::Line { name: "b.agekey".into(), line: 2, why: Box::new(why) });
        for (bad, fault) in [
            ("#\nhunter2".to_owned(), line(IdentityError::NotAge)),
            ("#\nAGE-PLUGIN-YUBIKEY-1QQQQ".to_owned(), line(IdentityError::Plugin("yubikey".into()))),
            ("x".repeat(65 << 10), IdentityFault::TooLarge("b.agekey".into())),
            (String::new(), IdentityFault::Identity(IdentityError::None("b.agekey".into()))),
        ] {
            assert_eq!(read_all(&[("a.agekey", good.clone()), ("b.agekey", bad)]), (1, vec![fault]));
        }
        assert_eq!(read_all(&[("keys.txt", good)]), (0, vec![IdentityFault::NoEntry]));
        let many: Vec<_> = (0..65).map(|n| (format!("{n}.agekey"), text(RecipientKind::X25519))).collect();
        let many: Vec<_> = many.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
        let (count, faults) = read_all(&many);
        assert_eq!((count, faults.len()), (64, 1));
    }
}
