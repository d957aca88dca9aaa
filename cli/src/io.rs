//! The only door to standard streams, files, the terminal, the environment, the clock and randomness.
//!
//! A command gets everything through [`Io`], so tests run it in-process with streams, time and randomness of their own.

use crate::{
    editor::{self, Desk},
    report::{self, CliError},
};
use rand::{SeedableRng, rngs::StdRng};
use seal_secret::SecretBytes;
use std::{
    collections::BTreeMap,
    fmt,
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

/// Manifests larger than this are refused before they are read into memory.
const LARGEST_FILE: u64 = 256 << 20;

/// Streams, environment, clock and randomness of one run.
pub struct Io {
    input: Box<dyn Read + Send>,
    output: Box<dyn Write + Send>,
    output_is_plain: bool,
    output_is_terminal: bool,
    errors: Box<dyn Write + Send>,
    environment: BTreeMap<String, String>,
    clock: Box<dyn Fn() -> i64 + Send>,
    seeds: StdRng,
    answers: Answers,
    input_is_terminal: bool,
    errors_are_terminal: bool,
}

/// Where hidden answers come from: the terminal, or a test's list.
enum Answers {
    Terminal,
    Given(Vec<String>),
}

impl Io {
    /// The process's own.
    pub fn process() -> Self {
        Self {
            input: Box::new(std::io::stdin()),
            output: Box::new(std::io::stdout()),
            output_is_plain: anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never,
            output_is_terminal: std::io::stdout().is_terminal(),
            errors: Box::new(anstream::AutoStream::auto(std::io::stderr())),
            environment: std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
            clock: Box::new(|| jiff::Timestamp::now().as_second()),
            seeds: rand::make_rng(),
            answers: Answers::Terminal,
            input_is_terminal: input_is_terminal(),
            errors_are_terminal: std::io::stderr().is_terminal(),
        }
    }

    /// For tests: the given input, clock and seed; output goes to the returned buffers, without colours.
    pub fn scripted(input: &[u8], now: i64, answers: &[&str]) -> (Self, Captured, Captured) {
        let (output, errors) = (Captured::default(), Captured::default());
        let io = Self {
            input: Box::new(std::io::Cursor::new(input.to_vec())),
            output: Box::new(output.clone()),
            output_is_plain: true,
            output_is_terminal: false,
            errors: Box::new(anstream::StripStream::new(Box::new(errors.clone()) as Box<dyn Write + Send>)),
            environment: BTreeMap::new(),
            clock: Box::new(move || now),
            seeds: StdRng::seed_from_u64(7),
            answers: Answers::Given(answers.iter().rev().map(|a| (*a).to_owned()).collect()),
            input_is_terminal: !answers.is_empty(),
            errors_are_terminal: false,
        };
        (io, output, errors)
    }

    /// For `seal demo`: runs another command with the given input, this clock and fresh randomness; what it writes is captured.
    pub fn inner(&mut self, input: &[u8]) -> (Self, Captured, Captured) {
        let now = self.now();
        let (mut io, output, errors) = Self::scripted(input, now, &[]);
        io.seeds = self.rng();
        (io, output, errors)
    }

    /// For tests: sets an environment variable.
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// A fresh generator; every worker thread takes its own.
    pub fn rng(&mut self) -> StdRng {
        StdRng::from_rng(&mut self.seeds)
    }

    /// An environment variable that is set, not empty and UTF-8.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The whole environment, for flags that can be given there.
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// True when someone may be typing.
    pub fn input_is_terminal(&self) -> bool {
        self.input_is_terminal
    }

    /// True when this run is the whole process, so that it may become another program.
    pub fn is_process(&self) -> bool {
        matches!(self.answers, Answers::Terminal)
    }

    /// True when progress may be drawn.
    pub fn shows_progress(&self) -> bool {
        self.errors_are_terminal
    }

    /// Standard input to its end.
    pub fn read_input(&mut self) -> Result<SecretBytes, CliError> {
        read_bounded(&mut self.input, 0).map_err(|error| CliError::failed(format!("cannot read standard input: {error}")))
    }

    /// One line of standard input without its end; nothing when there is no more. What follows stays to be read.
    pub fn read_line(&mut self) -> Result<Option<String>, CliError> {
        let mut line = Vec::new();
        let mut byte = [0];
        loop {
            match self.input.read(&mut byte) {
                Ok(0) if line.is_empty() => return Ok(None),
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) => line.push(byte[0]),
                Err(error) => return Err(CliError::failed(format!("cannot read standard input: {error}"))),
            }
        }
        Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()))
    }

    /// Runs a program to its end. Ctrl-C is the program's to answer, so that this process can tidy up behind it.
    pub fn wait_for(&self, command: &mut std::process::Command) -> std::io::Result<std::process::ExitStatus> {
        let _deaf = deaf_to_interrupts();
        command.status()
    }

    /// A file.
    pub fn read_file(&self, path: &Path) -> Result<SecretBytes, CliError> {
        read_file(path)
    }

    /// A bar for work that takes longer than a second, on a terminal only.
    pub fn progress(&self, doing: &'static str, total: usize) -> crate::progress::Progress {
        crate::progress::Progress::new(doing, total, self.errors_are_terminal)
    }

    /// A file, or standard input for `-`.
    pub fn read(&mut self, path: &Path) -> Result<SecretBytes, CliError> {
        if path == Path::new("-") { self.read_input() } else { self.read_file(path) }
    }

    /// Text to standard output, its colours taken out where nobody would see them.
    pub fn print(&mut self, text: &str) -> Result<(), CliError> {
        let written = if self.output_is_plain {
            self.output.write_all(anstream::adapter::strip_str(text).to_string().as_bytes())
        } else {
            self.output.write_all(text.as_bytes())
        };
        written.map_err(|error| closed(&error))
    }

    /// Bytes to standard output exactly as they are: documents, and plaintext where the user asked for it.
    pub fn print_secret(&mut self, bytes: &SecretBytes) -> Result<(), CliError> {
        self.output.write_all(bytes.expose()).map_err(|error| closed(&error))
    }

    /// Standard input, for content too large to hold. Whoever takes it is the only one to read it.
    pub fn take_input(&mut self) -> Box<dyn Read + Send> {
        std::mem::replace(&mut self.input, Box::new(std::io::empty()))
    }

    /// Standard output, for content too large to hold.
    pub fn output(&mut self) -> &mut dyn Write {
        &mut self.output
    }

    /// True when somebody can be asked for a passphrase, be it that standard input comes from elsewhere.
    pub fn can_ask(&self) -> bool {
        self.input_is_terminal || (self.is_process() && cfg!(unix) && std::fs::File::open("/dev/tty").is_ok())
    }

    /// True when what is printed is shown to somebody.
    pub fn output_is_terminal(&self) -> bool {
        self.output_is_terminal
    }

    /// Standard output is on its way.
    pub fn flush(&mut self) -> Result<(), CliError> {
        self.output.flush().map_err(|error| closed(&error))
    }

    /// A line to standard error. Nobody listening there is no reason to fail.
    pub fn say(&mut self, line: fmt::Arguments<'_>) {
        let _ = writeln!(self.errors, "{line}");
    }

    /// Text to standard error as it is.
    pub fn say_raw(&mut self, text: &str) {
        let _ = self.errors.write_all(text.as_bytes());
    }

    /// Lets the user change the file on a desk in `$VISUAL` or `$EDITOR` and waits for the end. Known editors are told to keep no
    /// copies of it elsewhere.
    pub fn edit(&mut self, desk: &Desk) -> Result<(), CliError> {
        let chosen = self.env("VISUAL").or(self.env("EDITOR")).map(str::to_owned);
        self.edit_with(desk, chosen.as_deref())
    }

    /// As [`Self::edit`], in the editor that was chosen elsewhere.
    pub fn edit_with(&mut self, desk: &Desk, chosen: Option<&str>) -> Result<(), CliError> {
        let chosen = chosen.filter(|editor| !editor.trim().is_empty());
        if chosen.is_none() && !self.input_is_terminal {
            return Err(CliError::usage("there is no terminal for an editor")
                .hint("set EDITOR to a program that needs none, or change values one by one with `seal set`"));
        }
        let editor = chosen.unwrap_or("vi");
        let program = editor::program(editor);
        let quiet = editor::quiet(&self.behind(&program));
        if let Some(warning) = quiet.warning {
            report::warning(format_args!("{program}: {warning}"), self);
        }
        let _deaf = deaf_to_interrupts();
        let mut command = editor::command(editor);
        command.args(quiet.flags).arg(&desk.file).env("TMPDIR", desk.folder());
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(CliError::failed(format!("the editor {program} ended with {status}; nothing was changed"))),
            Err(error) => {
                Err(CliError::failed(format!("cannot start the editor {program}: {}", reason(&error))).hint("set EDITOR"))
            }
        }
    }

    /// The file that a program's name leads to, its links followed; the name itself when it cannot be found.
    fn behind(&self, program: &str) -> PathBuf {
        let named = Path::new(program);
        let found = match named.components().count() {
            1 => self
                .env("PATH")
                .and_then(|path| std::env::split_paths(path).map(|folder| folder.join(named)).find(|p| p.is_file())),
            _ => Some(named.to_owned()),
        };
        found.and_then(|path| path.canonicalize().ok()).unwrap_or_else(|| named.to_owned())
    }

    /// A yes or no question on the terminal; nobody there means no.
    pub fn confirm(&mut self, question: &str) -> bool {
        if !self.input_is_terminal {
            return false;
        }
        if let Answers::Given(answers) = &mut self.answers {
            return answers.pop().is_some_and(|answer| answer == "y");
        }
        self.say(format_args!("{question} [Y/n]"));
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).is_ok_and(|read| read > 0 && !line.trim().eq_ignore_ascii_case("n"))
    }

    /// Asks for a value without echoing it.
    pub fn ask_hidden(&mut self, question: &str) -> Result<SecretBytes, CliError> {
        match &mut self.answers {
            Answers::Given(answers) => Ok(answers.pop().unwrap_or_default().into()),
            Answers::Terminal => crate::prompt::hidden(question).map_err(|error| match error.kind() {
                std::io::ErrorKind::Interrupted => CliError::interrupted(),
                _ => CliError::failed(format!("cannot ask for the value: {}", reason(&error)))
                    .hint("give it with --from-stdin or --from-file"),
            }),
        }
    }
}

