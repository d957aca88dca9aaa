//! The controller's settings: upstream's flags and environment names, ours beside them, checked once at the start.
//!
//! Nothing here reads the process environment or a file: [`parse`] is given both. After it a setting cannot be wrong.

mod environment;
mod flags;
mod go_values;
mod namespaces;
mod settings;

pub use environment::Environment;
pub use flags::{Invocation, UsageError, parse};
pub use namespaces::Namespaces;
pub use settings::{
    Config, DriftPolicy, HttpConfig, KeyConfig, KeyMode, KeyOrder, KubeConfig, LeaderConfig, LogConfig, LogLevel, PolicyConfig,
    Profile, Watched,
};

#[cfg(test)]
mod tests;
