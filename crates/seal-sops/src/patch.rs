//! Replacements of byte ranges, made in one pass into a buffer of the right size. May hold plaintext, so no Debug.

use std::ops::Range;

use seal_secret::SecretBytes;
use zeroize::Zeroizing;

/// Replacements that do not overlap, in any order.
#[derive(Default)]
pub(crate) struct Patches(Vec<(Range<usize>, Zeroizing<Vec<u8>>)>);

impl Patches {
    /// Puts text in place of a range.
    pub(crate) fn replace(&mut self, range: Range<usize>, text: impl Into<Vec<u8>>) {
        self.0.push((range, Zeroizing::new(text.into())));
    }

    /// Takes a range out.
    pub(crate) fn delete(&mut self, range: Range<usize>) {
        self.replace(range, Vec::new());
    }

    /// The bytes with everything replaced. Insertions at one place come in the order in which they were added, before a replacement there.
    pub(crate) fn apply(mut self, bytes: &[u8]) -> SecretBytes {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let gone: usize = self.0.iter().map(|(range, _)| range.len()).sum();
        let new: usize = self.0.iter().map(|(_, text)| text.len()).sum();
        let mut out = Vec::with_capacity(bytes.len() + new - gone.min(bytes.len()));
        let mut at = 0;
        for (range, text) in &self.0 {
            out.extend_from_slice(&bytes[at..range.start]);
            out.extend_from_slice(text);
            at = range.end;
        }
        out.extend_from_slice(&bytes[at..]);
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::Patches;

    #[test]
    fn ranges_are_replaced_in_one_pass() {
        let mut patches = Patches::default();
        patches.replace(4..5, "E!");
        patches.delete(0..1);
        patches.replace(2..2, "+");
        patches.replace(2..2, "-");
        patches.replace(2..3, "C");
        assert_eq!(patches.apply(b"abcdef").expose(), b"b+-CdE!f");
    }
}
