//! Requests per second: the generic cell rate algorithm over one shared state. What a caller sends never counts.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// `rate` a second sustained, `burst` more at once.
pub(crate) struct Limit {
    interval: Duration,
    tolerance: Duration,
    /// Theoretical arrival time of the next request.
    next: Mutex<Duration>,
    most: u32,
}

impl Limit {
    pub(crate) fn new(rate: f64, burst: u32) -> Self {
        // At most an hour apart, so that no rate makes a duration that does not exist.
        let interval = Duration::from_secs_f64(1.0 / rate.max(1.0 / 3600.0));
        Self { interval, tolerance: interval.saturating_mul(burst), next: Mutex::default(), most: burst.saturating_add(1) }
    }

    /// Takes a request at this moment, or says after how long to come again.
    pub(crate) fn take(&self, now: Duration) -> Result<(), Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = next.saturating_sub(now);
        if ahead > self.tolerance {
            return Err(ahead - self.tolerance);
        }
        *next = (*next).max(now) + self.interval;
        Ok(())
    }

    /// Requests that fit at once, as upstream's header tells it.
    pub(crate) fn most(&self) -> u32 {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;
    use std::time::Duration;

    #[test]
    fn a_burst_then_the_rate() {
        let limit = Limit::new(2.0, 2);
        let at = Duration::from_millis;
        let taken: Vec<bool> = [0, 0, 0, 0, 499, 500, 501, 1000, 1500, 9000, 9000, 9000, 9000]
            .into_iter()
            .map(|now| limit.take(at(now)).is_ok())
            .collect();
        assert_eq!(taken, [true, true, true, false, false, true, false, true, true, true, true, true, false]);
        assert_eq!(limit.take(at(9_100)), Err(at(400)));
    }
}
