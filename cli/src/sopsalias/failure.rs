//! How a run of the alias ends badly: sops' exit codes, which scripts look at, and a message with what to do next.

use crate::report::CliError;

/// The codes of sops 3.13, and one of our own.
pub mod code {
    /// Anything without a number of its own.
    pub const GENERIC: u8 = 1;
    /// The input cannot be read or is no such document.
    pub const READ: u8 = 2;
    /// The output cannot be written.
    pub const WRITE: u8 = 3;
    /// The result cannot be put into the wanted format.
    pub const DUMP: u8 = 4;
    /// `set` and `unset`: the index or the value makes no sense.
    pub const SET_FORMAT: u8 = 7;
    /// Flags that exclude one another.
    pub const CONFLICT: u8 = 8;
    /// A value cannot be encrypted.
    pub const ENCRYPT_TREE: u8 = 23;
    /// A value does not open.
    pub const DECRYPT_TREE: u8 = 25;
    /// Keys of a file that is not there.
    pub const NO_FILE_TO_REKEY: u8 = 49;
    /// The message authentication code is wrong or missing.
    pub const MAC: u8 = 51;
    /// `--extract`: the path makes no sense.
    pub const TREE_PATH: u8 = 91;
    /// Not even one document.
    pub const NO_DOCUMENT: u8 = 92;
    /// No file was named, or it is not there.
    pub const NO_FILE: u8 = 100;
    /// `--decryption-order` names a kind twice.
    pub const ORDER_TWICE: u8 = 112;
    /// No key opens the file.
    pub const NO_KEY: u8 = 128;
    /// The editor left the file as it was.
    pub const NOT_CHANGED: u8 = 200;
    /// No editor, or it failed.
    pub const EDITOR: u8 = 201;
    /// The file is encrypted already.
    pub const ENCRYPTED_ALREADY: u8 = 203;
    /// Ours: the real sops can do this and this program does not.
    pub const UNSUPPORTED: u8 = 210;
}

/// A failed run.
#[derive(Debug)]
pub struct Failure {
    /// What the process ends with.
    pub code: u8,
    /// What failed; empty when there is nobody to tell.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// With a code of [`code`].
    pub fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }
    /// Without a code of its own.
    pub fn generic(message: impl Into<String>) -> Self {
        Self::new(code::GENERIC, message)
    }
    /// Adds what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// Gives it another code.
    pub fn with(mut self, code: u8) -> Self {
        self.code = code;
        self
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Self { code: code::GENERIC, message: error.message, hint: error.hint }
    }
}
