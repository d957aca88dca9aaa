//! YAML and JSON documents: resolve scalars as kubectl does, find fields, edit in place, keep every other byte.
//!
//! It knows no Kubernetes kind (but that a Secret is kept from the second reader), reads no file and prints no value: its errors hold names, kinds and positions only.

mod block_edit;
mod document;
mod edit;
mod error;
mod flow_edit;
pub mod go_regex;
mod json_read;
mod locate;
mod model;
mod node;
mod output;
mod plan;
mod render;
mod resolve;
mod scalar;
mod scalar_write;
mod second;
mod splice;
pub mod syntax;
mod tree;
mod yaml_read;

pub use document::{Document, Format, ManifestFile};
pub use edit::{Edit, New, Segment};
pub use error::{ManifestError, Problem};
pub use node::{Entry, Kind, Node, Position};
pub use render::{to_json_pretty, to_yaml};

#[cfg(test)]
mod tests;
