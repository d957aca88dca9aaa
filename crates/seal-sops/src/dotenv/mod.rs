//! dotenv files: read into a layout, changed in place. sops' own dialect: a line is cut at its first `=`, nothing is trimmed, no quotes,
//! `\n` in a value is a line break, and every key that begins with `sops_` belongs to the block.

mod emit;
mod lines;
mod read;
mod write;

pub(crate) use emit::emit;
pub(crate) use read::read;
pub(crate) use write::write;

/// What the keys of the block begin with.
const PREFIX: &str = "sops_";
