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

/// Peak resident size in KiB of one run of a command. The system counts whoever starts a process into its peak, and all children
/// of one parent together, so a small process of its own starts this one: see [`answer_for_peak`].
#[allow(dead_code, reason = "each bench includes this file and uses what it needs")]
pub(crate) fn peak_kib(command: &Command) -> i64 {
    let mut launcher = Command::new(std::env::current_exe().expect("a bench has a path"));
    launcher.arg(LAUNCHER).arg(command.get_program()).args(command.get_args());
    launcher.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        launcher.current_dir(folder);
    }
    let output = launcher.output().expect("a bench can run itself");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("the launcher answers with a number")
}

const LAUNCHER: &str = "--peak-of";

/// The other side of [`peak_kib`]: when this process is the launcher, runs the command, prints its peak and ends.
#[allow(dead_code, reason = "each bench includes this file and uses what it needs")]
pub(crate) fn answer_for_peak() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != LAUNCHER) {
        return;
    }
    let program = arguments.next().expect("a program to run");
    run(Command::new(program).args(arguments));
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage has no failing arguments here").max_rss());
    std::process::exit(0);
}

/// The program as it is shipped: its own package alone, linked in its own order. The shim of the tests' package is another build.
#[allow(dead_code, reason = "each bench includes this file and uses what it needs")]
pub(crate) fn seal() -> std::path::PathBuf {
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--release", "--locked", "-p", "seal-cli"]).status();
    assert!(built.is_ok_and(|status| status.success()), "seal builds");
    std::path::Path::new(env!("CARGO_BIN_EXE_seal-under-test")).with_file_name("seal")
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
