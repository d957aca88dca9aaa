//! What a running process cost so far, from `/proc`, and what the API server was asked.

use std::time::Duration;

use anyhow::{Context, Result};
use kube::Client;

/// CPU time of a process (user and system).
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').context("a stat line")?.1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    // USER_HZ is 100 on every Linux that Rust supports.
    Ok(Duration::from_millis(ticks * 10))
}

/// Peak resident memory in MiB.
pub(crate) fn peak_mib(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).context("VmHWM")?;
    Ok(line.split_whitespace().nth(1).context("a number")?.parse::<f64>()? / 1024.0)
}

/// Requests the API server has counted so far: writes to the kinds a controller writes (Leases apart), Lease writes, everything.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requests {
    /// Writes other than to Leases.
    pub(crate) writes: f64,
    /// Writes to Leases.
    pub(crate) leases: f64,
    /// All requests.
    pub(crate) all: f64,
}

/// Reads the API server's own counters.
pub(crate) async fn requests(client: &Client) -> Result<Requests> {
    let request = http::Request::get("/metrics").body(Vec::new())?;
    let text = client.request_text(request).await?;
    let mut total = Requests::default();
    for line in text.lines().filter(|line| line.starts_with("apiserver_request_total{")) {
        let Some(value) = line.rsplit_once(' ').and_then(|(_, value)| value.parse::<f64>().ok()) else { continue };
        total.all += value;
        let has = |text: &str| line.contains(text);
        let write = ["POST", "PUT", "PATCH", "APPLY", "DELETE"].iter().any(|verb| has(&format!("verb=\"{verb}\"")));
        let kinds = ["secrets", "sealedsecrets", "sopssecrets", "events", "configmaps"];
        if write && has("resource=\"leases\"") {
            total.leases += value;
        } else if write && kinds.iter().any(|kind| has(&format!("resource=\"{kind}\""))) {
            total.writes += value;
        }
    }
    Ok(total)
}

impl std::ops::Sub for Requests {
    type Output = Self;
    fn sub(self, before: Self) -> Self {
        Self { writes: self.writes - before.writes, leases: self.leases - before.leases, all: self.all - before.all }
    }
}
