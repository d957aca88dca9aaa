//! `bitnami.com/v1alpha1 SealedSecret`: names, the tolerant view of an object, its status and its CRD.

mod crd;
mod decode;
mod rotation;

pub use crd::crd_yaml;
pub use decode::{SealedSecret, Spec, Template};
pub use rotation::{ROTATE_REQUEST, Rotation};

use crate::object::Names;

/// API group.
pub const GROUP: &str = "bitnami.com";
/// API version.
pub const VERSION: &str = "v1alpha1";
/// `apiVersion` of an object.
pub const API_VERSION: &str = "bitnami.com/v1alpha1";
/// `kind` of an object.
pub const KIND: &str = "SealedSecret";
/// The resource's name in URLs.
pub const PLURAL: &str = "sealedsecrets";
/// The three together.
pub const NAMES: Names = Names { api_version: API_VERSION, kind: KIND, plural: PLURAL };

/// On the SealedSecret: any namespace, any name.
pub const CLUSTER_WIDE: &str = "sealedsecrets.bitnami.com/cluster-wide";
/// On the SealedSecret: any name in its namespace.
pub const NAMESPACE_WIDE: &str = "sealedsecrets.bitnami.com/namespace-wide";
/// On an existing Secret: the controller may take it over.
pub const MANAGED: &str = "sealedsecrets.bitnami.com/managed";
/// On an existing Secret: the controller may merge into it.
pub const PATCH: &str = "sealedsecrets.bitnami.com/patch";
/// In the template: no owner reference on the Secret.
pub const SKIP_OWNER: &str = "sealedsecrets.bitnami.com/skip-set-owner-references";
/// Label of a Secret that holds a sealing key.
pub const KEY_LABEL: &str = "sealedsecrets.bitnami.com/sealed-secrets-key";
