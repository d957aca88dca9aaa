//! Outside stores: the same contract for each of them, the real servers, and servers that misbehave.

#![expect(clippy::unwrap_used, reason = "a suite: what is not there fails the test")]

mod auth;
mod contract;
mod counts;
mod faults;
mod hands;
mod vaults;
