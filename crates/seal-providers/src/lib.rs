//! Outside stores of secrets: one port, one module for each store, and a reader that asks them as rarely as it can.
//!
//! It decides nothing about Kubernetes objects and writes no Secret. A store's answer is hostile: it is bounded, and its
//! texts never become part of an error.

mod breaker;
mod budget;
mod clock;
mod error;
pub mod fake;
mod port;
mod property;
mod reader;
#[cfg(feature = "vault")]
pub mod vault;

pub use clock::{Clock, SystemClock};
pub use error::{Absent, Operation, Outage, StoreError};
pub use port::{Answer, Capabilities, Find, Push, Pushed, Reference, Shape, Store, Version};
pub use reader::{Limits, Read, Reader};
