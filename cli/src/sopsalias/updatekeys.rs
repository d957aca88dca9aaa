//! `sops updatekeys`: files get the recipients that the configuration wants for them. The data key stays, as in the original: who was
//! removed and kept an old copy can still open new ones (`seal rekey` makes a new key then).

use super::{
    failure::Failure,
    keys,
    session::{Content, Session, absolute, named, not_sealed, unreadable},
};
use crate::Exit;
use seal_sops::SopsFile;
use std::{fmt::Write, path::Path};

/// Runs the verb.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    if session.rules()?.path().is_none() {
        return Err(Failure::generic("config file not found").hint("name one with --config before `updatekeys`"));
    }
    let files = session.flags.args.clone();
    match files.as_slice() {
        [] => Err(Failure::new(super::failure::code::NO_FILE, "Error: no file specified")),
        [only] => update(session, Path::new(only)).map(|()| Exit::DONE),
        several => {
            let mut failed = 0;
            for file in several {
                if let Err(failure) = update(session, Path::new(file)) {
                    failed += 1;
                    session.io.say(format_args!("{file}: {}", failure.message));
                }
            }
            if failed > 0 { Err(Failure::generic(format!("failed updating {failed} key(s)"))) } else { Ok(Exit::DONE) }
        }
    }
}

fn update(session: &mut Session, path: &Path) -> Result<(), Failure> {
    let shown = absolute(path);
    if path.is_dir() {
        return Err(Failure::generic("can't operate on a directory").hint("`seal rekey` takes folders"));
    }
    session.io.say(format_args!("Syncing keys for file {}", shown.display()));
    let store = session.input_store(path);
    let bytes = session.io.read_file(path)?;
    let file = SopsFile::parse(&named(Some(path)), store, bytes).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().ok_or_else(not_sealed)?;
    let rules = session.rules()?;
    let Some(rule) = rules.rule_for(&shown)? else {
        let config = rules.path().map(|path| path.display().to_string()).unwrap_or_default();
        return Err(Failure::generic(format!("The config file {config} does not contain any creation rule")));
    };
    // Keys that only sops can use stay with the data key they hold, as long as the file has one group.
    let there = |kind: &str, name: &str| matches!(metadata.groups.as_slice(), [only] if only.others.iter().any(|key| key.kind == kind && key.name == name));
    let wanted = rule.groups(there)?;
    let (have, want) = (keys::names_by_group(metadata), rule.names());
    let before = metadata.shamir_threshold.unwrap_or(0);
    let threshold = before.min(u32::try_from(want.len()).unwrap_or(u32::MAX));
    let Some(plan) = difference(&have, &want, before, threshold) else {
        session.io.say(format_args!("File {} already up to date", shown.display()));
        return Ok(());
    };
    session.io.print(&plan)?;
    if !session.flags.is_set("yes") && !agreed(session)? {
        session.io.say(format_args!("File {} left unchanged", shown.display()));
        return Ok(());
    }
    let key = session.data_key(&file)?;
    let threshold = (threshold > 0).then_some(threshold);
    let mut groups = keys::rewrap(metadata, &key, &wanted, threshold, &mut session.io.rng())?;
    for (group, want) in groups.iter_mut().zip(&want) {
        group.others.retain(|key| want.contains(&key.name));
    }
    let new = file.rewrap(groups, threshold).map_err(|error| Failure::generic(error.to_string()))?;
    session.write(path, &new, Content::Sealed)?;
    session.io.say(format_args!("File {} synced with new keys", shown.display()));
    Ok(())
}

/// What will change, or nothing when nothing will. The order of recipients is no difference.
fn difference(have: &[Vec<String>], want: &[Vec<String>], before: u32, after: u32) -> Option<String> {
    let mut text = "The following changes will be made to the file's groups:\n".to_owned();
    let mut differs = before != after;
    match (before, after) {
        (before, after) if before == after && before > 0 => text.push_str(&format!("shamir_threshold: {after}\n")),
        (before, after) => {
            if after > 0 {
                let _ = writeln!(text, "+++ shamir_threshold: {after}");
            }
            if before > 0 {
                let _ = writeln!(text, "--- shamir_threshold: {before}");
            }
        }
    }
    for at in 0..have.len().max(want.len()) {
        let (have, want) = (have.get(at).map_or(&[][..], Vec::as_slice), want.get(at).map_or(&[][..], Vec::as_slice));
        let _ = writeln!(text, "Group {}", at + 1);
        for key in want.iter().filter(|key| have.contains(key)) {
            let _ = writeln!(text, "    {key}");
        }
        for key in want.iter().filter(|key| !have.contains(key)) {
            differs = true;
            let _ = writeln!(text, "+++ {key}");
        }
        for key in have.iter().filter(|key| !want.contains(key)) {
            differs = true;
            let _ = writeln!(text, "--- {key}");
        }
    }
    differs.then_some(text)
}

/// `y` or `n` from the terminal or a pipe.
fn agreed(session: &mut Session) -> Result<bool, Failure> {
    loop {
        session.io.print("Is this okay? (y/n):")?;
        session.io.flush()?;
        match session.io.read_line()?.as_deref() {
            Some("y") => return Ok(true),
            Some("n") => return Ok(false),
            Some(_) => {}
            None => return Err(Failure::generic("nobody answered").hint("pass --yes where nobody is there to ask")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn order_is_no_difference_and_a_threshold_is_one() {
        let groups = |text: &str| -> Vec<Vec<String>> {
            text.split('|').map(|group| group.split(' ').filter(|key| !key.is_empty()).map(str::to_owned).collect()).collect()
        };
        assert_eq!(difference(&groups("a b"), &groups("b a"), 0, 0), None);
        assert_eq!(
            difference(&groups("a b|d"), &groups("a c"), 2, 1).as_deref(),
            Some(
                "The following changes will be made to the file's groups:\n+++ shamir_threshold: 1\n--- shamir_threshold: 2\n\
                 Group 1\n    a\n+++ c\n--- b\nGroup 2\n--- d\n"
            )
        );
        assert!(difference(&groups("a"), &groups("a"), 2, 1).is_some());
    }
}
