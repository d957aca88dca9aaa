//! Go templates for secrets, as SealedSecret and ExternalSecret have them: bytes in, bytes out, nothing of the outside world.
//!
//! Values are bytes (not all are UTF-8), every error has its place and shows no value, and a template of a stranger has bounds.
//! `parse` reads, `exec` runs, `value` has Go's types, `print` and `format` Go's way of printing, and `functions` is the list of what
//! may be called: the sprig library without the functions that look outside.

mod budget;
mod call;
mod compare;
mod decimal;
mod dice;
mod error;
mod exec;
mod format;
pub mod functions;
mod keys;
mod object;
mod parse;
mod print;
mod semver;
mod template;
mod time;
mod url;
mod value;

#[cfg(test)]
mod tests;

pub use budget::{Limits, World};
pub use error::{Problem, TemplateError};
pub use object::Object;
pub use template::{Dialect, MissingKey, Options, Template};
pub use value::Value;
