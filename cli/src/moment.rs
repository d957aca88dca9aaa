//! What templates see of the world on the command line: the time of the run and its randomness. Time is not bounded here, since
//! whoever waits can interrupt; all other bounds are those of the controller.

use crate::Io;
use rand::{Rng, rngs::StdRng};
use seal_template::World;

/// One moment of a run.
pub struct Moment {
    seconds: i64,
    rng: StdRng,
}

impl Moment {
    /// Now.
    pub fn of(io: &mut Io) -> Self {
        Self { seconds: io.now(), rng: io.rng() }
    }
}

impl World for Moment {
    fn now(&self) -> (i64, i32) {
        (self.seconds, 0)
    }

    fn random(&mut self, bytes: &mut [u8]) {
        self.rng.fill_bytes(bytes);
    }

    fn is_over(&self) -> bool {
        false
    }
}
