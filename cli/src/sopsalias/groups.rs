//! `sops groups add` and `delete`: key groups of a file. The data key stays; its shares are made anew.

use super::{
    failure::Failure,
    keys,
    session::{Content, Session},
};
use crate::Exit;
use std::path::PathBuf;

/// Runs `groups add`.
pub fn add(session: &mut Session) -> Result<Exit, Failure> {
    if !session.flags.args.is_empty() {
        return Err(Failure::generic("error: no positional arguments allowed"));
    }
    session.refuse_unsupported(|_| true)?;
    let mut group = keys::Group::new();
    for list in session.flags.list("age").to_vec() {
        group.extend(keys::group(&list)?);
    }
    change(session, |groups| {
        groups.push(group);
        Ok(())
    })
}

/// Runs `groups delete`.
pub fn delete(session: &mut Session) -> Result<Exit, Failure> {
    let [index] = session.flags.args.as_slice() else {
        return Err(Failure::generic("error: exactly one positional argument (index) required"));
    };
    let index: usize = index.parse().map_err(|error| Failure::generic(format!("failed to parse [index] argument: {error}")))?;
    change(session, |groups| {
        if index >= groups.len() {
            return Err(Failure::generic(format!("there is no group {index}: the file has {}", groups.len())));
        }
        groups.remove(index);
        Ok(())
    })
}

fn change(session: &mut Session, edit: impl FnOnce(&mut Vec<keys::Group>) -> Result<(), Failure>) -> Result<Exit, Failure> {
    let path = session.flags.text("file").map(PathBuf::from).ok_or_else(|| Failure::generic("no file is named; use --file"))?;
    let store = session.input_store(&path);
    let file = session.sealed(Some(&path), store)?;
    let key = session.data_key(&file)?;
    let metadata = file.metadata().expect("it is sealed");
    let mut groups = keys::of_metadata(metadata)?;
    edit(&mut groups)?;
    let given = session.flags.number("shamir-secret-sharing-threshold").filter(|number| *number > 0);
    let threshold = given.and_then(|number| u32::try_from(number).ok()).or(metadata.shamir_threshold);
    if threshold.is_some_and(|threshold| threshold as usize > groups.len()) {
        return Err(Failure::generic(format!(
            "removing this key group will make the Shamir threshold impossible to satisfy: Shamir threshold is {}, but we only have {} key groups",
            threshold.unwrap_or_default(),
            groups.len()
        )));
    }
    let wrapped = keys::rewrap(metadata, &key, &groups, threshold, &mut session.io.rng())?;
    let new = file.rewrap(wrapped, threshold).map_err(|error| Failure::generic(error.to_string()))?;
    session.deliver(&new, Some(&path), Content::Sealed)
}
