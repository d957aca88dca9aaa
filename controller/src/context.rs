//! What every reconciler is given. Nothing in it belongs to one kind.

use crate::ports::{Clock, Crypto, Dice, Keys, Kube, Meter};
use std::sync::Arc;

/// The ports, shared.
#[derive(Clone)]
pub struct Context {
    /// The API server.
    pub kube: Arc<dyn Kube>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub dice: Arc<dyn Dice>,
    /// Sealing keys and the install key.
    pub keys: Arc<dyn Keys>,
    /// Private-key work.
    pub crypto: Arc<dyn Crypto>,
    /// Measurements.
    pub meter: Arc<dyn Meter>,
}
