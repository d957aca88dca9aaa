//! The two programs side by side: the same arguments, files, environment and input, in a folder of the run's own.

use seal_tests::peers;
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A key that every file of these tests is encrypted to.
pub(crate) const ALICE: &str = "AGE-SECRET-KEY-1SQZSL7PQ7RHJJM8YCGD8WXRM4MM6YE49P0KQ3Z5VXC2MDLZGZG0SCZZYDQ";
/// Its public half.
pub(crate) const TO_ALICE: &str = "age1yldd2vk80ajxujpu4mm8xjknvfuft3d2x2r39hmutp5y9phrkvxstulzkj";
/// Another key.
pub(crate) const BOB: &str = "AGE-SECRET-KEY-1AAWT4WLVV6JWSZXXP8Q700ER3W4YLRZ002LT3HXYAJJ2VJPSR5EQS8A9F6";
/// Its public half.
pub(crate) const TO_BOB: &str = "age1xr8q939nfk3gwrtwam6447qlgesyxz69c265qw4q67qcke3d7ftqkeh2hx";

/// Which program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Theirs,
}

impl Side {
    /// Both, ours last.
    pub(crate) const BOTH: [Side; 2] = [Side::Theirs, Side::Ours];
}

/// How a run ended.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Run {
    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
    /// What it printed, after having checked that it went well.
    #[track_caller]
    pub(crate) fn done(self) -> Vec<u8> {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }
}

/// The programs and a folder.
pub(crate) struct Pair {
    theirs: PathBuf,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Pair {
    /// In a fresh folder with Alice's key in the environment; nothing when there is no real program.
    pub(crate) fn new() -> Option<Self> {
        let theirs = peers::tool("sops")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pair = Self { theirs, folder, environment: Vec::new() };
        Some(pair.env("SOPS_AGE_KEY", ALICE).env("SOPS_DISABLE_VERSION_CHECK", "1"))
    }

    /// With one more environment variable; an empty value takes it away.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.environment.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The folder that the programs run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file there.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder().join(name);
        std::fs::create_dir_all(path.parent().expect("in the folder")).expect("makes folders");
        std::fs::write(path, bytes).expect("writes");
    }

    /// Reads a file there.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder().join(name)).unwrap_or_default()
    }

    /// Reads a file there as text.
    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.read(name)).into_owned()
    }

    /// Runs one of the two.
    pub(crate) fn run(&self, side: Side, args: &[&str], input: &[u8]) -> Run {
        let mut command = match side {
            Side::Theirs => Command::new(&self.theirs),
            Side::Ours => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_seal-under-test"));
                command.arg("sops");
                command
            }
        };
        command.args(args).current_dir(self.folder()).env_clear();
        command.env("HOME", self.folder()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        // A program that ends before it reads closes the pipe, which is its right.
        let _ = child.stdin.take().expect("piped").write_all(input);
        let ended = child.wait_with_output().expect("the program ends");
        Run {
            code: ended.status.code().unwrap_or(-1),
            out: ended.stdout,
            err: String::from_utf8_lossy(&ended.stderr).into_owned(),
        }
    }

    /// Runs ours.
    pub(crate) fn ours(&self, args: &[&str]) -> Run {
        self.run(Side::Ours, args, b"")
    }

    /// Runs theirs.
    pub(crate) fn theirs(&self, args: &[&str]) -> Run {
        self.run(Side::Theirs, args, b"")
    }
}

#[test]
fn the_real_program_is_the_one_these_tests_were_written_for() {
    let Some(pair) = Pair::new() else { return };
    assert_eq!(pair.theirs(&["--version"]).text(), "sops 3.13.3\n");
}

/// One of the programs in a folder of its own, where Alice and Bob have their keys.
pub(crate) struct Bench {
    pub(crate) pair: Pair,
    pub(crate) side: Side,
}

impl Bench {
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.pair.run(self.side, args, b"")
    }

    #[track_caller]
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let run = self.run(args);
        assert_eq!(run.code, 0, "{:?} {args:?}: {}", self.side, run.err);
        run.text()
    }
}

/// Runs a case for both programs, each with these rules in a file of this name.
pub(crate) fn both(file: &str, rules: &str, case: impl Fn(&Bench)) {
    for side in Side::BOTH {
        let Some(pair) = Pair::new() else { return };
        let pair = pair.env("SOPS_AGE_KEY", &format!("{ALICE}\n{BOB}"));
        pair.write(file, rules);
        case(&Bench { pair, side });
    }
}