/// True when standard input of the process is a terminal, for what programs that it starts may read.
pub fn input_is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// A file, for workers that hold no [`Io`].
pub fn read_file(path: &Path) -> Result<SecretBytes, CliError> {
    try_file(path).map_err(|error| CliError::failed(format!("cannot read {}: {}", path.display(), reason(&error))))
}

/// A file that may not be there.
pub fn try_file(path: &Path) -> std::io::Result<SecretBytes> {
    let file = open_file(path)?;
    let size = file.metadata()?.len();
    read_bounded(file, size)
}

/// A file to be read piece by piece.
pub fn open_file(path: &Path) -> std::io::Result<std::fs::File> {
    let file = std::fs::File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(std::io::Error::other("is a folder, not a file"));
    }
    Ok(file)
}

/// From here on Ctrl-C ends the editor's work at most, not this process, which has a file to take away. The runtime only holds the
/// handler.
#[cfg(unix)]
fn deaf_to_interrupts() -> Option<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let guard = runtime.enter();
    use tokio::signal::unix::{SignalKind, signal};
    let installed = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()]
        .map(|kind| signal(kind).is_ok())
        .contains(&true);
    drop(guard);
    installed.then_some(runtime)
}

#[cfg(not(unix))]
fn deaf_to_interrupts() {}

