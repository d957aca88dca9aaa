//! A network of our own for suites that run servers: no port clashes, nothing listens where others can reach it.
//!
//! The API server refuses to proxy to loopback, and kubeseal only ever speaks through that proxy. So the suite runs
//! in a network namespace whose loopback device also carries `10.244.0.0/24`, the addresses its "Pods" have.

use anyhow::{Result, bail};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

const INSIDE: &str = "SEAL_TESTS_LAB";
const SETUP: &str = "ip link set lo up && ip addr add 10.244.0.1/24 dev lo && exec \"$@\"";

/// True when this process already runs in the lab.
pub fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Replaces this process by itself inside the lab; returns at once when it is there already.
///
/// # Errors
/// When the machine lets us make no network namespace, neither as root nor by user namespaces nor with sudo.
pub fn enter() -> Result<()> {
    if inside() {
        return Ok(());
    }
    let ways: [&[&str]; 3] =
        [&["unshare", "-n", "-m"], &["unshare", "-r", "-n", "-m"], &["sudo", "-n", "-E", "unshare", "-n", "-m"]];
    for way in ways {
        if !works(way) {
            continue;
        }
        let mut command = Command::new(way[0]);
        command.args(&way[1..]).args(["sh", "-c", SETUP, "lab"]).arg(std::env::current_exe()?).args(std::env::args_os().skip(1));
        return Err(command.env(INSIDE, "1").exec().into());
    }
    bail!(
        "cannot make a network namespace (tried unshare as this user, with a user namespace and with sudo; `ip` and `unshare` are needed)"
    )
}

fn works(way: &[&str]) -> bool {
    let mut probe = Command::new(way[0]);
    probe.args(&way[1..]).args(["sh", "-c", SETUP, "lab", "true"]);
    probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// What a suite does that cannot run here: say so loudly, and fail where `CI=true`.
pub fn cannot_run(suite: &str, why: &anyhow::Error) -> std::process::ExitCode {
    eprintln!("\n*** the {suite} suite did NOT run: {why:#}\n");
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    std::process::ExitCode::from(u8::from(ci))
}
