//! YAML files: read into a layout, changed in place.
//!
//! `read` makes nodes of the spans that seal-manifest finds, `comments` finds what sops' reader attaches where, `write` splices, `local` proves that little changed.

mod block;
mod comments;
mod emit;
mod local;
mod read;
mod scalar;
mod structure;
mod write;

pub(crate) use emit::emit;
pub(crate) use local::proves;
pub(crate) use read::read;
pub(crate) use write::write;

/// True for a node that is the content of an alias and stands elsewhere in the file.
pub(crate) fn is_virtual(node: &crate::layout::Node) -> bool {
    node.style & read::style::VIRTUAL != 0
}
