//! `sops edit`, `sops FILE`: the text in your editor, in memory only; what did not change keeps its ciphertext.

use super::{
    encrypt::{self, not_encrypted},
    failure::{Failure, code},
    rotate::in_other_store,
    session::{Content, Session, named},
};
use crate::{Exit, editor::Desk, sops::file::now};
use seal_secret::SecretBytes;
use seal_sops::{Change, Store};
use std::path::Path;

/// Runs the verb.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let path = session.required_file()?;
    session.refuse_unsupported(|flag| flag == "show-master-keys")?;
    let (from, to) = (session.input_store(&path), session.output_store(&path));
    if std::fs::symlink_metadata(&path).is_err() {
        return new_file(session, &path, (from, to));
    }
    let sealed = session.sealed(Some(&path), from)?;
    let unlocked = session.unlock(sealed)?;
    let shown = unlocked.opened.to_clear(from).map_err(|error| super::session::not_dumped(&error, from))?;
    let new = until_good(session, &path, &shown, |session, text| {
        let time = now(session.io);
        match unlocked.opened.replace(text, &unlocked.key, time, &mut session.io.rng()) {
            Ok(Change::Changed(bytes)) => Ok(bytes),
            Ok(Change::Unchanged) => Err(not_changed()),
            Err(error) => Err(not_encrypted(&error, from)),
        }
    })?;
    if session.io.read_file(&path)? != *unlocked.opened.file().bytes() {
        return Err(Failure::new(code::WRITE, format!("{}: it was changed meanwhile, so nothing was written", path.display())));
    }
    let new = if from == to { new } else { in_other_store(session, new, &unlocked.key, (from, to))? };
    session.write(&path, &new, Content::Sealed)?;
    Ok(Exit::DONE)
}

fn new_file(session: &mut Session, path: &Path, stores: (Store, Store)) -> Result<Exit, Failure> {
    let plan = encrypt::plan(session, path, stores.0)?;
    let shown: SecretBytes = example(stores.0).to_owned().into();
    let new = until_good(session, path, &shown, |session, text| {
        encrypt::seal(session, &named(Some(path)), text, stores, plan.clone())
    })?;
    session.write(path, &new, Content::Sealed)?;
    Ok(Exit::DONE)
}

/// Lets the user edit until the text can be sealed. Where nobody is there to try again, the first error ends it.
fn until_good(
    session: &mut Session,
    path: &Path,
    shown: &SecretBytes,
    mut seal: impl FnMut(&mut Session, SecretBytes) -> Result<SecretBytes, Failure>,
) -> Result<SecretBytes, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let desk = Desk::new(&name, false, session.io).map_err(|error| Failure::from(error).with(code::WRITE))?;
    desk.put(shown)?;
    let editor = session.io.env("SOPS_EDITOR").or(session.io.env("EDITOR")).map(str::to_owned);
    loop {
        session
            .io
            .edit_with(&desk, editor.as_deref())
            .map_err(|error| Failure::new(code::EDITOR, format!("Could not run editor: {}", error.message)))?;
        let text = desk.text(session.io).map_err(|error| Failure::from(error).with(code::READ))?;
        if text == *shown {
            return Err(not_changed());
        }
        match seal(session, text) {
            Err(failure) if failure.code != code::NOT_CHANGED && session.io.input_is_terminal() => {
                session.io.say(format_args!("{}", failure.message));
                session.io.say(format_args!("Press enter to return to the editor, or Ctrl+C to exit."));
                session.io.read_line()?;
            }
            other => return other,
        }
    }
}

fn not_changed() -> Failure {
    Failure::new(code::NOT_CHANGED, "File has not changed, exiting.")
}

/// What a new file starts with.
fn example(store: Store) -> &'static str {
    match store {
        Store::Yaml => {
            "hello: replace this example with values of your own\n# comments are encrypted too\nlist:\n    - one\n    - two\nnumber: 1.5\n"
        }
        Store::Json => {
            "{\n\t\"hello\": \"replace this example with values of your own\",\n\t\"list\": [\n\t\t\"one\",\n\t\t\"two\"\n\t],\n\t\"number\": 1.5\n}\n"
        }
        Store::Dotenv => "# comments are encrypted too\nhello=replace this example with values of your own\n",
        Store::Ini => "[Welcome]\n; comments are encrypted too\nhello = replace this example with values of your own\n",
        Store::Binary => "replace this example with a text of your own\n",
    }
}
