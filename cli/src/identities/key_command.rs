//! `SOPS_AGE_KEY_CMD`: a command line that prints identities. Run without a shell, as sops runs it.

use super::search::parse;
use crate::{Io, io::reason};
use seal_crypto::age::Identity;
use std::{
    io::Read,
    process::{Command, Stdio},
};

/// No identity file is larger.
const LARGEST_OUTPUT: u64 = 16 << 20;
/// Tells the command whose private key is wanted.
const RECIPIENT: &str = "SOPS_AGE_RECIPIENT";

/// A command line and how its output is read.
pub struct KeyCommand {
    pub(super) variable: &'static str,
    pub(super) line: String,
    pub(super) plugins: bool,
}

impl KeyCommand {
    /// The identities that it prints, or why there are none.
    pub fn run(&self, recipient: &str, io: &mut Io) -> Result<Vec<Identity>, String> {
        let words = words(&self.line).ok_or("a quote in it is not closed")?;
        let (program, arguments) = words.split_first().ok_or("it is empty")?;
        let cannot = |error: std::io::Error| format!("cannot run {program}: {}", reason(&error));
        let mut command = Command::new(program);
        command.args(arguments).env(RECIPIENT, recipient).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(cannot)?;
        let mut output = Vec::with_capacity(64 << 10);
        let read = child.stdout.take().map(|stdout| stdout.take(LARGEST_OUTPUT + 1).read_to_end(&mut output));
        let output = output.into();
        let status = child.wait().map_err(cannot)?;
        read.transpose().map_err(cannot)?;
        if !status.success() {
            return Err(format!("{program} ended with {status}"));
        }
        parse(self.variable, output, self.plugins, false, io).map_err(|error| error.message)
    }
}

/// Words as a POSIX shell splits them: quotes, backslashes, comments; no expansion of anything.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' => word.push(rest.next()?),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(rest.next()?),
            '#' if word.is_none() => rest.by_ref().find(|c| *c == '\n').map_or((), drop),
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        for (line, expected) in [
            ("cat keys.txt", Some(vec!["cat", "keys.txt"])),
            ("  pass  show 'my key' ", Some(vec!["pass", "show", "my key"])),
            (r#"a "b \"c\" $HOME" d\ e ''"#, Some(vec!["a", "b \"c\" $HOME", "d e", ""])),
            ("a#b # comment", Some(vec!["a#b"])),
            ("", Some(vec![])),
            ("a 'b", None),
            ("a \"b", None),
            ("a \\", None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(words(line), expected, "{line}");
        }
    }
}
