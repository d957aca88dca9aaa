//! Child processes that cannot outlive the test process, whatever ends it. Nothing is ever stopped by name.

use anyhow::{Context, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The guard: a shell whose standard input is a pipe held by this process. The kernel closes the pipe when this process
/// ends, even by SIGKILL, and the shell then kills its one child. `$1` is where the child's id goes.
const GUARD: &str = r#"
exec 3<&0
pidfile=$1; shift
"$@" </dev/null 3<&- &
child=$!
echo "$child" >"$pidfile.part" && mv "$pidfile.part" "$pidfile"
{ read -r _ <&3; kill -9 "$child" 2>/dev/null; } &
guard=$!
wait "$child"; code=$?
kill "$guard" 2>/dev/null
exit "$code"
"#;

/// A running program, its log and its guard.
pub struct Process {
    name: String,
    guard: Child,
    pid: u32,
    log: PathBuf,
}

impl Process {
    /// Starts `command` (program, arguments, environment) with both output streams appended to `log`.
    ///
    /// # Errors
    /// When the shell or the log file cannot be had, or the child did not report its id within five seconds.
    pub fn start(name: &str, command: &Command, log: &Path) -> Result<Self> {
        let out =
            File::options().create(true).append(true).open(log).with_context(|| format!("cannot write {}", log.display()))?;
        let pidfile = log.with_extension(format!("{}.pid", unique()));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(GUARD).arg("guard").arg(&pidfile).arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        let guard = shell
            .stdin(Stdio::piped())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let pid = wait_for_pid(&pidfile).with_context(|| format!("{name} did not start, see {}", log.display()))?;
        Ok(Self { name: name.to_owned(), guard, pid, log: log.to_owned() })
    }

    /// The program's own process id (not the guard's).
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Everything written to its output so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// True while it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.guard.try_wait(), Ok(None))
    }

    /// SIGTERM, then waits at most `patience` for it to end by itself.
    ///
    /// # Errors
    /// When it is still running after that; it is killed then.
    pub fn stop(mut self, patience: Duration) -> Result<ExitStatus> {
        self.signal("TERM")?;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.guard.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("{} still ran {patience:?} after SIGTERM; its log ends:\n{}", self.name, self.tail(20))
    }

    /// SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// When it had ended already.
    pub fn kill(mut self) -> Result<()> {
        self.signal("KILL")?;
        self.guard.wait()?;
        Ok(())
    }

    /// Sends a signal by name (`TERM`, `KILL`, `USR1`).
    ///
    /// # Errors
    /// When the process has ended.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let status = Command::new("kill").arg(format!("-{signal}")).arg(self.pid.to_string()).stderr(Stdio::null()).status()?;
        anyhow::ensure!(status.success(), "{} is not running any more; its log ends:\n{}", self.name, self.tail(20));
        Ok(())
    }

    /// The last lines of its log.
    pub fn tail(&self, lines: usize) -> String {
        let log = self.log();
        let all: Vec<&str> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for Process {
    /// Closing the pipe ends the child; waiting leaves no zombie.
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

fn wait_for_pid(pidfile: &Path) -> Result<u32> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        if let Ok(text) = std::fs::read_to_string(pidfile) {
            let _ = std::fs::remove_file(pidfile);
            return Ok(text.trim().parse()?);
        }
        anyhow::ensure!(Instant::now() < deadline, "no process id after five seconds");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A number no other call in this process gets.
pub(crate) fn unique() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
