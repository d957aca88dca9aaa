//! INI files: read into a layout, changed in place. The dialect is that of Go's ini package, which sops uses: `=` or `:`, comments by `#`
//! or `;` also behind a value, continuation by a backslash, values over several lines in triple quotes.

mod block;
mod emit;
mod lines;
mod parse;
mod read;
mod write;

pub(crate) use emit::emit;
pub(crate) use read::read;
pub(crate) use write::write;

/// What the keys in front of the first header belong to.
const DEFAULT: &str = "DEFAULT";
/// The section of the block.
const BLOCK: &str = "sops";
