//! What can be checked of a sealed file without any private key: that every value that should be sealed is, that nothing is malformed,
//! and that the file is for whom it should be.
//!
//! It opens nothing, so it cannot say that values belong together: only the MAC can, and only with a key.

mod keys;
mod policy;
mod values;

use std::collections::BTreeSet;

use crate::{Path, Position, Selector, SopsFile};

/// What is expected of a file; nothing of what is left out.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Master keys by group, each as kind (`age`, `pgp`, ...) and name.
    pub groups: Option<Vec<BTreeSet<(String, String)>>>,
    /// How many groups are needed, of several. `None` means all.
    pub threshold: Option<u32>,
    /// What is sealed.
    pub selector: Option<Selector>,
    /// Whether the MAC covers sealed values only.
    pub mac_only_encrypted: Option<bool>,
    /// The stronger MAC must be there.
    pub strong_mac: bool,
    /// Post-quantum keys may stand beside others.
    pub half_post_quantum: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Warning,
    /// Secrets may be readable, or the file will not open where it should.
    Error,
}

/// One finding. Names and places, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which check, as configuration and scripts name it.
    pub rule: &'static str,
    /// How bad.
    pub level: Level,
    /// Where in the file, when it has a place.
    pub at: Option<Position>,
    /// Which key, when it is one.
    pub path: Option<Path>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl std::fmt::Display for Finding {
    /// `line:column: key ["a"]: message`, as far as there are such.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{}:{}: ", at.line, at.column)?;
        }
        if let Some(path) = self.path.as_ref().filter(|path| !path.0.is_empty()) {
            write!(f, "key {path}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl Finding {
    fn new(level: Level, rule: &'static str, message: impl Into<String>, hint: &'static str) -> Finding {
        Finding { rule, level, at: None, path: None, message: message.into(), hint }
    }

    fn error(rule: &'static str, message: impl Into<String>, hint: &'static str) -> Finding {
        Finding::new(Level::Error, rule, message, hint)
    }

    fn warning(rule: &'static str, message: impl Into<String>, hint: &'static str) -> Finding {
        Finding::new(Level::Warning, rule, message, hint)
    }
}

/// Checks a file, in the order of its lines as far as findings have one.
pub fn structure(file: &SopsFile, policy: &Policy) -> Vec<Finding> {
    let Some(metadata) = file.metadata() else {
        return vec![Finding::error("not-encrypted", "the file is not encrypted", "seal it with `seal encrypt`")];
    };
    let mut findings = Vec::new();
    values::check(file, metadata, &mut findings);
    keys::check(metadata, policy, &mut findings);
    policy::check(file.store(), metadata, policy, &mut findings);
    findings.sort_by_key(|finding| finding.at.map_or((u32::MAX, 0), |at| (at.line, at.column)));
    findings
}

#[cfg(test)]
mod tests;
