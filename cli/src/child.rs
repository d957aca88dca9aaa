//! Handing plaintext to another program: in its environment, or through a file descriptor backed by memory. Never in a file, never
//! in its arguments.

use crate::{Exit, Io, io::reason, report::CliError};
use seal_secret::SecretBytes;
use std::{ffi::OsString, process::Command};

/// A program to start.
pub struct Child {
    program: OsString,
    command: Command,
    /// Memory that the program reads by descriptor; open until it has ended.
    #[cfg(target_os = "linux")]
    memory: Vec<std::os::fd::OwnedFd>,
}

impl Child {
    /// From the words of a command line; `{}` in them becomes the path of `document` when there is one.
    pub fn new(words: &[OsString], document: Option<&SecretBytes>) -> Result<Self, CliError> {
        let (program, arguments) = words.split_first().ok_or_else(|| CliError::usage("no command is given"))?;
        let mut child = Self {
            program: program.clone(),
            command: Command::new(program),
            #[cfg(target_os = "linux")]
            memory: Vec::new(),
        };
        let Some(document) = document else {
            child.command.args(arguments);
            return Ok(child);
        };
        let path = child.hold(document)?;
        let mut named = false;
        for argument in arguments {
            match argument.to_str() {
                Some(text) if text.contains("{}") => {
                    named = true;
                    child.command.arg(text.replace("{}", &path));
                }
                _ => {
                    child.command.arg(argument);
                }
            }
        }
        if named {
            return Ok(child);
        }
        Err(CliError::usage("the command does not say where the file goes").hint("write {} where it takes the file's name"))
    }

    /// Adds variables to its environment, or makes them the whole of it. The caller has checked names and values.
    pub fn with(mut self, variables: &[(String, SecretBytes)], pristine: bool) -> Self {
        if pristine {
            self.command.env_clear();
        }
        for (name, value) in variables {
            #[cfg(unix)]
            let value: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(value.expose());
            #[cfg(not(unix))]
            let value = String::from_utf8_lossy(value.expose()).into_owned();
            self.command.env(name, value);
        }
        self
    }

    /// Becomes the program where the system can; else starts it and waits. The exit code is the program's own.
    pub fn run(mut self, io: &Io) -> Result<Exit, CliError> {
        #[cfg(unix)]
        if io.is_process() {
            let error = std::os::unix::process::CommandExt::exec(&mut self.command);
            return Err(self.refused(&error));
        }
        let _ = io;
        match self.command.status() {
            Ok(status) => Ok(Exit(code(status))),
            Err(error) => Err(self.refused(&error)),
        }
    }

    /// Starts the program and does not wait for it.
    pub fn leave(mut self) -> Result<(), CliError> {
        use std::process::Stdio;
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.command.spawn().map(|_| ()).map_err(|error| self.refused(&error))
    }

    fn refused(&self, error: &std::io::Error) -> CliError {
        CliError::failed(format!("cannot start {}: {}", self.program.display(), reason(error)))
    }

    /// Puts a document into sealed memory that the program inherits, and gives the path to it.
    #[cfg(target_os = "linux")]
    fn hold(&mut self, document: &SecretBytes) -> Result<String, CliError> {
        use rustix::fs::{MemfdFlags, SealFlags, SeekFrom};
        use std::os::fd::AsRawFd;
        let held = || -> std::io::Result<std::os::fd::OwnedFd> {
            let memory = rustix::fs::memfd_create("seal", MemfdFlags::ALLOW_SEALING)?;
            let mut rest = document.expose();
            while !rest.is_empty() {
                let written = rustix::io::write(&memory, rest)?;
                rest = rest.get(written..).unwrap_or_default();
            }
            rustix::fs::seek(&memory, SeekFrom::Start(0))?;
            rustix::fs::fcntl_add_seals(&memory, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
            Ok(memory)
        };
        let memory = held().map_err(|error| CliError::failed(format!("cannot hold the file in memory: {}", reason(&error))))?;
        let path = format!("/dev/fd/{}", memory.as_raw_fd());
        self.memory.push(memory);
        Ok(path)
    }

    #[cfg(not(target_os = "linux"))]
    fn hold(&mut self, _document: &SecretBytes) -> Result<String, CliError> {
        Err(CliError::failed("this system has no files in memory").hint("leave --as fd out: the values go into the environment"))
    }
}

/// What a shell would say of the end of a program.
fn code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(Exit::FAILED.0);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(Exit::FAILED.0)
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, document: Option<&str>, variables: &[(&str, &str)]) -> Result<Exit, String> {
        let (io, ..) = Io::scripted(b"", 0, &[]);
        let words = ["sh".into(), "-c".into(), script.into()];
        let document = document.map(|text| SecretBytes::from(text.to_owned()));
        let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into())).collect();
        let child = Child::new(&words, document.as_ref()).map_err(|error| error.message)?;
        child.with(&variables, false).run(&io).map_err(|error| error.message)
    }

    #[test]
    fn values_arrive_in_the_environment_and_the_exit_code_comes_back() {
        assert_eq!(run("test \"$A\" = 'one two' && exit 7", None, &[("A", "one two")]), Ok(Exit(7)));
        assert_eq!(run("kill -9 $$", None, &[]), Ok(Exit(137)));
    }

    #[test]
    fn a_document_can_be_read_twice_and_written_never() {
        let script = "test \"$(cat {})\" = \"a: 1\" && test \"$(cat {})\" = \"a: 1\" && ! (echo x > {}) 2> /dev/null";
        assert_eq!(run(script, Some("a: 1\n"), &[]), Ok(Exit::DONE));
        assert_eq!(run("true", Some("a: 1\n"), &[]), Err("the command does not say where the file goes".to_owned()));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let (io, ..) = Io::scripted(b"", 0, &[]);
        let child = Child::new(&["/no/such/program".into()], None).unwrap();
        assert_eq!(child.run(&io).unwrap_err().message, "cannot start /no/such/program: no such file or directory");
    }
}
