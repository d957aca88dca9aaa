//! The async runtime, started only by commands that need the network: starting it costs more than sealing a Secret.

use crate::report::CliError;
use std::future::Future;

/// Runs one future to its end on this thread.
pub fn block_on<T>(future: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    // A second installation answers with an error, which only says that the first one holds.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start the network runtime: {error}")))?
        .block_on(future)
}
