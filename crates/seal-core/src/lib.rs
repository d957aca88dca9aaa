//! Use-cases joining formats and cryptography: seal, open, rotate. Both programs call these; neither decides anew.
//!
//! It reads no clock, file, network or randomness of its own. What `open` opens was authenticated by the ciphertext's label and
//! nothing else; templates come after it, in `render`, and only where a Secret is made.

pub mod bundle;
pub mod claim;
pub mod external;
pub mod keyfile;
pub mod merge;
pub mod open;
pub mod render;
pub mod retire;
pub mod rotate;
pub mod seal;
pub mod seal_to;
pub mod sealed;
pub mod secret;
pub mod verify;

/// Annotation that makes a SealedSecret (and what is sealed for it) namespace-wide when exactly `true`.
pub const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";
/// Annotation that makes a SealedSecret cluster-wide when exactly `true`; wins over [`NAMESPACE_WIDE`].
pub const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";

use seal_crypto::Scope;
use serde_json::{Map, Value};

/// The scope that annotations of an object's own metadata ask for.
pub fn scope_of(metadata: &Map<String, Value>) -> Scope {
    let annotated = |name| metadata.get("annotations").and_then(|a| a.get(name)).and_then(Value::as_str) == Some("true");
    if annotated(CLUSTER_WIDE) {
        Scope::ClusterWide
    } else if annotated(NAMESPACE_WIDE) {
        Scope::NamespaceWide
    } else {
        Scope::Strict
    }
}
