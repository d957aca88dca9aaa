//! One line on a terminal for work that takes longer than a second. It is wiped when the work ends.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long work may take before anything is said.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time between two drawings.
const PACE: Duration = Duration::from_millis(100);
/// Cells of the bar.
const WIDTH: usize = 30;

/// Counts what is done, from any thread; see [`crate::Io::progress`].
pub struct Progress {
    doing: &'static str,
    total: usize,
    done: AtomicUsize,
    started: Instant,
    shown: bool,
    /// When the line was drawn last; `None` before the first time.
    drawn: Mutex<Option<Instant>>,
}

impl Progress {
    /// Nothing is shown unless `shown`: standard error is a terminal.
    pub fn new(doing: &'static str, total: usize, shown: bool) -> Self {
        Self { doing, total, done: AtomicUsize::new(0), started: Instant::now(), shown, drawn: Mutex::new(None) }
    }

    /// One more is done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.shown || self.started.elapsed() < PATIENCE {
            return;
        }
        let Ok(mut drawn) = self.drawn.try_lock() else { return };
        if drawn.is_none_or(|at| at.elapsed() >= PACE) {
            *drawn = Some(Instant::now());
            show(&format!("\r{}", line(self.doing, done, self.total)));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.get_mut().is_ok_and(|drawn| drawn.is_some()) {
            show("\r\x1b[K");
        }
    }
}

/// A terminal that cannot be written to is no reason to fail.
fn show(text: &str) {
    let mut terminal = std::io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
}

fn line(doing: &str, done: usize, total: usize) -> String {
    let filled = (done * WIDTH).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    format!("{doing} [{}{}] {done}/{total}", "=".repeat(filled), " ".repeat(WIDTH - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fills_up() {
        assert_eq!(line("sealing", 0, 4), format!("sealing [{}] 0/4", " ".repeat(30)));
        assert_eq!(line("sealing", 2, 4), format!("sealing [{}{}] 2/4", "=".repeat(15), " ".repeat(15)));
        assert_eq!(line("sealing", 4, 4), format!("sealing [{}] 4/4", "=".repeat(30)));
        assert_eq!(line("sealing", 0, 0), format!("sealing [{}] 0/0", "=".repeat(30)));
    }

    #[test]
    fn steps_are_counted_from_all_threads_and_nothing_is_drawn_in_the_first_second() {
        let progress = Progress::new("sealing", 20, true);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..10).for_each(|_| progress.step()));
            }
        });
        assert_eq!(progress.done.load(Ordering::Relaxed), 20);
        assert!(progress.drawn.lock().unwrap().is_none());
    }
}
