//! Files of recipients: one a line, `#` comments and blank lines between them. One bad line refuses the whole file, because
//! leaving a recipient out is a mistake that nobody would see.

use super::{Recipient, RecipientError};

/// 8,000 post-quantum recipients.
const MAX_BYTES: usize = 16 << 20;

/// Every recipient of a file.
///
/// # Errors
/// At the first line that is none, with its number; when there is none at all.
pub fn parse_recipients(name: &str, bytes: &[u8]) -> Result<Vec<Recipient>, RecipientError> {
    parse_recipients_with(name, bytes, &mut |_, error| Err(error))
}

/// The same, asking `foreign` about each line that is not understood here; it gets the line and why.
///
/// # Errors
/// Those of `foreign`, with the line's number.
pub fn parse_recipients_with(
    name: &str,
    bytes: &[u8],
    foreign: &mut dyn FnMut(&str, RecipientError) -> Result<Recipient, RecipientError>,
) -> Result<Vec<Recipient>, RecipientError> {
    if bytes.len() > MAX_BYTES {
        return Err(RecipientError::TooLarge(name.to_owned()));
    }
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate().map(|(index, line)| (index, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parsed = line.parse::<Recipient>().or_else(|error| foreign(line, error));
        found.push(parsed.map_err(|why| RecipientError::Line { name: name.to_owned(), line: index + 1, why: Box::new(why) })?);
    }
    if found.is_empty() { Err(RecipientError::None(name.to_owned())) } else { Ok(found) }
}
