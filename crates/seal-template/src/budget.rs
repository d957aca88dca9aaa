//! How much a template may use. What it may not: clocks, randomness, anything outside. Those come with the budget, as parameters.

use crate::error::Problem;
use crate::value::Value;

/// Bounds of one rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the template.
    pub source: usize,
    /// Bytes of the data it is given.
    pub input: usize,
    /// Bytes it may print.
    pub output: usize,
    /// Bytes that its functions may make on the way.
    pub made: usize,
    /// Actions, commands and turns of loops.
    pub steps: u64,
    /// Templates called by templates.
    pub depth: usize,
    /// Work of functions that are slow by nature (keys, password hashes), in milliseconds of an ordinary core.
    pub slow: u32,
}

impl Default for Limits {
    /// Enough for any Secret that an API server takes (1 MiB), and over in well under a second.
    fn default() -> Self {
        Self { source: 1 << 20, input: 4 << 20, output: 2 << 20, made: 32 << 20, steps: 1_000_000, depth: 100, slow: 20_000 }
    }
}

/// The outside world as far as a template gets to see it.
pub trait World {
    /// Seconds and nanoseconds since 1970, for `now`; the same during one rendering.
    fn now(&self) -> (i64, i32);
    /// Random bytes, for functions that make keys and passwords.
    fn random(&mut self, bytes: &mut [u8]);
    /// True when time is up.
    fn is_over(&self) -> bool;
}

/// What is left of the bounds, and the world.
pub struct Budget<'w> {
    limits: Limits,
    steps: u64,
    next_look: u64,
    made: usize,
    slow: u32,
    /// The world.
    pub world: &'w mut dyn World,
}

/// Steps between two looks at the clock.
const LOOK: u64 = 1024;

/// Lists and dicts within one another.
const VALUE_DEPTH: usize = 100;

impl<'w> Budget<'w> {
    /// All of it.
    pub fn new(limits: Limits, world: &'w mut dyn World) -> Self {
        Self { limits, steps: 0, next_look: LOOK, made: 0, slow: 0, world }
    }

    /// One step more.
    pub fn step(&mut self) -> Result<(), Problem> {
        self.steps += 1;
        if self.steps > self.limits.steps {
            return Err(Problem::Limit("steps"));
        }
        if self.steps >= self.next_look {
            self.next_look = self.steps + LOOK;
            if self.world.is_over() {
                return Err(Problem::Limit("time"));
            }
        }
        Ok(())
    }

    /// Looks how deep a value goes before anything follows it down: functions and printing may recurse on what passes here.
    pub fn survey(&mut self, value: &Value) -> Result<(), Problem> {
        if !value.holds_values() {
            return Ok(());
        }
        let mut room = self.limits.made;
        if !value.is_within(VALUE_DEPTH, &mut room) {
            return Err(Problem::Limit("nesting"));
        }
        let seen = (self.limits.made - room) as u64 / 16;
        self.steps += seen / 16;
        self.step()
    }

    /// A function is about to make so many bytes.
    pub fn make(&mut self, bytes: usize) -> Result<(), Problem> {
        self.made = self.made.saturating_add(bytes);
        if self.made > self.limits.made {
            return Err(Problem::Limit("memory"));
        }
        // Work grows with what is made.
        self.steps += bytes as u64 / 256;
        self.step()
    }

    /// A slow function is about to work for about so many milliseconds.
    pub fn work(&mut self, milliseconds: u32) -> Result<(), Problem> {
        self.slow = self.slow.saturating_add(milliseconds);
        if self.slow > self.limits.slow {
            return Err(Problem::Limit("making of keys and hashes"));
        }
        if self.world.is_over() { Err(Problem::Limit("time")) } else { Ok(()) }
    }

    /// The bounds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}
