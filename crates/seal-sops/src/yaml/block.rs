//! The `sops` block in YAML: taken out, changed line by line, or put at the end of every document.

use seal_manifest::syntax::Output;

use crate::layout::{Block, BlockChange, Document, Layout};
use crate::metadata::{self, Meta};

use super::read::style;
use super::write::Splice;

/// What the change of the block comes to, in every document.
pub(crate) fn splices(text: &str, layout: &Layout, change: &BlockChange<'_>, newline: &str, splices: &mut Vec<Splice>) {
    for (index, document) in layout.documents.iter().enumerate() {
        match (change, &document.block) {
            (BlockChange::Keep, _) | (BlockChange::Remove, None) => {}
            (BlockChange::Remove, Some(block)) => splices.push(removed(text, layout, document, block)),
            (BlockChange::Become(new), Some(block)) => {
                let entries = metadata::entries(new, Some(&block.raw));
                changed(text, block, &entries, newline, splices);
            }
            (BlockChange::Become(new), None) => {
                let model = layout.documents.iter().find_map(|document| document.block.as_ref());
                let entries = metadata::entries(new, model.map(|block| &block.raw));
                let next = layout.documents.get(index + 1);
                splices.push(added(text, layout, document, next, &entries, newline));
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
    let alone = !layout.nodes.iter().any(|node| node.parent == Some(document.root));
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

fn changed(text: &str, block: &Block, entries: &[(String, Meta)], newline: &str, splices: &mut Vec<Splice>) {
    if let Some(edits) = metadata::yaml::splices(text, &block.raw, entries) {
        splices.extend(edits.into_iter().map(|(range, new)| Splice::new(range, &new)));
        return;
    }
    if text[block.raw.span.clone()].starts_with('{') {
        splices.push(Splice::new(block.raw.span.clone(), &metadata::yaml::render_flow(entries)));
        return;
    }
    let new = metadata::yaml::render(entries, 4, newline);
    splices.push(Splice::new(block.span.clone(), new.trim_end_matches(['\r', '\n'])));
}

/// Behind everything the document holds, comments included; in front of the line that ends it.
fn added(
    text: &str,
    layout: &Layout,
    document: &Document,
    next: Option<&Document>,
    entries: &[(String, Meta)],
    newline: &str,
) -> Splice {
    let root = &layout.nodes[document.root as usize];
    if is_flow(text, layout, document) {
        return added_in_flow(text, layout, document, entries, newline);
    }
    let end = end_of(text, root.span.end, next.map(|next| next.span.start));
    let mut out = Output::default();
    if !text[..end].is_empty() && !text[..end].ends_with('\n') {
        out.push(newline);
    }
    out.push(&metadata::yaml::render(entries, 4, newline));
    Splice { range: end..end, text: out }
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

fn added_in_flow(text: &str, layout: &Layout, document: &Document, entries: &[(String, Meta)], newline: &str) -> Splice {
    let root = &layout.nodes[document.root as usize];
    let close = root.span.end - 1;
    let inner = text[root.span.start + 1..close].trim_end_matches([' ', '\t', '\r', '\n']);
    if inner.is_empty() {
        let block = metadata::yaml::render(entries, 4, newline);
        return Splice::new(root.span.clone(), block.trim_end_matches(['\r', '\n']));
    }
    let at = root.span.start + 1 + inner.len();
    let comma = if inner.ends_with(',') { " " } else { ", " };
    let _ = style::FLOW;
    Splice::new(at..at, &format!("{comma}\"sops\": {}", metadata::yaml::render_flow(entries)))
}
