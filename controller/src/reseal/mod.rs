//! Private-key work that somebody asked for, as opposed to work that an object needs: counted, bounded, given up when
//! nobody waits, and never led by what a caller claims. Shared by the HTTP server and by answers in an object's status.

mod budget;
mod items;

pub use budget::{Budget, Stopped};
pub use items::{Fresh, fresh_items, single};
