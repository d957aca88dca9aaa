//! Where lines begin, found once: a file of one long line or of a million short ones costs the same.

use std::cell::Cell;

use seal_manifest::Position;

/// The starts of all lines but the first, and the place that was asked for last with its column.
pub(crate) struct Lines {
    starts: Vec<usize>,
    last: Cell<(usize, usize)>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Lines {
        let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1).collect();
        Lines { starts, last: Cell::new((0, 0)) }
    }

    /// The start of the line a byte is in.
    pub(crate) fn start(&self, at: usize) -> usize {
        self.index(at).checked_sub(1).map_or(0, |line| self.starts[line])
    }

    /// How many bytes stand in front of it on its line.
    pub(crate) fn column(&self, at: usize) -> usize {
        at - self.start(at)
    }

    /// Line and column as people count them. Places asked for in order share their counting.
    pub(crate) fn position(&self, text: &str, at: usize) -> Position {
        let (last, before) = self.last.get();
        let start = self.start(at);
        let (from, before) = if start <= last && last <= at { (last, before) } else { (start, 0) };
        let column = before + text[from..at].chars().filter(|c| *c != '\u{feff}').count();
        self.last.set((at, column));
        let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        Position { line: count(self.index(at)), column: count(column) }
    }

    fn index(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn positions_are_those_of_an_editor() {
        let text = "a: x\n  é: y\n\nz";
        let lines = Lines::new(text);
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            assert_eq!(lines.position(text, at), seal_manifest::syntax::position(text, at), "{at}");
        }
        assert_eq!(lines.column(7), 2);
    }
}
