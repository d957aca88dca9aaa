//! Lines of a text, one by one, with a place in between to ask for.

use std::ops::Range;

/// Walks over lines; each range includes its line break.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Lines<'a> {
        Lines { text, at }
    }

    /// Behind the last line taken.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        self.at = self.text[start..].find('\n').map_or(self.text.len(), |end| start + end + 1);
        Some(start..self.at)
    }
}
