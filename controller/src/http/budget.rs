//! How much private-key work one request may cost.

use seal_crypto::{Item, Keyring};

use super::answer::Answer;
use crate::pool::Abandoned;

/// Items above which a request is refused unread; a Secret of 1 MiB with more has values of a few bytes.
const MOST_ITEMS: usize = 2_000;
/// Private-key operations of one request: about 10 s of the background slot with 4096-bit keys.
const MOST_OPERATIONS: usize = 2_000;

/// Counts down.
pub(super) struct Budget<'a> {
    left: usize,
    abandoned: &'a Abandoned,
}

/// Why work stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Too much was asked for.
    TooMuch,
    /// Nobody waits for the answer.
    Abandoned,
}

impl<'a> Budget<'a> {
    pub(super) fn new(items: usize, abandoned: &'a Abandoned) -> Result<Self, Stopped> {
        if items > MOST_ITEMS { Err(Stopped::TooMuch) } else { Ok(Self { left: MOST_OPERATIONS, abandoned }) }
    }

    /// Before the work on an item: is there anybody, and is there enough left for the cheapest case?
    pub(super) fn check(&self) -> Result<(), Stopped> {
        if self.abandoned.is_set() {
            return Err(Stopped::Abandoned);
        }
        if self.left == 0 { Err(Stopped::TooMuch) } else { Ok(()) }
    }

    /// After it: what it cost.
    pub(super) fn spend(&mut self, operations: usize) {
        self.left = self.left.saturating_sub(operations);
    }

    /// What an item costs that no key opens.
    pub(super) fn cost_of_failure(keyring: &Keyring, text: &str) -> usize {
        Item::decode(text).map_or(0, |item| keyring.candidates(&item))
    }
}

impl Stopped {
    pub(super) fn answer(self) -> Answer {
        match self {
            Self::TooMuch => {
                Answer::text(http::StatusCode::PAYLOAD_TOO_LARGE, "too many items for one request: split the SealedSecret")
            }
            Self::Abandoned => Answer::text(http::StatusCode::SERVICE_UNAVAILABLE, "abandoned"),
        }
    }
}
