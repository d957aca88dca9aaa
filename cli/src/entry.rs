//! From an argument vector to an exit code: picks the alias by the program's own name, parses, runs, reports.

use crate::{Exit, Io, args, kubeseal, report, sopsalias};
use clap::Parser;
use std::{ffi::OsString, path::Path, process::ExitCode};

/// Runs with the process's own arguments and streams.
pub fn main() -> ExitCode {
    let mut io = Io::process();
    run(std::env::args_os().collect(), &mut io).into()
}

/// Runs one command line, argument 0 included. Nothing outside `io` is read or written, so tests call this in-process.
pub fn run(argv: Vec<OsString>, io: &mut Io) -> Exit {
    if called_as(&argv, "kubeseal") {
        return kubeseal::run(argv.into_iter().skip(1).collect(), io);
    }
    if called_as(&argv, "sops") {
        return sopsalias::run(argv.into_iter().skip(1).collect(), io);
    }
    let cli = match args::Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) => return report::parse(&error, io),
    };
    match cli.command.run(io).and_then(|exit| io.flush().map(|()| exit)) {
        Ok(exit) => exit,
        Err(error) => report::error(&error, io),
    }
}

/// True when the program was started under this name (a link or a copy, `.exe` or not).
fn called_as(argv: &[OsString], name: &str) -> bool {
    argv.first().and_then(|arg0| Path::new(arg0).file_stem()).is_some_and(|stem| stem == name)
}

#[cfg(test)]
mod tests {
    use super::called_as;

    #[test]
    fn the_alias_is_chosen_by_the_programs_file_name_alone() {
        for (arg0, expected) in
            [("kubeseal", true), ("/usr/bin/kubeseal", true), ("kubeseal.exe", true), ("seal", false), ("/kubeseal/seal", false)]
        {
            assert_eq!(called_as(&[arg0.into()], "kubeseal"), expected, "{arg0}");
        }
        assert!(!called_as(&[], "kubeseal"));
    }
}
