//! JSON files: read into a layout, changed in place. One object; duplicate keys, trailing text and cut-off files are refused, which sops
//! takes in silence.

mod emit;
mod read;
mod text;
mod write;

pub(crate) use emit::emit;
pub(crate) use read::read;
pub(crate) use write::write;
