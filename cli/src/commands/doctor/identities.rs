//! `seal doctor --identities`: every place where age identities are looked for, what it holds or why it is of no use, and whether
//! one of them opens a given file. Nothing private is shown.

use super::{Answer, Verdict, answer};
use crate::{
    Io,
    identities::{Found, IdentityArgs, Outcome, Tried},
    report::CliError,
    sops,
};
use seal_crypto::age::{Caps, Identity, OpenError, Pending, armor, is_encrypted};
use seal_sops::unwrap;
use std::path::Path;

const MAKE_ONE: &str = "make one: `seal keygen -o ~/.config/sops/age/keys.txt`, or name one with -i";

/// The answers.
pub fn examine(args: &IdentityArgs, file: Option<&Path>, io: &mut Io) -> Result<Vec<Answer>, CliError> {
    let mut found = args.search(io)?;
    let fits = file.map(|path| fits(path, &mut found, io)).transpose()?;
    let mut answers: Vec<Answer> = found.tried().iter().map(place).collect();
    let waiting = found.tried().iter().any(|tried| tried.outcome == Outcome::Waiting);
    if found.identities.is_empty() && !waiting {
        answers.push(answer("identities", Verdict::Bad, "none found", MAKE_ONE));
    }
    answers.extend(fits);
    Ok(answers)
}

fn place(tried: &Tried) -> Answer {
    let Tried { source, outcome } = tried;
    let verdict = if matches!(outcome, Outcome::Unusable(_)) { Verdict::Warn } else { Verdict::Ok };
    answer("identities", verdict, format!("{source}: {outcome}"), "")
}

fn fits(path: &Path, found: &mut Found, io: &mut Io) -> Result<Answer, CliError> {
    let bytes = io.read(path)?;
    let name = path.display().to_string();
    if is_encrypted(&bytes) {
        return Ok(age_file(&name, bytes.expose(), found, io));
    }
    let file = sops::file::parse_any(path, None, bytes)?;
    let Some(metadata) = file.metadata() else {
        return Ok(answer("file", Verdict::Bad, format!("{name} is in clear"), "seal it with `seal encrypt`"));
    };
    let recipients: Vec<String> = metadata.age_keys().map(|key| key.recipient.clone()).collect();
    let opened = found.open(&recipients, io, |identities| unwrap::data_key(metadata, identities).map(drop));
    Ok(match opened {
        Ok(()) => {
            let mine =
                |identity: &&Identity| identity.recipient().is_some_and(|mine| recipients.iter().any(|r| r == mine.as_str()));
            let with = found.identities.iter().find(mine).and_then(Identity::recipient);
            let with = with.map_or_else(String::new, |recipient| format!(" with {}", recipient.short()));
            answer("file", Verdict::Ok, format!("{name} opens{with}"), "")
        }
        Err(error) => {
            let remedy = "ask somebody who can open it to add your recipient: `seal rekey`";
            answer("file", Verdict::Bad, format!("{name}: {}", CliError::from_error(&error).message), remedy)
        }
    })
}

fn age_file(name: &str, bytes: &[u8], found: &mut Found, io: &mut Io) -> Answer {
    let binary = if armor::is_armored(bytes) { armor::unwrap(bytes) } else { Ok(bytes.to_vec()) };
    let pending = binary.and_then(|bytes| Pending::read(std::io::Cursor::new(bytes), &Caps::FILE));
    let opened = pending.and_then(|pending| {
        if pending.is_passphrase() {
            return Ok(None);
        }
        found.open(&[String::new()], io, |identities| pending.open(identities)).map(|(_, index)| Some(index))
    });
    match opened {
        Ok(None) => answer("file", Verdict::Ok, format!("{name} is for a passphrase"), ""),
        Ok(Some(index)) => {
            let with = found.identities[index].recipient().map_or_else(String::new, |with| format!(" with {}", with.short()));
            answer("file", Verdict::Ok, format!("{name} opens{with}"), "")
        }
        Err(error @ OpenError::NoMatch) => {
            answer("file", Verdict::Bad, format!("{name}: {error}"), "its header does not say for whom it is")
        }
        Err(error) => answer("file", Verdict::Bad, format!("{name}: {error}"), ""),
    }
}
