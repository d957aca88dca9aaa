//! Two texts as one with conflict markers around the lines in which they differ. Pure.

use seal_secret::SecretBytes;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// What to write into the markers.
pub struct Marks<'a> {
    /// How many characters a marker has; git says so.
    pub size: usize,
    /// Behind the marker of our side.
    pub ours: &'a str,
    /// Behind the marker of theirs.
    pub theirs: &'a str,
}

/// Both texts in one. Where they are equal there is no marker. The texts may be plaintext: the buffer is wiped and never grows.
pub fn mark(ours: &str, theirs: &str, marks: &Marks<'_>) -> SecretBytes {
    let mut text = Zeroizing::new(Vec::new());
    let parts = parts(ours, theirs, marks);
    text.reserve_exact(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
    text.into()
}

/// The pieces of the text: borrowed lines, and markers of our own.
fn parts<'a>(ours: &'a str, theirs: &'a str, marks: &Marks<'_>) -> Vec<Cow<'a, str>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (ours.split_inclusive('\n').collect(), theirs.split_inclusive('\n').collect());
    let mut all = Vec::new();
    let (mut mine, mut other) = (Vec::new(), Vec::new());
    for step in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (tag, left, right) = step.as_tag_tuple();
        if tag == DiffTag::Equal {
            close(&mut all, &mut mine, &mut other, marks);
            all.extend(old[left].iter().map(|line| Cow::Borrowed(*line)));
        } else {
            mine.extend_from_slice(&old[left]);
            other.extend_from_slice(&new[right]);
        }
    }
    close(&mut all, &mut mine, &mut other, marks);
    all
}

/// True for a text with a line that only a conflict has.
pub fn is_marked(text: &str, size: usize) -> bool {
    let marks = ["<", ">"].map(|character| format!("{} ", character.repeat(size)));
    text.lines().any(|line| marks.iter().any(|mark| line.starts_with(mark)))
}

fn close<'a>(all: &mut Vec<Cow<'a, str>>, mine: &mut Vec<&'a str>, other: &mut Vec<&'a str>, marks: &Marks<'_>) {
    if mine.is_empty() && other.is_empty() {
        return;
    }
    let marker = |character: &str| character.repeat(marks.size);
    let mut side = |head: String, lines: &mut Vec<&'a str>| {
        all.push(Cow::Owned(head));
        let ended = lines.last().is_none_or(|line| line.ends_with('\n'));
        all.extend(lines.drain(..).map(Cow::Borrowed));
        if !ended {
            all.push(Cow::Borrowed("\n"));
        }
    };
    side(format!("{} {}\n", marker("<"), marks.ours), mine);
    side(format!("{}\n", marker("=")), other);
    side(format!("{} {}\n", marker(">"), marks.theirs), &mut Vec::new());
}

#[cfg(test)]
mod tests {
    use super::{Marks, is_marked, mark};

    #[test]
    fn only_what_differs_is_between_markers() {
        let marks = Marks { size: 7, ours: "ours: b", theirs: "theirs: b" };
        let marked = |ours, theirs| String::from_utf8(mark(ours, theirs, &marks).expose().to_vec()).unwrap();
        let both = marked("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 9\nc: 3\n");
        assert_eq!(both, "a: 1\n<<<<<<< ours: b\nb: 2\n=======\nb: 9\n>>>>>>> theirs: b\nc: 3\n");
        assert!(is_marked(&both, 7) && !is_marked("a: 1\n", 7));
        assert_eq!(marked("a\n", "a\n"), "a\n");
        assert_eq!(marked("x", ""), "<<<<<<< ours: b\nx\n=======\n>>>>>>> theirs: b\n");
    }
}
