//! `verify` on SOPS files: structure and recipients against the rules, without any private key.

use super::{
    file, keypath,
    policy::{Policies, Policy},
    rekey::tree::{self, FoundFile, Named},
};
use crate::{Io, report::CliError};
use seal_core::verify as objects;
use seal_manifest::Position;
use seal_sops::verify::{self, Finding, Level};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// What was found.
#[derive(Default)]
pub struct Report {
    /// Findings with the file they are about.
    pub findings: Vec<(String, objects::Finding)>,
    /// SOPS files that were checked.
    pub checked: usize,
    /// Files that look like SOPS files and could not be read.
    pub unread: usize,
    files: BTreeSet<PathBuf>,
}

impl Report {
    /// True for a file that was dealt with here.
    pub fn covers(&self, path: &Path) -> bool {
        self.files.contains(tree::plain(path))
    }

    /// True when something was found in a folder, so that it need not hold anything else.
    pub fn covers_below(&self, folder: &Path) -> bool {
        self.files.iter().any(|path| path.starts_with(tree::plain(folder)))
    }

    fn add(&mut self, path: &Path, finding: objects::Finding) {
        self.findings.push((path.display().to_string(), finding));
    }
}

/// Checks all SOPS files among files and below folders, and that files which a rule of `.seal.yaml` wants sealed are.
pub fn check(paths: &[PathBuf], io: &mut Io) -> Result<Report, CliError> {
    let (mut report, mut policies) = (Report::default(), Policies::new(false));
    let paths: Vec<PathBuf> = paths.iter().filter(|path| *path != Path::new("-")).cloned().collect();
    let found = tree::sealed_files(&paths, None, Named::MayBeOthers, io)?;
    let sealed: BTreeSet<PathBuf> = found.iter().map(|found| tree::plain(&found.path).to_owned()).collect();
    for FoundFile { path, file, carried } in found {
        // A SopsSecret is counted and looked at as the object it is, too.
        if carried.is_none() {
            report.files.insert(tree::plain(&path).to_owned());
        }
        match file {
            Ok(file) => {
                report.checked += usize::from(carried.is_none());
                let policy = policies.for_file(&path, io)?;
                let expected = policy.as_deref().map_or_else(verify::Policy::default, expected);
                for finding in verify::structure(&file, &expected) {
                    let finding = of(finding);
                    report.add(&path, objects::Finding { at: carried.unwrap_or(finding.at), ..finding });
                }
            }
            // The look at the object says so.
            Err(_) if carried.is_some() => {}
            Err(error) => {
                report.unread += 1;
                report.add(&path, plain_error("unreadable", error.message, "take the file from an earlier commit"));
            }
        }
    }
    for path in unsealed(&paths, &sealed, &mut policies, io)? {
        report.files.insert(tree::plain(&path).to_owned());
        report.checked += 1;
        let message = "a rule of .seal.yaml wants a SOPS file here, and it is in clear".to_owned();
        report.add(
            &path,
            plain_error(
                "not-encrypted",
                message,
                "seal it with `seal encrypt --in-place`, and change its values if it was ever committed",
            ),
        );
    }
    Ok(report)
}

/// Files that should be sealed and are not.
fn unsealed(
    paths: &[PathBuf],
    sealed: &BTreeSet<PathBuf>,
    policies: &mut Policies,
    io: &mut Io,
) -> Result<Vec<PathBuf>, CliError> {
    let mut found = Vec::new();
    for path in paths {
        let files = if path.is_dir() { tree::below(path)? } else { vec![path.clone()] };
        for file in files.into_iter().filter(|file| !sealed.contains(tree::plain(file))) {
            if policies.is_for_sops(&file, io)? && !file::is_configuration(&file) {
                found.push(file);
            }
        }
    }
    Ok(found)
}

fn expected(policy: &Policy) -> verify::Policy {
    let wanted = policy.wanted();
    let group = |group: &BTreeSet<super::rekey::plan::Master>| {
        group.iter().map(|master| (master.kind.clone(), master.name.clone())).collect()
    };
    verify::Policy {
        groups: Some(wanted.groups.iter().map(group).collect()),
        threshold: policy.threshold,
        selector: policy.selector.clone(),
        mac_only_encrypted: Some(policy.mac_only_encrypted),
        strong_mac: policy.strong_mac,
        half_post_quantum: false,
    }
}

fn of(finding: Finding) -> objects::Finding {
    let key = finding.path.as_ref().filter(|path| !path.0.is_empty());
    objects::Finding {
        at: finding.at.unwrap_or(Position { line: 1, column: 1 }),
        rule: finding.rule,
        level: match finding.level {
            Level::Error => objects::Level::Error,
            Level::Warning => objects::Level::Warning,
        },
        message: match key {
            Some(path) => format!("key {}: {}", keypath::shown(path), finding.message),
            None => finding.message,
        },
        hint: finding.hint,
    }
}

fn plain_error(rule: &'static str, message: String, hint: &'static str) -> objects::Finding {
    objects::Finding { at: Position { line: 1, column: 1 }, rule, level: objects::Level::Error, message, hint }
}
