//! Outside stores: the same contract for each of them, the real servers, and servers that misbehave.

mod auth;
mod contract;
mod counts;
mod faults;
mod hands;
mod vaults;
