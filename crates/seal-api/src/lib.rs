//! API types of the kinds Seal serves, their CRDs, conditions and reasons.
//!
//! It holds no client, no cryptography and no decision: it reads what the API server sent and writes what it takes.

pub mod condition;
pub mod external_secrets;
pub mod object;
pub mod sealed_secret;
pub mod sops_secret;
mod status;

pub use condition::{Condition, ConditionStatus, ConditionType, Reason};
pub use object::{Meta, Names};
pub use sealed_secret::SealedSecret;
pub use sops_secret::SopsSecret;
pub use status::{SecretRecord, Status};
