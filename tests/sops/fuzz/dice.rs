//! Chance that can be replayed and made smaller: every draw is noted on a tape, and a tape can be played instead of the generator.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// Draws from a seed or from a tape. Zero is always the simplest choice.
pub(crate) struct Dice {
    rng: Option<StdRng>,
    tape: Vec<u32>,
    at: usize,
}

impl Dice {
    /// New draws.
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self { rng: Some(StdRng::seed_from_u64(seed)), tape: Vec::new(), at: 0 }
    }

    /// The draws of a tape, zeros behind its end.
    pub(crate) fn of_tape(tape: Vec<u32>) -> Self {
        Self { rng: None, tape, at: 0 }
    }

    /// What was drawn.
    pub(crate) fn tape(mut self) -> Vec<u32> {
        self.tape.truncate(self.at);
        self.tape
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if self.at == self.tape.len() {
            let drawn = self.rng.as_mut().map_or(0, Rng::next_u32);
            self.tape.push(drawn);
        }
        self.at += 1;
        // Kept small, so that a smaller number on the tape is a simpler choice.
        let bound = u32::try_from(bound).expect("choices are few");
        self.tape[self.at - 1] %= bound;
        self.tape[self.at - 1] as usize
    }

    /// True once in `n` draws; false is the simpler.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// One of these.
    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// Smaller tapes to try, the most promising first: shorter ones, then ones with a smaller number.
pub(crate) fn smaller(tape: &[u32]) -> Vec<Vec<u32>> {
    let mut tapes = Vec::new();
    let mut size = tape.len() / 2;
    while size > 0 {
        for start in (0..tape.len()).step_by(size) {
            let mut shorter = tape.to_vec();
            shorter.drain(start..(start + size).min(tape.len()));
            tapes.push(shorter);
        }
        size /= 2;
    }
    for at in 0..tape.len() {
        for value in [0, tape[at] / 2, tape[at].saturating_sub(1)] {
            if value < tape[at] {
                let mut lower = tape.to_vec();
                lower[at] = value;
                tapes.push(lower);
            }
        }
    }
    tapes
}
