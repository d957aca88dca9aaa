//! The documented exit codes. Scripts may rely on them; a new meaning needs a new number.

/// How a run ended. Codes of our own verbs are the constants; the aliases answer with the codes of the tool they stand in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    /// 0: done, nothing to object to.
    pub const DONE: Exit = Exit(0);
    /// 1: it ran, and the answer is no (findings, an object that will not open, work left to do under `--check`).
    pub const FINDINGS: Exit = Exit(1);
    /// 2: the command line makes no sense; nothing was tried.
    pub const USAGE: Exit = Exit(2);
    /// 3: it could not look or failed on the way (I/O, API, bad input). Never to be read as green.
    pub const FAILED: Exit = Exit(3);
    /// 130: interrupted by Ctrl-C, as a shell counts a program that the signal ended.
    pub const INTERRUPTED: Exit = Exit(130);
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.0.into()
    }
}
