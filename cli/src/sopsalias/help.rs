//! What `--help` and `help` print, all out of the flag table.

use super::flag_table::{Flag, Kind, PROGRAM, VERBS, Verb};

/// The help of the program.
pub fn program() -> String {
    let mut text = format!("sops: {}\n\nUsage:\n  sops VERB [flags] ...\n  sops {}\n\nVerbs:\n", PROGRAM.help, PROGRAM.args);
    for verb in VERBS {
        text.push_str(&format!("  {:<16} {}\n", verb.name, verb.help));
    }
    text.push_str("\nFlags (before FILE):\n");
    text.push_str(&flags(&PROGRAM));
    text.push_str(ENDING);
    text
}

const ENDING: &str = "\nKeys to open with: SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD, ~/.config/sops/age/keys.txt.\n\
Exit codes are those of sops; 210: sops can do this and this program does not.\n\
`seal --help` shows the verbs of this program itself.\n";

/// The help of one verb.
pub fn verb(verb: &Verb) -> String {
    format!("sops {}: {}\n\nUsage:\n  sops {} [flags] {}\n\nFlags:\n{}", verb.name, verb.help, verb.name, verb.args, flags(verb))
}

/// The verbs that start with this word, when it has verbs below it.
pub fn group(word: &str) -> Option<String> {
    let below: Vec<_> =
        VERBS.iter().filter(|verb| verb.name.strip_prefix(word).is_some_and(|rest| rest.starts_with(' '))).collect();
    if below.is_empty() {
        return None;
    }
    let lines: String = below.iter().map(|verb| format!("  {:<16} {}\n", verb.name, verb.help)).collect();
    Some(format!("Usage:\n  sops {word} VERB [flags] ...\n\nVerbs:\n{lines}"))
}

fn flags(verb: &Verb) -> String {
    let left = |flag: &Flag| {
        let names: Vec<String> =
            flag.names.iter().map(|name| format!("{}{name}", if name.len() > 1 { "--" } else { "-" })).collect();
        let value = match flag.kind {
            Kind::Bool | Kind::BoolTrue => "",
            Kind::Int => " N",
            Kind::Text | Kind::List => " VALUE",
        };
        format!("  {}{value}", names.join(", "))
    };
    let (taken, refused): (Vec<&Flag>, Vec<&Flag>) = verb.all().partition(|flag| !flag.unsupported);
    let width = taken.iter().map(|flag| left(flag).len()).max().unwrap_or(0);
    let line = |flag: &Flag| {
        let env = flag.env.map_or_else(String::new, |env| format!(" [{env}]"));
        format!("{:width$}  {}{env}\n", left(flag), flag.help)
    };
    let mut text: String = taken.into_iter().map(line).collect();
    if !refused.is_empty() {
        text.push_str("\nNot supported here, and refused by name:\n");
        let names: Vec<String> = refused.iter().map(|flag| format!("--{}", flag.names[0])).collect();
        for names in names.chunks(6) {
            text.push_str(&format!("  {}\n", names.join(" ")));
        }
    }
    text
}
