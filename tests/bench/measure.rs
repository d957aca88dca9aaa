//! How the benches measure: CPU and peak memory as the operating system accounts them, runs of two sides by turns, medians and ratios.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use nix::sys::resource::{UsageWho, getrusage};

/// CPU time (user and system) of this process so far.
#[allow(dead_code, reason = "each bench includes this file and uses what it needs")]
pub(crate) fn own_cpu() -> Duration {
    cpu(UsageWho::RUSAGE_SELF)
}

fn cpu(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("getrusage has no failing arguments here");
    let part = |time: nix::sys::time::TimeVal| Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000);
    part(usage.user_time()) + part(usage.system_time())
}

/// Peak resident size in KiB of the largest child waited for so far. Measure the smaller side first.
#[allow(dead_code, reason = "each bench includes this file and uses what it needs")]
pub(crate) fn largest_child_kib() -> i64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage has no failing arguments here").max_rss()
}

/// One run of a command to its end: wall time and CPU time. Fails loudly when the command fails.
#[allow(dead_code, reason = "each bench includes this file and uses what it needs")]
pub(crate) fn run(command: &mut Command) -> (Duration, Duration) {
    let before = cpu(UsageWho::RUSAGE_CHILDREN);
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status().expect("the command starts");
    let wall = start.elapsed();
    assert!(status.success(), "{command:?} failed with {status}");
    (wall, cpu(UsageWho::RUSAGE_CHILDREN) - before)
}

/// Median of durations.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Prints one comparison: medians of both sides and the median of the paired ratios theirs / ours.
pub(crate) fn compare(what: &str, ours: Vec<Duration>, theirs: Vec<Duration>) {
    let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| b.as_secs_f64() / a.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let (low, middle, high) = (ratios[0], ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
    println!(
        "{what}: ours {:.2} ms, upstream {:.2} ms, ratio {middle:.1} ({low:.1} to {high:.1}, {} pairs)",
        median(ours).as_secs_f64() * 1e3,
        median(theirs).as_secs_f64() * 1e3,
        ratios.len()
    );
}
