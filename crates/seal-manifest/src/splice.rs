//! Replacements of byte ranges, and the batches that put them into a document.

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

/// True when a new splice neither overlaps nor touches one that waits.
pub(crate) fn is_apart(waiting: &[Splice], new: &[Splice]) -> bool {
    new.iter().all(|new| waiting.iter().all(|old| new.range.end < old.range.start || new.range.start > old.range.end))
}

/// The text with all splices done. They must not overlap.
pub(crate) fn apply(text: &str, mut splices: Vec<Splice>) -> Output {
    splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
    let grown: usize = splices.iter().map(|splice| splice.text.text().len()).sum();
    let mut out = Output::with_capacity(text.len() + grown);
    let mut at = 0;
    for splice in &splices {
        out.push(&text[at..splice.range.start.max(at)]);
        out.push(splice.text.text());
        at = splice.range.end.max(at);
    }
    out.push(&text[at..]);
    out
}
