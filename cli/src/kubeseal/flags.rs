//! kubeseal's command line: its whole flag set, read the way its users' scripts write it.
//!
//! The syntax is that of Go's pflag: `--flag=value`, `--flag value`, `-n ns`, `-nns`, `-oyaml`, `--bool=false`, `--` ends flags.
//! Each flag also comes from `SEALED_SECRETS_<FLAG>`. Unlike the original, arguments that no flag takes are kept for the caller to refuse.

use super::flag_table::{FLAGS, Flag, Kind};
use seal_crypto::Scope;
use std::collections::BTreeMap;

/// A command line that does not parse, in the words scripts know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// A long flag nobody defined.
    #[error("unknown flag: --{0}")]
    Unknown(String),
    /// A short flag nobody defined.
    #[error("unknown shorthand flag: '{0}' in -{1}")]
    UnknownShort(char, String),
    /// A flag that takes a value stands last.
    #[error("flag needs an argument: --{0}")]
    NeedsArgument(String),
    /// A short flag that takes a value stands last.
    #[error("flag needs an argument: '{0}' in -{1}")]
    NeedsArgumentShort(char, String),
    /// `--=x`, `---x`.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    /// The value does not fit the flag. The value is quoted: these flags hold no secrets except those of [`Flag::secret`].
    #[error("invalid argument {value:?} for {flag:?} flag: {cause}")]
    Invalid {
        /// `-v, --v` or `--raw`.
        flag: String,
        /// What was given.
        value: String,
        /// Why not.
        cause: String,
    },
    /// An environment variable holds what its flag would not take.
    #[error("invalid value in environment variable {name}: {cause}")]
    Environment {
        /// The variable.
        name: String,
        /// Why not.
        cause: String,
    },
    /// `-h`: help was asked for.
    #[error("help requested")]
    Help,
}

/// What was given, by flag name; later values win, lists add up.
#[derive(Clone, Default)]
pub struct Flags {
    values: BTreeMap<&'static str, Vec<String>>,
    on_command_line: std::collections::BTreeSet<&'static str>,
    /// Arguments that belong to no flag.
    pub positional: Vec<String>,
}

impl Flags {
    /// Reads the environment first, then the arguments (program name excluded).
    pub fn parse(args: &[String], env: impl Fn(&str) -> Option<String>) -> Result<Flags, FlagError> {
        let mut flags = Flags::default();
        flags.read_environment(env)?;
        let mut rest = args.iter();
        while let Some(arg) = rest.next() {
            if arg == "--" {
                flags.positional.extend(rest.by_ref().cloned());
            } else if let Some(long) = arg.strip_prefix("--") {
                flags.long(arg, long, &mut rest)?;
            } else if arg.len() > 1 && arg.starts_with('-') {
                flags.short(&arg[1..], &mut rest)?;
            } else {
                flags.positional.push(arg.clone());
            }
        }
        Ok(flags)
    }

    fn read_environment(&mut self, env: impl Fn(&str) -> Option<String>) -> Result<(), FlagError> {
        for flag in FLAGS.iter().filter(|flag| !flag.klog) {
            let name = format!("SEALED_SECRETS_{}", flag.name.to_uppercase().replace('-', "_"));
            if let Some(value) = env(&name) {
                self.set(flag, &value).map_err(|cause| FlagError::Environment { name, cause })?;
            }
        }
        Ok(())
    }

