//! `sops rotate`, `sops -r`: a new data key, every value sealed under it, recipients added and removed on the way.

use super::{
    encrypt::not_encrypted,
    failure::{Failure, code},
    keys,
    session::{Content, Session, Unlocked, not_dumped, unreadable},
};
use crate::{Exit, sops::file::now};
use seal_crypto::sops::DataKey;
use seal_secret::SecretBytes;
use seal_sops::{EncryptOptions, OpenOptions, SopsFile, Store};
use std::path::Path;

/// Runs the verb.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let file = session.required_file()?;
    session.one_destination()?;
    refuse_keys_of_nothing(session, &file, "use the `edit` subcommand instead.")?;
    with(session, &file)
}

/// Keys cannot be added to or removed from a file that is not there.
pub fn refuse_keys_of_nothing(session: &Session, file: &Path, instead: &str) -> Result<(), Failure> {
    let changes = session.flags.typed().any(|name| name.starts_with("add-") || name.starts_with("rm-"));
    match session.must_exist(file) {
        Err(_) if changes => Err(Failure::new(
            code::NO_FILE_TO_REKEY,
            format!("Error: cannot add or remove keys on non-existent file {:?}, {instead}", super::session::absolute(file)),
        )),
        _ => Ok(()),
    }
}

/// Rotates a file and delivers it.
pub fn with(session: &mut Session, file: &Path) -> Result<Exit, Failure> {
    session.refuse_unsupported(|flag| flag.starts_with("add-") || flag.starts_with("rm-"))?;
    let known_as = session.known_as(Some(file));
    let (from, to) = (session.input_store(&known_as), session.output_store(&known_as));
    let (add, remove) = (keys::listed(session.flags.text("add-age"))?, keys::listed(session.flags.text("rm-age"))?);
    let sealed = session.sealed(Some(file), from)?;
    let Unlocked { opened, .. } = session.unlock(sealed)?;
    let metadata = opened.file().metadata().expect("it was sealed");
    let mut groups = keys::of_metadata(metadata)?;
    if let Some(first) = groups.first_mut() {
        first.extend(add);
    }
    for group in &mut groups {
        group.retain(|recipient| !remove.iter().any(|gone| gone.to_string() == recipient.to_string()));
    }
    if let Some(weakness) = keys::weakness(&groups) {
        session.warn(weakness);
    }
    let threshold = metadata.shamir_threshold;
    let mut rng = session.io.rng();
    let key = DataKey::generate(&mut rng);
    let wrapped = keys::wrap(&key, &groups, threshold, &mut rng)?;
    let new = opened.rotate(&key, wrapped, threshold, now(session.io), &mut rng).map_err(|error| not_encrypted(&error, from))?;
    let new = if from == to { new } else { in_other_store(session, new, &key, (from, to))? };
    session.deliver(&new, Some(file), Content::Sealed)
}

/// A sealed file in another format: the same values under the same key, for the same recipients.
pub fn in_other_store(
    session: &mut Session,
    sealed: SecretBytes,
    key: &DataKey,
    (from, to): (Store, Store),
) -> Result<SecretBytes, Failure> {
    let file = SopsFile::parse("output", from, sealed).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().cloned().ok_or_else(super::session::not_sealed)?;
    let opened = file.open(key, OpenOptions::default()).map_err(|error| not_dumped(&error, to))?;
    let clear = opened.to_clear(to).map_err(|error| not_dumped(&error, to))?;
    let clear = SopsFile::parse("output", to, clear).map_err(|error| not_dumped(&error, to))?;
    let options = EncryptOptions {
        groups: metadata.groups,
        threshold: metadata.shamir_threshold,
        selector: metadata.selector,
        mac_only_encrypted: metadata.mac_only_encrypted,
        strong: metadata.strong_mac.is_some(),
        previous: None,
    };
    clear.encrypt(&options, key, now(session.io), &mut session.io.rng()).map_err(|error| not_encrypted(&error, to))
}
