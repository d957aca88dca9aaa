//! The program from outside: arguments, log, runtime, exit code.

use crate::config::{Config, Environment, Invocation, parse};
use crate::{log, operate};
use seal_api::external_secrets;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

/// Version as `--version` prints it.
pub(crate) const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));
const USAGE: u8 = 2;
const FAILED: u8 = 3;

/// From arguments to exit code: `run` (also without a command, as upstream has it) and `crds [PLURAL]`.
pub fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("crds") => return crds(arguments.get(1).map(String::as_str)),
        Some("run") => drop(arguments.remove(0)),
        _ => {}
    }
    match parse(arguments, &surroundings()) {
        Ok(Invocation::Version) => print(&format!("controller version: {VERSION}\n")),
        Ok(Invocation::Help(text)) => print(&text),
        Ok(Invocation::Run(config)) => start(*config),
        Err(error) => fail(&error.0, USAGE),
    }
}

/// What `deploy/crds` installs as one text, or one definition by its plural name.
fn crds(wanted: Option<&str>) -> ExitCode {
    let (sealed, sops) = (seal_api::sealed_secret::crd_yaml(), seal_api::sops_secret::crd_yaml());
    match wanted {
        None => print(&format!("{sealed}---\n{sops}")),
        Some("sealedsecrets") => print(sealed),
        Some("sopssecrets") => print(sops),
        Some(plural) => match external_secrets::crd::crd_yaml(plural) {
            Some(text) => print(&text),
            None => {
                let known = external_secrets::crd::PLURALS.join(", ");
                fail(&format!("crds knows sealedsecrets, sopssecrets, {known}; without a name it prints the first two"), USAGE)
            }
        },
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    // When not even stderr takes the message there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "seal-controller: error: {message}");
    ExitCode::from(code)
}

fn surroundings() -> Environment {
    Environment {
        variables: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        service_account_namespace: std::fs::read_to_string("/var/run/secrets/kubernetes.io/serviceaccount/namespace").ok(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

fn start(config: Config) -> ExitCode {
    log::start(config.log);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("threads cannot be started: {error}"), FAILED),
    };
    let code = match runtime.block_on(operate::operate(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fail(&message, FAILED),
    };
    // Key making may still hold a thread; nothing it does is needed any more.
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}
