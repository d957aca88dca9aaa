//! Identity files: one identity a line, `#` comments and blank lines between them, or one OpenSSH private key.

use super::{Identity, IdentityError, armor};
use seal_secret::SecretBytes;

const MAX_BYTES: usize = 16 << 20;
const AGE: &[u8] = b"age-encryption.org/";
const PEM: &[u8] = b"-----BEGIN";

/// True when the file is an age file itself, to be opened with a passphrase first.
pub fn is_encrypted(file: &SecretBytes) -> bool {
    file.expose().starts_with(AGE) || armor::is_armored(file.expose())
}

/// Every identity of a file.
///
/// # Errors
/// At the first line that is none, with its number and never its text; when there is none at all.
pub fn parse_identities(name: &str, file: &SecretBytes) -> Result<Vec<Identity>, IdentityError> {
    parse_identities_with(name, file, &mut |_, error| Err(error))
}

/// The same, asking `foreign` about each line that is not understood here; it gets the line and why.
///
/// # Errors
/// Those of `foreign`, with the line's number.
pub fn parse_identities_with(
    name: &str,
    file: &SecretBytes,
    foreign: &mut dyn FnMut(&str, IdentityError) -> Result<Identity, IdentityError>,
) -> Result<Vec<Identity>, IdentityError> {
    let bytes = file.expose();
    let at = |line: usize, why| IdentityError::Line { name: name.to_owned(), line, why: Box::new(why) };
    if bytes.len() > MAX_BYTES {
        return Err(IdentityError::TooLarge(name.to_owned()));
    }
    if is_encrypted(file) {
        return Err(IdentityError::Encrypted(name.to_owned()));
    }
    if bytes.trim_ascii_start().starts_with(PEM) {
        return ssh(file).map(|identity| vec![identity]).map_err(|why| at(1, why));
    }
    let mut found = Vec::new();
    for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let text = std::str::from_utf8(text).map_err(|_| at(line, IdentityError::NotAge))?.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        found.push(Identity::parse(text).or_else(|why| foreign(text, why)).map_err(|why| at(line, why))?);
    }
    if found.is_empty() { Err(IdentityError::None(name.to_owned())) } else { Ok(found) }
}

#[cfg(feature = "ssh")]
fn ssh(file: &SecretBytes) -> Result<Identity, IdentityError> {
    Identity::ssh(file)
}

#[cfg(not(feature = "ssh"))]
fn ssh(_: &SecretBytes) -> Result<Identity, IdentityError> {
    Err(IdentityError::Ssh(
        "a PEM private key, and SSH keys are not built in (cargo feature ssh): use an age identity (seal keygen)",
    ))
}
