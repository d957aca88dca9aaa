//! The demo's stage: a temporary folder, and commands that are shown as typed, run as they are, and checked.

use crate::{Exit, Io, report::CliError, write};
use anstyle::{AnsiColor, Style};
use seal_secret::SecretBytes;

const TITLE: Style = AnsiColor::Green.on_default().bold();
const COMMAND: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Longest line shown; ciphertext is cut.
const WIDTH: usize = 100;

/// Where the demo plays.
pub(super) struct Stage<'a> {
    pub io: &'a mut Io,
    folder: tempfile::TempDir,
    step: usize,
}

/// The step did what it should, or the demo ends here.
pub(super) fn ensure(holds: bool, otherwise: &str) -> Result<(), CliError> {
    if holds { Ok(()) } else { Err(CliError::failed(format!("the demo went wrong: {otherwise}")).hint("please report this")) }
}

impl<'a> Stage<'a> {
    pub(super) fn new(io: &'a mut Io) -> Result<Self, CliError> {
        let folder = tempfile::Builder::new().prefix("seal-demo-").tempdir();
        let folder = folder.map_err(|error| CliError::failed(format!("cannot make a temporary folder: {error}")))?;
        Ok(Self { io, folder, step: 0 })
    }

    pub(super) fn title(&mut self, text: &str) -> Result<(), CliError> {
        self.step += 1;
        let gap = if self.step > 1 { "\n" } else { "" };
        self.io.print(&format!("{gap}{TITLE}{}. {text}{TITLE:#}\n\n", self.step))
    }

    pub(super) fn tell(&mut self, text: &str) -> Result<(), CliError> {
        let gap = if text.contains("Every step") { "\n" } else { "" };
        self.io.print(&format!("{gap}{text}\n"))
    }

    /// Shows a file, long lines cut.
    pub(super) fn show(&mut self, name: &str, content: &str) -> Result<(), CliError> {
        let mut text = format!("{DIM}# {name}{DIM:#}\n");
        for line in content.lines() {
            let cut: String = line.chars().take(WIDTH).collect();
            let dots = if cut.len() < line.len() { "..." } else { "" };
            text.push_str(&format!("    {cut}{dots}\n"));
        }
        self.io.print(&text)
    }

    pub(super) fn put(&mut self, name: &str, content: &SecretBytes) -> Result<(), CliError> {
        write::private(&self.folder.path().join(name), content)
    }

    pub(super) fn get(&mut self, name: &str) -> Result<String, CliError> {
        let bytes = self.io.read_file(&self.folder.path().join(name))?;
        String::from_utf8(bytes.expose().to_vec()).map_err(|_| CliError::failed(format!("{name} is not text")))
    }

    /// Shows and runs a command; shows and gives what it said. Its exit code must be the expected one.
    pub(super) fn seal(&mut self, words: &[&str], input: &str, expected: Exit) -> Result<String, CliError> {
        let typed = if input.is_empty() { String::new() } else { format!("printf %s '{input}' | ") };
        self.io.print(&format!("{COMMAND}$ {typed}seal {}{COMMAND:#}\n", words.join(" ")))?;
        let (said, talk) = self.execute(words, input, expected)?;
        let all = format!("{said}{talk}");
        let lines = all.lines().map(|line| format!("    {line}\n")).collect::<String>();
        let code = if expected == Exit::DONE { String::new() } else { format!("    {DIM}exit code {}{DIM:#}\n", expected.0) };
        self.io.print(&format!("{lines}{code}"))?;
        Ok(all)
    }

    /// Shows and runs a command whose output is for the demo alone.
    pub(super) fn quiet(&mut self, words: &[&str], expected: Exit) -> Result<String, CliError> {
        self.io.print(&format!("{COMMAND}$ seal {}{COMMAND:#}\n", words.join(" ")))?;
        self.execute(words, "", expected).map(|(said, _)| said)
    }

    /// Runs with names turned into paths, and the folder taken out of what is said.
    fn execute(&mut self, words: &[&str], input: &str, expected: Exit) -> Result<(String, String), CliError> {
        let is_file = |word: &&str| word.ends_with(".yaml") || word.ends_with(".pem");
        let path = |word: &&str| if is_file(word) { self.folder.path().join(word).into() } else { (*word).into() };
        let argv = std::iter::once("seal".into()).chain(words.iter().map(path)).collect();
        let (mut io, said, talk) = self.io.inner(input.as_bytes());
        let exit = crate::run(argv, &mut io);
        let folder = format!("{}/", self.folder.path().display());
        let (said, talk) = (said.text().replace(&folder, ""), talk.text().replace(&folder, ""));
        ensure(exit == expected, &format!("`seal {}` ended with {}, not {}: {talk}", words.join(" "), exit.0, expected.0))?;
        Ok((said, talk))
    }
}
