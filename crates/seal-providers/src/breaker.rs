//! Leaves a store alone that fails again and again: after a few failures in a row, one call a pause, with longer pauses.

use crate::error::{Outage, StoreError};
use std::time::Duration;

const FAILURES: u32 = 5;
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Counts outages in a row.
#[derive(Default)]
pub(crate) struct Breaker {
    failures: u32,
    closed_until: Duration,
    throttled_until: Duration,
}

impl Breaker {
    /// Whether the store may be asked now. Whoever gets leave after a pause is the one who tries.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<(), StoreError> {
        if now < self.throttled_until {
            return Err(StoreError::Throttled { retry_after: Some(self.throttled_until - now) });
        }
        if now < self.closed_until {
            return Err(StoreError::Unavailable(Outage::Open));
        }
        if self.failures >= FAILURES {
            self.closed_until = now + self.pause();
        }
        Ok(())
    }

    /// Learns from an outcome. An answer that says no is an answer.
    pub(crate) fn saw(&mut self, error: Option<&StoreError>, now: Duration) {
        match error {
            Some(StoreError::Unavailable(Outage::Open)) => {}
            Some(StoreError::Unavailable(_)) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FAILURES {
                    self.closed_until = now + self.pause();
                }
            }
            Some(StoreError::Throttled { retry_after }) => {
                self.throttled_until = now + retry_after.unwrap_or(FIRST).min(LONGEST);
            }
            _ => (self.failures, self.closed_until) = (0, Duration::ZERO),
        }
    }

    fn pause(&self) -> Duration {
        let doublings = self.failures.saturating_sub(FAILURES).min(6);
        (FIRST * 2_u32.pow(doublings)).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, FAILURES, LONGEST};
    use crate::error::{Operation, Outage, StoreError};
    use std::time::Duration;

    const DOWN: StoreError = StoreError::Unavailable(Outage::Sealed);

    #[test]
    fn a_store_that_is_down_is_asked_once_a_pause_until_it_answers() {
        let mut breaker = Breaker::default();
        let mut now = Duration::ZERO;
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.saw(Some(&DOWN), now);
        }
        assert_eq!(breaker.admit(now), Err(StoreError::Unavailable(Outage::Open)));
        let mut asked = 0;
        for _ in 0..3600 {
            now += Duration::from_secs(1);
            if breaker.admit(now).is_ok() {
                asked += 1;
                assert!(breaker.admit(now).is_err(), "one tries, the others wait");
                breaker.saw(Some(&DOWN), now);
            }
        }
        assert!((55..80).contains(&asked), "{asked} calls in an hour of outage");
        now += LONGEST;
        assert_eq!(breaker.admit(now), Ok(()));
        breaker.saw(Some(&StoreError::Denied(Operation::Read)), now);
        assert_eq!(breaker.admit(now), Ok(()), "a refusal is an answer");
    }

    #[test]
    fn a_store_that_names_a_time_is_left_alone_until_then() {
        let mut breaker = Breaker::default();
        breaker.saw(Some(&StoreError::Throttled { retry_after: Some(Duration::from_secs(7)) }), Duration::ZERO);
        let left = StoreError::Throttled { retry_after: Some(Duration::from_secs(3)) };
        assert_eq!(breaker.admit(Duration::from_secs(4)), Err(left));
        assert_eq!(breaker.admit(Duration::from_secs(7)), Ok(()));
    }
}
