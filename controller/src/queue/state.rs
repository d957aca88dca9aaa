//! The queue's rules as a value: what waits, what runs, what is due. Pure; time is a parameter.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Which of the two lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// The initial list and refreshes.
    Backlog,
    /// Somebody changed something and is waiting.
    Edit,
}

#[derive(Clone, Copy)]
struct Waiting {
    lane: Lane,
    since: Duration,
}

#[derive(Clone, Copy, Default)]
struct Running {
    again: Option<Waiting>,
}

/// Keys in two lanes, each at most once; a key is never handed out twice at a time.
pub struct State<K> {
    edit: VecDeque<K>,
    backlog: VecDeque<K>,
    waiting: HashMap<K, Waiting>,
    running: HashMap<K, Running>,
    delayed: BinaryHeap<Reverse<(Duration, u64)>>,
    delayed_keys: HashMap<u64, (K, Lane)>,
    next_due: HashMap<K, (u64, Duration)>,
    serial: u64,
    failures: HashMap<K, u32>,
}

impl<K> Default for State<K> {
    fn default() -> Self {
        Self {
            edit: VecDeque::new(),
            backlog: VecDeque::new(),
            waiting: HashMap::new(),
            running: HashMap::new(),
            delayed: BinaryHeap::new(),
            delayed_keys: HashMap::new(),
            next_due: HashMap::new(),
            serial: 0,
            failures: HashMap::new(),
        }
    }
}

/// A key handed out.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken<K> {
    /// The key.
    pub key: K,
    /// Since when it waited.
    pub since: Duration,
    /// The lane it waited in.
    pub lane: Lane,
}

impl<K: Clone + Eq + Hash> State<K> {
    /// Asks for a look. A key that waits in the backlog moves up; one that runs is looked at again afterwards.
    pub fn add(&mut self, key: K, lane: Lane, now: Duration) {
        if let Some((serial, _)) = self.next_due.remove(&key) {
            self.delayed_keys.remove(&serial);
        }
        if let Some(running) = self.running.get_mut(&key) {
            let again = running.again.get_or_insert(Waiting { lane, since: now });
            again.lane = again.lane.max(lane);
            return;
        }
        match self.waiting.get_mut(&key) {
            Some(waiting) if waiting.lane >= lane => return,
            Some(waiting) => waiting.lane = lane,
            None => drop(self.waiting.insert(key.clone(), Waiting { lane, since: now })),
        }
        match lane {
            Lane::Edit => self.edit.push_back(key),
            Lane::Backlog => self.backlog.push_back(key),
        }
    }

    /// Asks for a look later; an earlier wish stands.
    pub fn add_at(&mut self, key: K, lane: Lane, due: Duration) {
        if self.waiting.contains_key(&key) || self.next_due.get(&key).is_some_and(|(_, earlier)| *earlier <= due) {
            return;
        }
        if let Some((later, _)) = self.next_due.remove(&key) {
            self.delayed_keys.remove(&later);
        }
        self.serial += 1;
        self.delayed.push(Reverse((due, self.serial)));
        self.next_due.insert(key.clone(), (self.serial, due));
        self.delayed_keys.insert(self.serial, (key, lane));
    }

    /// Hands out the next key, edits first.
    pub fn take(&mut self, now: Duration) -> Option<Taken<K>> {
        self.mature(now);
        loop {
            let key = self.edit.pop_front().or_else(|| self.backlog.pop_front())?;
            // A key that moved up leaves its old place behind.
            let Some(Waiting { lane, since }) = self.waiting.remove(&key) else { continue };
            self.running.insert(key.clone(), Running::default());
            return Some(Taken { key, since, lane });
        }
    }

    /// A look has ended.
    pub fn done(&mut self, key: &K) {
        if let Some(Running { again: Some(Waiting { lane, since }) }) = self.running.remove(key) {
            self.add(key.clone(), lane, since);
        }
    }

    /// Counts a failure and says how many there were before it in a row.
    pub fn failed(&mut self, key: &K) -> u32 {
        let count = self.failures.entry(key.clone()).or_insert(0);
        let before = *count;
        *count = count.saturating_add(1);
        before
    }

    /// Forgets failures.
    pub fn succeeded(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// When the next delayed key is due.
    pub fn next_due(&self) -> Option<Duration> {
        self.delayed.peek().map(|Reverse((due, _))| *due)
    }

    /// Keys waiting for a worker.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// True when no key waits for a worker.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// True when nothing waits, runs or is delayed.
    pub fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    fn mature(&mut self, now: Duration) {
        while let Some(Reverse((due, serial))) = self.delayed.peek().copied() {
            if due > now {
                return;
            }
            self.delayed.pop();
            if let Some((key, lane)) = self.delayed_keys.remove(&serial) {
                self.next_due.remove(&key);
                self.add(key, lane, due);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: fn(u64) -> Duration = Duration::from_secs;

    fn order(state: &mut State<&'static str>, now: Duration) -> Vec<&'static str> {
        std::iter::from_fn(|| state.take(now).map(|taken| taken.key)).collect()
    }

    #[test]
    fn edits_go_before_the_backlog_and_each_key_once() {
        let mut state = State::default();
        for (key, lane) in [
            ("a", Lane::Backlog),
            ("b", Lane::Backlog),
            ("c", Lane::Edit),
            ("b", Lane::Edit),
            ("a", Lane::Backlog),
            ("c", Lane::Backlog),
        ] {
            state.add(key, lane, T(0));
        }
        assert_eq!(order(&mut state, T(1)), ["c", "b", "a"]);
    }

    #[test]
    fn a_key_that_runs_is_not_handed_out_again_until_it_is_done() {
        let mut state = State::default();
        state.add("a", Lane::Edit, T(0));
        assert!(state.take(T(0)).is_some());
        state.add("a", Lane::Backlog, T(1));
        state.add("a", Lane::Edit, T(2));
        assert_eq!(state.take(T(3)), None);
        state.done(&"a");
        assert_eq!(state.take(T(3)), Some(Taken { key: "a", since: T(1), lane: Lane::Edit }));
        state.done(&"a");
        assert_eq!(state.take(T(4)), None);
        assert!(state.is_idle());
    }

    #[test]
    fn a_delayed_key_comes_when_due_and_an_edit_meanwhile_replaces_the_delay() {
        let mut state = State::default();
        state.add_at("late", Lane::Backlog, T(30));
        state.add_at("late", Lane::Backlog, T(10));
        state.add_at("late", Lane::Backlog, T(20));
        state.add_at("edited", Lane::Backlog, T(10));
        state.add("edited", Lane::Edit, T(1));
        assert_eq!(order(&mut state, T(2)), ["edited"]);
        state.done(&"edited");
        assert_eq!(state.next_due(), Some(T(10)));
        assert_eq!(order(&mut state, T(10)), ["late"]);
        state.done(&"late");
        assert_eq!(order(&mut state, T(40)), Vec::<&str>::new());
    }

    #[test]
    fn failures_are_counted_until_success() {
        let mut state = State::default();
        assert_eq!([state.failed(&"a"), state.failed(&"a"), state.failed(&"a")], [0, 1, 2]);
        state.succeeded(&"a");
        assert_eq!(state.failed(&"a"), 0);
    }
}
