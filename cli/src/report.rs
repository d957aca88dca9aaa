//! What the user sees of a failure: `seal: error: ...`, `seal: hint: ...`, and the exit code that goes with it.
//!
//! Messages name what failed, where, and what to do next. They never hold a value.

use crate::{Exit, Io};
use anstyle::{AnsiColor, Style};
use std::error::Error;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// A failed run.
#[derive(Debug)]
pub struct CliError {
    /// The code the process ends with.
    pub exit: Exit,
    /// Lower-case fragment: what failed and where. Empty when there is nobody left to tell (a closed pipe).
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl CliError {
    /// Could not look, or failed on the way (exit 3).
    pub fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::FAILED, message: message.into(), hint: None }
    }
    /// The command line makes no sense (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::USAGE, message: message.into(), hint: None }
    }
    /// The answer is no (exit 1).
    pub fn negative(message: impl Into<String>) -> Self {
        Self { exit: Exit::FINDINGS, message: message.into(), hint: None }
    }
    /// Somebody pressed Ctrl-C (exit 130).
    pub fn interrupted() -> Self {
        Self { exit: Exit::INTERRUPTED, message: "interrupted; nothing was changed".to_owned(), hint: None }
    }
    /// An error of a library with its chain of causes, each printed once.
    pub fn from_error(error: &dyn Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        Self::failed(message)
    }
    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// Puts what was being done in front.
    pub fn context(mut self, doing: impl std::fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }
}

impl From<seal_manifest::ManifestError> for CliError {
    fn from(error: seal_manifest::ManifestError) -> Self {
        Self::from_error(&error)
    }
}

/// Prints an error and gives its exit code.
pub fn error(error: &CliError, io: &mut Io) -> Exit {
    if !error.message.is_empty() {
        io.say(format_args!("seal: {ERROR}error:{ERROR:#} {}", error.message));
    }
    if let Some(hint) = &error.hint {
        io.say(format_args!("seal: {HINT}hint:{HINT:#} {hint}"));
    }
    error.exit
}

/// Prints a warning: the run goes on.
pub fn warning(message: impl std::fmt::Display, io: &mut Io) {
    io.say(format_args!("seal: {WARNING}warning:{WARNING:#} {message}"));
}

/// Prints what clap has to say: help and version to standard output, the rest as a usage error.
pub fn parse(error: &clap::Error, io: &mut Io) -> Exit {
    let text = error.render();
    if error.use_stderr() {
        io.say_raw(&text.ansi().to_string());
        return Exit::USAGE;
    }
    match io.print(&text.ansi().to_string()).and_then(|()| io.flush()) {
        Ok(()) => Exit::DONE,
        Err(error) => self::error(&error, io),
    }
}

/// Tells what a change of a SealedSecret did, by item name.
pub fn changes(target: &crate::target::Target, plan: &seal_core::merge::Plan, io: &mut Io) {
    let mut parts = Vec::new();
    for (what, items) in [("sealed", &plan.sealed), ("unchanged", &plan.kept), ("removed", &plan.removed)] {
        if !items.is_empty() {
            parts.push(format!("{what} {}", items.join(", ")));
        }
    }
    let what = if parts.is_empty() { "nothing to change".to_owned() } else { parts.join("; ") };
    io.say(format_args!("{}: {}: {what}", target.path.display(), target.described()));
}

/// `--output`: for people or for scripts.
#[derive(Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputArg {
    /// For people.
    #[default]
    Text,
    /// For scripts.
    Json,
}
