//! How long to wait before the next try: doubling, capped, for ever.

use std::time::Duration;

/// First delay and longest delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Curve {
    first: Duration,
    cap: Duration,
}

impl Curve {
    /// Doubling from the first delay up to the longest.
    pub const fn new(first: Duration, cap: Duration) -> Self {
        Self { first, cap }
    }
}

/// For troubles that pass by themselves. The cap keeps recovery after an outage under half a minute.
pub const SOON: Curve = Curve { first: Duration::from_millis(500), cap: Duration::from_secs(30) };
/// For obstacles that somebody has to move.
pub const SLOW: Curve = Curve { first: Duration::from_secs(10), cap: Duration::from_secs(300) };

/// The delay after `before` failures in a row.
pub fn delay(curve: Curve, before: u32) -> Duration {
    curve.first.saturating_mul(1u32 << before.min(20)).min(curve.cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_cap_and_stay_there_for_ever() {
        let seconds: Vec<u64> = [0, 1, 2, 4, 5, 6, 100, u32::MAX].map(|n| delay(SLOW, n).as_secs()).into();
        assert_eq!(seconds, [10, 20, 40, 160, 300, 300, 300, 300]);
        assert_eq!(delay(SOON, 0), Duration::from_millis(500));
        assert_eq!(delay(SOON, 40), Duration::from_secs(30));
    }
}
