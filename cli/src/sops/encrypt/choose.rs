//! What is sealed, for whom, and which part of it: flags first, then rules.

use super::{Destination, EncryptArgs};
use crate::{
    Io,
    report::CliError,
    sops::{
        file, look,
        policy::{Policies, Policy},
        rekey::tree,
    },
};
use seal_sops::{LeafState, Selector, SopsFile, Store};
use std::path::{Path, PathBuf};

/// True when rules say that these files become SOPS files; of a folder, that some file in it does. Some of each kind in one call is an
/// error.
pub fn is_meant(paths: &[PathBuf], output: Option<&Path>, args: &EncryptArgs, io: &mut Io) -> Result<bool, CliError> {
    let mut policies = Policies::glance(args.identity.plugins);
    let mut meant = Vec::new();
    for path in paths {
        if path.is_dir() {
            meant.push(is_meant_below(path, &mut policies, io)?);
            continue;
        }
        let mut ruled = false;
        let places = [output, Some(path.as_path())].into_iter().flatten();
        for place in places.filter(|place| *place != Path::new("-") && !place.is_dir()) {
            if policies.is_for_objects(place, io)? {
                break;
            }
            ruled = ruled || policies.is_for_sops(place, io)? || policies.for_file(place, io)?.is_some();
        }
        meant.push(ruled);
    }
    match (meant.iter().position(|ruled| *ruled), meant.iter().position(|ruled| !ruled)) {
        (None, _) => Ok(false),
        (Some(_), None) => Ok(true),
        (Some(sops), Some(other)) => Err(CliError::usage(format!(
            "a rule for SOPS files names {}, and none names {}",
            paths[sops].display(),
            paths[other].display()
        ))
        .hint("seal them in two runs, or say --sops or --cert")),
    }
}

fn is_meant_below(folder: &Path, policies: &mut Policies, io: &mut Io) -> Result<bool, CliError> {
    let (mut ruled, mut objects) = (None, None);
    for file in tree::below(folder)? {
        if file::is_configuration(&file) || look::is_sops_file(&file) {
            continue;
        }
        if policies.is_for_objects(&file, io)? {
            objects = objects.or(Some(file));
        } else if policies.for_file(&file, io)?.is_some() {
            ruled = ruled.or(Some(file));
        }
    }
    match (ruled, objects) {
        (Some(ruled), Some(objects)) => Err(CliError::usage(format!(
            "{}: a rule for SOPS files names {}, and one for SealedSecrets {}",
            folder.display(),
            ruled.display(),
            objects.display()
        ))
        .hint("seal them in two runs, or say --sops or --cert")),
        (ruled, _) => Ok(ruled.is_some()),
    }
}

/// The files; of a folder, those in clear that a rule names.
pub(super) fn expanded(
    paths: &[PathBuf],
    to: &Destination<'_>,
    args: &EncryptArgs,
    policies: &mut Policies,
    io: &mut Io,
) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        if !args.age.is_empty() {
            return Err(CliError::usage(format!("{}: a folder is sealed by rules, not with --age", path.display()))
                .hint("name the files, or add a rule to .sops.yaml"));
        }
        for file in tree::below(path)? {
            if !file::is_configuration(&file) && !look::is_sops_file(&file) && policies.for_file(&file, io)?.is_some() {
                files.push(file);
            }
        }
    }
    match files.len() {
        0 => Err(CliError::failed("there is no file in clear that a rule names").hint("`seal verify` tells what is sealed")),
        1 => Ok(files),
        _ if matches!(to, Destination::InPlace) => Ok(files),
        _ => Err(CliError::usage("several files can only be sealed in place").hint("add --in-place, or give one file")),
    }
}

/// By flag, else by the rule for the file that is written, else by that for the file that is read.
pub(super) fn policy(
    path: &Path,
    target: Option<&Path>,
    args: &EncryptArgs,
    policies: &mut Policies,
    io: &mut Io,
) -> Result<Policy, CliError> {
    if !args.age.is_empty() {
        return policies.of_recipients(&args.age, io);
    }
    for place in [target, Some(path)].into_iter().flatten().filter(|place| *place != Path::new("-")) {
        if let Some(policy) = policies.for_file(place, io)? {
            return Ok(Policy::clone(&policy));
        }
    }
    Err(CliError::failed(format!("{}: no rule of .sops.yaml or .seal.yaml names it", target.unwrap_or(path).display()))
        .hint("name recipients with --age, or add a rule"))
}

/// By flag, else by rule; without either, a file of Secrets has its `data` and `stringData` sealed, any other file all its values.
pub(super) fn selector(clear: &SopsFile, policy: &Policy, args: &EncryptArgs) -> Result<Selector, CliError> {
    if clear.store() == Store::Binary {
        return Ok(Selector::default());
    }
    let said = args.select.selector().or_else(|| policy.selector.clone());
    let secrets = said.is_none() && only_secrets(clear)?;
    Ok(said.unwrap_or_else(|| match secrets {
        true => Selector::EncryptedRegex("^(data|stringData)$".to_owned()),
        false => Selector::default(),
    }))
}

fn only_secrets(clear: &SopsFile) -> Result<bool, CliError> {
    let leaves = clear.leaves()?;
    let documents = leaves.iter().map(|leaf| leaf.document).max().map_or(0, |last| last + 1);
    let secret = |document: usize| {
        let says = |key: &str, text: &[u8]| {
            leaves.iter().filter(|leaf| leaf.document == document).any(|leaf| match &leaf.state {
                LeafState::Clear(value) => leaf.path == seal_sops::Path::of_keys(&[key]) && value.bytes.expose() == text,
                _ => false,
            })
        };
        says("kind", b"Secret") && says("apiVersion", b"v1")
    };
    Ok(documents > 0 && (0..documents).all(secret))
}