    fn long<'a>(&mut self, whole: &str, long: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<(), FlagError> {
        if long.starts_with('-') || long.starts_with('=') {
            return Err(FlagError::Syntax(whole.to_owned()));
        }
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        let flag = FLAGS.iter().find(|flag| flag.name == name).ok_or_else(|| FlagError::Unknown(name.to_owned()))?;
        let value = match (value, flag.kind) {
            (Some(value), _) => value,
            (None, Kind::Bool) => "true".to_owned(),
            (None, _) => rest.next().cloned().ok_or_else(|| FlagError::NeedsArgument(name.to_owned()))?,
        };
        self.set_given(flag, &value)
    }

    fn short<'a>(&mut self, group: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<(), FlagError> {
        let mut letters = group;
        while let Some(letter) = letters.chars().next() {
            let after = &letters[letter.len_utf8()..];
            let Some(flag) = FLAGS.iter().find(|flag| flag.short == Some(letter)) else {
                return Err(if letter == 'h' { FlagError::Help } else { FlagError::UnknownShort(letter, letters.to_owned()) });
            };
            let value = match after.strip_prefix('=').filter(|value| !value.is_empty()) {
                Some(value) => value.to_owned(),
                None if !after.is_empty() => after.to_owned(),
                None => rest.next().cloned().ok_or_else(|| FlagError::NeedsArgumentShort(letter, letters.to_owned()))?,
            };
            self.set_given(flag, &value)?;
            letters = "";
        }
        Ok(())
    }

    fn set_given(&mut self, flag: &'static Flag, value: &str) -> Result<(), FlagError> {
        self.set(flag, value).map_err(|cause| FlagError::Invalid {
            flag: flag.display_name(),
            value: if flag.secret { "...".to_owned() } else { value.to_owned() },
            cause,
        })?;
        self.on_command_line.insert(flag.name);
        Ok(())
    }

    fn set(&mut self, flag: &'static Flag, value: &str) -> Result<(), String> {
        let mut read = flag.kind.read(value)?;
        let slot = self.values.entry(flag.name).or_default();
        match flag.kind {
            Kind::Paths | Kind::Array => slot.append(&mut read),
            _ => *slot = read,
        }
        Ok(())
    }

    /// Makes the one argument that no flag took the value of `--secret-file`.
    pub fn take_as_input(&mut self) {
        let path = std::mem::take(&mut self.positional);
        self.values.insert("secret-file", path);
    }

    /// The text of a flag, when it was given (even empty).
    pub fn given(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(|values| values.last()).map(String::as_str)
    }

    /// The text of a flag; what was not given or is empty is absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// All values of a repeatable flag.
    pub fn list(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// A boolean flag.
    pub fn is_set(&self, name: &str) -> bool {
        self.given(name) == Some("true")
    }

    /// True when the flag stood on the command line itself, whatever its value.
    pub fn on_command_line(&self, name: &str) -> bool {
        self.on_command_line.contains(name)
    }

    /// `--scope`, when one was given (empty means strict, as in the original).
    pub fn scope(&self) -> Option<Scope> {
        let text = self.given("scope")?;
        Some(text.parse().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::{FlagError, Flags};

    fn parse(line: &str) -> Result<Flags, FlagError> {
        let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        Flags::parse(&args, |_| None)
    }

    #[test]
    fn every_spelling_of_a_value_is_read() {
        for line in ["--namespace=prod", "--namespace prod", "-n prod", "-nprod", "-n=prod"] {
            assert_eq!(parse(line).expect(line).text("namespace"), Some("prod"), "{line}");
        }
    }

    #[test]
    fn booleans_take_no_separate_value() {
        for (line, set, left) in [
            ("--raw", true, 0),
            ("--raw=false", false, 0),
            ("--raw=T", true, 0),
            ("--raw=0", false, 0),
            ("--raw false", true, 1),
            ("", false, 0),
        ] {
            let flags = parse(line).expect(line);
            assert_eq!((flags.is_set("raw"), flags.positional.len()), (set, left), "{line}");
        }
    }

    #[test]
    fn mistakes_are_told_in_known_words() {
        for (line, message) in [
            ("--nope", "unknown flag: --nope"),
            ("--nope=1", "unknown flag: --nope"),
            ("-z", "unknown shorthand flag: 'z' in -z"),
            ("-o", "flag needs an argument: 'o' in -o"),
            ("--cert", "flag needs an argument: --cert"),
            ("--=x", "bad flag syntax: --=x"),
            ("---x", "bad flag syntax: ---x"),
            ("--scope=foo", r#"invalid argument "foo" for "--scope" flag: must be one of: strict, namespace-wide, cluster-wide"#),
            ("--raw=maybe", r#"invalid argument "maybe" for "--raw" flag: strconv.ParseBool: parsing "maybe": invalid syntax"#),
            ("-vx", r#"invalid argument "x" for "-v, --v" flag: strconv.ParseInt: parsing "x": invalid syntax"#),
            ("--log_file_max_size=x", r#"invalid argument "x" for "--log_file_max_size" flag: parse error"#),
            (
                "--vmodule=foo",
                r#"invalid argument "foo" for "--vmodule" flag: syntax error: expect comma-separated list of filename=N"#,
            ),
            (
                "--log_backtrace_at=foo",
                r#"invalid argument "foo" for "--log_backtrace_at" flag: syntax error: expect file.go:234"#,
            ),
            ("-h", "help requested"),
        ] {
            assert_eq!(parse(line).err().map(|e| e.to_string()).as_deref(), Some(message), "{line}");
        }
    }

    #[test]
    fn flags_end_at_two_dashes() {
        let flags = parse("-n a -- --version -x").expect("parses");
        assert_eq!(flags.positional, ["--version", "-x"]);
        assert!(!flags.is_set("version"));
    }

    #[test]
    fn the_environment_is_read_and_the_command_line_wins() {
        let env = |name: &str| match name {
            "SEALED_SECRETS_CONTROLLER_NAME" => Some("from-env".to_owned()),
            "SEALED_SECRETS_CONTROLLER_NAMESPACE" => Some("ns-env".to_owned()),
            "SEALED_SECRETS_RECOVERY_PRIVATE_KEY" => Some("a,b".to_owned()),
            _ => None,
        };
        let args = ["--controller-name=arg".to_owned(), "--recovery-private-key=c".to_owned()];
        let flags = Flags::parse(&args, env).expect("parses");
        assert_eq!(flags.text("controller-name"), Some("arg"));
        assert_eq!(flags.text("controller-namespace"), Some("ns-env"));
        assert_eq!(flags.list("recovery-private-key"), ["a", "b", "c"]);
        assert!(!flags.on_command_line("controller-namespace"));
    }

    #[test]
    fn a_bad_environment_value_is_an_error_not_a_default() {
        let error = Flags::parse(&[], |name| (name == "SEALED_SECRETS_SCOPE").then(|| "wide".to_owned())).err().expect("refused");
        assert!(matches!(error, FlagError::Environment { ref name, .. } if name == "SEALED_SECRETS_SCOPE"));
    }

    #[test]
    fn lists_of_files_split_at_commas_only_where_the_original_must() {
        assert_eq!(
            parse("--recovery-private-key a,b --recovery-private-key c").expect("parses").list("recovery-private-key"),
            ["a", "b", "c"]
        );
        assert_eq!(parse("--from-file a,b").expect("parses").list("from-file"), ["a,b"]);
    }
}
