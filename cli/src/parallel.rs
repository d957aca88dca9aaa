//! The same work on many files, on all cores, with the answers in the order of the files.

use crate::Io;
use rand::rngs::StdRng;
use std::{
    num::NonZero,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Runs `work` on every item. Each item has a generator of its own, so results do not depend on which thread took it.
pub fn in_order<T: Send, R: Send>(
    items: Vec<T>,
    io: &mut Io,
    doing: &'static str,
    work: impl Fn(T, &mut StdRng) -> R + Sync,
) -> Vec<R> {
    let mut jobs: Vec<(T, StdRng)> = items.into_iter().map(|item| (item, io.rng())).collect();
    if jobs.len() == 1 {
        return jobs.drain(..).map(|(item, mut rng)| work(item, &mut rng)).collect();
    }
    let progress = io.progress(doing, jobs.len());
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(jobs.len());
    let slots: Vec<_> = jobs.into_iter().map(|job| (Mutex::new(Some(job)), Mutex::new(None))).collect();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((job, answer)) = slots.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (item, mut rng) =
                        job.lock().expect("no worker panics holding it").take().expect("each index is taken once");
                    *answer.lock().expect("no worker panics holding it") = Some(work(item, &mut rng));
                    progress.step();
                }
            });
        }
    });
    slots.into_iter().map(|(_, answer)| answer.into_inner().expect("no worker panics").expect("every slot was filled")).collect()
}

#[cfg(test)]
mod tests {
    use super::in_order;
    use crate::Io;
    use rand::Rng;

    #[test]
    fn answers_keep_the_order_and_do_not_depend_on_threads() {
        let run = || {
            let (mut io, ..) = Io::scripted(b"", 0, &[]);
            in_order((0..100_u64).collect(), &mut io, "counting", |item, rng| (item, rng.next_u64()))
        };
        let (first, second) = (run(), run());
        assert_eq!(first, second);
        assert!(first.iter().enumerate().all(|(index, (item, _))| index as u64 == *item));
    }
}
