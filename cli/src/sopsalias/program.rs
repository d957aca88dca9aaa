//! `sops` without a verb: the older form (`-d -e -r -i --set`), and `sops FILE`, which edits.

use super::{
    decrypt, edit, encrypt,
    failure::{Failure, code},
    rotate,
    session::{Session, absolute},
    set,
};
use crate::Exit;

/// Runs what the flags ask for.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let modes = [
        ("encrypt", session.flags.is_set("encrypt")),
        ("decrypt", session.flags.is_set("decrypt")),
        ("rotate", session.flags.is_set("rotate")),
        ("set", session.flags.text("set").is_some()),
    ];
    let asked: Vec<&str> = modes.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    let Some(first) = session.flags.args.first().cloned() else {
        return Err(Failure::new(code::NO_FILE, "Error: no file specified"));
    };
    let file = std::path::PathBuf::from(first);
    session.one_destination()?;
    rotate::refuse_keys_of_nothing(session, &file, "name keys with --age instead.")?;
    if asked.iter().any(|mode| *mode != "set") {
        session.must_exist(&file)?;
    }
    if asked.len() > 1 {
        session.warn(&format!("--{} given together: only the last takes effect", asked.join(", --")));
    }
    let mode = asked.last().copied().unwrap_or("edit");
    if mode != "decrypt" {
        // A broken configuration, or none for this file, stops the older form of every verb that writes.
        let known_as = absolute(&session.known_as(Some(&file)));
        session.rules()?.rule_for(&known_as)?;
    }
    match mode {
        "encrypt" => encrypt::run(session),
        "decrypt" => decrypt::run(session),
        "rotate" => {
            session.required_file()?;
            rotate::with(session, &file)
        }
        "set" => {
            session.required_file()?;
            set::legacy(session, &file)
        }
        _ => edit::run(session),
    }
}