/// Output a test can look at.
#[derive(Clone, Default)]
pub struct Captured(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Captured {
    /// What was written so far, byte for byte.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no writer panics").clone()
    }

    /// What was written so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reads into one buffer of the final size where the size is known, so no copies are left behind in freed memory.
fn read_bounded(source: impl Read, size: u64) -> std::io::Result<SecretBytes> {
    // One byte more says that there is no more.
    let mut bytes = Vec::with_capacity(if size == 0 { 64 << 10 } else { size.min(LARGEST_FILE) as usize + 1 });
    source.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(std::io::Error::other("larger than 256 MiB"));
    }
    Ok(bytes.into())
}

/// A closed pipe is the reader's wish: end without a word.
pub fn closed(error: &std::io::Error) -> CliError {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        return CliError::failed("");
    }
    CliError::failed(format!("cannot write to standard output: {error}"))
}

/// The operating system's reason, in the words scripts know (`no such file or directory`).
pub fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::Io;

    #[test]
    fn text_loses_its_colours_on_a_pipe_and_bytes_lose_nothing() {
        let (mut io, output, _) = Io::scripted(b"", 0, &[]);
        io.print("\u{1b}[1mbold\u{1b}[0m\n").unwrap();
        io.print_secret(&b"\x1b[1mkept\x1b\x9b\x00".to_vec().into()).unwrap();
        assert_eq!(output.bytes(), b"bold\n\x1b[1mkept\x1b\x9b\x00");
    }
}
