//! sops' command line, read the way its users' scripts write it.
//!
//! The syntax is that of Go's flag package: `-x`, `--x`, `-x=v`, `-x v`, `-x=false`; letters do not combine; flags end at the first
//! argument or at `--`. Behind a verb, flags may also follow the first argument, as long as no switch stands right before it.

use super::flag_table::{Flag, Kind, Verb};
use std::collections::BTreeMap;

/// A command line that does not parse, in the words scripts know. Values are never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// Nobody defined it.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// Takes a value and stands last.
    #[error("flag needs an argument: -{0}")]
    NeedsArgument(String),
    /// `--=x`, `---x`.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    /// A switch that is neither on nor off.
    #[error("invalid boolean value for -{0}: parse error")]
    Bool(String),
    /// A number that is none.
    #[error("invalid value for flag -{0}: parse error")]
    Int(String),
    /// `-i` and `--in-place` together.
    #[error("cannot use two forms of the same flag: {0} {1}")]
    Twice(String, String),
}

/// What was given to one verb.
#[derive(Clone, Default, Debug)]
pub struct Flags {
    values: BTreeMap<&'static str, Vec<String>>,
    typed: BTreeMap<&'static str, &'static str>,
    /// What no flag took.
    pub args: Vec<String>,
}

impl Flags {
    /// Reads the arguments after a verb (or after the program's name, for [`super::flag_table::PROGRAM`]).
    pub fn parse(verb: &Verb, args: &[String], environment: &BTreeMap<String, String>) -> Result<Flags, FlagError> {
        let mut flags = Flags::default();
        for flag in verb.all() {
            if let Some(value) = flag.env.and_then(|name| environment.get(name)) {
                flags.set(flag, flag.names[0], if value.is_empty() && flag.kind == Kind::Bool { "false" } else { value })?;
            }
        }
        let ordered = if verb.name.is_empty() { args.to_vec() } else { reordered(verb, args) };
        flags.read(verb, &ordered)?;
        Ok(flags)
    }

    fn read(&mut self, verb: &Verb, args: &[String]) -> Result<(), FlagError> {
        let mut given = std::collections::BTreeSet::new();
        let mut rest = args.iter();
        while let Some(arg) = rest.as_slice().first() {
            let Some(bare) = arg.strip_prefix('-').filter(|bare| !bare.is_empty()) else { break };
            rest.next();
            let bare = bare.strip_prefix('-').unwrap_or(bare);
            if bare.is_empty() {
                break;
            }
            if bare.starts_with(['-', '=']) {
                return Err(FlagError::Syntax(arg.clone()));
            }
            let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value.to_owned())));
            let flag = verb.flag(name).ok_or_else(|| FlagError::Unknown(name.to_owned()))?;
            let value = match (value, flag.kind) {
                (Some(value), _) => value,
                (None, Kind::Bool | Kind::BoolTrue) => "true".to_owned(),
                (None, _) => rest.next().cloned().ok_or_else(|| FlagError::NeedsArgument(name.to_owned()))?,
            };
            let name = flag.names.iter().find(|known| **known == name).copied().unwrap_or(flag.names[0]);
            if let Some(other) = self.typed.insert(flag.names[0], name).filter(|other| *other != name) {
                return Err(FlagError::Twice(name.to_owned(), other.to_owned()));
            }
            if given.insert(flag.names[0]) {
                self.values.remove(flag.names[0]);
            }
            self.set(flag, name, &value)?;
        }
        self.args = rest.cloned().collect();
        Ok(())
    }

    fn set(&mut self, flag: &'static Flag, name: &str, value: &str) -> Result<(), FlagError> {
        let value = match flag.kind {
            Kind::Bool | Kind::BoolTrue => match value {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => "true",
                "0" | "f" | "F" | "FALSE" | "false" | "False" => "false",
                _ => return Err(FlagError::Bool(name.to_owned())),
            },
            Kind::Int if value.parse::<i64>().is_err() => return Err(FlagError::Int(name.to_owned())),
            _ => value,
        };
        let slot = self.values.entry(flag.names[0]).or_default();
        if flag.kind != Kind::List {
            slot.clear();
        }
        slot.push(value.to_owned());
        Ok(())
    }

    /// The text of a flag; empty is absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(|values| values.last()).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All values of a repeatable flag.
    pub fn list(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// A switch.
    pub fn is_set(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// A switch that is on unless it is said otherwise.
    pub fn is_unset(&self, name: &str) -> bool {
        self.text(name) == Some("false")
    }

    /// A number, when one was given.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name).and_then(|text| text.parse().ok())
    }

    /// What stood on the command line itself, by first name.
    pub fn typed(&self) -> impl Iterator<Item = &'static str> {
        self.typed.keys().copied()
    }

    /// The first of the flags that matter which has a value and which this program has no use for.
    pub fn unsupported(&self, verb: &Verb, matters: impl Fn(&str) -> bool) -> Option<&'static Flag> {
        verb.all().find(|flag| flag.unsupported && matters(flag.names[0]) && self.text(flag.names[0]).is_some())
    }
}

