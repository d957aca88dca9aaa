//! YAML and JSON documents: resolve scalars as kubectl does, find fields, edit in place, keep every other byte.
//!
//! It knows no Kubernetes kind, reads no file and prints no value: its errors hold names, kinds and positions only.

mod document;
mod edit;
mod error;
mod node;
mod render;

pub use document::{Document, Format, ManifestFile};
pub use edit::{Edit, New, Segment};
pub use error::{ManifestError, Problem};
pub use node::{Entry, Kind, Node, Position};
pub use render::{to_json_pretty, to_yaml};
