//! From the argument vector to the mode that was asked for, and from its result to exit code and message.

use super::{
    flag_table::usage,
    flags::{FlagError, Flags},
    merge, raw, recover, reencrypt, seal,
    session::Session,
};
use crate::{Exit, Io, cluster::NO_SERVICE, report::CliError};
use std::ffi::OsString;

/// What `--version` says: the release whose behaviour this is, and ours.
const VERSION: &str = concat!("v0.40.0+seal.", env!("CARGO_PKG_VERSION"));

/// Runs kubeseal's command line, program name excluded.
pub fn run(args: Vec<OsString>, io: &mut Io) -> Exit {
    let args: Vec<String> = args.into_iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let environment = io.environment().clone();
    match Flags::parse(&args, |name| environment.get(name).cloned()) {
        Ok(flags) => match dispatch(flags, io).and_then(|()| io.flush()) {
            Ok(()) => Exit(0),
            Err(error) => tell(&error, io),
        },
        Err(FlagError::Help) => match io.print(&usage("kubeseal")).and_then(|()| io.flush()) {
            Ok(()) => Exit(0),
            Err(error) => tell(&error, io),
        },
        Err(error) => {
            io.say(format_args!("error: {error}"));
            io.say(format_args!("hint: kubeseal --help lists the flags"));
            Exit(2)
        }
    }
}

/// Usage mistakes end with 2, all else with 1, as scripts of the original expect.
fn tell(error: &CliError, io: &mut Io) -> Exit {
    if !error.message.is_empty() {
        let stop = if error.hint.as_deref() == Some(NO_SERVICE) { "." } else { "" };
        io.say(format_args!("error: {}{stop}", error.message));
    }
    match error.hint.as_deref() {
        // The original's own words, which scripts look for.
        Some(NO_SERVICE) => io.say(format_args!("Please, use the flag --controller-name and --controller-namespace to set up the name and namespace of the sealed secrets controller")),
        Some(hint) => io.say(format_args!("hint: {hint}")),
        None => {}
    }
    if error.exit == Exit::USAGE { Exit(2) } else { Exit(1) }
}

fn dispatch(flags: Flags, io: &mut Io) -> Result<(), CliError> {
    if flags.is_set("version") {
        return io.print(&format!("kubeseal version: {VERSION}\n"));
    }
    if flags.is_set("help") {
        return io.print(&usage("kubeseal"));
    }
    let flags = with_argument(flags)?;
    check(&flags)?;
    if flags.on_command_line("rotate") {
        io.say(format_args!("Flag --rotate has been deprecated, please use --re-encrypt instead"));
    }
    let mut session = Session::new(&flags, io);
    if flags.is_set("recovery-unseal") {
        return recover::run(&mut session);
    }
    if flags.is_set("validate") {
        return reencrypt::validate(&mut session);
    }
    if flags.is_set("re-encrypt") || flags.is_set("rotate") {
        return reencrypt::run(&mut session);
    }
    let pem = session.certificate_pem()?;
    if flags.is_set("fetch-cert") {
        return session.deliver(pem.into());
    }
    let key = session.parse_certificate(&pem)?;
    match (flags.text("merge-into"), flags.is_set("raw")) {
        (Some(file), _) => merge::run(&mut session, file, &key),
        (None, true) => raw::run(&mut session, &key),
        (None, false) => seal::run(&mut session, &key),
    }
}

/// One argument that is a file is the input, where nothing else says what the input is; every other one is refused.
fn with_argument(mut flags: Flags) -> Result<Flags, CliError> {
    let Some(first) = flags.positional.first().cloned() else { return Ok(flags) };
    let reads_input = !["raw", "fetch-cert", "re-encrypt", "rotate"].iter().any(|mode| flags.is_set(mode));
    if flags.positional.len() == 1 && reads_input && flags.text("secret-file").is_none() && std::path::Path::new(&first).is_file()
    {
        flags.take_as_input();
        return Ok(flags);
    }
    let hint = match first.as_str() {
        "true" | "false" => format!("a switch takes its value after `=`, such as --raw={first}"),
        _ => "an input file is given with --secret-file (-f)".to_owned(),
    };
    Err(CliError::usage(format!("unexpected argument {first:?}")).hint(hint))
}

/// What makes no sense together, before anything is read.
fn check(flags: &Flags) -> Result<(), CliError> {
    if !flags.list("from-file").is_empty() && !flags.is_set("raw") {
        return Err(CliError::failed("--from-file requires --raw"));
    }
    if flags.text("merge-into").is_some() && flags.text("sealed-secret-file").is_some() {
        return Err(CliError::failed("--merge-into changes its file in place and has no use for --sealed-secret-file"));
    }
    Ok(())
}
