//! `sops filestatus`: whether a file carries what an encrypted file must, as one line of JSON. No key is used.

use super::{
    failure::{Failure, code},
    session::{Session, named},
};
use crate::Exit;
use seal_sops::{Problem, SopsFile};

/// Runs the verb.
pub fn run(session: &mut Session) -> Result<Exit, Failure> {
    let path = session.required_file()?;
    let store = session.input_store(&path);
    let cannot = |why: String| Failure::generic(format!("cannot check file status: cannot load encrypted file: {why}"));
    let bytes = session.read(Some(&path)).map_err(|failure| cannot(failure.message).with(code::GENERIC))?;
    let sealed = match SopsFile::parse(&named(Some(&path)), store, bytes) {
        Ok(file) => file.metadata().is_some_and(|metadata| !metadata.version.is_empty() && !metadata.mac.is_empty()),
        Err(error) if error.problem == Problem::NotEncrypted => false,
        Err(error) => return Err(cannot(error.to_string())),
    };
    session.io.print(&format!("{{\"encrypted\":{sealed}}}\n"))?;
    Ok(Exit::DONE)
}
