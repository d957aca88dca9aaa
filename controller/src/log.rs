//! The log, and what a panic may say: where, never what.

use crate::config::{LogConfig, LogLevel};
use std::io;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

/// Starts logging; a second call in one process changes nothing.
pub fn start(config: LogConfig) {
    let level = match config.level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let writer = Streams { info_to_stdout: config.info_to_stdout };
    let builder = tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(writer);
    let started = if config.json { builder.json().try_init() } else { builder.try_init() };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "panic");
        }));
    }
}

struct Streams {
    info_to_stdout: bool,
}

impl<'a> MakeWriter<'a> for Streams {
    type Writer = Box<dyn io::Write>;

    fn make_writer(&'a self) -> Self::Writer {
        Box::new(io::stderr())
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Self::Writer {
        match self.info_to_stdout && *meta.level() >= Level::INFO {
            true => Box::new(io::stdout()),
            false => Box::new(io::stderr()),
        }
    }
}
