//! The `sops` block in YAML: taken out, changed line by line, or put at the end of every document.

use seal_manifest::syntax::Output;

use crate::layout::{Block, BlockChange, Document, Form, Layout};
use crate::metadata::{self, Meta};

use super::write::Splice;

/// The file the block is in.
pub(crate) struct Page<'a> {
    pub(crate) text: &'a str,
    pub(crate) layout: &'a Layout,
    /// Its line break.
    pub(crate) newline: &'a str,
    /// By how many columns it indents.
    pub(crate) step: usize,
}

/// What the change of the block comes to, in every document.
pub(crate) fn splices(page: &Page<'_>, change: &BlockChange<'_>, splices: &mut Vec<Splice>) {
    let documents = &page.layout.documents;
    for (index, document) in documents.iter().enumerate() {
        match (change, &document.block) {
            (BlockChange::Keep, _) | (BlockChange::Remove, None) => {}
            (BlockChange::Remove, Some(block)) => splices.push(removed(page.text, page.layout, document, block)),
            (BlockChange::Become(new), Some(block)) => {
                let entries = metadata::entries(new, Some(&block.raw));
                changed(page, block, &entries, splices);
            }
            (BlockChange::Become(new), None) => {
                let model = documents.iter().find_map(|document| document.block.as_ref());
                let entries = metadata::entries(new, model.map(|block| &block.raw));
                splices.push(added(page, document, documents.get(index + 1), &entries));
            }
        }
    }
}

/// True when the document's mapping is in braces.
fn is_flow(text: &str, layout: &Layout, document: &Document) -> bool {
    text[layout.nodes[document.root as usize].span.clone()].starts_with('{')
}

/// The lines of the block go; a document that held nothing else is `{}`.
fn removed(text: &str, layout: &Layout, document: &Document, block: &Block) -> Splice {
    let root = &layout.nodes[document.root as usize];
    let alone = !layout.nodes.iter().any(|node| node.parent == Some(document.root) && !matches!(node.form, Form::Comment));
    if is_flow(text, layout, document) {
        let before = text[root.span.start..block.span.start].trim_end_matches([' ', '\t', '\r', '\n']);
        if before.ends_with(',') {
            return Splice::new(root.span.start + before.len() - 1..block.span.end, "");
        }
        let after = &text[block.span.end..];
        let blank = after.len() - after.trim_start_matches([' ', '\t', '\r', '\n', ',']).len();
        return Splice::new(block.span.start..block.span.end + blank, "");
    }
    let start = text[..block.span.start].rfind('\n').map_or(0, |at| at + 1);
    let start = if text[start..block.span.start].trim_matches([' ', '\u{feff}']).is_empty() {
        start.max(bom(text))
    } else {
        block.span.start
    };
    if alone {
        return Splice::new(block.span.clone(), "{}");
    }
    let end = text[block.span.end..].find('\n').map_or(text.len(), |at| block.span.end + at + 1);
    Splice::new(start..end, "")
}

fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { 3 } else { 0 }
}

fn changed(page: &Page<'_>, block: &Block, entries: &[(String, Meta)], splices: &mut Vec<Splice>) {
    if let Some(edits) = metadata::yaml::splices(page.text, &block.raw, entries) {
        splices.extend(edits.into_iter().map(|(range, new)| Splice::new(range, &new)));
        return;
    }
    if page.text[block.raw.span.clone()].starts_with('{') {
        splices.push(Splice::new(block.raw.span.clone(), &metadata::yaml::render_flow(entries)));
        return;
    }
    let new = metadata::yaml::render(entries, page.step, page.newline);
    splices.push(Splice::new(block.span.clone(), new.trim_end_matches(['\r', '\n'])));
}

/// Behind everything the document holds, comments included; in front of the line that ends it.
fn added(page: &Page<'_>, document: &Document, next: Option<&Document>, entries: &[(String, Meta)]) -> Splice {
    let root = &page.layout.nodes[document.root as usize];
    if is_flow(page.text, page.layout, document) {
        return added_in_flow(page, document, entries);
    }
    let end = end_of(page.text, root.span.end, next.map(|next| next.span.start));
    let mut out = Output::default();
    if !page.text[..end].is_empty() && !page.text[..end].ends_with('\n') {
        out.push(page.newline);
    }
    // The keys of a document may stand further in; so must the block, then.
    out.push(&indented(page, document, entries));
    Splice { range: end..end, text: out }
}

/// The block with every line as far in as the document's mapping stands.
fn indented(page: &Page<'_>, document: &Document, entries: &[(String, Meta)]) -> String {
    let start = page.layout.nodes[document.root as usize].span.start;
    let line_start = page.text[..start].rfind('\n').map_or(0, |at| at + 1).max(bom(page.text));
    let indent: String = page.text[line_start..start].chars().take_while(|c| *c == ' ').collect();
    metadata::yaml::render(entries, page.step, page.newline).split_inclusive('\n').map(|line| format!("{indent}{line}")).collect()
}

/// The line of `---` or `...` behind a document's content, or the end of the file.
fn end_of(text: &str, from: usize, limit: Option<usize>) -> usize {
    let limit = limit.unwrap_or(text.len());
    let mut at = from;
    while let Some(newline) = text[at..].find('\n') {
        at += newline + 1;
        let line = text[at..].lines().next().unwrap_or_default();
        let separates =
            |mark: &str| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']));
        if separates("---") || separates("...") {
            return at;
        }
        if at >= limit {
            break;
        }
    }
    text.len()
}

fn added_in_flow(page: &Page<'_>, document: &Document, entries: &[(String, Meta)]) -> Splice {
    let root = &page.layout.nodes[document.root as usize];
    let inner = page.text[root.span.start + 1..root.span.end - 1].trim_end_matches([' ', '\t', '\r', '\n']);
    if inner.is_empty() {
        let block = indented(page, document, entries);
        return Splice::new(root.span.clone(), block.trim_matches([' ', '\r', '\n']));
    }
    let at = root.span.start + 1 + inner.len();
    let comma = match inner.as_bytes().last() {
        Some(b',') => " ",
        // A colon right before a comma is read in two ways.
        Some(b':') => " , ",
        _ => ", ",
    };
    Splice::new(at..at, &format!("{comma}\"sops\": {}", metadata::yaml::render_flow(entries)))
}
