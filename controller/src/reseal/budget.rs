//! How much private-key work one request may cost.

use seal_crypto::{Item, Keyring};

use crate::pool::Abandoned;

/// Items above which a request is refused unread; a Secret of 1 MiB with more has values of a few bytes.
const MOST_ITEMS: usize = 2_000;
/// Private-key operations of one request: about 10 s of the background slot with 4096-bit keys.
const MOST_OPERATIONS: usize = 2_000;

/// Counts what a request costs.
pub struct Budget<'a> {
    spent: usize,
    abandoned: &'a Abandoned,
}

/// Why work stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Too much was asked for.
    TooMuch,
    /// Nobody waits for the answer.
    Abandoned,
}

impl<'a> Budget<'a> {
    /// For a request of so many items.
    pub fn new(items: usize, abandoned: &'a Abandoned) -> Result<Self, Stopped> {
        if items > MOST_ITEMS { Err(Stopped::TooMuch) } else { Ok(Self { spent: 0, abandoned }) }
    }

    /// Before the work on an item: is there anybody, and is there enough left for the cheapest case?
    pub fn check(&self) -> Result<(), Stopped> {
        if self.abandoned.is_set() {
            return Err(Stopped::Abandoned);
        }
        if self.spent >= MOST_OPERATIONS { Err(Stopped::TooMuch) } else { Ok(()) }
    }

    /// After it: what it cost.
    pub fn spend(&mut self, operations: usize) {
        self.spent = self.spent.saturating_add(operations);
    }

    /// Operations spent so far; what an item cost beyond the end counts too.
    pub fn spent(&self) -> usize {
        self.spent
    }

    /// What an item costs that no key opens.
    pub fn cost_of_failure(keyring: &Keyring, text: &str) -> usize {
        Item::decode(text).map_or(0, |item| keyring.candidates(&item))
    }
}
