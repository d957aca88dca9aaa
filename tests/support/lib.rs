//! What the suites stand on: a real control plane, our controller and its peers as processes, waiting without sleeping.

mod eventually;

pub mod age_key;
pub mod controller;
pub mod http_script;
pub mod key_secret;
pub mod kubeconfig;
pub mod lab;
pub mod manifests;
pub mod openbao;
pub mod overlay;
pub mod peers;
pub mod plane;
pub mod process;
pub mod proxy;
pub mod python;
pub mod rbac;
pub mod sealed;
pub mod service;
pub mod sops_secret;
pub mod tools;
pub mod upstream;

pub use age_key::AgeKey;
pub use controller::{Controller, Options};
pub use eventually::eventually;
pub use http_script::HttpScript;
pub use openbao::OpenBao;
pub use overlay::Overlay;
pub use plane::ControlPlane;
pub use proxy::{Fault, Proxy};
pub use sealed::Sealed;
