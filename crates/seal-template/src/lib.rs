//! Go templates for secrets, as SealedSecret and ExternalSecret have them: bytes in, bytes out, nothing of the outside world.
//!
//! `gotmpl` reads templates; what it read is run here, because values are bytes (not all are UTF-8), every error needs its place and
//! must not show a value, and a template of a stranger needs bounds. `value` has Go's types, `print` and `format` Go's way of printing,
//! `exec` runs, `functions` is the list of what may be called: the sprig library without the functions that look outside.

mod budget;
mod call;
mod compare;
mod decimal;
mod error;
mod exec;
mod format;
pub mod functions;
mod print;
mod template;
mod value;

pub use budget::{Limits, World};
pub use error::{Problem, TemplateError};
pub use template::{Dialect, MissingKey, Options, Template};
pub use value::Value;
