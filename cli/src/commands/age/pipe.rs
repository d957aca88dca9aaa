//! From a file or standard input to a file or standard output, piece by piece. A file is only there once all of it is.

use crate::{
    Io,
    io::{self, closed, reason},
    report::CliError,
    write,
};
use seal_crypto::age::{OpenError, armor, stream};
use std::{
    io::{BufRead, BufReader, Cursor, Read, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

pub const BUFFER: usize = 64 << 10;
/// Enough to see the armor behind white space.
const PREFIX: u64 = 1100;

/// Where content comes from and goes to.
#[derive(clap::Args)]
pub struct Ends {
    /// Write to this file instead of standard output; a failed run leaves it as it was
    #[arg(short, long = "output-file", alias = "output", value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// What to read [default: standard input]
    #[arg(value_name = "FILE")]
    pub input: Option<PathBuf>,
}

impl Ends {
    /// The file to write, when it is one.
    pub fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// The file to read, when it is one.
    fn source(&self) -> Option<&Path> {
        self.input.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// The input's name for messages.
    pub fn name(&self) -> String {
        self.source().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }

    /// Opens the input.
    pub fn reader(&self, io: &mut Io) -> Result<Input, CliError> {
        Ok(match self.source() {
            None => Box::new(BufReader::with_capacity(BUFFER, io.take_input())),
            Some(path) => Box::new(BufReader::with_capacity(BUFFER, open(path)?)),
        })
    }

    /// Runs `work` on the output.
    pub fn write<T>(
        &self,
        is_private: bool,
        io: &mut Io,
        work: impl FnOnce(&mut dyn Write) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        match self.file() {
            Some(path) => write::streamed(path, is_private, work),
            None => work(io.output()),
        }
    }
}

/// An open input.
pub type Input = Box<dyn BufRead + Send>;

fn open(path: &Path) -> Result<std::fs::File, CliError> {
    io::open_file(path).map_err(|error| CliError::failed(format!("cannot read {}: {}", path.display(), reason(&error))))
}

/// Copies all of it through a buffer that is wiped.
pub fn copy(name: &str, input: &mut dyn Read, output: &mut dyn Write) -> Result<(), CliError> {
    let mut buffer = Zeroizing::new(vec![0; BUFFER]);
    loop {
        let length = input.read(&mut buffer).map_err(|error| read_error(name, &error))?;
        if length == 0 {
            return Ok(());
        }
        output.write_all(&buffer[..length]).map_err(|error| write_error(&error))?;
    }
}

/// The input failed, or what it holds did.
pub fn read_error(name: &str, error: &std::io::Error) -> CliError {
    match stream::open_error_of(error) {
        OpenError::Io(_) => CliError::failed(format!("cannot read {name}: {}", reason(error))),
        error => CliError::failed(format!("{name}: {error}")),
    }
}

/// The output failed; the file's name is not known here, standard output's reader may just have gone.
pub fn write_error(error: &std::io::Error) -> CliError {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => closed(error),
        _ => CliError::failed(format!("cannot write the output: {}", reason(error))),
    }
}

/// Takes the armor off where there is one; says whether there was.
pub fn binary(name: &str, mut input: Input) -> Result<(Input, bool), CliError> {
    let mut prefix = Vec::new();
    input.by_ref().take(PREFIX).read_to_end(&mut prefix).map_err(|error| read_error(name, &error))?;
    let armored = armor::is_armored(&prefix);
    let whole = Cursor::new(prefix).chain(input);
    Ok((if armored { Box::new(armor::Reader::new(whole)) } else { Box::new(whole) }, armored))
}
