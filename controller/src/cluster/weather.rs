//! Whether the API server is well, as seen from its answers to reads: while it is not, all requests stand back together.
//!
//! Each object backs off by itself, which keeps one bad object from the others; but when the server is what is ill, ten
//! thousand objects backing off by themselves are a flood. Guarantees: only reads count, because a write may fail for its
//! object's sake (a webhook's answer); one good answer ends it.

use crate::queue::{Curve, delay};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Short, so that a server that is well again is used again at once.
const HOLD: Curve = Curve::new(Duration::from_millis(250), Duration::from_secs(5));
/// The longest wait a server may ask for.
const LONGEST: Duration = Duration::from_secs(30);

/// What is known of the server's health.
#[derive(Default)]
pub(super) struct Weather(Mutex<Now>);

#[derive(Default)]
struct Now {
    failures: u32,
    until: Duration,
}

impl Weather {
    fn lock(&self) -> MutexGuard<'_, Now> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a request should wait; none when it may go.
    pub(super) fn hold(&self, now: Duration) -> Option<Duration> {
        self.lock().until.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    /// A read was answered.
    pub(super) fn fair(&self) {
        *self.lock() = Now::default();
    }

    /// The server asked for time.
    pub(super) fn asked(&self, now: Duration, wait: Duration) {
        let mut state = self.lock();
        state.until = state.until.max(now + wait.min(LONGEST));
    }

    /// A read failed for the server's sake. Those that fail together count once.
    pub(super) fn foul(&self, now: Duration, jitter: impl FnOnce(Duration) -> Duration) {
        let mut state = self.lock();
        if state.until <= now {
            state.until = now + jitter(delay(HOLD, state.failures));
            state.failures = state.failures.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn holds_grow_up_to_a_cap_and_one_good_answer_ends_them() {
        let (weather, mut now, mut holds) = (Weather::default(), MS(0), Vec::new());
        for _ in 0..8 {
            // A few requests that were under way fail together.
            (0..4).for_each(|_| weather.foul(now, |wait| wait));
            let hold = weather.hold(now).unwrap_or_default();
            holds.push(hold.as_millis());
            now += hold;
            assert_eq!(weather.hold(now), None);
        }
        assert_eq!(holds, [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
        weather.foul(now, |wait| wait);
        weather.fair();
        assert_eq!(weather.hold(now), None);
        weather.foul(now, |wait| wait);
        assert_eq!(weather.hold(now), Some(MS(250)));
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_up_to_a_limit() {
        let weather = Weather::default();
        weather.asked(MS(1000), MS(3000));
        weather.asked(MS(1000), MS(1000));
        assert_eq!(weather.hold(MS(1500)), Some(MS(2500)));
        weather.asked(MS(1000), Duration::from_secs(3600));
        assert_eq!(weather.hold(MS(1000)), Some(LONGEST));
    }
}
