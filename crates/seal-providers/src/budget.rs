//! How many calls a store gets: a bucket of tokens. Nobody waits here; who comes too early is told when to come again.

use std::time::Duration;

/// A bucket that fills steadily.
pub(crate) struct Budget {
    per_second: f64,
    most: f64,
    tokens: f64,
    at: Duration,
}

impl Budget {
    /// `per_second` calls in the long run, a second's worth at once.
    pub(crate) fn new(per_second: u32, now: Duration) -> Self {
        let most = f64::from(per_second.max(1));
        Self { per_second: most, most, tokens: most, at: now }
    }

    /// Takes one call out, or says how long until there is one.
    pub(crate) fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + passed * self.per_second).min(self.most);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - self.tokens) / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use std::time::Duration;

    #[test]
    fn a_second_of_calls_at_once_and_then_one_at_a_time() {
        let mut budget = Budget::new(2, Duration::ZERO);
        assert_eq!(budget.take(Duration::ZERO), Ok(()));
        assert_eq!(budget.take(Duration::ZERO), Ok(()));
        assert_eq!(budget.take(Duration::ZERO), Err(Duration::from_millis(500)));
        assert_eq!(budget.take(Duration::from_millis(500)), Ok(()));
        assert_eq!(budget.take(Duration::from_secs(60)), Ok(()));
        assert_eq!(budget.take(Duration::from_secs(60)), Ok(()));
        assert!(budget.take(Duration::from_secs(60)).is_err(), "an idle minute saves one second's worth");
    }
}
