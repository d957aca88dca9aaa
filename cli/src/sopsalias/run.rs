//! From the argument vector to the verb that was asked for, and from its result to exit code and message.

use super::{
    completion, decrypt, edit, encrypt, exec,
    failure::{Failure, code},
    filestatus,
    flag_table::{PROGRAM, VERBS, Verb},
    flags::Flags,
    groups, help, program, rotate,
    session::Session,
    set, updatekeys,
};
use crate::{Exit, Io};
use std::ffi::OsString;

/// What `--version` says: the release whose behaviour this is, and ours.
const VERSION: &str = concat!("sops 3.13.3+seal.", env!("CARGO_PKG_VERSION"), "\n");

/// Runs sops' command line, program name excluded.
pub fn run(args: Vec<OsString>, io: &mut Io) -> Exit {
    let args: Vec<String> = args.into_iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    match dispatch(&args, io).and_then(|exit| io.flush().map(|()| exit).map_err(Failure::from)) {
        Ok(exit) => exit,
        Err(failure) => tell(&failure, io),
    }
}

fn tell(failure: &Failure, io: &mut Io) -> Exit {
    if !failure.message.is_empty() {
        io.say(format_args!("{}", failure.message));
    }
    if let Some(hint) = &failure.hint {
        io.say(format_args!("hint: {hint}"));
    }
    Exit(failure.code)
}

fn dispatch(args: &[String], io: &mut Io) -> Result<Exit, Failure> {
    if let Some((last, words)) = args.split_last()
        && last == "--generate-bash-completion"
    {
        return print(&completion::suggestions(words), io);
    }
    let environment = io.environment().clone();
    let global = match Flags::parse(&PROGRAM, args, &environment) {
        Ok(flags) => flags,
        Err(error) => return misused("Incorrect Usage.", &error.to_string(), &help::program(), io),
    };
    if global.is_set("help") {
        return print(&help::program(), io);
    }
    if global.is_set("version") {
        return print(VERSION, io);
    }
    let words = global.args.clone();
    match words.first().map(String::as_str) {
        Some("help" | "h") => helped(words.get(1), io),
        Some(word) => match found(word, words.get(1)) {
            Some((verb, used)) => behind_verb(verb, &words[used..], &global, io),
            None if help::group(word).is_some() => below_group(word, words.get(1), io),
            None => program::run(&mut Session::new(&PROGRAM, &global, &global, io)),
        },
        None => program::run(&mut Session::new(&PROGRAM, &global, &global, io)),
    }
}

/// The verb that these words name, and how many of them do.
fn found(first: &str, second: Option<&String>) -> Option<(&'static Verb, usize)> {
    VERBS.iter().find_map(|verb| match verb.name.split_once(' ') {
        None => (verb.name == first).then_some((verb, 1)),
        Some((group, name)) => (group == first && second.is_some_and(|second| second == name)).then_some((verb, 2)),
    })
}

fn behind_verb(verb: &'static Verb, args: &[String], global: &Flags, io: &mut Io) -> Result<Exit, Failure> {
    if ["publish", "keyservice"].contains(&verb.name) && !args.iter().any(|arg| ["-h", "-help", "--help"].contains(&arg.as_str()))
    {
        return Err(Failure::new(code::UNSUPPORTED, format!("sops {} is not supported here", verb.name))
            .hint(match verb.name {
                "publish" => "decrypt the file and hand it to the tool of the store (sops decrypt FILE | ...), or run the original",
                _ => "it shares keys over the network, and this program hands out none: give each machine its own age identity, or run the original",
            }));
    }
    let environment = io.environment().clone();
    let flags = match Flags::parse(verb, args, &environment) {
        Ok(flags) => flags,
        Err(error) => return misused("Incorrect Usage:", &error.to_string(), &help::verb(verb), io),
    };
    if flags.is_set("help") {
        return print(&help::verb(verb), io);
    }
    let mut session = Session::new(verb, global, &flags, io);
    session.warn_of_flags_out_of_place();
    match verb.name {
        "completion bash" => print(completion::script("bash"), io),
        "completion zsh" => print(completion::script("zsh"), io),
        "encrypt" => encrypt::run(&mut session),
        "decrypt" => decrypt::run(&mut session),
        "edit" => edit::run(&mut session),
        "set" => set::run(&mut session),
        "unset" => set::unset(&mut session),
        "rotate" => rotate::run(&mut session),
        "updatekeys" => updatekeys::run(&mut session),
        "groups add" => groups::add(&mut session),
        "groups delete" => groups::delete(&mut session),
        "exec-env" => exec::with_environment(&mut session),
        "exec-file" => exec::with_file(&mut session),
        "filestatus" => filestatus::run(&mut session),
        _ => print(&help::verb(verb), io),
    }
}

fn below_group(word: &str, second: Option<&String>, io: &mut Io) -> Result<Exit, Failure> {
    match second.map(String::as_str) {
        None | Some("help" | "h" | "--help" | "-h" | "-help") => print(&help::group(word).unwrap_or_default(), io),
        Some(second) => Err(no_topic(second)),
    }
}

fn helped(topic: Option<&String>, io: &mut Io) -> Result<Exit, Failure> {
    let Some(topic) = topic else { return print(&help::program(), io) };
    match found(topic, None) {
        Some((verb, _)) => print(&help::verb(verb), io),
        None => match help::group(topic) {
            Some(text) => print(&text, io),
            None => Err(no_topic(topic)),
        },
    }
}

fn no_topic(topic: &str) -> Failure {
    Failure::new(3, format!("No help topic for '{topic}'"))
}

fn print(text: &str, io: &mut Io) -> Result<Exit, Failure> {
    io.print(text)?;
    Ok(Exit::DONE)
}

/// The mistake on both streams, as in the original: some scripts look at one, some at the other.
fn misused(words: &str, mistake: &str, help: &str, io: &mut Io) -> Result<Exit, Failure> {
    io.print(&format!("{words} {mistake}\n\n{help}"))?;
    Err(Failure::generic(mistake))
}
