//! Waiting for a server to get there: asks again until an answer comes or a deadline passes. Never a fixed sleep.

use anyhow::{Context, Result, bail};
use std::time::{Duration, Instant};

/// Asks until `ask` gives a value; its last error, if any, is part of the message when time is up.
///
/// # Errors
/// When `deadline` passes first.
pub async fn eventually<T, F: Future<Output = Result<Option<T>>>>(
    what: &str,
    deadline: Duration,
    mut ask: impl FnMut() -> F,
) -> Result<T> {
    let until = Instant::now() + deadline;
    let mut pause = Duration::from_millis(10);
    loop {
        let answer = ask().await;
        match answer {
            Ok(Some(value)) => return Ok(value),
            Err(error) if Instant::now() >= until => {
                return Err(error).with_context(|| format!("{what}: not there after {deadline:?}"));
            }
            Ok(None) if Instant::now() >= until => bail!("{what}: not there after {deadline:?}"),
            Ok(None) | Err(_) => {}
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(250));
    }
}
