//! SOPS files held against the real sops 3.13.3, both ways: what one writes the other must read.

mod library;
mod pair;
mod selectors;
mod stores;
