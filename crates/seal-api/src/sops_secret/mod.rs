//! `sealkit.dev/v1alpha1 SopsSecret`: names, the tolerant view of an object and its CRD.
//!
//! The encrypted Secret is one opaque string: as fields of its own it would come back from the API server in another
//! order, and the SOPS file's MAC covers the order.

mod crd;
mod decode;

pub use crd::crd_yaml;
pub use decode::{SopsSecret, Spec};

use crate::object::Names;

/// The kind's names.
pub const NAMES: Names = Names { api_version: "sealkit.dev/v1alpha1", kind: "SopsSecret", plural: "sopssecrets" };
