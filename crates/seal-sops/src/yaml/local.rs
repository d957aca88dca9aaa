//! Proof that a few replaced values and a new `sops` block left the rest of a file alone, without reading all of it again.
//!
//! Windows of whole lines are cut out of the old and the new text at the same places: one line for each replaced value, and the block,
//! which must be what the file ends with. Outside them every byte must be the old one. In them old and new are read by themselves:
//! the old ones must read as the whole file did there, so the cut is one that the reader could make; the new ones must read as they
//! are meant. What stands between windows is then read as before, because no value goes past its line and no line changes its
//! indentation, key or end. Whatever is not as simple as that is not proven, and the caller reads the whole text.

use crate::Metadata;
use crate::layout::{BlockChange, Changes, Form, Layout, Name, New, Node, NodeId};

use super::read::{read, style};

/// Values from which on reading the whole file costs little more.
const MOST_VALUES: usize = 16;

/// True when `new` is proven to be `old` with the changes made and nothing else.
pub(crate) fn proves(old: &[u8], layout: &Layout, changes: &Changes<'_>, new: &[u8]) -> bool {
    let simple = changes.inserts.is_empty() && changes.removed.is_empty() && changes.nodes.len() <= MOST_VALUES;
    if !simple || !matches!(changes.block, BlockChange::Become(_)) {
        return false;
    }
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else { return false };
    prove(old, layout, changes, new).is_some()
}

fn prove(old: &str, layout: &Layout, changes: &Changes<'_>, new: &str) -> Option<()> {
    // What stands twice is not local.
    let has_aliases = layout.nodes.iter().any(|node| node.style & (style::ALIAS | style::VIRTUAL) != 0);
    let ([document], BlockChange::Become(meant), false) = (layout.documents.as_slice(), &changes.block, has_aliases) else {
        return None;
    };
    let mut pair = Pair { old, new };
    for (id, value) in &changes.nodes {
        let New::Sealed(sealed) = value else { return None };
        pair.value(old, layout, *id, sealed)?;
    }
    let block = document.block.as_ref()?.span.clone();
    pair.same_up_to(old, block.start)?;
    let was = Metadata::read(&document.block.as_ref()?.raw).ok()?;
    (is_line_start(old, block.start) && block_of(pair.old)? == was && block_of(pair.new)? == **meant).then_some(())
}

/// What is left of the two texts.
struct Pair<'t> {
    old: &'t str,
    new: &'t str,
}

impl<'t> Pair<'t> {
    /// Goes on to an offset of the whole old text. `None` when the bytes on the way differ or the offset is behind.
    fn same_up_to(&mut self, whole: &str, offset: usize) -> Option<()> {
        let behind = whole.len() - self.old.len();
        let (same, old) = self.old.split_at_checked(offset.checked_sub(behind)?)?;
        (self.old, self.new) = (old, self.new.strip_prefix(same)?);
        Some(())
    }

    fn lines(&mut self) -> (&'t str, &'t str) {
        let (old, rest_of_old) = first_line(self.old);
        let (new, rest_of_new) = first_line(self.new);
        (self.old, self.new) = (rest_of_old, rest_of_new);
        (old, new)
    }

    /// One line whose value is replaced.
    fn value(&mut self, whole: &str, layout: &Layout, id: NodeId, sealed: &str) -> Option<()> {
        let node = &layout.nodes[id as usize];
        let (Name::Key(key), Form::Span(was)) = (&node.name, &node.form) else { return None };
        if node.style & !style::QUOTED != 0 {
            return None;
        }
        let start = whole[..node.span.start].rfind('\n').map_or(0, |newline| newline + 1);
        self.same_up_to(whole, start)?;
        let (old, new) = self.lines();
        // In front of the value stand indentation and key, behind it white space, a comment and the line's end.
        let before = old.get(..node.span.start - start)?;
        let behind = old.get(node.span.end - start..)?;
        let inside = new.strip_prefix(before)?.strip_suffix(behind)?;
        // What is anchored may be a key elsewhere.
        let is_sealed = !before.contains('&') && matches!(inside.len() - sealed.len().min(inside.len()), 0 | 2);
        let reads = reads_as(old, key, whole.get(was.clone())?) && reads_as(new, key, sealed);
        (is_sealed && reads).then_some(())
    }
}

fn is_line_start(text: &str, at: usize) -> bool {
    at == 0 || text[..at].ends_with('\n')
}

fn first_line(text: &str) -> (&str, &str) {
    text.split_at(text.find('\n').map_or(text.len(), |newline| newline + 1))
}

/// Whether a line by itself is a mapping of this one key to this text.
fn reads_as(line: &str, key: &str, text: &str) -> bool {
    let Ok(layout) = read("", line.as_bytes()) else { return false };
    let nodes = without_comments(&layout);
    let ([_], [_, node]) = (layout.documents.as_slice(), nodes.as_slice()) else { return false };
    let named = matches!(&node.name, Name::Key(name) if **name == *key);
    named && matches!(&node.form, Form::Span(range) if line.get(range.clone()) == Some(text))
}

