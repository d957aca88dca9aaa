//! Git over sealed files: what it is told to call, and what it then gets. Files stay sealed in the repository; what is shown or
//! compared in clear lives in memory only.

pub mod attributes;
pub mod conflict;
pub mod install;
pub mod merge;
pub mod program;
pub mod resolve;
pub mod textconv;
