//! Rules that matter, as tests. Each failure says which rule, where, and what to do about it.

mod arrows;
mod defects;
mod deploy;
mod files;
mod names;
mod plugins;
mod purity;
mod secrets;
mod tree;
