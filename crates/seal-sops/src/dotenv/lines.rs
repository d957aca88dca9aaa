//! Lines of a dotenv file and what each of them is.

use std::ops::Range;

/// One line that is not empty.
pub(super) struct Line {
    /// Its bytes, line break included.
    pub(super) whole: Range<usize>,
    pub(super) is: Is,
}

/// What a line is.
pub(super) enum Is {
    /// A comment; its text behind the `#`.
    Comment(Range<usize>),
    /// A key and a value.
    Entry(Range<usize>, Range<usize>),
    /// No equal sign.
    Neither,
}

/// All lines that are not empty. A carriage return belongs to the value, as it does for sops; a line of nothing else is empty.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            let length = bytes[start..].iter().position(|byte| *byte == b'\n');
            let end = length.map_or(bytes.len(), |length| start + length);
            at = (end + 1).min(bytes.len());
            let content = &bytes[start..end];
            if content.is_empty() || content == b"\r" {
                continue;
            }
            let is = match (content[0], content.iter().position(|byte| *byte == b'=')) {
                (b'#', _) => Is::Comment(start + 1..end),
                (_, Some(equal)) => Is::Entry(start..start + equal, start + equal + 1..end),
                (_, None) => Is::Neither,
            };
            return Some(Line { whole: start..at, is });
        }
        None
    })
}
