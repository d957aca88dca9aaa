//! Random documents in every store, sealed, opened and edited by both programs by turns. A case that fails is made smaller and printed
//! with its seed.

mod case;
mod check;
mod dice;
mod document;
mod write;

use crate::pair::{ALICE, BOB, Pair};
use case::Case;
use check::{Tally, check};
use dice::Dice;
use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

/// Cases in an ordinary run.
const CASES: u64 = 300;
/// The first seed of an ordinary run.
const SEED: u64 = 1;
/// Smaller versions of a failing case that are tried.
const TRIES: usize = 80;
/// After so many failures the rest is no news.
const ENOUGH: usize = 4;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn pair() -> Option<Pair> {
    Pair::new().map(|pair| pair.env("SOPS_AGE_KEY", &format!("{ALICE}\n{BOB}")))
}

#[test]
fn fuzz() {
    if pair().is_none() {
        return;
    }
    let (first, cases) = (number("SEAL_SOPS_SEED", SEED), number("SEAL_SOPS_FUZZ", CASES));
    let next = AtomicU64::new(first);
    let (tally, failures) = (Mutex::new(Tally::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let pair = pair().expect("was there before");
                let mut seen = Tally::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + cases || failures.lock().expect("no panic").len() >= ENOUGH {
                        break;
                    }
                    let mut dice = Dice::of_seed(seed);
                    if let Err(why) = check(&pair, &Case::draw(&mut dice), &mut seen) {
                        let report = report(&pair, seed, dice.tape(), why);
                        failures.lock().expect("no panic").push(report);
                    }
                }
                let mut tally = tally.lock().expect("no panic");
                seen.into_iter().for_each(|(what, many)| *tally.entry(what).or_default() += many);
            });
        }
    });
    for (what, many) in tally.into_inner().expect("no panic") {
        println!("{many:6} {what}");
    }
    let failures = failures.into_inner().expect("no panic");
    assert!(failures.is_empty(), "{} cases differ\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The smallest version of a failing case that still fails.
fn report(pair: &Pair, seed: u64, mut tape: Vec<u32>, mut why: String) -> String {
    let mut tries = TRIES;
    'smaller: loop {
        for candidate in dice::smaller(&tape) {
            if tries == 0 {
                break 'smaller;
            }
            tries -= 1;
            let mut dice = Dice::of_tape(candidate);
            if let Err(still) = check(pair, &Case::draw(&mut dice), &mut Tally::new()) {
                let shorter = dice.tape();
                if shorter.len() > tape.len() || shorter == tape {
                    continue;
                }
                (tape, why) = (shorter, still);
                continue 'smaller;
            }
        }
        break;
    }
    let case = Case::draw(&mut Dice::of_tape(tape));
    format!(
        "seed {seed} (SEAL_SOPS_SEED={seed} SEAL_SOPS_FUZZ=1 cargo test -p seal-tests --test sops fuzz)\n{why}\n--- rules\n{}--- {} in clear\n{}\n--- edit {:?}, {:?}",
        case.rules,
        case.store,
        String::from_utf8_lossy(&case.clear),
        case.edit,
        case.tamper
    )
}
