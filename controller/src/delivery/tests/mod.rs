//! What scenarios of every kind stand on: an API server in a map, and a world around it with keys, time and restarts.

pub(crate) mod fake;
pub(crate) mod world;