fn without_comments(layout: &Layout) -> Vec<&Node> {
    layout.nodes.iter().filter(|node| !node.form.is_comment()).collect()
}

/// The metadata of a text that is nothing but a `sops` block.
fn block_of(text: &str) -> Option<Metadata> {
    let layout = read("", text.as_bytes()).ok()?;
    let ([document], [_]) = (layout.documents.as_slice(), layout.nodes.as_slice()) else { return None };
    Metadata::read(&document.block.as_ref()?.raw).ok()
}

#[cfg(test)]
mod tests {
    use super::proves;
    use crate::layout::{BlockChange, Changes, Layout, Name, New};
    use crate::yaml::read;
    use crate::{Metadata, Problem};

    const OLD: &str = concat!(
        "a: ENC[1]\nb:\n    c: 'ENC[2]' # why\n    d: ENC[3]\nsops:\n    age:\n        - recipient: age1a\n          enc: TEXT\n",
        "    lastmodified: \"2026-01-31T12:00:00Z\"\n    mac: x\n    version: 3.13.3\n"
    );

    fn layout(text: &str) -> Layout {
        read("file", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn metadata(text: &str) -> Result<Metadata, Problem> {
        let layout = layout(text);
        Metadata::read(&layout.documents[0].block.as_ref().expect("a block").raw)
    }

    /// Whether `new` is proven to be `old` with `key` set to `ENC[new]` and the block as `new` has it.
    fn is_proven(old: &str, key: &str, new: &str) -> bool {
        let (layout, meant) = (layout(old), metadata(new).expect("metadata"));
        let id = layout.ids().find(|id| matches!(&layout.nodes[*id as usize].name, Name::Key(name) if **name == *key));
        let nodes = vec![(id.expect("the key is there"), New::Sealed("ENC[new]".to_owned()))];
        let changes = Changes { nodes, block: BlockChange::Become(&meant), ..Changes::default() };
        proves(old.as_bytes(), &layout, &changes, new.as_bytes())
    }

    #[test]
    fn a_value_on_its_line_and_the_block_at_the_end_are_proven() {
        for (key, from, to) in [("a", "ENC[1]", "ENC[new]"), ("c", "ENC[2]", "ENC[new]"), ("d", "ENC[3]", "ENC[new]")] {
            let new = OLD.replace(from, to).replace("mac: x", "mac: longer");
            assert!(is_proven(OLD, key, &new), "{key}");
            assert!(is_proven(&OLD.replace('\n', "\r\n"), key, &new.replace('\n', "\r\n")), "{key} with CRLF");
        }
    }

    #[test]
    fn whatever_else_differs_is_not_proven() {
        let meant = OLD.replace("ENC[3]", "ENC[new]");
        for (from, to) in [
            ("ENC[1]", "ENC[!]"),
            ("ENC[new]", "ENC[old]"),
            ("ENC[new]", "\"ENC[new]\" "),
            ("ENC[new]", "'ENC[new]"),
            ("ENC[new]", "ENC[new]\n    e: 1"),
            ("ENC[new]", "ENC[new]\n        more"),
            ("    d:", "   d:"),
            ("    d:", "    D:"),
            ("    d:", "    d: \n    d:"),
            ("# why", "#why"),
            ("b:\n", "b:\n\n"),
            ("b:\n", ""),
            ("sops:", "e: 1\nsops:"),
            ("3.13.3\n", "3.13.3\ne: 1\n"),
        ] {
            let new = meant.replacen(from, to, 1);
            assert_ne!(new, meant, "{from}");
            let Ok(layout) = read("file", new.as_bytes()) else { continue };
            if layout.documents[0].block.is_some() {
                assert!(!is_proven(OLD, "d", &new), "{from:?} became {to:?}");
            }
        }
        assert!(is_proven(OLD, "d", &meant));
    }

    #[test]
    fn files_that_are_not_that_simple_are_left_to_the_whole_reader() {
        for (from, to) in [
            ("a: ENC[1]", "a: &x ENC[1]\nx: *x"),
            ("    d: ENC[3]", "    ? d\n    : ENC[3]"),
            ("    d: ENC[3]", "    d:\n        ENC[3]"),
            ("    d: ENC[3]", "    d: &y ENC[3]"),
            ("    d: ENC[3]", "    e: {d: ENC[3]}"),
            ("    d: ENC[3]", "    d: !!str ENC[3]\n    e: [ENC[3]]"),
            ("b:", "--- {}\n---\nb:"),
            ("3.13.3\n", "3.13.3\ne: 1\n"),
        ] {
            let old = OLD.replacen(from, to, 1);
            let Ok(layout) = read("file", old.as_bytes()) else { continue };
            if layout.documents[0].block.is_some() && !to.contains("!!str") {
                assert!(!is_proven(&old, "d", &old.replacen("ENC[3]", "ENC[new]", 1)), "{to:?}");
            }
        }
    }
}