/// Flags moved before the arguments. What follows a flag without `=` goes with it, even when it is a switch: so after
/// `decrypt -i FILE`, no flag is seen any more.
fn reordered(verb: &Verb, args: &[String]) -> Vec<String> {
    let is_flag = |arg: &str| {
        let Some(bare) = arg.strip_prefix('-').filter(|bare| !bare.is_empty() && *bare != "-") else { return false };
        let bare = bare.strip_prefix('-').unwrap_or(bare);
        verb.flag(bare.split('=').next().unwrap_or_default()).is_some()
    };
    let (mut flags, mut rest) = (Vec::new(), Vec::new());
    let mut may_be_value = false;
    for (at, arg) in args.iter().enumerate() {
        if may_be_value && !is_flag(arg) {
            may_be_value = false;
            flags.push(arg.clone());
        } else if arg == "--" {
            rest.insert(0, arg.clone());
            rest.extend_from_slice(&args[at + 1..]);
            break;
        } else if is_flag(arg) {
            may_be_value = !arg.contains('=');
            flags.push(arg.clone());
        } else {
            rest.push(arg.clone());
        }
    }
    flags.extend(rest);
    flags
}

#[cfg(test)]
mod tests {
    use super::{FlagError, Flags};
    use crate::sopsalias::flag_table::{PROGRAM, VERBS, Verb};
    use std::collections::BTreeMap;

    fn verb(name: &str) -> &'static Verb {
        VERBS.iter().find(|verb| verb.name == name).unwrap_or(&PROGRAM)
    }

    fn parse(name: &str, line: &str) -> Result<Flags, FlagError> {
        let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Flags::parse(verb(name), &args, &BTreeMap::new())
    }

    #[test]
    fn one_dash_and_two_are_the_same() {
        for line in ["--output x f", "-output x f", "--output=x f", "-output=x f"] {
            let flags = parse("decrypt", line).unwrap();
            assert_eq!((flags.text("output"), flags.args.join(" ").as_str()), (Some("x"), "f"), "{line}");
        }
    }

    #[test]
    fn flags_behind_a_verb_may_follow_the_file_unless_a_switch_stands_before_it() {
        for (name, line, in_place, output, args) in [
            ("decrypt", "f --output x", false, Some("x"), "f"),
            ("decrypt", "f -i", true, None, "f"),
            ("decrypt", "--output x f -i", true, Some("x"), "f"),
            ("decrypt", "-i f --output x", true, None, "f --output x"),
            ("decrypt", "--output x -- f -i", false, Some("x"), "f -i"),
            ("", "-d f -i", false, None, "f -i"),
            ("", "-d -i f", true, None, "f"),
        ] {
            let flags = parse(name, line).unwrap();
            assert_eq!(
                (flags.is_set("in-place"), flags.text("output"), flags.args.join(" ").as_str()),
                (in_place, output, args),
                "{line}"
            );
        }
    }

    #[test]
    fn mistakes_are_told_in_known_words() {
        for (name, line, message) in [
            ("", "--nope f", "flag provided but not defined: -nope"),
            ("", "-di f", "flag provided but not defined: -di"),
            ("decrypt", "--output", "flag needs an argument: -output"),
            ("", "--=x", "bad flag syntax: --=x"),
            ("", "---x", "bad flag syntax: ---x"),
            ("", "--indent=x f", "invalid value for flag -indent: parse error"),
            ("decrypt", "-i=maybe f", "invalid boolean value for -i: parse error"),
            ("decrypt", "-i --in-place f", "cannot use two forms of the same flag: in-place i"),
        ] {
            assert_eq!(parse(name, line).unwrap_err().to_string(), message, "{line}");
        }
    }

    #[test]
    fn the_environment_stands_in_and_the_command_line_wins() {
        let environment = BTreeMap::from([("SOPS_AGE_RECIPIENTS".to_owned(), "env".to_owned())]);
        let of = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            Flags::parse(verb("encrypt"), &args, &environment).unwrap().text("age").map(str::to_owned)
        };
        assert_eq!(of(&["f"]).as_deref(), Some("env"));
        assert_eq!(of(&["-a", "arg", "f"]).as_deref(), Some("arg"));
        assert_eq!(of(&["-a", "", "f"]), None);
    }

    #[test]
    fn repeatable_flags_add_up_and_others_do_not() {
        assert_eq!(parse("groups add", "--age a --age b").unwrap().list("age"), ["a", "b"]);
        assert_eq!(parse("encrypt", "--age a --age b f").unwrap().text("age"), Some("b"));
    }
}
