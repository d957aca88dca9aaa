//! A clock whose hands the test moves.

use seal_providers::Clock;
use std::sync::Mutex;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Hands(Mutex<Duration>);

impl Hands {
    pub(crate) fn forward(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for Hands {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}
