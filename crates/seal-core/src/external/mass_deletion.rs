//! The guard against emptying a cluster: when many targets would lose their data within one interval, the rest is held.
//!
//! A store that lost its data, or a policy that makes it answer 404, looks to each object like one secret that is gone.
//! Only together do they tell.

use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// How much may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Of a hundred targets, this many may lose data within the interval.
    pub percent: u8,
    /// So many may at any rate, however few targets there are.
    pub at_least: usize,
    /// The interval.
    pub within: SignedDuration,
}

impl Default for Limit {
    /// A tenth of the targets, or three, within an hour.
    fn default() -> Self {
        Self { percent: 10, at_least: 3, within: SignedDuration::from_hours(1) }
    }
}

/// What the guard says to one that would lose data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Go,
    /// Hold: so many of so many would.
    Hold {
        /// Targets that lost data or would, within the interval.
        losing: usize,
        /// All targets.
        total: usize,
    },
}

/// Who lost data lately, or would have.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    losing: BTreeMap<String, Timestamp>,
}

impl Guard {
    /// Asks before the target of an object (its uid) loses data. The object counts whatever the answer is.
    pub fn ask(&mut self, uid: &str, total: usize, limit: Limit, now: Timestamp) -> Verdict {
        self.losing.retain(|_, since| now.duration_since(*since) < limit.within && *since <= now);
        self.losing.insert(uid.to_owned(), now);
        let losing = self.losing.len();
        let allowed = limit.at_least.max(total.saturating_mul(usize::from(limit.percent.min(100))) / 100);
        if losing <= allowed { Verdict::Go } else { Verdict::Hold { losing, total } }
    }

    /// The data of an object is there again, or the object is gone.
    pub fn settled(&mut self, uid: &str) {
        self.losing.remove(uid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(guard: &mut Guard, objects: std::ops::Range<usize>, total: usize, second: i64) -> Vec<Verdict> {
        let now = Timestamp::from_second(second).unwrap();
        objects.map(|n| guard.ask(&n.to_string(), total, Limit::default(), now)).collect()
    }

    #[test]
    fn a_few_go_and_many_are_held() {
        let mut guard = Guard::default();
        assert!(ask(&mut guard, 0..10, 100, 0).iter().all(|v| *v == Verdict::Go));
        assert_eq!(ask(&mut guard, 10..11, 100, 1), [Verdict::Hold { losing: 11, total: 100 }]);
        // Asking again counts once; one that came back makes room.
        assert_eq!(ask(&mut guard, 10..11, 100, 2), [Verdict::Hold { losing: 11, total: 100 }]);
        guard.settled("3");
        assert_eq!(ask(&mut guard, 10..11, 100, 3), [Verdict::Go]);
    }

    #[test]
    fn a_small_cluster_is_not_stopped_by_its_own_size() {
        assert!(ask(&mut Guard::default(), 0..3, 4, 0).iter().all(|v| *v == Verdict::Go));
        assert_eq!(ask(&mut Guard::default(), 0..4, 4, 0)[3], Verdict::Hold { losing: 4, total: 4 });
    }

    #[test]
    fn what_lies_longer_back_does_not_count_and_a_clock_that_went_back_does_no_harm() {
        let mut guard = Guard::default();
        ask(&mut guard, 0..10, 100, 0);
        assert_eq!(ask(&mut guard, 20..21, 100, 3600), [Verdict::Go]);
        assert_eq!(ask(&mut guard, 21..22, 100, 10), [Verdict::Go]);
    }
}
