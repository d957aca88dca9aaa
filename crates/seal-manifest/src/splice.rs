//! Replacements of byte ranges, and the batches that put them into a document.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::output::Output;

/// One range and the text that takes its place.
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) text: Output,
}

impl Splice {
    pub(crate) fn new(range: Range<usize>, text: Output) -> Splice {
        Splice { range, text }
    }

    pub(crate) fn delete(range: Range<usize>) -> Splice {
        Splice { range, text: Output::default() }
    }
}

/// Splices of one text that neither overlap nor touch, except those of one edit among themselves.
#[derive(Default)]
pub(crate) struct Batch(BTreeMap<(usize, usize), Output>);

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all the splices of one edit, or none when one of them comes too near to another edit's.
    pub(crate) fn add(&mut self, splices: Vec<Splice>) -> bool {
        if !splices.iter().all(|splice| self.is_clear(&splice.range)) {
            return false;
        }
        self.0.extend(splices.into_iter().map(|splice| ((splice.range.start, splice.range.end), splice.text)));
        true
    }

    /// Ranges never overlap, so the last one that starts at or before the end is the only one that can reach in.
    fn is_clear(&self, range: &Range<usize>) -> bool {
        self.0.range(..=(range.end, usize::MAX)).next_back().is_none_or(|((_, end), _)| *end < range.start)
    }

    /// The text with all splices done.
    pub(crate) fn apply(&self, text: &str) -> Output {
        let grown: usize = self.0.values().map(|text| text.text().len()).sum();
        let mut out = Output::with_capacity(text.len() + grown);
        let mut at = 0;
        for ((start, end), new) in &self.0 {
            out.push(&text[at..*start]);
            out.push(new.text());
            at = *end;
        }
        out.push(&text[at..]);
        out
    }
}
